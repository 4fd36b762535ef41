from __future__ import annotations

import pytest

from diarization.diarizations import diarization_of
from reports.diarization_errors import jaccard_error


def test_the_jaccard_error_follows_its_definition() -> None:
    # A says 0-10 and is paired with x, 1-12: 9 s in common of 12. B says 10-15, y 12-16: 3 s of 6.
    reference = diarization_of([(0, 10, "A"), (10, 15, "B")])
    found = diarization_of([(1, 12, "x"), (12, 16, "y")])
    assert jaccard_error(reference, found, 20) == pytest.approx(3 / 12 + 3 / 6)


def test_a_speaker_who_is_not_found_has_an_error_of_one() -> None:
    reference = diarization_of([(0, 10, "A"), (10, 15, "B")])
    assert jaccard_error(reference, diarization_of([(0, 10, "x")]), 15) == pytest.approx(1.0)
    assert jaccard_error(reference, diarization_of([]), 15) == pytest.approx(2.0)


def test_silence_has_no_error() -> None:
    nobody = diarization_of([])
    assert jaccard_error(nobody, nobody, 5) == 0.0
