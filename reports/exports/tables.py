"""Tidy tables: a row a turn, or a row a frame, of any number of sessions; as CSV and as Parquet."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from diarization.formats.cells import defused, restored

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.sessions import Session

SESSION_COLUMNS = ("session", "case", "date", "recording", "recording_id", "turn")
"""What stands before the columns of the turns: of which session, and the turn's place in it from 0."""


def turn_rows(sessions: Sequence[Session]) -> pd.DataFrame:
    """One row a turn.

    Returns
    -------
    pd.DataFrame
        ``SESSION_COLUMNS``, ``start``, ``end``, ``speaker`` (label), ``participant``, ``role``, then every other column
        of the sessions' turns. Scores of labels that a session's recogniser does not know are nan. Where there are no
        sessions, or none with turns, no rows.
    """
    return _together([_turns(session) for session in sessions])


def frame_rows(sessions: Sequence[Session]) -> pd.DataFrame:
    """One row a frame: ``SESSION_COLUMNS``, ``time`` (seconds to its middle), ``speaker``, and the scores by label."""
    return _together([_frames(session) for session in sessions])


def csv_of(table: pd.DataFrame) -> bytes:
    """The table as CSV in UTF-8; text that a spreadsheet would take for a formula is defused."""
    text: str = _mapped(table, defused).to_csv(index=False, lineterminator="\n")
    return text.encode()


def read_table(path: Path) -> pd.DataFrame:
    """A table that ``csv_of`` wrote, with its cells restored."""
    return _mapped(pd.read_csv(path, keep_default_na=True), restored)


def parquet_of(table: pd.DataFrame) -> bytes:
    """The table as Parquet."""
    file = BytesIO()
    table.to_parquet(file, engine="pyarrow", index=False)
    return file.getvalue()


def facts_of(session: Session) -> dict[str, str | None]:
    """What names a session in every row: id, case, date, file name and SHA-256 of the recording."""
    return {
        "session": session.id,
        "case": session.case,
        "date": session.date.isoformat() if session.date else None,
        "recording": session.recording.path.name,
        "recording_id": session.recording.id,
    }


def _turns(session: Session) -> pd.DataFrame:
    table = session.turns.copy()
    people = session.speakers.set_index("label")
    for at, column in enumerate(("participant", "role")):
        table.insert(3 + at, column, table["speaker"].map(people[column]).astype(object))
    return _with_facts(table, session, np.arange(len(table)))


def _frames(session: Session) -> pd.DataFrame:
    arrays = session.arrays
    turns = np.repeat(np.arange(len(session.turns)), np.diff(arrays.frame_offsets))
    scores = arrays.frame_scores.astype(np.float64).reshape(-1, len(session.scheme.labels))
    table = pd.DataFrame(scores, columns=session.score_columns)
    table.insert(0, "time", arrays.frame_times)
    table.insert(1, "speaker", session.turns["speaker"].to_numpy(object)[turns])
    return _with_facts(table, session, turns)


def _with_facts(table: pd.DataFrame, session: Session, turns: np.ndarray) -> pd.DataFrame:
    facts = facts_of(session)
    table.insert(0, "turn", turns)
    for at, (name, value) in enumerate(facts.items()):
        table.insert(at, name, pd.Series([value] * len(table), index=table.index, dtype=object))
    return table


def _together(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """One below the other, with the columns of all of them, those of the first first."""
    columns = list(dict.fromkeys(column for table in tables for column in table.columns))
    filled = [table for table in tables if len(table)]
    if not filled:
        return tables[0] if tables else pd.DataFrame(columns=list(SESSION_COLUMNS))
    return pd.concat(filled, ignore_index=True).reindex(columns=columns)


def _mapped(table: pd.DataFrame, change: object) -> pd.DataFrame:
    assert callable(change)

    def cell(value: object) -> object:
        return change(value) if isinstance(value, str) else value

    kept = table.copy()
    for column in kept.columns:
        if not pd.api.types.is_numeric_dtype(kept[column]):
            kept[column] = kept[column].map(cell)
    return kept
