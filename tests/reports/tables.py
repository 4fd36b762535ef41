"""Sessions whose turns a test writes down itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from diarization.segments import Segment
from emotion.schemes import CANONICAL, EmotionScheme
from pipeline.sessions import Session, SessionArrays, segments_table, speakers_table, turns_table
from tests.sessions import SCHEME, make_session

NINE = EmotionScheme(CANONICAL)
HOSTILE = "<script>alert('x')</script>"
PLAIN = {"angry": 0.1, "happy": 0.2, "neutral": 0.3, "sad": 0.4}


def turn(start: float, end: float, speaker: str = "A", **known: Any) -> dict[str, Any]:
    """A row of turns; scored with ``scores`` (else ``PLAIN``) unless it has a reason."""
    row = {
        "start": start,
        "end": end,
        "speaker": speaker,
        "speaker_confidence": 0.9,
        "overlap": 0.0,
        "scored": "reason" not in known,
    }
    scores = known.pop("scores", PLAIN)
    if row["scored"]:
        emotion = max(scores, key=scores.get)
        row |= {"emotion": emotion, "confidence": scores[emotion], "valence": 0.0, "arousal": 0.0}
        row |= {f"score_{label}": scores.get(label, 0.0) for label in SCHEME.labels}
    return row | known


def session_of(rows: Sequence[dict[str, Any]], duration: float = 60.0, **changes: Any) -> Session:
    """A session of these turns; talk time is the turns' duration, participants are named as the labels."""
    base = make_session(0)
    labels = list(dict.fromkeys(row["speaker"] for row in rows))
    talked = {label: sum(row["end"] - row["start"] for row in rows if row["speaker"] == label) for label in labels}
    speakers = [{"label": each, "participant": each, "role": None, "talk_time": talked[each]} for each in labels]
    return replace(
        base,
        recording=replace(base.recording, duration=duration),
        speakers=speakers_table(speakers),
        segments=segments_table([(Segment(row["start"], row["end"]), row["speaker"]) for row in rows]),
        turns=turns_table(list(rows), SCHEME),
        arrays=SessionArrays(embeddings=np.zeros((len(rows), 4), np.float32)),
        **changes,
    )


def renamed(session: Session, *names: str | None) -> Session:
    """The same session with other participants."""
    return replace(session, speakers=session.speakers.assign(participant=list(names)))
