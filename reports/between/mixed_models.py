"""Linear models with a random intercept a group, and regressions of the groups' means.

A random intercept stands for what the rows of a group share: the day, the room, the person. Fitted by restricted
maximum likelihood over the one ratio of variances that such a model has, from sums over the groups alone, so that a
hundred thousand rows take milliseconds. Numerically the same as ``statsmodels.MixedLM``, which the tests compare with.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..resampling import Floats

_ALIKE = 2.0
"""By how much rows that are alike make a mean less sure than independent ones: neighbours that correlate by 0.3."""

_LOWEST, _HIGHEST = -14.0, 14.0  # natural logarithm of the ratio of variances, for rows of mean weight 1


@dataclass(frozen=True)
class RandomIntercept:
    """A fitted model.

    Parameters
    ----------
    coefficients : np.ndarray, shape (columns,)
        Of the design's columns.
    covariance : np.ndarray, shape (columns, columns)
        Of the coefficients.
    between, within : float
        Variance of the groups' intercepts, and of a row of weight 1.
    """

    coefficients: Floats
    covariance: Floats
    between: float
    within: float


@dataclass(frozen=True)
class _Sums:
    """What the likelihood needs of the rows: cross products, and each group's weighted sums."""

    cross: Floats  # (columns, columns), values as the last column
    by_group: Floats  # (groups, columns), the same
    weights: Floats  # (groups,)
    rows: int


def random_intercept(
    values: Floats, design: Floats, groups: NDArray[np.int64], weights: Floats | None = None
) -> RandomIntercept:
    """Fit ``values = design @ coefficients + intercept of the group + noise`` by restricted maximum likelihood.

    Parameters
    ----------
    values : np.ndarray, shape (rows,)
        Finite; more rows than columns.
    design : np.ndarray, shape (rows, columns)
        Of full rank.
    groups : np.ndarray of int64, shape (rows,)
        0, 1, ...: the group of each row; none is empty.
    weights : np.ndarray, shape (rows,), optional
        Above 0; a row's noise has the variance ``within / weight``. All 1 where left out.
    """
    weights = np.ones(len(values)) if weights is None else weights
    sums = _sums(values, design, groups, weights)
    ratio = _ratio(sums)
    inner, moment, rest = _profile(sums, ratio)
    coefficients = np.asarray(np.linalg.solve(inner, moment), np.float64)
    within = max(rest - float(moment @ coefficients), 0.0) / (sums.rows - design.shape[1])
    covariance = np.asarray(within * np.linalg.inv(inner), np.float64)
    return RandomIntercept(coefficients, covariance, ratio * within, within)


@dataclass(frozen=True)
class Regression:
    """A regression of group means.

    Parameters
    ----------
    coefficients, errors, p_values : np.ndarray, shape (columns,)
        With their standard errors, and two-sided p-values from Student's t with ``freedom`` degrees.
    low, high : np.ndarray, shape (columns,)
        95 % intervals.
    freedom : float
        Degrees of freedom: groups less columns, or fewer where groups differ much in size.
    deviation : float
        Standard deviation of a group's mean about the regression, for a group of average weight.
    model : RandomIntercept
        The mixed model that the weights of the means are from.
    """

    coefficients: Floats
    errors: Floats
    p_values: Floats
    low: Floats
    high: Floats
    freedom: float
    deviation: float
    model: RandomIntercept


