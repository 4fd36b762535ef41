"""How well scores tell one voice from another, and how far their probabilities can be believed."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]

BINS = 10
"""Of equal width, over which the expected calibration error is taken."""


def equal_error_rate(same: Array, different: Array) -> tuple[float, float]:
    """Where as many pairs of one voice are refused as pairs of two voices are accepted.

    Parameters
    ----------
    same, different : np.ndarray, shape (num_pairs,)
        Scores of pairs of one voice, and of two; a pair is accepted where its score is at least the threshold.

    Returns
    -------
    rate, threshold : float
        The mean of the two shares where they are nearest, and the score there; NaN where there are no pairs of a kind.

    Examples
    --------
    >>> equal_error_rate(np.array([0.9, 0.8, 0.3, 0.7]), np.array([0.1, 0.2, 0.75, 0.0]))
    (0.25, 0.7)
    """
    scores, is_same = np.concatenate([same, different]), np.arange(len(same) + len(different)) < len(same)
    return ErrorRates(scores, is_same)(np.ones(len(scores)))


class ErrorRates:
    """The equal error rate of some pairs, for any number of times that each of them counts: they are sorted once.

    Parameters
    ----------
    scores : np.ndarray, shape (num_pairs,)
    same : np.ndarray of bool, shape (num_pairs,)
        Whether the pair is of one voice.
    """

    def __init__(self, scores: Array, same: NDArray[np.bool_]) -> None:
        self._order = np.argsort(scores, kind="stable")
        self._thresholds, self._first = np.unique(scores[self._order], return_index=True)
        self._same = same[self._order]

    def __call__(self, weights: Array) -> tuple[float, float]:
        """Rate and threshold as ``equal_error_rate`` gives them, with how often each pair counts, 0 or more."""
        sorted_weights = weights[self._order]
        below = [np.cumsum(np.where(kind, sorted_weights, 0.0)) for kind in (self._same, ~self._same)]
        if not all(len(sums) and sums[-1] > 0 for sums in below):
            return float("nan"), float("nan")
        refused, turned_away = (
            np.where(self._first > 0, sums[self._first - 1], 0.0) / sums[-1] for sums in below
        )  # fmt: skip
        accepted = 1 - turned_away
        at = int(np.argmin(np.abs(refused - accepted)))
        return float(refused[at] + accepted[at]) / 2, float(self._thresholds[at])


def cost_of_evidence(
    same: Array, different: Array, same_weights: Array | None = None, different_weights: Array | None = None
) -> float:
    """Log-likelihood-ratio cost Cllr in bits (Brümmer and du Preez 2006, equation 19).

    0 for evidence that is always right and sure, 1 for evidence that says nothing, above 1 for evidence that misleads.

    Parameters
    ----------
    same, different : np.ndarray, shape (num_pairs,)
        Natural logarithms of likelihood ratios.
    same_weights, different_weights : np.ndarray, shape (num_pairs,), optional
        How often each pair counts; once where left out.

    Examples
    --------
    >>> cost_of_evidence(np.array([0.0]), np.array([0.0]))
    1.0
    """
    given = [(same, same_weights), (different, different_weights)]
    if not all(len(scores) and (weights is None or weights.sum() > 0) for scores, weights in given):
        return float("nan")
    bits = np.average(np.logaddexp(0, -same), weights=same_weights)
    bits += np.average(np.logaddexp(0, different), weights=different_weights)
    return float(bits / (2 * np.log(2)))


def calibration_error(probabilities: Array, right: NDArray[np.bool_]) -> float:
    """Expected calibration error (Guo et al. 2017): how far probabilities lie from the shares that were right.

    Over ``BINS`` bins of equal width, weighted by how many fall into each; NaN where there are none.

    Examples
    --------
    >>> calibration_error(np.array([0.9, 0.9, 0.2, 0.2]), np.array([True, True, False, True]))
    0.2
    """
    if not len(probabilities):
        return float("nan")
    bins = np.minimum((probabilities * BINS).astype(int), BINS - 1)
    gaps = [
        abs(probabilities[bins == each].mean() - right[bins == each].mean()) * (bins == each).sum()
        for each in np.unique(bins)
    ]
    return float(round(sum(gaps) / len(probabilities), 12))
