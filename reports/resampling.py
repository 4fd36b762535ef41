"""Uncertainty of means over turns: bootstrap intervals and permutation tests, drawn with fixed seeds."""

from __future__ import annotations

from functools import cache, lru_cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_RESAMPLES = 2000
_PERMUTATIONS = 1999
_FEW = 60  # turns up to which intervals are drawn


def mean_of(values: Floats, weights: Floats) -> Floats:
    """The weighted mean over turns; values of shape (turns, ...), weights of shape (turns,)."""
    total = weights.sum()
    return np.asarray(weights @ values / total if total > 0 else np.full(values.shape[1:], np.nan), np.float64)


def interval(values: Floats, weights: Floats, level: float = 0.95) -> tuple[Floats, Floats]:
    """Bootstrap interval of weighted means over turns.

    Expanded percentiles of 2,000 samples of the turns (Hesterberg 2015, The American Statistician 69(4), 371-386): the
    plain percentiles are too narrow where turns are few, by the same factor as a normal interval beside Student's. Of
    more than 60 turns the standard error of a ratio of sums says the same in a fraction of the time (Cochran 1977,
    Sampling Techniques, section 2.11).

    Parameters
    ----------
    values : np.ndarray, shape (turns, columns)
        At least two turns.
    weights : np.ndarray, shape (turns,)
        Durations in seconds, above 0.
    level : float
        Between 0 and 1.

    Returns
    -------
    (np.ndarray, np.ndarray), each of shape (columns,)
        Lower and upper limit.
    """
    count = len(values)
    if count > _FEW:
        mean, error = mean_of(values, weights), _standard_error(values, weights)
        reach = _student(level, count - 1) * error
        return mean - reach, mean + reach
    tail = _expanded_tail(level, count)
    drawn = _resamples(count).astype(np.float64)
    means = drawn @ (weights[:, None] * values) / (drawn @ weights)[:, None]
    low, high = np.quantile(means, (tail, 1 - tail), axis=0)
    return low, high


def _standard_error(values: Floats, weights: Floats) -> Floats:
    """Of the weighted mean, from how far each turn draws it, shape (columns,)."""
    count = len(values)
    drawn = weights[:, None] * (values - mean_of(values, weights)) / weights.sum()
    return np.asarray(np.sqrt(count / (count - 1) * (drawn**2).sum(axis=0)))


@cache
def _expanded_tail(level: float, count: int) -> float:
    """Below which share of the samples the lower limit lies."""
    from scipy.stats import norm

    return float(norm.cdf(-_student(level, count - 1) * np.sqrt(count / (count - 1))))


@cache
def _student(level: float, freedom: int) -> float:
    """The two-sided point of Student's t that holds ``level``."""
    from scipy.stats import t

    return float(t.ppf((1 + level) / 2, freedom))


@lru_cache(maxsize=_FEW)
def _resamples(count: int) -> NDArray[np.uint8]:
    """How often each of ``count`` turns is in each bootstrap sample, (samples, turns)."""
    drawn = np.random.default_rng(0).integers(0, count, size=(_RESAMPLES, count))
    flat = (drawn + count * np.arange(_RESAMPLES)[:, None]).ravel()
    return np.bincount(flat, minlength=_RESAMPLES * count).reshape(_RESAMPLES, count).astype(np.uint8)


def chance_of_spread(values: Floats, weights: Floats, groups: NDArray[np.int64]) -> float:
    """How often shuffling the turns between groups moves the groups' means at least as far apart as they are.

    The permutation p-value of the weighted sum of squares between groups, as in an analysis of variance.

    Parameters
    ----------
    values, weights : np.ndarray, shape (turns,)
        Weights are durations in seconds, above 0.
    groups : np.ndarray, shape (turns,)
        0, 1, ...: which group each turn is of; none is empty.
    """
    shuffled = np.tile(groups, (_PERMUTATIONS + 1, 1))
    shuffled[1:] = np.random.default_rng(0).permuted(shuffled[1:], axis=1)
    between = np.zeros(len(shuffled))
    for group in range(int(groups.max()) + 1):
        own = (shuffled == group) * weights
        between += (own @ values) ** 2 / own.sum(axis=1)  # less the total's, which shuffling leaves as it is
    return float(np.mean(between >= between[0] - 1e-9))


def chance_of_difference(ours: Floats, our_weights: Floats, theirs: Floats, their_weights: Floats) -> float:
    """How often shuffling the turns between two sides moves their means at least as far apart as they are.

    A two-sided permutation p-value of the difference of weighted means (Phipson and Smyth 2010: never 0). Turns are
    taken as exchangeable: where neighbouring turns are alike, it is somewhat too small.

    Parameters
    ----------
    ours, theirs : np.ndarray, shape (turns,)
        Values of each side.
    our_weights, their_weights : np.ndarray, shape (turns,)
        Durations in seconds, above 0.

    Examples
    --------
    >>> ones = np.ones(6)
    >>> chance_of_difference(0 * ones, ones, ones, ones) < 0.01
    True
    >>> chance_of_difference(ones, ones, ones, ones)
    1.0
    """
    values, weights = np.concatenate([ours, theirs]), np.concatenate([our_weights, their_weights])
    sides = np.tile(np.arange(len(values)) < len(ours), (_PERMUTATIONS + 1, 1))
    sides[1:] = np.random.default_rng(0).permuted(sides[1:], axis=1)
    left, right = sides * weights, ~sides * weights
    apart = np.abs(left @ values / left.sum(axis=1) - right @ values / right.sum(axis=1))
    return float(np.mean(apart >= apart[0] - 1e-12))


def median_interval(values: Floats, level: float = 0.95) -> tuple[float, float]:
    """Interval of a median by order statistics (Conover 1999, section 3.2): exact for independent values.

    Parameters
    ----------
    values : np.ndarray, shape (n,)
        In any order.
    level : float
        Between 0 and 1; what the interval holds is at least that.

    Returns
    -------
    (float, float)
        nan where there are too few values for such an interval: fewer than 6 at 95 %.

    Examples
    --------
    >>> median_interval(np.arange(1.0, 11.0))
    (2.0, 9.0)
    """
    count = len(values)
    rank = _median_rank(count, level)
    if rank < 1:
        return float("nan"), float("nan")
    ordered = np.sort(values)
    return float(ordered[rank - 1]), float(ordered[count - rank])


@cache
def _median_rank(count: int, level: float) -> int:
    """How far from either end of so many ordered values the interval begins, counted from 1; 0 where there is none."""
    from scipy.stats import binom

    return int(binom.ppf((1 - level) / 2, count, 0.5)) if count else 0
