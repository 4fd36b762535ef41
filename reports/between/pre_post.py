"""A participant's sessions before a day against those since."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..resampling import Floats
from .case_turns import CaseTurns, SessionTurns
from .clusters import ClusterTest, cluster_permutation
from .mixed_models import regress_means

if TYPE_CHECKING:
    from pipeline.sessions import Session

LEAST_SIDE = 4
"""Sessions on either side below which a comparison is "not enough data"."""

PARTS = 10
"""Equal parts of each recording that courses are compared by."""

_NAN = float("nan")
_Known = tuple[SessionTurns, Floats, Floats]


@dataclass(frozen=True)
class PrePost:
    """How a quantity differs between earlier and later sessions.

    Parameters
    ----------
    key : str
        ``valence``, ``arousal`` or an emotion.
    before, after : float
        Means of the sessions.
    difference, low, high, p : float
        After less before with its 95 % interval and p, session as the unit (``mixed_models.regress_means``).
    effect : float
        The difference over the standard deviation of sessions (Cohen's d).
    course : ClusterTest or None
        Where along the session they differ, in ``PARTS`` equal parts; None where there is not enough data.
    num_before, num_after, num_turns : int
        Sessions on each side, and turns in all.
    since : datetime.date or None
        The first day of the later sessions, where they have dates.
    note : str or None
        What would be enough, where there is not enough data.
    """

    key: str
    before: float
    after: float
    difference: float
    low: float
    high: float
    p: float
    effect: float
    course: ClusterTest | None
    num_before: int
    num_after: int
    num_turns: int
    since: datetime.date | None = None
    note: str | None = None

    @property
    def enough(self) -> bool:
        """Whether there is enough data."""
        return self.course is not None


def pre_post(
    sessions: Sequence[Session] | CaseTurns, participant: str, key: str = "valence", since: datetime.date | None = None
) -> PrePost:
    """Compare a participant's sessions before a day with those on and after it.

    Parameters
    ----------
    sessions : sequence of Session, or CaseTurns
        Of one case, by date.
    participant : str
        A name in ``speakers["participant"]``.
    key : str
        ``valence``, ``arousal`` or an emotion, whose share of the scored time is meant.
    since : datetime.date, optional
        The first day of the later sessions; sessions without a date are then left out. Where it is not given, the
        first half of the sessions is compared with the rest.
    """
    case = sessions if isinstance(sessions, CaseTurns) else CaseTurns(sessions)
    known = case.of(participant).with_quantity(key)
    before, after = _halves(known) if since is None else _sides(known, since)
    turns = sum(len(values) for _, values, _ in (*before, *after))
    begin = since or (after[0][0].date if after else None)
    if min(len(before), len(after)) < LEAST_SIDE:
        nothing = dict.fromkeys(("before", "after", "difference", "low", "high", "p", "effect"), _NAN)
        return PrePost(key, **nothing, course=None, num_before=len(before), num_after=len(after), num_turns=turns,
                       since=begin, note=_too_little(len(before), len(after)))  # fmt: skip
    return _compared(key, before, after, turns, begin)


def _compared(
    key: str, before: Sequence[_Known], after: Sequence[_Known], turns: int, since: datetime.date | None
) -> PrePost:
    both = [*before, *after]
    values, weights = (np.concatenate([each[at] for each in both]) for at in (1, 2))
    later = np.arange(len(both)) >= len(before)
    groups = np.repeat(np.arange(len(both)), [len(each[1]) for each in both])
    found = regress_means(values, np.column_stack([~later, later]) @ _SIDES, groups, weights / weights.mean())
    start, difference = found.coefficients
    return PrePost(
        key,
        before=float(start),
        after=float(start + difference),
        difference=float(difference),
        low=float(found.low[1]),
        high=float(found.high[1]),
        p=float(found.p_values[1]),
        effect=float(difference / found.deviation) if found.deviation > 0 else 0.0,
        course=cluster_permutation(_courses(key, before), _courses(key, after)),
        num_before=len(before),
        num_after=len(after),
        num_turns=turns,
        since=since,
    )


_SIDES = np.array([[1.0, 0.0], [1.0, 1.0]])  # an intercept, and what the later sessions add to it


def _courses(key: str, side: Sequence[_Known]) -> Floats:
    return np.array([_course(key, *each) for each in side])


def _course(key: str, own: SessionTurns, values: Floats, weights: Floats) -> Floats:
    """The session's means in equal parts of the recording, by where each turn's middle lies; nan without turns."""
    times = own.times[own.known(key)]
    middles = times.mean(axis=1)
    length = max(own.session.recording.duration, float(times[:, 1].max()))
    parts = np.minimum((PARTS * middles / length).astype(int), PARTS - 1)
    total, mass = (np.bincount(parts, each, PARTS) for each in (weights * values, weights))
    return np.asarray(np.where(mass > 0, total / np.where(mass > 0, mass, 1), np.nan))


def _halves(known: Sequence[_Known]) -> tuple[Sequence[_Known], Sequence[_Known]]:
    return known[: len(known) // 2], known[len(known) // 2 :]


def _sides(known: Sequence[_Known], since: datetime.date) -> tuple[Sequence[_Known], Sequence[_Known]]:
    dated = [(each, each[0].date) for each in known]
    before = [each for each, date in dated if date is not None and date < since]
    return before, [each for each, date in dated if date is not None and date >= since]


def _too_little(num_before: int, num_after: int) -> str:
    return (
        f"not enough data: {LEAST_SIDE} sessions on either side are needed, there are {num_before} before and "
        f"{num_after} after"
    )
