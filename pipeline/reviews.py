"""What a person said of turns, put over what the machine found; the machine's answer stays beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from diarization.segments import Segment, total_duration, union

if TYPE_CHECKING:
    from .sessions import Session

FIELDS = ("speaker", "emotion")
"""What a person may say of a turn."""

Answers = Mapping[int, Mapping[str, str]]
"""A person's answers: by row of the turn, then by field."""


@dataclass(frozen=True)
class Review:
    """A turn that a person looked at, and what the machine had said of it.

    Parameters
    ----------
    fields : tuple of str
        Of ``FIELDS``: what the person answered, which may be what the machine says too.
    speaker, emotion : str or None
        The machine's; the emotion is None where it scored none.
    speaker_confidence, confidence : float or None
        How sure the machine was of each, 0 to 1.
    """

    fields: tuple[str, ...]
    speaker: str
    emotion: str | None
    speaker_confidence: float | None
    confidence: float | None

    def to_json(self) -> dict[str, Any]:
        """The machine's answer as JSON values."""
        names = ("speaker", "emotion", "speaker_confidence", "confidence")
        return {name: _rounded(getattr(self, name)) for name in names}


def reviewed(session: Session, answers: Answers) -> Session:
    """The session with a person's answers in place of the machine's, which ``reviews`` keeps.

    An emotion that a person gave has all the probability; valence and arousal follow from it. A turn given to another
    speaker takes its segments and its time along. Frame scores, embeddings and baselines stay the machine's.
    """
    answers = {turn: own for turn, own in answers.items() if 0 <= turn < len(session.turns) and own}
    if not answers:
        return session
    reviews = {turn: _review(session, turn, own) for turn, own in sorted(answers.items())}
    turns = session.turns.copy()
    for turn, own in answers.items():
        for column, value in _columns(session, own).items():
            turns.at[turn, column] = value
    moved = {
        turn: own["speaker"]
        for turn, own in answers.items()
        if own.get("speaker", "") not in ("", session.turns.at[turn, "speaker"])
    }
    segments = _segments(session, moved) if moved else session.segments
    speakers = session.speakers.assign(talk_time=_talk_times(session, segments)) if moved else session.speakers
    return replace(session, turns=turns, segments=segments, speakers=speakers, reviews=reviews)


def _review(session: Session, turn: int, own: Mapping[str, str]) -> Review:
    row: dict[Any, Any] = session.turns.loc[turn].to_dict()
    fields = tuple(each for each in FIELDS if each in own)
    return Review(
        fields, row["speaker"], row["emotion"], _number(row["speaker_confidence"]), _number(row["confidence"])
    )


def _columns(session: Session, own: Mapping[str, str]) -> dict[str, Any]:
    """What a turn's row becomes."""
    found: dict[str, Any] = {"speaker": own["speaker"], "speaker_confidence": 1.0} if "speaker" in own else {}
    if "emotion" not in own:
        return found
    labels = session.scheme.labels
    scores = np.array([label == own["emotion"] for label in labels], np.float64)
    valence, arousal = session.scheme.valence_arousal(scores)
    found |= {"emotion": own["emotion"], "confidence": 1.0, "valence": valence, "arousal": arousal, "reason": None}
    return found | {f"score_{label}": score for label, score in zip(labels, scores, strict=True)}


def _segments(session: Session, moved: Mapping[int, str]) -> pd.DataFrame:
    """The diarization with the segments of turns that went to another speaker."""
    found = session.segments.copy()
    for turn, speaker in moved.items():
        row = session.turns.loc[turn]
        inside = (session.segments["start"] >= row["start"] - 1e-6) & (session.segments["end"] <= row["end"] + 1e-6)
        found.loc[inside & (session.segments["speaker"] == row["speaker"]), "speaker"] = speaker
    return found


def _talk_times(session: Session, segments: pd.DataFrame) -> list[float]:
    """Seconds in which each speaker speaks, overlap included, in the order of the speakers."""
    times = []
    for label in session.speakers["label"]:
        own = segments[segments["speaker"] == label]
        times.append(total_duration(union(Segment(*each) for each in zip(own["start"], own["end"], strict=True))))
    return times


def _number(value: Any) -> float | None:
    return None if pd.isna(value) else float(value)


def _rounded(value: Any) -> Any:
    return round(value, 6) if isinstance(value, float) else value
