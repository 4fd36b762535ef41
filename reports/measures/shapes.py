"""The shape of a speaker's course over a session, with a test behind the word."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..resampling import Floats
from .series import Series

_SHUFFLES = 999
SMALL_P = 0.05
"""A word other than "flat" needs a p at most this large, after correction for both looks."""


@dataclass(frozen=True)
class Shape:
    """What a course looks like.

    Parameters
    ----------
    word : str
        ``improving``, ``worsening``, ``recovered`` or ``flat``.
    change : float
        Mean of the last third less that of the first.
    p : float
        Of the test behind the word, corrected for two looks (Holm); of the smaller one where the word is flat.
    """

    word: str
    change: float
    p: float


def shape_of(series: Series, seed: int = 0) -> Shape:
    """Whether a course rises, falls, or dips and recovers: thirds of the values, against shuffled blocks.

    Two statistics are looked at: the last third's mean less the first's (two-sided), and how far the middle third's
    lies below the mean of the other two (one-sided). Both are compared with those of the same values in blocks of
    neighbours, put into random order, which keeps most of what neighbours have in common. The two p are corrected by
    Holm's method. A dip makes the word "recovered" unless the course ends clearly lower than it began.
    """
    thirds = _shuffled_thirds(series, seed)
    change = thirds[:, 2] - thirds[:, 0]
    dip = thirds[:, [0, 2]].mean(axis=1) - thirds[:, 1]
    trend_p, dip_p = _holm(_share(np.abs(change)), _share(dip))
    if trend_p <= SMALL_P and change[0] < 0:
        return Shape("worsening", float(change[0]), trend_p)
    if dip_p <= SMALL_P:
        return Shape("recovered", float(change[0]), dip_p)
    if trend_p <= SMALL_P:
        return Shape("improving", float(change[0]), trend_p)
    return Shape("flat", float(change[0]), min(trend_p, dip_p))


def block_length(count: int) -> int:
    """Neighbouring values that are shuffled together: the cube root of their number, at least 2.

    >>> block_length(12), block_length(64)
    (2, 4)
    """
    return max(2, int(np.rint(np.cbrt(count))))


def _shuffled_thirds(series: Series, seed: int) -> Floats:
    """Weighted means of the thirds, (1 + shuffles, 3), as they are in the first row."""
    order = _shuffled_blocks(len(series), seed)
    values, weights = series.values[order], series.weights[order]
    edges = np.linspace(0, len(series), 4).round().astype(int)
    summed = np.add.reduceat(values * weights, edges[:3], axis=1)
    return np.asarray(summed / np.add.reduceat(weights, edges[:3], axis=1))


def _shuffled_blocks(count: int, seed: int) -> NDArray[np.int64]:
    """Indices 0 to count - 1, as they are and with their blocks shuffled; what is left over stays at the end."""
    size = block_length(count)
    number = count // size
    starts = np.tile(np.arange(number) * size, (_SHUFFLES + 1, 1))
    starts[1:] = np.random.default_rng(seed).permuted(starts[1:], axis=1)
    blocks = (starts[:, :, None] + np.arange(size)).reshape(_SHUFFLES + 1, -1)
    rest = np.tile(np.arange(number * size, count), (_SHUFFLES + 1, 1))
    return np.concatenate([blocks, rest], axis=1)


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
