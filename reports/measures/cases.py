"""A participant from session to session."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd

from ..between.case_turns import CaseTurns
from ..resampling import interval, mean_of
from ..turns import LEAST_TURNS

if TYPE_CHECKING:
    from pipeline.sessions import Session


def case_shares(sessions: Sequence[Session] | CaseTurns, participant: str) -> pd.DataFrame:
    """A participant's emotion shares session by session, with 95 % bootstrap intervals over the turns.

    Returns
    -------
    pd.DataFrame
        ``session`` (id), ``date``, ``emotion``, ``share``, ``low``, ``high``, ``num_turns``, in the order of the
        sessions; those that cannot be compared (``comparison``) are left out.
    """
    case = sessions if isinstance(sessions, CaseTurns) else CaseTurns(sessions)
    rows = []
    for own in case.of(participant).sessions:
        means, limits = mean_of(own.scores, own.durations), interval(own.scores, own.durations)
        figures = zip(own.session.scheme.labels, means, *limits, strict=True)
        rows += [(own.session.id, own.date, label, *each, len(own)) for label, *each in figures]
    return pd.DataFrame(rows, columns=["session", "date", "emotion", "share", "low", "high", "num_turns"])


def case_affect(sessions: Sequence[Session] | CaseTurns, participant: str, column: str = "valence") -> pd.DataFrame:
    """A participant's mean valence or arousal session by session, with 95 % bootstrap intervals over the turns.

    Returns
    -------
    pd.DataFrame
        ``session, date, mean, low, high, num_turns``; sessions that cannot be compared are left out.
    """
    case = sessions if isinstance(sessions, CaseTurns) else CaseTurns(sessions)
    rows = []
    for own in case.of(participant).sessions:
        values, durations = own.quantity(column)
        if len(values) >= LEAST_TURNS:
            low, high = interval(values[:, None], durations)
            mean = mean_of(values, durations)
            rows.append((own.session.id, own.date, float(mean), float(low[0]), float(high[0]), len(values)))
    return pd.DataFrame(rows, columns=["session", "date", "mean", "low", "high", "num_turns"])
