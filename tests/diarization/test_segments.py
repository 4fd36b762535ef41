"""Stretches of time: what union, intersection and difference promise, against sets of seconds."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diarization.segments import Segment, difference, gaps, intersection, total_duration, union

from .strategies import segment_lists


def seconds(segments: list[Segment]) -> set[int]:
    """The whole seconds that segments with whole bounds cover."""
    return {second for each in segments for second in range(int(each.start), int(each.end))}


def apart(segments: list[Segment]) -> bool:
    """Whether they are in order and neither overlap nor touch."""
    return all(before.end < after.start for before, after in pairwise(segments))


@pytest.mark.parametrize(
    ("start", "end"),
    [(1, 1), (2, 1), (-1, 1), (0, float("inf")), (float("nan"), 1), (0, float("nan")), (float("-inf"), 0)],
)
def test_a_segment_without_length_or_bounds_is_refused(start: float, end: float) -> None:
    with pytest.raises(ValueError, match="0 <= start < end in seconds, got start="):
        Segment(start, end)


def test_segments_are_ordered_by_start_then_end_and_are_values() -> None:
    assert sorted([Segment(1, 3), Segment(0, 9), Segment(1, 2)]) == [Segment(0, 9), Segment(1, 2), Segment(1, 3)]
    assert len({Segment(0, 1), Segment(0, 1)}) == 1
    with pytest.raises(AttributeError):
        Segment(0, 1).start = 2  # type: ignore[misc]


def test_a_segment_knows_its_duration_and_middle() -> None:
    assert (Segment(1, 4).duration, Segment(1, 4).middle) == (3, 2.5)


@pytest.mark.parametrize(
    ("other", "shared"),
    [
        (Segment(3, 8), Segment(3, 4)), (Segment(0, 3), Segment(2, 3)), (Segment(0, 9), Segment(2, 4)),
        (Segment(4, 5), None), (Segment(0, 2), None), (Segment(6, 7), None),
    ],
)  # fmt: skip
def test_what_two_segments_share(other: Segment, shared: Segment | None) -> None:
    assert Segment(2, 4) & other == other & Segment(2, 4) == shared
    assert Segment(2, 4).overlaps(other) == other.overlaps(Segment(2, 4)) == (shared is not None)


@given(segment_lists())
def test_union_covers_the_same_time_in_pieces_that_lie_apart(segments: list[Segment]) -> None:
    joined = union(segments)
    assert seconds(joined) == seconds(segments)
    assert apart(joined)


@given(segment_lists(), st.integers(0, 5))
def test_union_is_idempotent(segments: list[Segment], max_gap: int) -> None:
    assert union(union(segments, max_gap), max_gap) == union(segments, max_gap)


@given(segment_lists(), st.randoms())
def test_union_does_not_depend_on_the_order(segments: list[Segment], random: object) -> None:
    shuffled = list(segments)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert union(shuffled) == union(segments)


@given(segment_lists(), st.integers(0, 5))
def test_union_with_a_gap_bridges_all_gaps_up_to_it_and_no_others(segments: list[Segment], max_gap: int) -> None:
    joined = union(segments, max_gap)
    assert all(after.start - before.end > max_gap for before, after in pairwise(joined))
    bridged = seconds(joined) - seconds(segments)
    short = {second for gap in gaps(segments) if gap.duration <= max_gap for second in seconds([gap])}
    assert bridged == short


@given(segment_lists(), segment_lists())
def test_intersection_is_what_both_cover(ours: list[Segment], theirs: list[Segment]) -> None:
    shared = intersection(ours, theirs)
    assert seconds(shared) == seconds(ours) & seconds(theirs)
    assert shared == intersection(theirs, ours)
    assert shared == sorted(shared)


@given(segment_lists(), segment_lists())
def test_difference_is_what_only_ours_cover(ours: list[Segment], theirs: list[Segment]) -> None:
    kept = difference(ours, theirs)
    assert seconds(kept) == seconds(ours) - seconds(theirs)
    assert apart(kept)


@given(segment_lists(), segment_lists())
def test_intersection_and_difference_add_up(ours: list[Segment], theirs: list[Segment]) -> None:
    parts = total_duration(intersection(ours, theirs)) + total_duration(difference(ours, theirs))
    assert parts == total_duration(ours)


@given(segment_lists())
def test_gaps_fill_the_span(segments: list[Segment]) -> None:
    pauses = gaps(segments)
    assert intersection(pauses, segments) == []
    assert len(union([*segments, *pauses])) == min(1, len(segments))


@given(segment_lists())
def test_with_itself_a_set_shares_all_and_keeps_nothing(segments: list[Segment]) -> None:
    assert intersection(segments, segments) == union(segments)
    assert difference(segments, segments) == []


def test_nothing_in_gives_nothing_out() -> None:
    assert union([]) == intersection([], [Segment(0, 1)]) == difference([], [Segment(0, 1)]) == gaps([]) == []
    assert difference([Segment(0, 1)], []) == [Segment(0, 1)]
    assert total_duration([]) == 0


def test_a_generator_will_do() -> None:
    each = (Segment(start, start + 1) for start in (0, 2))
    assert difference(each, (Segment(0, 1) for _ in range(1))) == [Segment(2, 3)]


@given(st.lists(st.tuples(st.floats(0, 1e6), st.floats(1e-6, 1e4)), max_size=20))
def test_fractions_of_seconds_are_no_trouble(pairs: list[tuple[float, float]]) -> None:
    segments = [Segment(start, start + duration) for start, duration in pairs]
    assert apart(union(segments))
    assert difference(segments, segments) == []
    assert total_duration(segments) == pytest.approx(total_duration(union(segments)))
