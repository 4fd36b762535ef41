"""One measured number with where it belongs, how sure it is and what it stands on."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import pandas as pd

NAN = float("nan")

SESSION = "session"
"""The ``part`` of a value that is about the whole session."""


class Value(NamedTuple):
    """What a measure says once.

    Parameters
    ----------
    value : float
        In the measure's unit; nan where it is not known.
    n : int
        On how many of what the measure needs (``Measure.least``) it stands.
    speaker, other : str or None
        Labels. Of a pair, ``speaker`` is the one who acts (takes over, answers, follows) and ``other`` the one before.
    part : str
        ``session``, or ``quarter 1`` to ``quarter 4`` of the recording.
    key : str or None
        Which of several values of the measure this is: an emotion, a dimension, a lag.
    low, high : float
        95 % interval; nan where the measure has none.
    chance : float
        What chance alone would give on average; nan where it is not known.
    p : float
        How often chance alone gives such a value or a more extreme one; nan where it is not tested.
    p_corrected : float
        The same among all tests that the measure makes for this participant (Benjamini and Hochberg 1995); nan where
        it is not corrected.
    effect : float
        Size of the effect, as the measure's definition says; nan where it has none.
    at : float
        Seconds from the beginning of the recording, where the value has a place.
    turn : int or None
        Row of ``session.turns`` to look at as evidence.
    note : str or None
        A sentence, such as what would be enough where there is not enough data.
    session : str or None
        Id of the session, in tables over several.
    """

    value: float
    n: int
    speaker: str | None = None
    other: str | None = None
    part: str = SESSION
    key: str | None = None
    low: float = NAN
    high: float = NAN
    chance: float = NAN
    p: float = NAN
    p_corrected: float = NAN
    effect: float = NAN
    at: float = NAN
    turn: int | None = None
    note: str | None = None
    session: str | None = None


COLUMNS = (
    "measure", "session", "speaker", "other", "part", "key", "value", "low", "high", "chance", "p",
    "p_corrected", "effect", "n", "at", "turn", "note",
)  # fmt: skip
"""The columns of every table of measures, in order."""

_NUMBERS = ("value", "low", "high", "chance", "p", "p_corrected", "effect", "at")


def table_of(rows: Iterable[tuple[str, Value]]) -> pd.DataFrame:
    """Names of measures and their values as one tidy table with ``COLUMNS``, also where there are none."""
    table = pd.DataFrame(
        [{"measure": name, **value._asdict()} for name, value in rows],
        columns=list(COLUMNS),
    )
    table = table.astype(dict.fromkeys(_NUMBERS, float) | {"n": "int64", "turn": "Int64"})
    for column in set(COLUMNS) - {*_NUMBERS, "n", "turn"}:
        table[column] = table[column].astype(object).where(table[column].notna(), None)
    return table
