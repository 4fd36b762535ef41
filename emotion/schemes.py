"""Emotion schemes: the legal labels of one recogniser, in order, with their valence and arousal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

CANONICAL = ("angry", "disgusted", "fearful", "happy", "neutral", "other", "sad", "surprised", "unknown")
"""The labels Turntone speaks in, in emotion2vec's own order."""

# Affective norms of the emotion words, Russell and Mehrabian (1977), Journal of Research in Personality 11,
# 273-294: pleasure and arousal, in [-1, 1]. other and unknown say nothing of either; neutral is the origin.
VALENCE_AROUSAL = {
    "angry": (-0.51, 0.59),
    "disgusted": (-0.60, 0.35),
    "fearful": (-0.64, 0.60),
    "happy": (0.81, 0.51),
    "neutral": (0.0, 0.0),
    "sad": (-0.63, -0.27),
    "surprised": (0.40, 0.67),
}


@dataclass(frozen=True)
class EmotionScheme:
    """The legal labels of one recogniser, in order.

    Parameters
    ----------
    labels : tuple of str
        Without repeats; scores stand in this order. Canonical English, or a user's own words.
    norms : tuple of ((float, float) or None), optional
        Valence and arousal of each label, in [-1, 1]; None for a label that has none. Left out, the canonical labels
        have theirs.
    """

    labels: tuple[str, ...]
    norms: tuple[tuple[float, float] | None, ...] | None = None

    def __post_init__(self) -> None:
        if len(set(self.labels)) != len(self.labels) or not self.labels:
            raise ValueError(f"a scheme needs at least one label and no label twice, got {self.labels}")
        if self.norms is not None and len(self.norms) != len(self.labels):
            raise ValueError(f"{len(self.labels)} labels with norms for {len(self.norms)} of them")

    def norm_of(self, label: str) -> tuple[float, float] | None:
        """Valence and arousal of a label; None where it has none."""
        if self.norms is None:
            return VALENCE_AROUSAL.get(label)
        return self.norms[self.labels.index(label)]

    @property
    def without_norms(self) -> list[str]:
        """The labels that keep valence and arousal from being derived: own ones without norms."""
        silent = ("other", "unknown")
        return [label for label in self.labels if label not in silent and self.norm_of(label) is None]

    def unnamed(self, scores: NDArray[np.floating]) -> float | None:
        """The probability on ``other`` and ``unknown``, which name no emotion; None where the scheme has neither."""
        columns = [index for index, label in enumerate(self.labels) if label in ("other", "unknown")]
        return float(np.asarray(scores, np.float64)[columns].sum()) if columns else None

    def valence_arousal(self, scores: NDArray[np.floating]) -> tuple[float, float]:
        """Valence and arousal derived from categories: the mean of the labels' norms, weighted by their scores.

        Parameters
        ----------
        scores : np.ndarray, shape (labels,)
            Probabilities in scheme order.

        Returns
        -------
        (float, float)
            Both in [-1, 1]. ``other`` and ``unknown`` take no part; (nan, nan) where they have all the probability, or
            where any other label has no norms: the rest alone would lean to what happens to have some.
        """
        points = np.array([norm for label in self.labels if (norm := self.norm_of(label))])
        known = [index for index, label in enumerate(self.labels) if self.norm_of(label)]
        weights = np.asarray(scores, dtype=np.float64)[known]
        if weights.sum() <= 0 or self.without_norms:
            return float("nan"), float("nan")
        valence, arousal = weights @ points / weights.sum()
        return float(valence), float(arousal)

    def top(self, scores: NDArray[np.floating]) -> tuple[str, float]:
        """The label with the highest score, and that score."""
        best = int(np.argmax(scores))
        return self.labels[best], float(scores[best])


def canonical(label: str) -> str:
    """The canonical English label for one as checkpoints write it, such as ``生气/angry`` or ``<unk>``.

    >>> canonical("生气/angry"), canonical("<unk>")
    ('angry', 'unknown')

    Raises
    ------
    ValueError
        Where the label is none of Turntone's.
    """
    word = label.rsplit("/", 1)[-1].strip().lower()
    word = {
        "<unk>": "unknown",
        "unk": "unknown",
        "anger": "angry",
        "disgust": "disgusted",
        "fear": "fearful",
        "happiness": "happy",
        "sadness": "sad",
        "surprise": "surprised",
    }.get(word, word)
    if word not in CANONICAL:
        raise ValueError(f"'{label}' is not an emotion label; known are {', '.join(CANONICAL)}")
    return word


def scheme_of(labels: Sequence[str]) -> EmotionScheme:
    """A scheme from labels as a checkpoint writes them, in its order."""
    return EmotionScheme(tuple(canonical(label) for label in labels))
