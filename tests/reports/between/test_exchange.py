from __future__ import annotations

from math import isnan

import numpy as np
import pytest

from reports.between.exchange import chance_of_difference, chance_of_parting, chance_of_spread
from reports.between.simulation import course_p_values, parts_p_values, share_below

ONES = np.ones(15)


def test_a_difference_of_eight_and_eight_blocks_has_the_p_value_of_all_orders() -> None:
    # 15 turns a side, one left out after each: 8 blocks of one turn. 12870 ways to choose 8 of 16, two as extreme.
    assert chance_of_difference(0 * ONES, ONES, ONES, ONES, 1) == pytest.approx(1 / 2000, abs=1 / 2000)
    assert chance_of_difference(ONES, ONES, ONES, ONES, 1) == 1.0


def test_sessions_far_apart_have_a_small_chance() -> None:
    levels = [level + np.tile([0.0, 0.01, 0.02], 5) for level in (0.0, 0.5, 1.0)]
    assert chance_of_spread([(each, ONES) for each in levels], 1) == pytest.approx(0.0005)


def test_long_turns_weigh_more() -> None:
    values, later = np.r_[np.zeros(15), np.tile([0.0, 1.0], 8)[:15]], ONES.copy()
    later[1::2] = 100.0
    weighted = chance_of_difference(values[:15], ONES, values[15:], later, 2)
    assert weighted <= chance_of_difference(values[:15], ONES, values[15:], ONES, 2)


@pytest.mark.parametrize(("turns", "memory"), [(14, 1), (19, 4), (100, None)])
def test_too_few_turns_for_how_alike_they_are_have_no_p(turns: int, memory: int | None) -> None:
    ones = np.ones(turns)
    assert isnan(chance_of_difference(ones, ones, ones, ones, memory))
    assert isnan(chance_of_parting(ones, ones, np.arange(turns) > turns // 2, memory))


def test_a_later_part_that_differs_is_found_and_blocks_on_the_edge_are_left_out() -> None:
    values = np.repeat([0.0, 1.0], 16)
    assert chance_of_parting(values, np.ones(32), values > 0, 1) < 0.01


def test_a_part_of_one_block_cannot_be_judged() -> None:
    assert isnan(chance_of_parting(np.arange(16.0), np.ones(16), np.arange(16) >= 14, 1))


@pytest.mark.parametrize("alike", [0.0, 0.3])
def test_p_is_uniform_where_nothing_differs_however_alike_neighbours_are(alike: float) -> None:
    between = course_p_values(200, (40, 30, 50), alike)
    within = parts_p_values(200, 60, 0.5, alike)
    for found in (between, within):
        known = np.array(found)[np.isfinite(found)]
        assert len(known) > 150
        assert share_below(known, 0.05) <= 0.05 + 0.045
        assert np.mean(known) == pytest.approx(0.5, abs=0.08)
