"""An audformat database: a header in YAML and a segmented table (Wagner et al., audformat 1)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from diarization.formats.cells import defused

from .names import names_of
from .tables import turn_rows

if TYPE_CHECKING:
    from pipeline.sessions import Session

_NUMBERS = {
    "speaker_confidence": (0.0, 1.0), "confidence": (0.0, 1.0), "valence": (-1.0, 1.0), "arousal": (-1.0, 1.0),
    "overlap": (0.0, 1.0),
}  # fmt: skip


def write_audformat(sessions: Sequence[Session], folder: Path, labels: bool) -> None:
    """Fill the folder: ``db.yaml`` and ``db.turns.csv``; the sound stays where it is, by absolute path."""
    import yaml

    folder.mkdir(parents=True, exist_ok=True)
    header = yaml.safe_dump(_header(sessions, labels), sort_keys=False, allow_unicode=True)
    (folder / "db.yaml").write_text(header, "utf-8")
    _table(sessions, labels).to_csv(folder / "db.turns.csv", index=False, lineterminator="\n")


def _header(sessions: Sequence[Session], labels: bool) -> dict[str, Any]:
    emotions = sorted({str(each) for session in sessions for each in session.turns["emotion"] if each} | {
        label for session in sessions for label in session.scheme.labels
    })  # fmt: skip
    speakers = sorted({defused(name) for session in sessions for name in names_of(session, labels).values()})
    columns = {name: name for name in ("speaker", "emotion", *_texts(sessions), *_columns(sessions))}
    return {
        "name": "turntone",
        "source": "Turntone",
        "usage": "other",
        "description": "Turns of recordings with the emotion that each sounds most like, as a model hears it.",
        "raters": {"machine": {"type": "machine"}},
        "schemes": {
            "speaker": {"dtype": "str", "labels": speakers},
            "emotion": {"dtype": "str", "labels": emotions},
            **{name: {"dtype": "str"} for name in _texts(sessions)},
            **{name: _numeric(name) for name in _columns(sessions)},
        },
        "tables": {
            "turns": {
                "type": "segmented",
                "columns": {name: {"scheme_id": scheme, "rater_id": "machine"} for name, scheme in columns.items()},
            }
        },
    }


def _numeric(name: str) -> dict[str, Any]:
    low, high = _NUMBERS.get(name, (0.0, 1.0))
    return {"dtype": "float", "minimum": low, "maximum": high}


def _columns(sessions: Sequence[Session]) -> list[str]:
    """The numeric columns: those above, and the scores."""
    table = turn_rows(sessions)
    return [name for name in table.columns if name in _NUMBERS or name.startswith("score_")]


def _texts(sessions: Sequence[Session]) -> list[str]:
    """The column of what is said, where anything is."""
    return ["text"] if any(session.turns["text"].any() for session in sessions) else []


def _table(sessions: Sequence[Session], labels: bool) -> pd.DataFrame:
    rows = turn_rows(sessions)
    paths = {session.id: str(session.recording.path.absolute()) for session in sessions}
    every = [(session.id, label, name) for session in sessions for label, name in names_of(session, labels).items()]
    names = {(session, label): defused(name) for session, label, name in every}
    keys = list(zip(rows["session"], rows["speaker"], strict=True)) if len(rows) else []
    table = pd.DataFrame(
        {
            "file": [paths[session] for session, _ in keys],
            "start": pd.to_timedelta(_times(rows, "start"), unit="s"),
            "end": pd.to_timedelta(_times(rows, "end"), unit="s"),
            "speaker": [names[key] for key in keys],
            "emotion": list(rows["emotion"]) if len(rows) else [],
        }
    )
    for name in _texts(sessions):
        table[name] = [defused(text) if text else text for text in rows[name]]
    for name in _columns(sessions):
        table[name] = np.asarray(rows[name], np.float64)
    return table


def _times(rows: pd.DataFrame, name: str) -> np.ndarray:
    return np.asarray(rows[name], np.float64).round(3) if len(rows) else np.zeros(0)
