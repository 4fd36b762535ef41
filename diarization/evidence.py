"""What speaks for a speaker in each frame of a recording, and how sure a segment's speaker is by that."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log
from typing import Any

import numpy as np
from numpy.typing import NDArray

Frames = NDArray[np.float32]


@dataclass(frozen=True)
class ConfidenceRules:
    """From what speaks for a segment's speaker to a probability; chosen by ``scripts/calibrate_turn_confidence.py``.

    Parameters
    ----------
    bias, posterior, margin, duration : float
        Of a logistic function of the mean posterior, the mean margin, and the natural logarithm of the seconds. The
        weights are not negative, so that more of any never makes a speaker less sure.
    lone : float
        The margin that a speaker counts as having where there is no other.
    """

    bias: float = -0.49
    posterior: float = 0.72
    margin: float = 1.76
    duration: float = 0.33
    lone: float = 0.49

    def confidence(self, posterior: float, margin: float, duration: float) -> float:
        """How likely the speaker is right, 0 to 1.

        >>> ConfidenceRules(bias=0, posterior=1, margin=1, duration=0).confidence(0.0, 0.0, 1.0)
        0.5
        """
        terms = self.posterior * posterior + self.margin * margin + self.duration * log(max(duration, 1e-3))
        return 1 / (1 + exp(-(self.bias + terms)))


@dataclass(frozen=True, eq=False)
class Evidence:
    """What the chunks of a recording say of its clusters.

    Parameters
    ----------
    activity : np.ndarray, shape (num_frames, num_clusters)
        Sum over the chunks that hold a frame of how strongly the cluster's voice speaks in it.
    coverage : np.ndarray, shape (num_frames,)
        Chunks that hold the frame.
    margins : np.ndarray, shape (num_frames, num_clusters)
        Sum over the same chunks of that strength times how much more the voice is like its cluster than like any other.
    frames : pyannote.core.SlidingWindow
        Where the frames lie.
    """

    activity: Frames
    coverage: Frames
    margins: Frames
    frames: Any

    def of(self, cluster: int, start: float, end: float, rules: ConfidenceRules | None = None) -> tuple[float, float]:
        """Mean posterior (0 to 1) and mean margin (in cosines) of a cluster between two moments, in seconds.

        Both are 0 for a cluster that no voice belongs to; the margin of a lone cluster is ``rules.lone``.
        """
        if cluster >= self.activity.shape[1]:
            return 0.0, 0.0
        first = max(0, self.frames.closest_frame(start))
        rows = slice(first, max(first + 1, self.frames.closest_frame(end)))
        active = self.activity[rows, cluster]
        posterior = float((active / np.maximum(self.coverage[rows], 1)).mean()) if len(active) else 0.0
        if self.activity.shape[1] < 2:
            return posterior, (rules or ConfidenceRules()).lone
        return posterior, float(self.margins[rows, cluster].sum() / max(float(active.sum()), 1e-9))

    def confidence(self, cluster: int, start: float, end: float, rules: ConfidenceRules | None = None) -> float:
        """How sure it is that the cluster's speaker speaks between two moments, 0 to 1."""
        rules = rules or ConfidenceRules()
        return rules.confidence(*self.of(cluster, start, end, rules), end - start)


def evidence_of(
    segmentations: Any, clusters: NDArray[Any], frames: Any, similarities: NDArray[Any] | None = None
) -> Evidence:
    """Add the chunks up, one after the other, in the order and precision in which pyannote does.

    Parameters
    ----------
    segmentations : SlidingWindowFeature, data of shape (num_chunks, frames, num_voices)
        How strongly each voice speaks.
    clusters : np.ndarray, shape (num_chunks, num_voices)
        The cluster of each voice; below 0 where it has none.
    frames : pyannote.core.SlidingWindow
        Duration and step of the frames.
    similarities : np.ndarray, shape (num_chunks, num_voices, num_clusters), optional
        Of each voice with each cluster; without them the margins are 0.
    """
    from pyannote.core import SlidingWindow

    chunks = segmentations.sliding_window
    num_chunks, num_frames, _ = segmentations.data.shape
    frames = SlidingWindow(start=chunks.start, duration=frames.duration, step=frames.step)
    end = chunks.start + chunks.duration + (num_chunks - 1) * chunks.step
    total = frames.closest_frame(end + 0.5 * frames.duration) + 1
    activity = np.zeros((total, max(0, int(np.max(clusters)) + 1)), np.float32)
    margins, coverage = np.zeros_like(activity), np.zeros(total, np.float32)
    leads = np.zeros(clusters.shape) if similarities is None else margins_of(similarities, clusters)
    for number, own in enumerate(clusters):
        start = frames.closest_frame(chunks[number].start + 0.5 * frames.duration)
        rows = slice(start, start + num_frames)
        strengths = np.nan_to_num(segmentations.data[number].astype(np.float64))
        coverage[rows] += 1
        for cluster in np.unique(own[own >= 0]):
            voices = np.flatnonzero(own == cluster)
            strongest = strengths[:, voices].max(axis=1)
            activity[rows, cluster] += strongest
            margins[rows, cluster] += strongest * leads[number, voices[0]]
    return Evidence(activity, coverage, margins, frames)


def margins_of(similarities: NDArray[Any], clusters: NDArray[Any]) -> NDArray[np.float64]:
    """How much more each voice is like its own cluster than like the next; 0 where there is no other, or it has none.

    >>> margins_of(np.array([[[0.9, 0.2, 0.5]]]), np.array([[0]])).round(3).tolist()
    [[0.4]]
    """
    num_clusters = similarities.shape[2]
    known = (clusters >= 0) & (clusters < num_clusters)
    if num_clusters < 2:
        return np.zeros(clusters.shape)
    column = np.where(known, clusters, 0)[..., None]
    own = np.take_along_axis(similarities, column, axis=2)[..., 0]
    others = similarities.astype(np.float64)
    np.put_along_axis(others, column, -np.inf, axis=2)
    return np.asarray(np.where(known, np.nan_to_num(own - others.max(axis=2)), 0.0))
