"""Facts in words."""

from __future__ import annotations

import pytest

from dashboard.layout.words import person, sentence
from reports.drawing import clock


@pytest.mark.parametrize(("seconds", "shown"), [(0, "0:00"), (59.9, "0:59"), (60, "1:00"), (3600, "1:00:00")])
def test_clock(seconds: float, shown: str) -> None:
    assert clock(seconds) == shown


def test_a_person_without_a_role_is_the_name_alone() -> None:
    assert person("SPEAKER_00", "Anna", None) == "Anna"


def test_a_sentence_is_not_ended_twice() -> None:
    assert sentence("is it so?") == "Is it so?"
