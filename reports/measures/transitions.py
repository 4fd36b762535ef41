"""From one emotion to the next, against what chance alone would give: pure functions of arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..resampling import Floats

_WORK = 500_000
"""Scores that a permutation test of transitions draws at most, which bounds its time in long sessions."""


@dataclass(frozen=True)
class Transitions:
    """How often which emotion follows which.

    Parameters
    ----------
    share : np.ndarray, shape (labels, labels)
        Of what follows an emotion (row), the share of each (column); nan in rows of emotions never heard.
    chance : np.ndarray, shape (labels, labels)
        The mean of the same over the null.
    p : np.ndarray, shape (labels, labels)
        Two-sided: how often the null lies at least as far from its mean.
    """

    share: Floats
    chance: Floats
    p: Floats


def own_transitions(scores: Floats, seed: int = 0) -> Transitions:
    """From each turn of a speaker to the next, against shuffled turns.

    Parameters
    ----------
    scores : np.ndarray, shape (turns, labels)
        Probabilities, in the order of the turns; at least two.
    """
    draws = int(np.clip(_WORK // scores.size, 199, 999))
    shuffled = np.random.default_rng(seed).permuted(np.tile(np.arange(len(scores)), (draws, 1)), axis=1)
    ordered = scores[np.concatenate([np.arange(len(scores))[None], shuffled])]
    return _against(np.matmul(ordered[:, :-1].transpose(0, 2, 1), ordered[:, 1:]))


def crossed_transitions(before: Floats, after: Floats) -> Transitions:
    """From each turn of one speaker to the answer of another, against the answers shifted along.

    Every rotation of the answers against what they answer is tried: it keeps how each speaker's emotions go on from
    turn to turn, and parts only what belongs together.

    Parameters
    ----------
    before, after : np.ndarray, shape (answers, labels)
        Probabilities, in order; at least two.
    """
    spectra = np.fft.rfft(before, axis=0)[:, :, None].conj() * np.fft.rfft(after, axis=0)[:, None, :]
    return _against(np.maximum(np.fft.irfft(spectra, len(before), axis=0), 0.0))


def _against(counts: Floats) -> Transitions:
    """The first of the counts, (draws, labels, labels), against all of them."""
    totals = counts.sum(axis=2, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        shares = np.where(totals > 1e-9, counts / totals, np.nan)
    chance = shares.mean(axis=0)
    away = np.abs(shares - chance)
    p = np.where(np.isnan(chance), np.nan, (away >= away[0] - 1e-9).mean(axis=0))
    return Transitions(shares[0], chance, p)


@dataclass(frozen=True)
class Dwelling:
    """How long a speaker stays in one emotion.

    Parameters
    ----------
    seconds : float
        Mean over the runs of turns with the same emotion.
    chance : float
        The same for shuffled turns.
    p : float
        How often shuffled turns have runs at least as long.
    runs : int
        How many runs there are.
    """

    seconds: float
    chance: float
    p: float
    runs: int


def dwellings(emotions: NDArray[np.int64], durations: Floats, num_labels: int, seed: int = 0) -> dict[int, Dwelling]:
    """How long each emotion that is heard lasts before another comes, by its index.

    Parameters
    ----------
    emotions : np.ndarray of int64, shape (turns,)
        The emotion of each turn, in order.
    durations : np.ndarray, shape (turns,)
        Seconds of each.
    """
    draws = int(np.clip(_WORK // max(1, len(emotions)), 199, 999))
    shuffled = np.random.default_rng(seed).permuted(np.tile(emotions, (draws, 1)), axis=1)
    ordered = np.concatenate([emotions[None], shuffled])
    begins = np.ones(ordered.shape, bool)
    begins[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    found = {}
    for label in np.unique(emotions):
        runs = (begins & (ordered == label)).sum(axis=1)
        seconds = durations[emotions == label].sum() / runs
        found[int(label)] = Dwelling(
            float(seconds[0]), float(seconds.mean()), float(np.mean(seconds >= seconds[0] - 1e-9)), int(runs[0])
        )
    return found
