"""Whether a participant changed between sessions, and a speaker within one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .resampling import chance_of_difference, chance_of_spread, mean_of
from .turns import LEAST_TURNS, durations_of, participant_turns, scored_turns

if TYPE_CHECKING:
    import pandas as pd

    from pipeline.sessions import Session


@dataclass(frozen=True)
class Change:
    """A mean before and after, and how often chance alone would part them as far (``chance``, a p-value)."""

    before: float
    after: float
    chance: float


def change_between(earlier: Session, later: Session, participant: str, column: str = "valence") -> Change | None:
    """How a participant's mean differs between two sessions; None with fewer than ``LEAST_TURNS`` turns in either."""
    return _change(participant_turns(earlier, participant), participant_turns(later, participant), column)


def chance_of_course(sessions: Sequence[Session], participant: str, column: str = "valence") -> float:
    """How often shuffling a participant's turns between all the sessions parts their means as far: a p-value."""
    turns = [participant_turns(session, participant).dropna(subset=[column]) for session in sessions]
    turns = [own for own in turns if len(own)]
    values = np.concatenate([own[column].to_numpy() for own in turns])
    weights = np.concatenate([durations_of(own) for own in turns])
    return chance_of_spread(values, weights, np.repeat(np.arange(len(turns)), [len(own) for own in turns]))


def change_within(session: Session, speaker: str, column: str = "valence") -> Change | None:
    """How a speaker's mean differs between the first and the second half of the speaker's time in a session.

    None where either half has fewer than ``LEAST_TURNS`` scored turns.
    """
    own = scored_turns(session, speaker)
    if own.empty:
        return None
    late = (own["start"] + own["end"]) / 2 > (own["start"].min() + own["end"].max()) / 2
    return _change(own[~late], own[late], column)


def _change(before: pd.DataFrame, after: pd.DataFrame, column: str) -> Change | None:
    before, after = before.dropna(subset=[column]), after.dropna(subset=[column])
    if min(len(before), len(after)) < LEAST_TURNS:
        return None
    ours, theirs = before[column].to_numpy(), after[column].to_numpy()
    our_weights, their_weights = durations_of(before), durations_of(after)
    chance = chance_of_difference(ours, our_weights, theirs, their_weights)
    return Change(float(mean_of(ours, our_weights)), float(mean_of(theirs, their_weights)), chance)
