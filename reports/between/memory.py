"""For how many turns somebody goes on sounding alike: how far apart turns must be to count as independent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..resampling import Floats

if TYPE_CHECKING:
    from .case_turns import SessionTurns

UNRELATED = 0.05
"""Correlation below which turns so far apart are taken as unrelated."""
MOST_LAGS = 20
_MOST_SESSIONS = 32
_ROUNDING = 1e-12


def autocorrelations(series: Sequence[Floats], lags: int) -> Floats:
    """How much turns so far apart are alike, over several series of one person, shape (lags + 1,); the first is 1.

    Correlations of rows ``k`` apart, summed over columns and pooled over the series, each about its own mean. That
    mean follows the series it is taken off, so that short series look less alike than they are (Marriott and Pope
    1954, Biometrika 41, 390-402); what it takes off follows from the autocovariances themselves, and is put back by
    solving for them. nan where nothing varies.

    Parameters
    ----------
    series : sequence of np.ndarray, shape (turns, columns)
        Of at least two turns each.
    lags : int
        At least 1, less than the turns of the longest; what is further apart is taken as unrelated.
    """
    sums, pairs = np.zeros(lags + 1), np.zeros(lags + 1)
    taken = np.zeros((lags + 1, lags + 1))
    steps = np.arange(lags + 1)
    for values in series:
        count, centred = len(values), values - values.mean(axis=0)
        known = np.maximum(count - steps, 0)
        in_mean = np.where(steps == 0, 1.0, 2.0) * known / count**2  # the mean's variance, of the autocovariances
        sums += [np.einsum("ij,ij->", centred[: count - lag], centred[lag:]) if lag < count else 0.0 for lag in steps]
        pairs += known
        taken += known[:, None] * in_mean
    if sums[0] <= _ROUNDING * sum(float((values**2).sum()) for values in series):
        return np.full(lags + 1, np.nan)
    covariances = np.linalg.solve(np.eye(lags + 1) - taken / pairs[:, None], sums / pairs)
    return np.asarray(covariances / covariances[0])


def memory_of(series: Sequence[Floats], turns: int | None = None) -> int | None:
    """Turns after which a person no longer sounds alike by more than chance: the first lag below ``UNRELATED``.

    1 where already neighbours are unrelated, or nothing varies; None where it is longer than a fifth of the turns,
    which is too long to tell.

    Parameters
    ----------
    series : sequence of np.ndarray, shape (turns, columns)
        Each about its own mean.
    turns : int, optional
        Of the session that the series are parts of; those of the longest series where left out.
    """
    usable = [values for values in series if len(values) >= 2]
    longest = max(map(len, usable), default=0)
    lags = min((longest if turns is None else turns) // 5, MOST_LAGS, longest - 1)
    if lags < 1:
        return None
    found = autocorrelations(usable, lags)
    below = np.flatnonzero(~(found[1:] >= UNRELATED))
    return int(below[0]) + 1 if len(below) else None


def shared_memory(sessions: Sequence[SessionTurns]) -> int | None:
    """Of a participant's turns in several sessions: the longer of what embeddings and scores have.

    Of more than 32 sessions as many are looked at, evenly spread. None where it is too long to tell.
    """
    looked = list(sessions)
    if len(looked) > _MOST_SESSIONS:
        looked = [looked[at] for at in np.linspace(0, len(looked) - 1, _MOST_SESSIONS).round().astype(int)]
    quantities = [[own.scores for own in looked]]
    if any(own.with_embedding.any() for own in looked):
        quantities.append([own.embeddings.astype(np.float64) for own in looked])
    return longest(quantities)


def memory_within(own: SessionTurns, parts: NDArray[np.int64]) -> int | None:
    """The same of one session whose parts are compared: about each part's mean, lest their difference pass for it.

    Parameters
    ----------
    parts : np.ndarray of int, shape (turns,)
        The part that each turn is in.
    """
    quantities = [in_parts(own.scores, parts)]
    if own.with_embedding.any():
        quantities.append(in_parts(own.embeddings.astype(np.float64), parts[own.with_embedding]))
    return longest(quantities, len(own))


def in_parts(values: Floats, parts: NDArray[np.int64]) -> list[Floats]:
    """The rows of each part."""
    return [values[parts == part] for part in np.unique(parts)]


def longest(quantities: Sequence[Sequence[Floats]], turns: int | None = None) -> int | None:
    """The longest memory of several quantities, each of several series; None where one is too long to tell."""
    known = [memory for series in quantities if (memory := memory_of(series, turns)) is not None]
    return max(known) if len(known) == len(quantities) else None
