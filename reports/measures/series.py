"""A quantity of one speaker over time, and what can be said of its course: pure functions of arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..resampling import Floats

Mask = NDArray[np.bool_]

LEAST_STEP = 0.5
"""Seconds; values closer together than this are taken as so far apart."""

_LAMBDAS = np.linspace(0, 1, 21)
_INERTIAS = np.linspace(0, 0.99, 100)
_LIKELY = 1.9207  # half the 95 % quantile of chi-square with one degree of freedom


@dataclass(frozen=True)
class Series:
    """A quantity over time.

    Parameters
    ----------
    times : np.ndarray, shape (n,)
        Seconds, rising.
    values : np.ndarray, shape (n,)
        Finite.
    weights : np.ndarray, shape (n,)
        Seconds that each value stands for, above 0.
    turns : np.ndarray of int64, shape (n,)
        Rows in ``session.turns``; -1 where a value is of no single turn.
    """

    times: Floats
    values: Floats
    weights: Floats
    turns: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.times)

    def where(self, chosen: Mask | NDArray[np.int64]) -> Series:
        """Those values only, by a mask or by their places in a new order."""
        return Series(self.times[chosen], self.values[chosen], self.weights[chosen], self.turns[chosen])

    @property
    def steps(self) -> Floats:
        """Seconds from each value to the next, at least ``LEAST_STEP``."""
        return np.maximum(np.diff(self.times), LEAST_STEP)


@dataclass(frozen=True)
class Inertia:
    """How much of a value is carried over to the next.

    Parameters
    ----------
    value : float
        Correlation of two values ``step`` seconds apart, 0 to 1.
    low, high : float
        95 % interval from the profile likelihood.
    step : float
        Median seconds from one value to the next.
    """

    value: float
    low: float
    high: float
    step: float


def deviation(values: Floats, weights: Floats) -> float:
    """Weighted standard deviation, as of a sample: with equal weights, the divisor is n - 1.

    >>> round(deviation(np.array([1.0, 2.0, 4.0]), np.ones(3)), 4)
    1.5275
    """
    share = weights / weights.sum()
    mean = share @ values
    return float(np.sqrt(share @ (values - mean) ** 2 / (1 - share @ share)))


def successive_difference(series: Series, exponent: float | None = None) -> float:
    """Mean squared successive difference, adjusted for the time between the values.

    Each difference is divided by its step over the median step to the power ``exponent``, as in Jahng, Wood and Trull
    (2008). Where none is given it is the one from 0 to 1 that leaves the squares least correlated with the steps.

    >>> equal = Series(np.arange(4.0), np.array([1.0, 3.0, 2.0, 2.0]), np.ones(4), np.arange(4))
    >>> round(successive_difference(equal), 6)  # (4 + 1 + 0) / 3
    1.666667
    """
    differences = np.diff(series.values)
    steps = series.steps / np.median(series.steps)
    if exponent is None:
        exponent = _exponent(differences, np.log(steps))
    return float(np.mean((differences / steps**exponent) ** 2))


def _exponent(differences: Floats, log_steps: Floats) -> float:
    """The power of the step that differences grow with."""
    if log_steps.std() < 1e-9 or not differences.any():
        return 0.0
    squares = (differences / np.exp(np.outer(_LAMBDAS, log_steps))) ** 2
    centred = log_steps - log_steps.mean()
    correlation = squares @ centred / (np.linalg.norm(squares - squares.mean(axis=1, keepdims=True), axis=1) + 1e-300)
    return float(_LAMBDAS[np.abs(correlation).argmin()])


def inertia(series: Series) -> Inertia:
    """First-order autocorrelation of unevenly spaced values: an Ornstein-Uhlenbeck process by maximum likelihood.

    Two values ``d`` seconds apart have the correlation ``exp(-d / tau)``, here given for the median step. Where the
    steps are all alike this is the AR(1) coefficient. nan where the values do not vary.
    """
    step = float(np.median(series.steps))
    if np.ptp(series.values) < 1e-12:
        return Inertia(*3 * (float("nan"),), step)
    steps = series.steps / step
    likelihood = _likelihoods(series.values, steps, _INERTIAS)
    best = _INERTIAS[likelihood.argmax()]
    fine = np.linspace(max(0, best - 0.01), min(0.995, best + 0.01), 41)
    finer = _likelihoods(series.values, steps, fine)
    likely = _INERTIAS[likelihood >= finer.max() - _LIKELY]
    value = float(fine[finer.argmax()])
    return Inertia(value, float(min(likely.min(initial=1.0), value)), float(max(likely.max(initial=0.0), value)), step)


def _likelihoods(values: Floats, steps: Floats, coefficients: Floats) -> Floats:
    """Log-likelihood of each coefficient for a step of 1, mean and variance at their best, shape (coefficients,)."""
    carried = coefficients[:, None] ** steps
    spread = np.maximum(1 - carried**2, 1e-9)
    # The innovations and their regressor, with the first value as one of its own (stationary) variance.
    news = np.concatenate(
        [np.full((len(carried), 1), values[0]), (values[1:] - carried * values[:-1]) / np.sqrt(spread)], axis=1
    )
    level = np.concatenate([np.ones((len(carried), 1)), (1 - carried) / np.sqrt(spread)], axis=1)
    mean = (news * level).sum(axis=1) / (level**2).sum(axis=1)
    variance = ((news - mean[:, None] * level) ** 2).mean(axis=1)
    return np.asarray(-0.5 * len(values) * np.log(np.maximum(variance, 1e-300)) - 0.5 * np.log(spread).sum(axis=1))