def regress_means(values: Floats, design: Floats, groups: NDArray[np.int64], weights: Floats) -> Regression:
    """The mixed model's coefficients where the design is the same within each group, tested with the group as unit.

    The estimates are those of ``random_intercept``; errors come from how far the groups' means lie from the regression,
    tested with Student's t (Knapp and Hartung 2003, Statistics in Medicine 22, 2693-2710). That holds with few groups,
    where the usual normal interval is too narrow, and however alike the rows of a group are.

    Two things make it hold for four groups too. In the weights, groups differ by no less than twice what their means
    have from sampling alone: few groups often lie so near each other by luck that their variance is estimated as 0, and
    then one with many rows would decide alone. And as the weights are estimates, errors and degrees of freedom are also
    found by Satterthwaite's approximation (1946, Biometrics Bulletin 2, 110-114) for means whose sampling variance is
    twice what independent rows give, as with neighbours that correlate by 0.3; the larger error and the fewer degrees
    count. Where all groups are alike in size, all of this changes nothing.

    Parameters
    ----------
    values, groups, weights : np.ndarray, shape (rows,)
        As for ``random_intercept``.
    design : np.ndarray, shape (groups, columns)
        Fewer columns than groups.
    """
    from scipy.stats import t as student

    model = random_intercept(values, design[groups], groups, weights)
    mass = np.bincount(groups, weights)
    means = np.bincount(groups, weights * values) / mass
    spread = _spread(values, groups, weights, means)
    if spread <= 0:
        return _exact(means, design, model)
    sampling = _ALIKE * model.within / mass
    apart = max(model.between, float(sampling.mean()))
    precision = 1 / np.maximum(apart + sampling / _ALIKE, 1e-12 * spread)
    precision /= precision.mean()
    weighted = design.T * precision
    covariance = np.linalg.inv(weighted @ design)
    estimates = covariance @ weighted
    coefficients, left = estimates @ means, np.eye(len(means)) - design @ estimates
    rest = float(precision @ (left @ means) ** 2)
    freedom = len(means) - design.shape[1]
    truly = np.maximum(model.between + sampling, 1e-12 * spread)
    shares = (left.T * precision) @ left * truly
    own = (estimates**2 @ truly) * rest / np.trace(shares)
    errors = np.sqrt(np.maximum(own, np.diag(covariance) * rest / freedom))
    fewer = float(np.trace(shares) ** 2 / np.trace(shares @ shares))
    degrees = fewer if fewer < freedom - 1e-9 else float(freedom)
    p_values = 2 * student.sf(np.abs(coefficients) / np.maximum(errors, 1e-300), degrees)
    reach = student.ppf(0.975, degrees) * errors
    low, high = coefficients - reach, coefficients + reach
    return Regression(coefficients, errors, p_values, low, high, degrees, float(np.sqrt(rest / freedom)), model)


def _exact(means: Floats, design: Floats, model: RandomIntercept) -> Regression:
    """Where nothing varies at all: a flat line without error, which is no sign of any effect."""
    coefficients = np.asarray(np.linalg.lstsq(design, means, rcond=None)[0], np.float64)
    none, one = np.zeros(design.shape[1]), np.ones(design.shape[1])
    freedom = float(len(means) - design.shape[1])
    return Regression(coefficients, none, one, coefficients, coefficients, freedom, 0.0, model)


def _spread(values: Floats, groups: NDArray[np.int64], weights: Floats, means: Floats) -> float:
    """Variance of all rows; 0 where it is rounding alone."""
    variance = float(np.cov(values, aweights=weights)) if len(values) > 1 else 0.0
    return variance if variance > 1e-18 * (1 + float(np.abs(means).max()) ** 2) else 0.0


def _sums(values: Floats, design: Floats, groups: NDArray[np.int64], weights: Floats) -> _Sums:
    both = np.column_stack([design, values])
    drawn = weights[:, None] * both
    by_group = np.stack([np.bincount(groups, column) for column in drawn.T], axis=1).astype(np.float64)
    return _Sums(drawn.T @ both, by_group, np.bincount(groups, weights).astype(np.float64), len(values))


def _profile(sums: _Sums, ratio: float) -> tuple[Floats, Floats, float]:
    """Weighted cross products with the groups' shared part taken out: of the design, with the values, of the values."""
    shared = ratio / (1 + ratio * sums.weights)
    cross = sums.cross - (shared[:, None] * sums.by_group).T @ sums.by_group
    return cross[:-1, :-1], cross[:-1, -1], float(cross[-1, -1])


def _ratio(sums: _Sums) -> float:
    """Variance between groups over variance within, where the restricted likelihood is highest; 0 at its edge."""
    from scipy.optimize import minimize_scalar

    def cost(ratio: float) -> float:
        inner, moment, rest = _profile(sums, ratio)
        left = max(rest - float(moment @ np.linalg.solve(inner, moment)), 1e-300)
        free = sums.rows - len(moment)
        return float(free * np.log(left) + np.log1p(ratio * sums.weights).sum() + np.linalg.slogdet(inner)[1])

    scale = sums.rows / sums.weights.sum()
    bounds = (_LOWEST, _HIGHEST)
    grid = np.linspace(*bounds, 15)
    best = int(np.argmin([cost(scale * np.exp(each)) for each in grid]))
    around = (grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)])
    found = minimize_scalar(lambda each: cost(scale * np.exp(each)), bounds=around, method="bounded")
    ratio = float(scale * np.exp(found.x))
    return ratio if found.fun < cost(0.0) else 0.0
