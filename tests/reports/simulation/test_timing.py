from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.random import RandomState

from diarization.errors import ConfigError
from reports.simulation.timing import Timing


def offsets(timing: Timing, count: int = 20_000) -> np.ndarray:
    random = RandomState(1)
    return np.array([timing.offset(60, 60, random) for _ in range(count)])


def test_offsets_are_those_of_real_conversations() -> None:
    drawn = offsets(Timing())
    assert drawn.mean() == pytest.approx(0.2, abs=0.01)  # Stivers et al. 2009: 0.208 s
    assert np.mean(drawn < 0) == pytest.approx(0.3, abs=0.01)
    assert np.mean(np.abs(drawn) < 0.25) == pytest.approx(0.505, abs=0.015)  # De Ruiter et al. 2006: 0.45
    assert np.mean(np.abs(drawn) < 0.75) == pytest.approx(0.873, abs=0.015)  # and 0.85


def test_gaps_and_overlaps_are_as_long_as_asked() -> None:
    assert offsets(Timing(gap=2.0, overlap=0.0)).mean() == pytest.approx(2.0, rel=0.03)
    assert offsets(Timing(overlap=1.0, overlap_length=0.5)).mean() == pytest.approx(-0.5, rel=0.03)


@given(st.floats(0.2, 30), st.floats(0.2, 30), st.integers(0, 1000))
def test_no_overlap_is_longer_than_half_of_either_turn(before: float, after: float, seed: int) -> None:
    offset = Timing(overlap=1.0, overlap_length=5.0).offset(before, after, RandomState(seed))
    assert -min(before, after) / 2 <= offset <= 0


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"gap": -1}, "gaps: -1 s on average is out of range"),
        ({"overlap": 30}, "overlap: 30 is out of range; it is a share"),
        ({"overlap_length": 0}, "overlap length: 0 s is out of range"),
    ],
)
def test_timing_out_of_range_is_said(changes: dict[str, float], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Timing(**changes)
