"""Whether means over turns differ: p-values from shuffling blocks of turns that have nothing in common.

One test each for two sessions, for several, and for parts of one session. ``memory`` says after how many turns somebody
no longer sounds alike (``memory.memory_of``); as many are left out between the blocks (``blocks.Spacing``), so that p
is right also where neighbouring turns are alike. Where turns are too few for that, p is nan.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import comb

import numpy as np
from numpy.typing import NDArray

from ..resampling import Floats
from .blocks import shuffled_labels, spacing

_SHUFFLES = 1999
_LEAST_WAYS = 20  # to part the blocks, so that p can be 0.05
_ROUNDING = 1e-9
_GOOD_PARTED = 16
LEAST_PARTED = 8
"""Blocks of one session that is compared in parts."""


def chance_of_difference(
    ours: Floats, our_weights: Floats, theirs: Floats, their_weights: Floats, memory: int | None
) -> float:
    """How often shuffling blocks of turns between two sessions moves their means at least as far apart as they are.

    A two-sided permutation p-value of the difference of weighted means (Phipson and Smyth 2010: never 0).

    Parameters
    ----------
    ours, theirs : np.ndarray, shape (turns,)
        Values of each side.
    our_weights, their_weights : np.ndarray, shape (turns,)
        Durations in seconds, above 0.
    memory : int or None
        Turns after which somebody no longer sounds alike; None where that is too long to tell.

    Returns
    -------
    float
        nan where either side has too few turns.

    Examples
    --------
    >>> ones = np.ones(20)
    >>> chance_of_difference(0 * ones, ones, ones, ones, 1) < 0.01
    True
    >>> chance_of_difference(ones, ones, ones, ones, 1)
    1.0
    """
    return chance_of_spread([(ours, our_weights), (theirs, their_weights)], memory)


def chance_of_spread(series: Sequence[tuple[Floats, Floats]], memory: int | None) -> float:
    """How often shuffling blocks of turns between sessions moves the sessions' means at least as far apart as they are.

    The permutation p-value of the weighted sum of squares between sessions, as in an analysis of variance.

    Parameters
    ----------
    series : sequence of (np.ndarray, np.ndarray), shape (turns,) each
        For each session its turns' values, and their durations in seconds, above 0.
    memory : int or None
        Turns after which somebody no longer sounds alike.
    """
    found = spacing(min(len(values) for values, _ in series), memory)
    if found is None:
        return float("nan")
    members = [found.members(len(values)) for values, _ in series]
    totals = [own @ (values * weights) for own, (values, weights) in zip(members, series, strict=True)]
    masses = [own @ weights for own, (_, weights) in zip(members, series, strict=True)]
    sides = np.repeat(np.arange(len(series)), [len(own) for own in members])
    return _chance(np.concatenate(totals), np.concatenate(masses), sides)


def chance_of_parting(values: Floats, weights: Floats, later: NDArray[np.bool_], memory: int | None) -> float:
    """How often shuffling blocks of one session's turns moves two parts' means at least as far apart as they are.

    Parameters
    ----------
    values, weights : np.ndarray, shape (turns,)
        In order, with durations in seconds, above 0.
    later : np.ndarray of bool, shape (turns,)
        Which turns are in the later part: none before some turn, all from it on. Blocks that are in both are left out.
    memory : int or None
        Turns after which somebody no longer sounds alike.
    """
    found = spacing(len(values), memory, LEAST_PARTED, _GOOD_PARTED)
    if found is None:
        return float("nan")
    members = found.members(len(values))
    inside = members @ later
    whole = (inside == 0) | (inside == found.length)
    members, sides = members[whole], (inside[whole] > 0).astype(np.int64)
    if comb(len(sides), int(sides.sum())) < _LEAST_WAYS:
        return float("nan")
    return _chance(members @ (values * weights), members @ weights, sides)


def _chance(totals: Floats, masses: Floats, sides: NDArray[np.int64]) -> float:
    """p of the spread of sides of blocks, whose values' weighted sums and weights are given."""
    totals = totals - totals.sum() / masses.sum() * masses  # about the mean of all
    labels = shuffled_labels(sides.tobytes(), _SHUFFLES)
    between = np.zeros(len(labels))
    for side in range(int(sides.max()) + 1):
        own = (labels == side).astype(np.float64)
        between += (own @ totals) ** 2 / (own @ masses)
    return float(np.mean(between >= between[0] * (1 - _ROUNDING) - _ROUNDING * 1e-9))
