"""How two series move together, segment by segment, against shuffled segments: pure functions of arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..resampling import Floats

_SHUFFLES = 499
_LARGEST = 0.999999  # correlation beyond which Fisher's Z would be infinite


@dataclass(frozen=True)
class Synchrony:
    """Windowed cross-correlations of two series against those of shuffled segments (Tschacher and Meier 2020).

    Parameters
    ----------
    lags : np.ndarray of int64, shape (lags,)
        In samples, rising; above 0 the first series is earlier, that is, the first leads.
    real, pseudo : np.ndarray, shape (lags,)
        Mean absolute Fisher's Z over the segments that belong together, and over all that do not.
    real_signed, pseudo_signed : np.ndarray, shape (lags,)
        The same without taking absolute values.
    p : float
        How often shuffled segments give a mean Z at least as high.
    p_signed : float
        How often they give a signed mean Z at least as far from 0.
    p_lead : float
        How often they give a difference between the leads at least as large.
    p_lags : np.ndarray, shape (lags,)
        As ``p_signed``, for each lag.
    segments : int
        How many segments there are.
    """

    lags: NDArray[np.int64]
    real: Floats
    pseudo: Floats
    real_signed: Floats
    pseudo_signed: Floats
    p: float
    p_signed: float
    p_lead: float
    p_lags: Floats
    segments: int

    @property
    def effect(self) -> float:
        """Effect size as in SUSY: mean real less mean pseudo Z, over the deviation of pseudo Z over the lags."""
        return float((self.real.mean() - self.pseudo.mean()) / self.pseudo.std(ddof=1))

    @property
    def lead(self) -> float:
        """Mean Z where the first series is earlier, less that where the second is."""
        return float(self.real[self.lags > 0].mean() - self.real[self.lags < 0].mean())


def synchrony(ours: Floats, theirs: Floats, most: int, seed: int = 0) -> Synchrony:
    """The synchrony of two series cut into segments.

    In each pair of segments the cross-correlation is that of the whole segments' means and deviations, divided by
    their length whatever the lag, as R's ``ccf`` and SUSY have it. Segments that belong together are compared with
    all others (the pseudo-synchrony) and, for p, with random orders of the second series' segments.

    Parameters
    ----------
    ours, theirs : np.ndarray, shape (segments, samples)
        At least two segments, each of which varies.
    most : int
        The largest lag in samples.
    """
    scores = _fisher(_correlations(ours, theirs, most))  # (lags, segments, segments)
    number = scores.shape[1]
    others = ~np.eye(number, dtype=bool)
    orders = np.tile(np.arange(number), (_SHUFFLES + 1, 1))
    orders[1:] = np.random.default_rng(seed).permuted(orders[1:], axis=1)
    absolute = np.abs(scores)
    lags = np.arange(-most, most + 1)
    leads = absolute[lags > 0].mean(axis=0) - absolute[lags < 0].mean(axis=0)
    by_lag = np.abs(_over_orders(scores, orders))
    return Synchrony(
        lags,
        np.diagonal(absolute, axis1=1, axis2=2).mean(axis=1),
        absolute[:, others].mean(axis=1),
        np.diagonal(scores, axis1=1, axis2=2).mean(axis=1),
        scores[:, others].mean(axis=1),
        _share(_over_orders(absolute.mean(axis=0)[None], orders)[0]),
        _share(np.abs(_over_orders(scores.mean(axis=0)[None], orders)[0])),
        _share(np.abs(_over_orders(leads[None], orders)[0])),
        np.array([_share(each) for each in by_lag]),
        number,
    )


def _correlations(ours: Floats, theirs: Floats, most: int) -> Floats:
    """Of every segment of ours with every segment of theirs at every lag, (lags, segments, segments)."""
    one, two = _standardised(ours), _standardised(theirs)
    samples = one.shape[1]
    return np.array(
        [
            one[:, max(0, -lag) : samples - max(0, lag)] @ two[:, max(0, lag) : samples - max(0, -lag)].T / samples
            for lag in range(-most, most + 1)
        ]
    )


def _standardised(segments: Floats) -> Floats:
    centred = segments - segments.mean(axis=1, keepdims=True)
    return np.asarray(centred / centred.std(axis=1, keepdims=True))


def _fisher(correlations: Floats) -> Floats:
    return np.asarray(np.arctanh(np.clip(correlations, -_LARGEST, _LARGEST)))


def _over_orders(scores: Floats, orders: NDArray[np.int64]) -> Floats:
    """The mean over segments where each of ours meets the one of theirs that each order says, (rows, orders)."""
    return np.asarray(scores[:, np.arange(scores.shape[1]), orders].mean(axis=2))


def _share(statistics: Floats) -> float:
    return float(np.mean(statistics >= statistics[0] - 1e-12))


def rotated(ours: Floats, theirs: Floats) -> tuple[float, float]:
    """The correlation of two series of pairs, and its two-sided p over all rotations of the second.

    A rotation keeps how each series goes on by itself and parts only what belongs together.

    >>> found = rotated(np.array([1.0, 2, 3, 4]), np.array([1.0, 2, 3, 4]))
    >>> [round(each, 6) for each in found]
    [1.0, 0.25]
    """
    one, two = (series - series.mean() for series in (ours, theirs))
    size = np.linalg.norm(one) * np.linalg.norm(two)
    if size < 1e-12:
        return float("nan"), float("nan")
    correlations = np.fft.irfft(np.fft.rfft(one).conj() * np.fft.rfft(two), len(one)) / size
    return float(correlations[0]), float(np.mean(np.abs(correlations) >= abs(correlations[0]) - 1e-9))
