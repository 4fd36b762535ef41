"""Which speaker of a session is which participant: an open set, one speaker to one participant at most."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]

MOST_CANDIDATES = 12
"""Participants a session's speakers are weighed against exactly: the sum over pairings doubles with each."""

_LEAST, _MOST = -30.0, 30.0  # natural logarithms; further out nothing changes but the arithmetic


@dataclass(frozen=True)
class Match:
    """A participant that a speaker may be.

    Parameters
    ----------
    participant : int
        Column of the evidence.
    probability : float
        0 to 1.
    """

    participant: int
    probability: float


def match_speakers(evidence: Array, stranger: float) -> list[Match | None]:
    """The likeliest pairing of a session's speakers with participants, and how likely each pair is.

    Parameters
    ----------
    evidence : np.ndarray, shape (num_speakers, num_participants)
        Natural logarithm of how much likelier each speaker's voice is if it is the participant's than if it is somebody
        else's; NaN where the two cannot be compared.
    stranger : float
        Probability that a speaker is none of the participants before the voice is heard, above 0 and below 1. The
        rest is shared evenly among the participants.

    Returns
    -------
    list of Match or None
        By speaker, None where it is likeliest nobody. No participant occurs twice.
    """
    shares = (1 - stranger) / stranger / max(1, evidence.shape[1])
    weights = np.where(np.isnan(evidence), -np.inf, np.clip(evidence, _LEAST, _MOST) + np.log(shares))
    probabilities = pair_probabilities(weights)
    return [
        None if participant is None else Match(participant, float(probabilities[speaker, participant]))
        for speaker, participant in enumerate(best_pairing(weights))
    ]


def best_pairing(weights: Array) -> list[int | None]:
    """The participant of each speaker, so that the sum of weights is highest; None has weight 0.

    Parameters
    ----------
    weights : np.ndarray, shape (num_speakers, num_participants)
        Minus infinity where a pair is impossible.
    """
    from scipy.optimize import linear_sum_assignment

    num_speakers, num_participants = weights.shape
    # A column "nobody" for each speaker; taking one is worth nothing, and so is anything worth less.
    gains = np.concatenate([np.maximum(weights, 0.0), np.zeros((num_speakers, num_speakers))], axis=1)
    rows, columns = linear_sum_assignment(gains, maximize=True)
    chosen = dict(zip(rows.tolist(), columns.tolist(), strict=True))
    return [
        chosen[speaker] if chosen[speaker] < num_participants and weights[speaker, chosen[speaker]] > 0 else None
        for speaker in range(num_speakers)
    ]


def pair_probabilities(weights: Array) -> Array:
    """How likely each speaker is each participant, summed over all pairings that give no participant twice.

    A pairing is as likely as the exponential of the sum of its weights. With more than ``MOST_CANDIDATES`` participants
    only those with the highest weights take part; the rest have 0.

    Parameters
    ----------
    weights : np.ndarray, shape (num_speakers, num_participants)
        As for ``best_pairing``.

    Returns
    -------
    np.ndarray, shape (num_speakers, num_participants)
        What is missing to 1 in a row is the probability of nobody.
    """
    probabilities = np.zeros(weights.shape)
    if not weights.size:
        return probabilities
    columns = np.argsort(-weights.max(axis=0), kind="stable")[:MOST_CANDIDATES]
    factors = np.exp(weights[:, columns])
    before, after = _sums(factors), _sums(factors[::-1])[::-1]
    taken = np.arange(before.shape[1])
    total = before[-1].sum()
    for speaker, own in enumerate(factors):
        later = _subset_sums(after[speaker + 1])
        for column, factor in enumerate(own):
            free = taken[(taken >> column) & 1 == 0]
            # Those before took a set without this participant; those after take from what is then left.
            ways = (before[speaker, free] * later[(len(taken) - 1) & ~(free | 1 << column)]).sum()
            probabilities[speaker, columns[column]] = factor * ways / total
    return np.clip(probabilities, 0.0, 1.0)


def _sums(factors: Array) -> Array:
    """Summed likelihood of all pairings of the first ``n`` speakers that take exactly a set of participants.

    Returns
    -------
    np.ndarray, shape (num_speakers + 1, 2 ** num_participants)
        Sets as bits.
    """
    num_speakers, num_participants = factors.shape
    sets = np.arange(1 << num_participants)
    sums = np.zeros((num_speakers + 1, len(sets)))
    sums[0, 0] = 1.0
    for speaker in range(num_speakers):
        sums[speaker + 1] = sums[speaker]
        for column in range(num_participants):
            free = sets[(sets >> column) & 1 == 0]
            sums[speaker + 1, free | 1 << column] += sums[speaker, free] * factors[speaker, column]
    return sums


def _subset_sums(values: Array) -> Array:
    """For each set the sum of the values of all its subsets."""
    sums = values.copy()
    sets = np.arange(len(values))
    for bit in range(len(values).bit_length() - 1):
        own = sets[(sets >> bit) & 1 == 1]
        sums[own] += sums[own ^ (1 << bit)]
    return sums
