"""pyannote's own clustering, with the number of speakers counted, and kept by merging clusters where one is given."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .clustering import VoiceTree
from .speaker_count import SpeakerCount, forced_count, share_agreeing
from .speaker_space import unit

MOST_VOICES = 8000
"""Voices that form clusters; a tree of them takes their square in memory (0.25 GB). What there is more joins them."""

FEW_VOICES = 1500
"""Voices with which the number of speakers is counted again to see how sure it is."""

THRESHOLDS = (0.9, 0.95, 1.05, 1.1)
"""Shares of the clustering threshold at which it is counted again."""

LEAST_SHARE = 0.02
"""Share of the voices that a cluster has, where more speakers are asked for than were found, if there are as many."""

Clusters = tuple[NDArray[Any], NDArray[Any], NDArray[Any]]
"""Cluster of every voice of every chunk, similarities of each voice with each cluster, means of the clusters."""


class CountedClustering:
    """A clustering of pyannote's pipelines; takes its place there.

    Without a given number it gives what pyannote gives. Where it finds more speakers than it may, those whose means
    are nearest are merged (pyannote forms clusters anew by k-means, which may tear apart what was right); where it
    finds fewer than it must, a tree of the voices is cut.

    Parameters
    ----------
    inner : pyannote.audio.pipelines.clustering.BaseClustering
        With its parameters set.

    Attributes
    ----------
    count : SpeakerCount or None
        Of the latest recording.
    similarities : np.ndarray, shape (num_chunks, num_voices, num_clusters), or None
        Of the latest recording: a constant and the cosine of each voice with each cluster's mean.
    """

    expects_num_clusters: bool

    def __init__(self, inner: Any) -> None:
        self.inner = inner
        self.expects_num_clusters = inner.expects_num_clusters
        self.count: SpeakerCount | None = None
        self.similarities: NDArray[Any] | None = None

    def __call__(
        self,
        embeddings: NDArray[Any],
        segmentations: Any,
        num_clusters: int | None = None,
        min_clusters: int | None = None,
        max_clusters: float | None = None,
        **options: Any,
    ) -> Clusters:
        """Cluster as pyannote's pipeline asks for it; arguments and results are those of pyannote's clustering."""
        if self.expects_num_clusters:
            self.count = SpeakerCount(None, num_clusters)
            clusters = self._run(embeddings, segmentations, num_clusters, min_clusters, max_clusters, **options)
        else:
            clusters = self._run(embeddings, segmentations, None, 1, np.inf, **options)
            found = len(clusters[2])
            forced = forced_count(found, num_clusters, min_clusters, max_clusters)
            self.count = SpeakerCount(found, forced, self._confidence(found, embeddings, segmentations))
            clusters = self._forced(forced or found, clusters, embeddings, segmentations)
        self.similarities = clusters[1]
        return clusters

    def _forced(self, number: int, found: Clusters, embeddings: NDArray[Any], segmentations: Any) -> Clusters:
        if number < len(found[2]):
            return _merged(found, _seconds(segmentations), number, embeddings)
        return found if number == len(found[2]) else self._split(embeddings, segmentations, number, found)

    def _run(self, embeddings: NDArray[Any], segmentations: Any, *bounds: Any, **options: Any) -> Clusters:
        names = ("num_clusters", "min_clusters", "max_clusters")
        with _thinned(self.inner, MOST_VOICES), redirect_stdout(sys.stderr):  # it prints its warnings
            given = dict(zip(names, bounds, strict=True))
            clusters: Clusters = self.inner(embeddings=embeddings, segmentations=segmentations, **given, **options)
        return clusters

    def _split(self, embeddings: NDArray[Any], segmentations: Any, number: int, automatic: Clusters) -> Clusters:
        with _thinned(self.inner, MOST_VOICES):
            voices, _, _ = self.inner.filter_embeddings(embeddings, segmentations=segmentations)
        if len(voices) < 2:
            return automatic
        tree = VoiceTree(unit(voices), np.ones(len(voices)))
        labels = tree.cut(number, LEAST_SHARE * len(voices))
        if labels.max() + 1 < number:
            labels = tree.cut(number, 0)
        return _assigned(embeddings, np.stack([voices[labels == label].mean(0) for label in range(labels.max() + 1)]))

    def _confidence(self, found: int, embeddings: NDArray[Any], segmentations: Any) -> float | None:
        inner, threshold = self.inner, getattr(self.inner, "threshold", None)
        if not isinstance(threshold, float):
            return None
        few = _spread(embeddings, segmentations)
        halves = [few.copy(), few.copy()]
        for start, half in enumerate(halves):
            half[start::2] = np.nan
        others = [self._count(half, segmentations) for half in halves]
        try:
            for share in THRESHOLDS:
                inner.threshold = share * threshold
                others.append(self._count(few, segmentations))
        finally:
            inner.threshold = threshold
        return share_agreeing(found, others)

    def _count(self, embeddings: NDArray[Any], segmentations: Any) -> int:
        with np.errstate(invalid="ignore"):
            return len(self._run(embeddings, segmentations, None, 1, np.inf)[2])


@contextmanager
def _thinned(inner: Any, most: int) -> Iterator[None]:
    """Within it, at most so many voices form clusters, evenly over the recording."""
    choose = inner.filter_embeddings

    def thinned(*arguments: Any, **options: Any) -> tuple[NDArray[Any], ...]:
        chosen: tuple[NDArray[Any], ...] = choose(*arguments, **options)
        kept = np.linspace(0, len(chosen[0]) - 1, min(most, len(chosen[0]))).round().astype(int)
        return tuple(each[kept] for each in chosen)

    inner.__dict__["filter_embeddings"] = thinned
    try:
        yield
    finally:
        del inner.__dict__["filter_embeddings"]


def _spread(embeddings: NDArray[Any], segmentations: Any) -> NDArray[Any]:
    """The embeddings of some chunks, evenly over the recording, so that about ``FEW_VOICES`` are left; else NaN."""
    speaking = int((segmentations.data > 0).any(axis=1).sum())
    every = max(1, -(-speaking // FEW_VOICES))
    few = np.full_like(embeddings, np.nan)
    few[::every] = embeddings[::every]
    return few


def _seconds(segmentations: Any) -> NDArray[np.float64]:
    """How much each voice of each chunk speaks, in frames, shape (num_chunks, num_voices)."""
    return np.asarray((segmentations.data > 0).sum(axis=1), np.float64)


def _merged(clusters: Clusters, spoken: NDArray[np.float64], number: int, embeddings: NDArray[Any]) -> Clusters:
    """The clusters with the nearest two merged until no more than ``number`` are left."""
    labels, _, means = clusters
    own = [float(spoken[labels == label].sum()) + 1e-9 for label in range(len(means))]
    groups = [[label] for label in range(len(means))]
    centres = [mean.astype(np.float64) for mean in means]
    while len(groups) > number:
        near = unit(np.stack(centres)) @ unit(np.stack(centres)).T
        np.fill_diagonal(near, -np.inf)
        one, other = sorted(map(int, np.unravel_index(np.nanargmax(near), near.shape)))
        centres[one] = (own[one] * centres[one] + own[other] * centres[other]) / (own[one] + own[other])
        own[one] += own[other]
        groups[one] += groups[other]
        for each in (own, groups, centres):
            del each[other]
    joined = labels.copy()
    for new, group in enumerate(groups):
        joined[np.isin(labels, group)] = new
    merged = np.stack(centres)
    return joined, _similarities(embeddings, merged), merged


def _assigned(embeddings: NDArray[Any], means: NDArray[Any]) -> Clusters:
    """Every voice in the cluster whose mean is most similar."""
    similarities = _similarities(embeddings, means)
    return np.asarray(similarities.argmax(axis=2), np.int64), similarities, means


def _similarities(embeddings: NDArray[Any], means: NDArray[Any]) -> NDArray[Any]:
    return np.asarray(1 + np.nan_to_num(unit(embeddings)) @ unit(means).T)
