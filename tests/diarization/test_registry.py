"""Backends found by name."""

from __future__ import annotations

import pytest

from diarization.errors import ConfigError
from diarization.registry import Registry


def make_registry() -> Registry[[int], str]:
    return Registry(
        "counter", "counting.backend", {"beads": lambda count: "o" * count, "marks": lambda count: "|" * count}
    )


def test_makes_the_backend_of_that_name() -> None:
    assert make_registry().make("beads", 3) == "ooo"


def test_knows_what_was_added() -> None:
    registry = make_registry()
    registry.add("dots", lambda count: "." * count)
    assert registry.names() == ["beads", "dots", "marks"]
    assert registry.make("dots", 2) == ".."


def test_a_misspelt_name_is_answered_with_the_one_meant() -> None:
    with pytest.raises(ConfigError, match=r"counting\.backend: no counter is called 'baeds', did you mean 'beads'\?"):
        make_registry().make("baeds", 1)


def test_an_unknown_name_is_answered_with_all_there_are() -> None:
    with pytest.raises(ConfigError, match="known are beads, marks"):
        make_registry().make("abacus", 1)
