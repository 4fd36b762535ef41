from __future__ import annotations

import numpy as np
import pytest

from reports.resampling import chance_of_difference, chance_of_spread, interval, mean_of


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


def test_chances_under_no_difference_are_uniform() -> None:
    random = np.random.default_rng(3)
    chances, spreads = [], []
    for _ in range(150):
        values, weights = random.normal(size=20), random.uniform(0.5, 8, 20)
        chances.append(chance_of_difference(values[:7], weights[:7], values[7:], weights[7:]))
        spreads.append(chance_of_spread(values, weights, np.repeat([0, 1, 2], [5, 5, 10])))
    for found in (chances, spreads):
        assert np.mean(np.array(found) <= 0.1) == pytest.approx(0.1, abs=0.07)
        assert np.mean(found) == pytest.approx(0.5, abs=0.08)


def test_a_difference_of_four_and_four_turns_has_the_p_value_of_all_orders() -> None:
    # 70 ways to choose 4 of 8; the two that keep the sides apart are as extreme: 2 / 70.
    low, high, ones = np.zeros(4), np.ones(4), np.ones(4)
    assert chance_of_difference(low, ones, high, ones) == pytest.approx(2 / 70, abs=0.012)


def test_groups_far_apart_have_a_small_chance() -> None:
    values = np.repeat([0.0, 0.5, 1.0], 5) + np.tile([0.0, 0.01, 0.02, 0.03, 0.04], 3)
    assert chance_of_spread(values, np.ones(15), np.repeat([0, 1, 2], 5)) == pytest.approx(0.0005)


def test_the_interval_of_many_turns_is_that_of_the_bootstrap() -> None:
    random = np.random.default_rng(2)
    values, weights = random.normal(size=(201, 1)), random.exponential(3, 201) + 0.5
    counts = random.multinomial(201, np.full(201, 1 / 201), 20_000) * weights
    drawn = np.quantile(counts @ values[:, 0] / counts.sum(axis=1), (0.025, 0.975))
    low, high = interval(values, weights)
    assert (low[0], high[0]) == pytest.approx(tuple(drawn), abs=0.01)
