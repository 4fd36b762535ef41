"""Whether a participant changed between sessions, and a speaker within one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isnan
from typing import TYPE_CHECKING, Any

import numpy as np

from .between.case_turns import SessionTurns
from .between.exchange import chance_of_difference, chance_of_parting, chance_of_spread
from .between.memory import memory_within, shared_memory
from .resampling import Floats, mean_of
from .session_numbers import SessionNumbers
from .turns import LEAST_TURNS

if TYPE_CHECKING:
    from pipeline.sessions import Session


@dataclass(frozen=True)
class Change:
    """A mean before and after, and how often chance alone would part them as far.

    Parameters
    ----------
    before, after : float
        Means, turns weighted by duration.
    chance : float
        A p-value; nan where turns are too few to tell for how alike neighbouring ones are.
    """

    before: float
    after: float
    chance: float

    @property
    def judged(self) -> bool:
        """Whether there are turns enough to hold the difference against chance."""
        return not isnan(self.chance)


def change_between(
    earlier: Session, later: Session, participant: str, column: str = "valence", among: Sequence[Session] = ()
) -> Change | None:
    """How a participant's mean differs between two sessions; None with fewer than ``LEAST_TURNS`` turns in either.

    Parameters
    ----------
    earlier, later : Session
        Both.
    participant : str
        A name in ``speakers["participant"]``.
    column : str
        ``valence``, ``arousal`` or an emotion.
    among : sequence of Session
        Those that tell for how many turns the participant goes on sounding alike; the two where left out.
    """
    (ours, our_weights), (theirs, their_weights) = (
        _of(each, participant).quantity(column) for each in (earlier, later)
    )
    if min(len(ours), len(theirs)) < LEAST_TURNS:
        return None
    memory = _memory(among or (earlier, later), participant)
    chance = chance_of_difference(ours, our_weights, theirs, their_weights, memory)
    return Change(float(mean_of(ours, our_weights)), float(mean_of(theirs, their_weights)), chance)


def chance_of_course(sessions: Sequence[Session], participant: str, column: str = "valence") -> float:
    """How often shuffling a participant's turns between all the sessions parts their means as far: a p-value.

    nan where a session has too few turns to tell.
    """
    known = [_of(session, participant).quantity(column) for session in sessions]
    known = [each for each in known if len(each[0])]
    if len(known) < 2:
        return float("nan")
    return chance_of_spread(known, _memory(sessions, participant))


def change_within(session: Session, speaker: str, column: str = "valence") -> Change | None:
    """How a speaker's mean differs between the first and the second half of the speaker's time in a session.

    None where either half has fewer than ``LEAST_TURNS`` scored turns.
    """
    own = turns_of_speaker(session, speaker)
    values, weights = own.quantity(column)
    if not len(values):
        return None
    times = own.times[own.known(column)]
    late = times.mean(axis=1) > (times[:, 0].min() + times[:, 1].max()) / 2
    if min(late.sum(), (~late).sum()) < LEAST_TURNS:
        return None
    parts = (own.times.mean(axis=1) > (times[:, 0].min() + times[:, 1].max()) / 2).astype(np.int64)
    chance = chance_of_parting(values, weights, late, memory_within(own, parts))
    before, after = (_mean(values, weights, chosen) for chosen in (~late, late))
    return Change(before, after, chance)


def turns_of_speaker(session: Session, speaker: str) -> SessionTurns:
    """The scored turns of one speaker, by label."""
    numbers = SessionNumbers(session)
    return SessionTurns(numbers, numbers.rows_of_speaker(speaker))


def _of(session: Session, participant: str) -> SessionTurns:
    numbers = SessionNumbers(session)
    return SessionTurns(numbers, numbers.rows_of(participant))


def _memory(sessions: Sequence[Session], participant: str) -> int | None:
    return shared_memory([own for own in (_of(each, participant) for each in sessions) if len(own) >= LEAST_TURNS])


def _mean(values: Floats, weights: Floats, chosen: Any) -> float:
    return float(mean_of(values[chosen], weights[chosen]))
