"""A session's turns, by speaker and by participant."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from .resampling import Floats

if TYPE_CHECKING:
    from pipeline.sessions import Session

LEAST_TURNS = 4
"""Scored turns of a speaker below which an average over turns is "not enough data"."""


def scored_turns(session: Session, speaker: str) -> pd.DataFrame:
    """The scored turns of one speaker, in order, with their rows in ``session.turns`` as index."""
    turns = session.turns
    return turns[(turns["speaker"] == speaker) & turns["scored"]]


def participant_rows(session: Session, participant: str) -> NDArray[np.int64]:
    """Which rows of ``session.turns`` are scored turns of a participant, in order; found without copying the table."""
    speakers = session.turns["speaker"].to_numpy()
    known = zip(session.speakers["label"], session.speakers["participant"], strict=True)
    own = np.zeros(len(speakers), bool)
    for label, name in known:
        if name == participant:
            own |= np.asarray(speakers == label, bool)
    return np.flatnonzero(own & session.turns["scored"].to_numpy(bool))


def participant_turns(session: Session, participant: str) -> pd.DataFrame:
    """The scored turns of a participant, in order; none where the participant is not in the session."""
    return session.turns.iloc[participant_rows(session, participant)]


def durations_of(turns: pd.DataFrame) -> Floats:
    """Seconds from each turn's start to its end."""
    return np.asarray(turns["end"] - turns["start"], np.float64)
