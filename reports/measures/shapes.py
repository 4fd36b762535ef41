"""The shape of a speaker's course over a session, with a test behind the word."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..between.blocks import Spacing, spacing
from ..resampling import Floats
from .series import Series

_SHUFFLES = 999
_LEAST_BLOCKS, _GOOD_BLOCKS = 6, 15  # two a third; five
SHAPES = ("improving", "worsening", "recovered", "flat")
"""The words for what a course looks like."""

SMALL_P = 0.05
"""A word other than "flat" needs a p at most this large, after correction for both looks."""


@dataclass(frozen=True)
class Shape:
    """What a course looks like.

    Parameters
    ----------
    word : str
        One of ``SHAPES``.
    change : float
        Mean of the last third less that of the first.
    p : float
        Of the test behind the word, corrected for two looks (Holm); of the smaller one where the word is flat.
    """

    word: str
    change: float
    p: float


def shape_of(series: Series, memory: int | None, seed: int = 0) -> Shape | None:
    """Whether a course rises, falls, or dips and recovers: thirds of the turns, against shuffled blocks.

    Two statistics are looked at: the last third's mean less the first's (two-sided), and how far the middle third's
    lies below the mean of the other two (one-sided). Both are of blocks of neighbouring values with values left out
    between them, and are compared with those of the same blocks in random order. The two p are corrected by Holm's
    method. A dip makes the word "recovered" unless the course ends clearly lower than it began.

    Parameters
    ----------
    series : Series
        Of at least three values.
    memory : int or None
        Values after which the series is no longer like itself (``between.memory``).

    Returns
    -------
    Shape or None
        None where there are too few values to tell. ``change`` is that of all values, with nothing left out.
    """
    found = spacing(len(series), memory, _LEAST_BLOCKS, _GOOD_BLOCKS)
    if found is None:
        return None
    thirds = _shuffled_thirds(series, found, seed)
    ends = thirds[:, 2] - thirds[:, 0]
    dip = thirds[:, [0, 2]].mean(axis=1) - thirds[:, 1]
    trend_p, dip_p = _holm(_share(np.abs(ends)), _share(dip))
    change = change_of(series)
    if trend_p <= SMALL_P and ends[0] < 0:
        return Shape("worsening", change, trend_p)
    if dip_p <= SMALL_P:
        return Shape("recovered", change, dip_p)
    if trend_p <= SMALL_P:
        return Shape("improving", change, trend_p)
    return Shape("flat", change, min(trend_p, dip_p))


def change_of(series: Series) -> float:
    """Mean of the last third of the values less that of the first."""
    first, _, last = np.array_split(np.arange(len(series)), 3)
    means = [np.average(series.values[own], weights=series.weights[own]) for own in (first, last)]
    return float(means[1] - means[0])


def _shuffled_thirds(series: Series, found: Spacing, seed: int) -> Floats:
    """Weighted means of the thirds of the blocks, (1 + shuffles, 3), as they are in the first row."""
    members = found.members(len(series))
    totals, masses = members @ (series.values * series.weights), members @ series.weights
    orders = np.tile(np.arange(len(members)), (_SHUFFLES + 1, 1))
    orders[1:] = np.random.default_rng(seed).permuted(orders[1:], axis=1)
    edges = np.linspace(0, len(members), 4).round().astype(int)[:3]
    return np.asarray(np.add.reduceat(totals[orders], edges, axis=1) / np.add.reduceat(masses[orders], edges, axis=1))


def _share(statistics: Floats) -> float:
    """How often a shuffle is at least as extreme as what was found, which counts itself."""
    return float(np.mean(statistics >= statistics[0] - 1e-12))


def _holm(one: float, other: float) -> tuple[float, float]:
    """Two p-values corrected for there being two.

    >>> _holm(0.01, 0.04), _holm(0.4, 0.03)
    ((0.02, 0.04), (0.4, 0.06))
    """
    least, most = min(2 * min(one, other), 1.0), max(one, other)
    most = max(most, least)
    return (least, most) if one <= other else (most, least)
