from __future__ import annotations

import datetime

import numpy as np
import pytest

from reports.between.reliable_change import (
    case_reliable_change,
    reliable_change_index,
    split_half_reliability,
    standard_error_of_difference,
)
from tests.sessions import make_session

from ..tables import session_of, turn
from .test_pre_post import by_valence


def test_the_worked_example_of_jacobson_and_truax() -> None:
    # Pages 13 to 14: deviation 7.5 before treatment, reliability .88, a score of 32.5 that becomes 47.5.
    assert standard_error_of_difference(7.5, 0.88) == pytest.approx(3.67, abs=0.005)
    assert reliable_change_index(32.5, 47.5, 7.5, 0.88) == pytest.approx(4.08, abs=0.005)


def test_halves_that_correlate_by_a_half_make_a_reliability_of_two_thirds() -> None:
    first, second = [1.0, 2.0, 3.0], [1.0, 3.0, 2.0]  # correlation 0.5, by Spearman and Brown 2 * 0.5 / 1.5
    assert split_half_reliability(np.array([np.column_stack([first, second])])) == pytest.approx(2 / 3)


def test_halves_that_disagree_have_no_reliability() -> None:
    assert split_half_reliability(np.array([[[1.0, 2.0], [2.0, 1.0]]])) == 0
    assert np.isnan(split_half_reliability(np.zeros((5, 4, 2))))


def test_a_change_beyond_the_error_of_measurement_is_reliable() -> None:
    random = np.random.default_rng(0)
    sessions = []
    for level in (-0.3, -0.2, -0.25, 0.1, 0.2, 0.3):
        values = level + random.normal(size=30) / 10
        sessions.append(session_of([turn(3 * at, 3 * at + 2, valence=value) for at, value in enumerate(values)]))
    found = case_reliable_change(sessions, "A")
    assert found.reliable and found.index > 1.96 and found.p < 0.05
    assert found.reliability > 0.9
    assert (found.after - found.before) / found.smallest == pytest.approx(found.index / 1.96)


def test_sessions_of_noise_do_not_change_reliably() -> None:
    sessions = [make_session(60, seed=seed, date=datetime.date(2026, 1, 1 + seed)) for seed in range(8)]
    found = case_reliable_change(sessions, "Anna", people=("Anna", "Ben"))
    assert found.enough and not found.reliable
    assert found.num_sessions == 16


def test_sessions_that_are_shifted_copies_have_no_error_to_hold_a_change_against() -> None:
    found = case_reliable_change(by_valence(-0.3, -0.2, -0.25, 0.1, 0.2, 0.3), "A")
    assert str(found.note).startswith("not enough data: turns or sessions do not vary")


def test_without_sessions_enough_there_is_no_reliability() -> None:
    found = case_reliable_change(by_valence(0.1, 0.2), "A")
    assert found.note == (
        "not enough data: 2 sessions of the participant and 6 of all participants together are needed, there are "
        "2 and 2"
    )
    assert not found.enough and not found.reliable
