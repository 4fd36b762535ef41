"""Sessions as rows of the tables, and back."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from math import isfinite, isnan
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import RowMapping

from diarization.recordings import Recording
from emotion.schemes import EmotionScheme

from ..codecs import Arrays
from ..privacy import privacy_of
from ..sessions import TURN_COLUMNS, Session, SessionArrays, empty_matrix, turns_table
from .pseudonyms import file_pseudonym, without_names

_EMOTION_FIELDS = ("embeddings", "frame_scores", "frame_offsets", "frame_times")


def session_row(session: Session) -> dict[str, Any]:
    """What the sessions table keeps of a session, beside its case, keys and times."""
    return {
        "id": session.id,
        "date": session.date,
        "recording_id": session.recording.id,
        "path": _path_of(session),
        "duration": session.recording.duration,
        "sampling_rate": session.recording.sampling_rate,
        "channels": session.recording.channels,
        "labels": list(session.scheme.labels),
        "quality": plain(session.quality),
        "provenance": plain(_provenance_of(session)),
        "notes": list(session.notes),
        "speaker_count": plain(session.speaker_count),
        **turn_counts(session.turns),
    }


def _path_of(session: Session) -> str:
    privacy = privacy_of(session.provenance)
    hidden = (privacy is not None and privacy.pseudonyms) or "forgotten" in session.provenance
    return file_pseudonym(session.recording.id) if hidden else _text(session.recording.path.absolute())


def _provenance_of(session: Session) -> dict[str, Any]:
    privacy = privacy_of(session.provenance)
    if privacy is None or not privacy.pseudonyms:
        return session.provenance
    return session.provenance | {"config": without_names(session.provenance["config"])}


def turn_counts(turns: pd.DataFrame) -> dict[str, int]:
    """How many turns there are and how many of them are scored."""
    return {"num_turns": len(turns), "num_scored": int(turns["scored"].sum())}


def turn_rows(session_id: str, turns: pd.DataFrame, scheme: EmotionScheme) -> list[dict[str, Any]]:
    """The rows of the turns table."""
    scores = turns[[f"score_{label}" for label in scheme.labels]].to_numpy(np.float64).tolist()
    records = turns[list(TURN_COLUMNS)].to_dict("records")
    return [
        {str(key): null(value) for key, value in record.items()}
        | {"session_id": session_id, "position": position, "scores": own if record["scored"] else None}
        for position, (record, own) in enumerate(zip(records, scores, strict=True))
    ]


def turns_from(rows: Iterable[RowMapping], scheme: EmotionScheme) -> pd.DataFrame:
    """The table of turns in its rows."""
    names = [f"score_{label}" for label in scheme.labels]
    return turns_table(
        [
            {column: row[column] for column in TURN_COLUMNS}
            | (dict(zip(names, row["scores"], strict=True)) if row["scores"] else {})
            for row in rows
        ],
        scheme,
    )


def scheme_of(row: RowMapping) -> EmotionScheme:
    """The emotion scheme of a sessions row; a head's norms stand in its provenance."""
    norms = (row["provenance"].get("scheme") or {}).get("norms")
    return EmotionScheme(
        tuple(row["labels"]),
        None if norms is None else tuple(None if each is None else (each[0], each[1]) for each in norms),
    )


def recording_from(row: RowMapping) -> Recording:
    """The recording of a sessions row."""
    return Recording(row["recording_id"], Path(row["path"]), row["duration"], row["sampling_rate"], row["channels"])


def conversation_arrays(session: Session) -> Arrays:
    """What no baseline changes: segments, speaker embeddings, peaks, voices."""
    return {
        "segment_times": session.segments[["start", "end"]].to_numpy(np.float64).reshape(-1, 2),
        "segment_speakers": np.array(session.segments["speaker"].tolist(), np.str_),
        "speaker_embeddings": session.arrays.speaker_embeddings,
        "peaks": session.arrays.peaks,
        "voices": session.arrays.voices,
    }


def segments_from(arrays: Mapping[str, Any]) -> pd.DataFrame:
    """The table of segments in its arrays."""
    times = arrays["segment_times"].reshape(-1, 2)
    columns = {"start": times[:, 0], "end": times[:, 1], "speaker": arrays["segment_speakers"].tolist()}
    return pd.DataFrame(columns).astype({"start": float, "end": float, "speaker": object})


def emotion_arrays(arrays: SessionArrays) -> Arrays:
    """What recognition gives, and what a new baseline changes."""
    return {name: getattr(arrays, name) for name in _EMOTION_FIELDS}


def session_arrays_from(conversation: Mapping[str, Any], emotion: Mapping[str, Any]) -> SessionArrays:
    """The arrays of a session from those two artifacts."""
    return SessionArrays(
        **{name: emotion[name] for name in _EMOTION_FIELDS},
        speaker_embeddings=conversation["speaker_embeddings"],
        peaks=conversation["peaks"],
        voices=conversation.get("voices", empty_matrix()),  # earlier sessions have none
    )


def plain(value: Any) -> Any:
    """JSON values: numpy numbers and paths become Python's, tuples lists, what is not finite None."""
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not isfinite(value):
        return None
    return str(value) if isinstance(value, Path) else value


def _text(path: Path) -> str:
    """The path as text that any database takes: bytes of its name that are not UTF-8 become question marks."""
    return os.fsencode(path).decode("utf-8", "replace")


def null(value: Any) -> Any:
    """The value as a column takes it: numpy numbers become Python's, nan None."""
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and isnan(value) else value
