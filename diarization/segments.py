"""Stretches of a recording's time line."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from math import isfinite


@dataclass(frozen=True, order=True, slots=True)
class Segment:
    """Half-open interval ``[start, end)`` on a recording's time line, ordered by start, then end.

    Parameters
    ----------
    start, end : float
        Seconds from the beginning of the recording, ``0 <= start < end``.

    Raises
    ------
    ValueError
        Where start or end break that rule, or are not finite.

    Examples
    --------
    >>> Segment(0.5, 2.0).duration
    1.5
    >>> Segment(0, 2) & Segment(1, 3)
    Segment(start=1, end=2)
    """

    start: float
    end: float

    def __post_init__(self) -> None:
        if not (isfinite(self.start) and isfinite(self.end) and 0 <= self.start < self.end):
            raise ValueError(f"a segment needs 0 <= start < end in seconds, got start={self.start}, end={self.end}")

    @property
    def duration(self) -> float:
        """Length in seconds, above 0."""
        return self.end - self.start

    @property
    def middle(self) -> float:
        """Point half way between start and end, in seconds."""
        return (self.start + self.end) / 2

    def __and__(self, other: Segment) -> Segment | None:
        """The stretch that both cover; None where they only touch or lie apart."""
        start, end = max(self.start, other.start), min(self.end, other.end)
        return Segment(start, end) if start < end else None

    def overlaps(self, other: Segment) -> bool:
        """Whether both share some time. Segments that only touch do not.

        >>> Segment(0, 1).overlaps(Segment(1, 2))
        False
        """
        return self.start < other.end and other.start < self.end


def union(segments: Iterable[Segment], max_gap: float = 0.0) -> list[Segment]:
    """The stretches covered by any of the segments, in order, none overlapping or touching.

    Parameters
    ----------
    segments : iterable of Segment
        In any order; may overlap. Empty gives an empty list.
    max_gap : float
        Seconds; stretches at most this far apart are joined into one.

    Examples
    --------
    >>> union([Segment(2, 3), Segment(0, 1), Segment(0.5, 1.5)])
    [Segment(start=0, end=1.5), Segment(start=2, end=3)]
    """
    joined: list[Segment] = []
    for segment in sorted(segments):
        if joined and segment.start - joined[-1].end <= max_gap:
            joined[-1] = Segment(joined[-1].start, max(joined[-1].end, segment.end))
        else:
            joined.append(segment)
    return joined


def intersection(ours: Iterable[Segment], theirs: Iterable[Segment]) -> list[Segment]:
    """The stretches covered by both sides, in order.

    >>> intersection([Segment(0, 2), Segment(3, 5)], [Segment(1, 4)])
    [Segment(start=1, end=2), Segment(start=3, end=4)]
    """
    left, right = union(ours), union(theirs)
    shared: list[Segment] = []
    i = j = 0
    while i < len(left) and j < len(right):
        if both := left[i] & right[j]:
            shared.append(both)
        if left[i].end < right[j].end:
            i += 1
        else:
            j += 1
    return shared


def difference(ours: Iterable[Segment], theirs: Iterable[Segment]) -> list[Segment]:
    """The stretches covered by ours and not by theirs, in order.

    >>> difference([Segment(0, 4)], [Segment(1, 2)])
    [Segment(start=0, end=1), Segment(start=2, end=4)]
    """
    holes = union(theirs)
    kept: list[Segment] = []
    first = 0
    for segment in union(ours):
        while first < len(holes) and holes[first].end <= segment.start:
            first += 1
        start = segment.start
        for hole in holes[first:]:
            if hole.start >= segment.end:
                break
            if start < hole.start:
                kept.append(Segment(start, hole.start))
            start = max(start, hole.end)
        if start < segment.end:
            kept.append(Segment(start, segment.end))
    return kept


def total_duration(segments: Iterable[Segment]) -> float:
    """Seconds covered by any of the segments; time that several share counts once.

    >>> total_duration([Segment(0, 2), Segment(1, 3)])
    3
    """
    return sum(segment.duration for segment in union(segments))


def gaps(segments: Iterable[Segment]) -> list[Segment]:
    """The stretches between the segments, in order, without what lies before the first and after the last.

    >>> gaps([Segment(0, 1), Segment(2, 3)])
    [Segment(start=1, end=2)]
    """
    return [Segment(before.end, after.start) for before, after in pairwise(union(segments))]
