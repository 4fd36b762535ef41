"""Which turns drive how alike two sessions of a participant sound."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ..resampling import Floats
from .case_turns import CaseTurns, SessionTurns
from .voices import case_voices

if TYPE_CHECKING:
    from pipeline.sessions import Session

COLUMNS = ("session", "turn", "start", "end", "emotion", "influence")
"""Of the table of ``driving_turns``."""


def driving_turns(sessions: Sequence[Session] | CaseTurns, participant: str, one: str, other: str) -> pd.DataFrame:
    """How much each turn of two sessions adds to their cosine: what the cosine would lose without the turn.

    The influence of a turn is that of the jackknife (Efron 1982): the cosine of both sessions, as
    ``session_similarity`` finds it, less the same without the turn. Turns with the largest make the sessions alike,
    those with the most negative make them unlike.

    Parameters
    ----------
    sessions : sequence of Session, or CaseTurns
        Of one case, by date.
    participant : str
        Whose turns.
    one, other : str
        Ids of the two sessions.

    Returns
    -------
    pd.DataFrame
        ``COLUMNS``, a row a turn with an embedding, those of ``one`` first, in order: session (id), turn (row of
        ``session.turns``), start and end (seconds), emotion, influence (in cosines). Empty where the two cannot be
        compared.
    """
    case = sessions if isinstance(sessions, CaseTurns) else CaseTurns(sessions)
    found = case_voices(case, participant)
    places = {own.session.id: at for at, own in enumerate(found.sessions)}
    if one == other or one not in places or other not in places:
        return pd.DataFrame(columns=list(COLUMNS))
    first, second = places[one], places[other]
    centre = found.centre(first, second)
    ours, theirs = (np.asarray(found.voice(at).near, np.float64) - centre for at in (first, second))
    tables = [
        _table(found.sessions[first], _influence(ours, theirs.mean(axis=0))),
        _table(found.sessions[second], _influence(theirs, ours.mean(axis=0))),
    ]
    return pd.concat(tables, ignore_index=True)


def _influence(ours: Floats, mean: Floats) -> Floats:
    """The cosine of our mean and theirs, less the same without each of our turns, shape (turns,)."""
    total, count = ours.sum(axis=0), len(ours)
    without = (total - ours) / max(count - 1, 1)
    return np.asarray(_cosine(total[None] / count, mean)[0] - _cosine(without, mean))


def _cosine(rows: Floats, mean: Floats) -> Floats:
    lengths = np.linalg.norm(rows, axis=1) * np.linalg.norm(mean)
    return np.asarray(rows @ mean / np.maximum(lengths, 1e-12))


def _table(own: SessionTurns, influence: Floats) -> pd.DataFrame:
    chosen = own.with_embedding
    columns = {name: own.column(name)[chosen] for name in ("start", "end", "emotion")}
    known = {"session": own.session.id, "turn": own.rows[chosen], **columns, "influence": influence}
    return pd.DataFrame(known, columns=list(COLUMNS))
