"""Where the mean of a series changes, although neighbours may be alike: pure functions of arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..resampling import Floats

_ALIKE = np.linspace(0, 0.95, 39)  # correlations of neighbours that are tried
_FLAT = 1e-12
_FEW = 48


@dataclass(frozen=True)
class Stretches:
    """A series as stretches of constant means with noise whose neighbours are alike, a first-order autoregression.

    Parameters
    ----------
    alike : float
        Correlation of neighbours about their stretches' means by restricted maximum likelihood, 0 to 0.95.
    misfit : float
        -2 log-likelihood at it with all other parameters at their best, up to a constant; the lower, the better.
    """

    alike: float
    misfit: float


def change_points(values: Floats, most: int = 5, shortest: int = 4) -> list[int]:
    """Where the mean of a series changes: the first index of each new stretch.

    The best places for each number of changes up to ``most`` are found exactly by least squares, of the values and of
    the values with what neighbours share taken out; stretches have at least ``shortest`` values. Of all these the
    modified BIC decides, in which neighbours may be alike.
    """
    count = len(values)
    if count < 2 * shortest or np.ptp(values) < _FLAT:
        return []
    alike = stretches(values, []).alike
    tried = [[], *_places(values, most, shortest), *(_places(unshared(values, alike), most, shortest) if alike else [])]
    return min(tried, key=lambda places: modified_bic(values, places))


def modified_bic(values: Floats, places: Sequence[int]) -> float:
    """Zhang and Siegmund's criterion (2007, Biometrics 63, 22-32) for changes of mean, the lower the better.

    Where neighbours are alike, the likelihood is that of a first-order autoregression about the means (as in Chakar et
    al. 2017, Bernoulli 23, 1408-1447): a slow drift of noise is then no row of changes. Of few values neither the
    places nor how alike neighbours are can be told well, so that a change costs more there: ``_FEW / count`` above the
    3 of the criterion, which simulations set (docs/comparisons.md).
    """
    count = len(values)
    lengths = np.diff([0, *places, count])
    penalty = (3 + _FEW / count) * len(places) * np.log(count) + np.log(lengths / count).sum()
    return float(stretches(values, places).misfit + penalty)


def unshared(values: Floats, alike: float) -> Floats:
    """The values less what each shares with the one before, about their mean: noise without memory."""
    centred = values - values.mean()
    return np.concatenate([centred[:1] * np.sqrt(1 - alike**2), centred[1:] - alike * centred[:-1]])


def stretches(values: Floats, places: Sequence[int]) -> Stretches:
    """The stretches between these places, fitted.

    The inverse covariance of the noise is tridiagonal, so that three cross products of the design and the values give
    the likelihood of every correlation at once.
    """
    count = len(values)
    design = np.repeat(np.eye(len(places) + 1), np.diff([0, *places, count]), axis=0)
    both = np.column_stack([design, values])
    inner, after = both[1:-1].T @ both[1:-1], both[1:].T @ both[:-1]
    alike = _ALIKE[:, None, None]
    cross = both.T @ both + alike**2 * inner - alike * (after + after.T)
    of_design, with_values, of_values = cross[:, :-1, :-1], cross[:, :-1, -1], cross[:, -1, -1]
    means = np.linalg.solve(of_design, with_values[..., None])[..., 0]
    rest = np.maximum(of_values - (means * with_values).sum(axis=1), _FLAT)
    start = np.log(1 - _ALIKE**2)
    free = count - design.shape[1]
    restricted = free * np.log(rest) - start + np.linalg.slogdet(of_design)[1]
    best = int(restricted.argmin())
    return Stretches(float(_ALIKE[best]), float(count * np.log(rest[best] / count) - start[best]))


def _places(values: Floats, most: int, shortest: int) -> list[list[int]]:
    from ruptures import KernelCPD

    found = KernelCPD(kernel="linear", min_size=shortest).fit(values.reshape(-1, 1))
    numbers = range(min(most, len(values) // shortest - 1), 0, -1)  # the first fit finds those of fewer changes as well
    return [[int(place) for place in found.predict(n_bkps=number)[:-1]] for number in numbers]
