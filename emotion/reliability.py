"""How far probabilities can be taken at their word: calibration error, log loss, Brier score, risk and coverage."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.float64]
Ints = NDArray[np.int64]

NUM_BINS = 15
"""Bins of the reliability diagram, as Guo and others (2017) have them."""

_FLOOR = 1e-12  # a probability of 0 for what was true costs this much, not infinitely much
_RESAMPLES = 1000


@dataclass(frozen=True)
class Bin:
    """The clips whose top probability lies in ``(low, high]``.

    Parameters
    ----------
    low, high : float
        Between 0 and 1.
    count : int
        Clips in it.
    confidence, accuracy : float or None
        Mean top probability, and share that is right; None where the bin is empty.
    """

    low: float
    high: float
    count: int
    confidence: float | None
    accuracy: float | None


def log_loss(scores: Scores, truth: Ints) -> float:
    """The mean of minus the natural logarithm of the probability given to what was true; 0 is best.

    Parameters
    ----------
    scores : np.ndarray, shape (clips, labels)
        Probabilities; each row sums to 1.
    truth : np.ndarray of int, shape (clips,)
        Column of the true label.

    Examples
    --------
    >>> round(log_loss(np.array([[0.5, 0.5], [0.25, 0.75]]), np.array([0, 1])), 6)
    0.490415
    """
    own = np.asarray(scores, np.float64)[np.arange(len(truth)), truth]
    return float(-np.log(np.maximum(own, _FLOOR)).mean())


def brier_score(scores: Scores, truth: Ints) -> float:
    """The mean squared distance to the truth, summed over labels: 0 at best, 2 at worst (Brier 1950).

    >>> round(brier_score(np.array([[0.8, 0.2], [0.4, 0.6]]), np.array([0, 0])), 6)
    0.4
    """
    wanted = np.eye(scores.shape[1])[truth]
    return float(((np.asarray(scores, np.float64) - wanted) ** 2).sum(axis=1).mean())


def accuracy(scores: Scores, truth: Ints) -> float:
    """The share of clips whose top label is the true one."""
    return float((scores.argmax(axis=1) == truth).mean())


def reliability(scores: Scores, truth: Ints, num_bins: int = NUM_BINS) -> list[Bin]:
    """The reliability diagram: how often clips are right, by how sure their top label is.

    Bins are of equal width, open below and closed above. Every label of the scheme may be the top one; a clip is right
    where the top label is the true one.
    """
    top, right = scores.max(axis=1), scores.argmax(axis=1) == truth
    edges = np.linspace(0, 1, num_bins + 1)
    places = np.clip(np.searchsorted(edges, top, side="left") - 1, 0, num_bins - 1)
    return [_bin(edges[index], edges[index + 1], places == index, top, right) for index in range(num_bins)]


def calibration_error(scores: Scores, truth: Ints, num_bins: int = NUM_BINS) -> float:
    """Expected calibration error: the mean gap between sureness and accuracy over bins of equal width.

    Each bin weighs as many clips as it holds (Naeini, Cooper and Hauskrecht 2015; Guo and others 2017, equation 3).
    """
    bins = [each for each in reliability(scores, truth, num_bins) if each.count]
    gaps = [each.count * abs((each.accuracy or 0.0) - (each.confidence or 0.0)) for each in bins]
    return float(sum(gaps) / len(truth))


def adaptive_calibration_error(scores: Scores, truth: Ints, num_bins: int = NUM_BINS) -> float:
    """The same over bins of equally many clips (Nguyen and O'Connor 2015), where equal widths leave most bins empty."""
    top, right = scores.max(axis=1), scores.argmax(axis=1) == truth
    order = np.argsort(top, kind="stable")
    parts = [part for part in np.array_split(order, num_bins) if len(part)]
    return float(sum(len(part) * abs(right[part].mean() - top[part].mean()) for part in parts) / len(truth))


def risk_coverage(scores: Scores, truth: Ints, bounds: NDArray[np.float64]) -> list[dict[str, float | int | None]]:
    """What would be wrong among what is said, if nothing were said below each bound of the top probability.

    Returns
    -------
    list of dict
        ``bound``, ``coverage`` (share of clips that get a label), ``risk`` (share of those that is wrong; None where
        there are none), ``count``.
    """
    top, right = scores.max(axis=1), scores.argmax(axis=1) == truth
    rows: list[dict[str, float | int | None]] = []
    for bound in bounds:
        said = top >= bound
        risk = float(1 - right[said].mean()) if said.any() else None
        rows.append({"bound": float(bound), "coverage": float(said.mean()), "risk": risk, "count": int(said.sum())})
    return rows


@dataclass(frozen=True)
class Reliability:
    """The figures of one set of scores, each with its 95 % interval where there is one.

    Parameters
    ----------
    figures : dict
        ``ece``, ``adaptive_ece``, ``nll``, ``brier``, ``accuracy``.
    intervals : dict
        Low and high of each; empty where nothing could be resampled.
    bins : list of Bin
        The reliability diagram.
    """

    figures: dict[str, float]
    intervals: dict[str, tuple[float, float]]
    bins: list[Bin]

    def to_json(self) -> dict[str, Any]:
        """All of it as JSON values."""
        named: dict[str, Any] = {
            name: {"value": _round(value), "low": _round(self._limit(name, 0)), "high": _round(self._limit(name, 1))}
            for name, value in self.figures.items()
        }
        bins = [{key: _round(value) for key, value in asdict(each).items()} for each in self.bins]
        return named | {"bins": bins}

    def _limit(self, name: str, side: int) -> float | None:
        return self.intervals[name][side] if name in self.intervals else None


def measured(scores: Scores, truth: Ints, groups: NDArray[Any]) -> Reliability:
    """All figures of a set of scores, with percentile bootstrap intervals over groups.

    Parameters
    ----------
    scores : np.ndarray, shape (clips, labels)
        Probabilities.
    truth : np.ndarray of int, shape (clips,)
        Column of the true label.
    groups : np.ndarray, shape (clips,)
        What is drawn whole: speakers, or clips where no speakers are known. Fewer than three give no intervals.
    """
    figures = {name: figure(scores, truth) for name, figure in _FIGURES.items()}
    return Reliability(figures, _intervals(scores, truth, groups), reliability(scores, truth))


_FIGURES: dict[str, Callable[[Scores, Ints], float]] = {
    "ece": calibration_error,
    "adaptive_ece": adaptive_calibration_error,
    "nll": log_loss,
    "brier": brier_score,
    "accuracy": accuracy,
}


def _intervals(scores: Scores, truth: Ints, groups: NDArray[Any]) -> dict[str, tuple[float, float]]:
    rows = rows_of(groups)
    if len(rows) < 3:
        return {}
    drawn = resamples(rows, _RESAMPLES)
    return {name: _limits([figure(scores[own], truth[own]) for own in drawn]) for name, figure in _FIGURES.items()}


def rows_of(groups: NDArray[Any]) -> list[Ints]:
    """The rows of each group, groups in the order of their names."""
    return [np.flatnonzero(groups == name) for name in np.unique(groups)]


def resamples(rows: list[Ints], number: int) -> list[Ints]:
    """Bootstrap samples of whole groups, as rows; drawn with a fixed seed."""
    drawn = np.random.default_rng(0).integers(len(rows), size=(number, len(rows)))
    return [np.concatenate([rows[index] for index in draw]) for draw in drawn]


def _limits(values: list[float]) -> tuple[float, float]:
    low, high = np.percentile(values, (2.5, 97.5))
    return float(low), float(high)


def _bin(low: float, high: float, within: NDArray[np.bool_], top: Scores, right: NDArray[np.bool_]) -> Bin:
    count = int(within.sum())
    if not count:
        return Bin(float(low), float(high), 0, None, None)
    return Bin(float(low), float(high), count, float(top[within].mean()), float(right[within].mean()))


def _round(value: Any) -> Any:
    return round(value, 6) if isinstance(value, float) else value
