"""What a person said of turns, put over what the machine found; the machine's answer stays beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from diarization.segments import Segment, total_duration, union

from .cut_turns import cut_session
from .cuts import CUTS, Answer, Piece, pieces_of

if TYPE_CHECKING:
    from .sessions import Session

FIELDS = ("speaker", "emotion")
"""What a person may say of a turn, beside where it begins and ends."""


@dataclass(frozen=True)
class Review:
    """A turn that a person looked at, and what the machine had said of it.

    Parameters
    ----------
    fields : tuple of str
        Of ``FIELDS``: what the person answered, which may be what the machine says too; and of ``cuts.CUTS``: how the
        person made this turn of the machine's.
    speaker, emotion : str or None
        The machine's; the emotion is None where it scored none. Of a turn that was split or joined, what its scores
        say.
    speaker_confidence, confidence : float or None
        How sure the machine was of each, 0 to 1.
    spans : tuple of (float, float)
        Start and end of the machine's turns that a turn was made of which was split or joined.
    """

    fields: tuple[str, ...]
    speaker: str
    emotion: str | None
    speaker_confidence: float | None
    confidence: float | None
    spans: tuple[tuple[float, float], ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The machine's answer as JSON values."""
        names = ("speaker", "emotion", "speaker_confidence", "confidence")
        plain = {name: _rounded(getattr(self, name)) for name in names}
        return plain | ({"spans": [list(map(_rounded, each)) for each in self.spans]} if self.spans else {})


def reviewed(session: Session, answers: Sequence[Answer]) -> Session:
    """The session with a person's answers in place of the machine's, which ``reviews`` keeps.

    An emotion that a person gave has all the probability; valence and arousal follow from it. A turn given to another
    speaker takes its segments and its time along. Turns that were split or joined stand where the machine's stood
    (``cut_turns.cut_session``). Of the others frame scores, embeddings and baselines stay the machine's.
    """
    pieces = pieces_of(spans_of(session), answers)
    if not any(piece.said or piece.cuts for piece in pieces):
        return session
    machine = [(str(speaker)) for speaker in session.turns["speaker"]]
    laid = cut_session(session, pieces) if any(piece.cuts for piece in pieces) else session
    reviews = {row: _review(session, laid, row, piece) for row, piece in enumerate(pieces) if piece.said or piece.cuts}
    turns = laid.turns.copy()
    for row, piece in enumerate(pieces):
        for column, value in _columns(laid, row, piece.said).items():
            turns.at[row, column] = value
    segments = _segments(laid.segments, machine, pieces)
    moved = not segments["speaker"].equals(laid.segments["speaker"])
    speakers = session.speakers.assign(talk_time=_talk_times(session, segments)) if moved else session.speakers
    return replace(laid, turns=turns, segments=segments, speakers=speakers, reviews=reviews)


def spans_of(session: Session) -> list[tuple[float, float]]:
    """Start and end of each turn."""
    return list(zip(session.turns["start"].tolist(), session.turns["end"].tolist(), strict=True))


def _review(session: Session, laid: Session, row: int, piece: Piece) -> Review:
    found: dict[Any, Any] = laid.turns.loc[row].to_dict()
    fields = (*(each for each in FIELDS if each in piece.said), *(each for each in CUTS if each in piece.cuts))
    known = session.turns.loc[sorted({part.turn for part in piece.parts}), ["start", "end"]]
    spans = tuple((float(start), float(end)) for start, end in known.itertuples(index=False)) if piece.cuts else ()
    sure = _number(found["speaker_confidence"]), _number(found["confidence"])
    return Review(fields, found["speaker"], found["emotion"], *sure, spans)


def _columns(session: Session, row: int, own: Mapping[str, str]) -> dict[str, Any]:
    """What a turn's row becomes."""
    found: dict[str, Any] = {"speaker": own["speaker"], "speaker_confidence": 1.0} if "speaker" in own else {}
    if "emotion" not in own or not session.turns.at[row, "scored"]:
        return found  # of a half that is too short to be scored, an emotion given to the whole turn says nothing
    labels = session.scheme.labels
    scores = np.array([label == own["emotion"] for label in labels], np.float64)
    valence, arousal = session.scheme.valence_arousal(scores)
    found |= {"emotion": own["emotion"], "confidence": 1.0, "valence": valence, "arousal": arousal, "reason": None}
    return found | {f"score_{label}": score for label, score in zip(labels, scores, strict=True)}


def _segments(segments: pd.DataFrame, machine: Sequence[str], pieces: Sequence[Piece]) -> pd.DataFrame:
    """The diarization with the segments of turns that went to another speaker."""
    found = segments.copy()
    for piece in pieces:
        for part in piece.parts:
            own = machine[part.turn]
            if piece.said.get("speaker", own) != own:
                inside = (segments["start"] >= part.start - 1e-6) & (segments["end"] <= part.end + 1e-6)
                found.loc[inside & (segments["speaker"] == own), "speaker"] = piece.said["speaker"]
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
