"""How far a person's answers and the machine's agree: Cohen's kappa over the turns that a person reviewed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pipeline.reviews import FIELDS

if TYPE_CHECKING:
    from pipeline.sessions import Session

LEAST_TURNS = 10
"""Reviewed turns that a kappa needs at least."""

_RESAMPLES = 1000


@dataclass(frozen=True)
class Agreement:
    """How far a person and the machine agree on one thing.

    Parameters
    ----------
    field : str
        ``speaker`` or ``emotion``.
    num_turns : int
        Turns of which a person said it.
    num_same : int
        Those of them where the machine says the same.
    kappa : float or None
        Cohen's (1960, Educational and Psychological Measurement 20(1), 37-46), at most 1; 0 is what chance gives.
        None where fewer than ``LEAST_TURNS`` turns were reviewed, or everybody always gives one and the same answer.
    low, high : float or None
        Its 95 % interval, by bootstrap over the turns.
    """

    field: str
    num_turns: int
    num_same: int
    kappa: float | None
    low: float | None
    high: float | None

    def to_json(self) -> dict[str, Any]:
        """The same as JSON values."""
        return vars(self).copy()


def agreement(sessions: Sequence[Session]) -> list[Agreement]:
    """The agreement on speakers and on emotions, over all reviewed turns of the sessions.

    The machine's ``uncertain`` is an answer of its own, which a person never gives. Speakers of different sessions are
    different answers.
    """
    return [_agreement(field, _pairs(sessions, field)) for field in FIELDS]


def _pairs(sessions: Sequence[Session], field: str) -> list[tuple[str, str]]:
    """The machine's answer and the person's, of each reviewed turn."""
    return [
        (_told(session, field, getattr(review, field)), _told(session, field, session.turns.at[turn, field]))
        for session in sessions
        for turn, review in session.reviews.items()
        if field in review.fields
    ]


def _told(session: Session, field: str, value: Any) -> str:
    return f"{session.id} {value!s}" if field == "speaker" else str(value)


def _agreement(field: str, pairs: list[tuple[str, str]]) -> Agreement:
    same = sum(machine == person for machine, person in pairs)
    if len(pairs) < LEAST_TURNS:
        return Agreement(field, len(pairs), same, None, None, None)
    machine, person = zip(*pairs, strict=True)
    answers = sorted({*machine, *person})
    if len(answers) == 1:
        return Agreement(field, len(pairs), same, None, None, None)
    from sklearn.metrics import cohen_kappa_score, confusion_matrix

    table = confusion_matrix(machine, person, labels=answers)
    drawn = np.random.default_rng(0).multinomial(len(pairs), table.ravel() / len(pairs), _RESAMPLES)
    low, high = np.nanquantile(kappas(drawn.reshape(-1, *table.shape)), (0.025, 0.975))
    return Agreement(field, len(pairs), same, float(cohen_kappa_score(machine, person)), float(low), float(high))


def kappas(tables: NDArray[np.int64]) -> NDArray[np.float64]:
    """Cohen's kappa of each of several tables of counts, shape (tables, answers, answers); nan where chance is all."""
    counts = tables.sum(axis=(1, 2))
    same = np.trace(tables, axis1=1, axis2=2) / counts
    by_chance = (tables.sum(axis=1) * tables.sum(axis=2)).sum(axis=1) / counts**2
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray((same - by_chance) / (1 - by_chance), np.float64)
