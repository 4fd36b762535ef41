from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.between.blocks import block_starts, least_turns, spacing


@pytest.mark.parametrize(("count", "length"), [(1, 1), (4, 2), (25, 2), (100, 10), (7, 9)])
def test_blocks_hold_all_turns_and_differ_by_one_at_most_where_there_are_several(count: int, length: int) -> None:
    sizes = np.diff([*block_starts(count, length), count])
    assert sizes.sum() == count
    assert sizes.max() - sizes.min() <= 1


@given(st.integers(1, 300), st.integers(1, 300), st.integers(1, 20), st.sampled_from([4, 6, 8]))
def test_spaced_blocks_are_of_one_length_with_turns_between_them(one: int, other: int, memory: int, least: int) -> None:
    found = spacing(min(one, other), memory, least)
    if found is None:
        assert min(one, other) < max(least_turns(memory), least + (least - 1) * max(memory - 1, 1))
        return
    for count in (one, other):
        members = found.members(count)
        assert len(members) >= least
        assert set(members.sum(axis=1).tolist()) == {found.length}
        turns = [np.flatnonzero(row) for row in members]
        assert all(later[0] - earlier[-1] - 1 >= max(memory - 1, 1) for earlier, later in pairwise(turns))


def test_without_a_memory_there_are_no_blocks() -> None:
    assert spacing(1000, None) is None
