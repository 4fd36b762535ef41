"""What a person said of turns, as the table of labels that ``calibrate`` and ``train-head`` read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from .labels import LABEL_COLUMNS

if TYPE_CHECKING:
    from pipeline.sessions import Session


def correction_rows(sessions: Sequence[Session]) -> pd.DataFrame:
    """``LABEL_COLUMNS``, one row a turn whose emotion a person gave; sessions stand for their recordings."""
    rows = [_row(session, turn) for session in sessions for turn in sorted(session.reviews)]
    return pd.DataFrame([row for row in rows if row["emotion"]], columns=list(LABEL_COLUMNS))


def _row(session: Session, turn: int) -> dict[str, Any]:
    review = session.reviews[turn]
    said: dict[Any, Any] = session.turns.loc[turn].to_dict()
    return {
        "path": "",
        "session": session.id,
        "start": round(said["start"], 3),
        "end": round(said["end"], 3),
        "speaker": session.name_of(said["speaker"]),
        "emotion": said["emotion"] if "emotion" in review.fields else "",
        "machine_speaker": session.name_of(review.speaker),
        "machine_emotion": review.emotion or "",
        "machine_confidence": review.confidence,
        "annotator": "",
    }
