"""Whether a participant rises or falls over the dates of a case's sessions."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from ..resampling import Floats
from .case_turns import AFFECT, CaseTurns, OwnTurns
from .corrections import corrected
from .mixed_models import regress_means

if TYPE_CHECKING:
    from pipeline.sessions import Session

LEAST_SESSIONS = 4
"""Dated sessions below which a trend is "not enough data"."""

UNIT_DAYS = 30.0
"""Days that a slope is given for."""

NUMBING = (
    "the neutral share rises over the sessions: that may be calm, tiredness, another room or topic, the model's doubt, "
    "or numbing"
)
"""What is said of a rising share of neutral speech."""

_LEVEL = 0.05
_NAN = float("nan")


@dataclass(frozen=True)
class Trend:
    """How a quantity moves over the dates of sessions.

    Parameters
    ----------
    key : str
        ``valence``, ``arousal`` (-1 to 1), or an emotion, whose share of the scored time (0 to 1) is meant.
    slope, low, high : float
        Change in 30 days with its 95 % interval; nan where there is not enough data.
    p, p_corrected : float
        How often chance alone gives such a slope, by itself and among all quantities of the participant.
    effect : float
        Correlation of sessions' means and dates, -1 to 1, from the same test: t / sqrt(t^2 + degrees of freedom).
    first, last : float
        Where the line begins and ends, at the first and the last date.
    num_sessions, num_turns : int
        On which it stands.
    note : str or None
        What would be enough where there is not enough data; what the trend may mean.
    """

    key: str
    slope: float
    low: float
    high: float
    p: float
    effect: float
    first: float
    last: float
    num_sessions: int
    num_turns: int
    p_corrected: float = _NAN
    note: str | None = None

    @property
    def enough(self) -> bool:
        """Whether there is enough data."""
        return bool(np.isfinite(self.slope))

    @property
    def rising(self) -> bool:
        """Whether it rises by more than chance, with the correction."""
        return self.enough and self.slope > 0 and self.p_corrected <= _LEVEL


def trend(key: str, values: Sequence[Floats], weights: Sequence[Floats], dates: Sequence[datetime.date]) -> Trend:
    """The line through sessions over their dates.

    A linear mixed model of the turns with a random intercept a session; the test takes the session as the unit
    (``regress_means``), so that many turns of few sessions prove nothing.

    Parameters
    ----------
    key : str
        What the values are.
    values, weights : sequences of np.ndarray, shape (turns,)
        For each session its turns' values and their durations in seconds, above 0.
    dates : sequence of datetime.date
        Of the sessions.
    """
    sizes = [len(each) for each in values]
    days = np.array([date.toordinal() for date in dates], np.float64)
    if len(days) < LEAST_SESSIONS or len(set(days)) < 3:
        return _too_little(key, len(days), sum(sizes), len(set(days)))
    times = (days - days.min()) / UNIT_DAYS
    mass = np.concatenate(weights)
    groups = np.repeat(np.arange(len(sizes)), sizes)
    design = np.column_stack([np.ones(len(times)), times])
    found = regress_means(np.concatenate(values), design, groups, mass / mass.mean())
    ends = found.coefficients[0] + found.coefficients[1] * np.array([0.0, times.max()])
    return Trend(
        key,
        slope=float(found.coefficients[1]),
        low=float(found.low[1]),
        high=float(found.high[1]),
        p=float(found.p_values[1]),
        effect=_correlation(float(found.coefficients[1]), float(found.errors[1]), found.freedom),
        first=float(ends[0]),
        last=float(ends[1]),
        num_sessions=len(sizes),
        num_turns=sum(sizes),
    )


def case_trends(
    sessions: Sequence[Session] | CaseTurns, participant: str, correction: str = "benjamini-hochberg"
) -> tuple[Trend, ...]:
    """A participant's trends over the dates: valence, arousal, and every emotion's share.

    Sessions are those that can be compared (``reports.comparisons``) and have a date, with at least four turns where
    the quantity is known. Empty where the participant has no scored turns to compare.

    Parameters
    ----------
    sessions : sequence of Session, or CaseTurns
        Of one case.
    participant : str
        A name in ``speakers["participant"]``.
    correction : str
        For as many tests as there are quantities (``corrections.CORRECTIONS``).
    """
    case = sessions if isinstance(sessions, CaseTurns) else CaseTurns(sessions)
    own = case.of(participant)
    found = [_of_quantity(own, key) for key in own.quantities]
    p_values = corrected([each.p for each in found], correction)
    return tuple(_noted(replace(each, p_corrected=float(p))) for each, p in zip(found, p_values, strict=True))


def _of_quantity(own: OwnTurns, key: str) -> Trend:
    dated = [(turns.date, values, mass) for turns, values, mass in own.with_quantity(key) if turns.date is not None]
    dates, values, weights = zip(*dated, strict=True) if dated else ((), (), ())
    return trend(key, values, weights, dates)


def _noted(found: Trend) -> Trend:
    """With the words for a rising share of neutral speech."""
    return replace(found, note=NUMBING) if found.key == "neutral" and found.rising else found


def _too_little(key: str, num_sessions: int, num_turns: int, num_days: int) -> Trend:
    kind = "scored turns" if key not in AFFECT else f"turns with {key}"
    verb = "is" if num_sessions == 1 else "are"
    there = f"{num_sessions} on {num_days} {'day' if num_days == 1 else 'days'}"
    note = f"not enough data: {LEAST_SESSIONS} dated sessions with 4 {kind} on 3 days are needed, there {verb} {there}"
    nothing = dict.fromkeys(("slope", "low", "high", "p", "effect", "first", "last"), _NAN)
    return Trend(key, **nothing, num_sessions=num_sessions, num_turns=num_turns, note=note)


def _correlation(slope: float, error: float, freedom: float) -> float:
    """t / sqrt(t^2 + freedom), without dividing by an error of 0."""
    size = np.hypot(slope, error * np.sqrt(freedom))
    return float(slope / size) if size > 0 else 0.0
