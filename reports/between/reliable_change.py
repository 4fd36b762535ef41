"""Whether a participant changed by more than the measurement of a session is uncertain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import erfc, sqrt
from typing import TYPE_CHECKING

import numpy as np

from ..resampling import Floats
from .blocks import block_length, block_starts, halves_of
from .case_turns import CaseTurns

if TYPE_CHECKING:
    from pipeline.sessions import Session

LEAST_SESSIONS = 6
"""Sessions, of all participants together, below which no reliability is found."""

LIMIT = 1.96
"""The index beyond which a change is reliable: chance alone passes it in 5 of 100 measurements."""

_NAN = float("nan")
_NO_NOISE = "not enough data: turns or sessions do not vary, so the error of measurement is not known"


@dataclass(frozen=True)
class ReliableChange:
    """A change against the error of measurement (Jacobson and Truax 1991).

    Parameters
    ----------
    key : str
        ``valence``, ``arousal`` or an emotion.
    before, after : float
        Means of the first and of the last session.
    index : float
        The change over the standard error of a difference; nan where there is not enough data.
    p : float
        How often an error of measurement alone gives such an index.
    smallest : float
        The smallest change that would be reliable, in the quantity's unit.
    deviation, reliability : float
        Standard deviation of sessions, and how well halves of a session agree (0 to 1), for a whole session.
    num_sessions : int
        Sessions, of all participants, that the reliability stands on.
    note : str or None
        What would be enough, where there is not enough data.
    """

    key: str
    before: float
    after: float
    index: float
    p: float
    smallest: float
    deviation: float
    reliability: float
    num_sessions: int
    note: str | None = None

    @property
    def enough(self) -> bool:
        """Whether there is enough data."""
        return bool(np.isfinite(self.index))

    @property
    def reliable(self) -> bool:
        """Whether the change is larger than the error of measurement makes likely."""
        return self.enough and abs(self.index) > LIMIT


def standard_error_of_difference(deviation: float, reliability: float) -> float:
    """sqrt(2) times the standard error of measurement, deviation * sqrt(1 - reliability)."""
    return sqrt(2) * deviation * sqrt(1 - reliability)


def reliable_change_index(before: float, after: float, deviation: float, reliability: float) -> float:
    """The index of Jacobson and Truax (1991), Journal of Consulting and Clinical Psychology 59(1), 12-19.

    Parameters
    ----------
    before, after : float
        Both measurements.
    deviation : float
        Standard deviation of such measurements, above 0.
    reliability : float
        At least 0, below 1.

    Examples
    --------
    The worked example of the paper: a score of 32.5 that becomes 47.5.

    >>> round(reliable_change_index(32.5, 47.5, 7.5, 0.88), 2)
    4.08
    """
    return (after - before) / standard_error_of_difference(deviation, reliability)


def split_half_reliability(halves: Floats) -> float:
    """How well halves of sessions agree, stepped up to whole sessions (Spearman 1910; Brown 1910).

    Parameters
    ----------
    halves : np.ndarray, shape (splits, sessions, 2)
        The mean of each half of each session, split in several ways; the correlations are averaged over the ways.

    Returns
    -------
    float
        From 0, where they do not agree, to 1; nan where the halves do not vary.
    """
    first, second = (halves[..., at] - halves[..., at].mean(axis=1, keepdims=True) for at in (0, 1))
    product = np.sqrt((first**2).sum(axis=1) * (second**2).sum(axis=1))
    varying = product > 1e-15
    if not varying.any():
        return _NAN
    half = max(float(((first * second).sum(axis=1)[varying] / product[varying]).mean()), 0.0)
    return 2 * half / (1 + half)


def case_reliable_change(
    sessions: Sequence[Session] | CaseTurns, participant: str, key: str = "valence", people: Sequence[str] = ()
) -> ReliableChange:
    """Whether a participant's last session differs from the first by more than the error of measurement.

    The deviation and the reliability are those of the case's sessions, of everybody in ``people`` together; each
    session is split into halves a hundred times, by blocks of neighbouring turns.

    Parameters
    ----------
    sessions : sequence of Session, or CaseTurns
        Of one case, by date.
    participant : str
        A name in ``speakers["participant"]``.
    key : str
        ``valence``, ``arousal`` or an emotion, whose share of the scored time is meant.
    people : sequence of str
        Whose sessions tell the reliability; the participant's alone where left out.
    """
    case = sessions if isinstance(sessions, CaseTurns) else CaseTurns(sessions)
    own = [_mean(*each[1:]) for each in case.of(participant).with_quantity(key)]
    known = [each[1:] for name in (people or (participant,)) for each in case.of(name).with_quantity(key)]
    if len(own) < 2 or len(known) < LEAST_SESSIONS:
        return _nothing(key, len(own), len(known))
    halves = np.stack([_halves(*each) for each in known], axis=1)
    deviation = float(np.std([_mean(*each) for each in known], ddof=1))
    reliability = split_half_reliability(halves)
    error = standard_error_of_difference(deviation, reliability) if np.isfinite(reliability) else 0.0
    if error <= 1e-12:
        return _nothing(key, len(own), len(known), _NO_NOISE)
    index = (own[-1] - own[0]) / error
    chance = erfc(abs(index) / sqrt(2))
    return ReliableChange(key, own[0], own[-1], index, chance, LIMIT * error, deviation, reliability, len(known))


def _mean(values: Floats, weights: Floats) -> float:
    return float(np.average(values, weights=weights))


def _halves(values: Floats, weights: Floats) -> Floats:
    """Means of both halves, shape (splits, 2)."""
    starts = block_starts(len(values), block_length(len(values)))
    total, mass = np.add.reduceat(weights * values, starts), np.add.reduceat(weights, starts)
    first = halves_of(len(starts))
    return np.stack([(side @ total) / (side @ mass) for side in (first, 1 - first)], axis=1)


def _nothing(key: str, own: int, known: int, why: str | None = None) -> ReliableChange:
    why = why or (
        f"not enough data: 2 sessions of the participant and {LEAST_SESSIONS} of all participants together are needed, "
        f"there are {own} and {known}"
    )
    fields = ("before", "after", "index", "p", "smallest", "deviation", "reliability")
    return ReliableChange(key, **dict.fromkeys(fields, _NAN), num_sessions=known, note=why)
