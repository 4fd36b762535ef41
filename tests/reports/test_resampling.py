from __future__ import annotations

import numpy as np
import pytest

from reports.resampling import interval, mean_of


def test_the_mean_is_weighted() -> None:
    assert mean_of(np.array([[1.0, 0.0], [0.0, 4.0]]), np.array([3.0, 1.0])).tolist() == [0.75, 1.0]
    assert np.isnan(mean_of(np.zeros(0), np.zeros(0)))


@pytest.mark.parametrize("turns", [4, 8, 30])
def test_intervals_hold_the_truth_about_as_often_as_they_say(turns: int) -> None:
    random = np.random.default_rng(7)
    held = 0
    for _ in range(200):
        low, high = interval(random.normal(0.3, 0.2, (turns, 1)), np.ones(turns))
        held += bool(low[0] <= 0.3 <= high[0])
    assert held / 200 == pytest.approx(0.95, abs=0.07 if turns > 4 else 0.12)


def test_equal_turns_leave_no_doubt() -> None:
    low, high = interval(np.full((5, 1), 0.4), np.arange(1.0, 6.0))
    assert (low[0], high[0]) == (pytest.approx(0.4), pytest.approx(0.4))


def test_the_interval_of_many_turns_is_that_of_the_bootstrap() -> None:
    random = np.random.default_rng(2)
    values, weights = random.normal(size=(201, 1)), random.exponential(3, 201) + 0.5
    counts = random.multinomial(201, np.full(201, 1 / 201), 20_000) * weights
    drawn = np.quantile(counts @ values[:, 0] / counts.sum(axis=1), (0.025, 0.975))
    low, high = interval(values, weights)
    assert (low[0], high[0]) == pytest.approx(tuple(drawn), abs=0.01)
