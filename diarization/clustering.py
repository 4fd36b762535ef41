"""Which of the voices found chunk by chunk are one person's, and how many persons there are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import count
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .clustering_rules import ClusteringRules
from .speaker_count import SpeakerCount, forced_count, share_agreeing
from .speaker_space import SpeakerSpace, unit

Vectors = NDArray[np.floating[Any]]
Labels = NDArray[np.int64]

CLEAR = 1.0  # seconds that a voice must be heard alone in a chunk to take part in forming clusters
DIALOGUE = 0.5  # seconds that each of two voices must be heard alone in a chunk for it to be a dialogue
MOST_VOICES = 2000  # that form clusters; what a long recording has more is assigned to them: a tree needs its square
LEASTS = (0.0, 0.5, 1.0, 2.0)  # seconds that a person of a known number has at least, tried in order
INHABITED = 0.2  # seconds of the recording, below which nothing is left of a cluster
PATIENCE = 5  # counts of persons without success after which no higher one is tried


class VoiceClustering:
    """Average linkage of voices in the speaker space; the number of persons is searched from one up.

    Takes the place of the clustering in pyannote's ``SpeakerDiarization``.

    Attributes
    ----------
    count : SpeakerCount or None
        How the number of persons in the latest recording came about.
    similarities : np.ndarray, shape (num_chunks, num_voices, num_clusters), or None
        Of the latest recording.
    """

    def __init__(self, space: SpeakerSpace, rules: ClusteringRules | None = None) -> None:
        self.space = space
        self.rules = rules or ClusteringRules()
        self.count: SpeakerCount | None = None
        self.similarities: Vectors | None = None

    def __call__(
        self,
        embeddings: Vectors,
        segmentations: Any,
        num_clusters: int | None = None,
        min_clusters: int | None = None,
        max_clusters: float | None = None,
        **_: Any,
    ) -> tuple[Labels, Vectors, Vectors]:
        """The cluster of every voice of every chunk, as pyannote's pipeline asks for it.

        Parameters
        ----------
        embeddings : np.ndarray, shape (num_chunks, num_voices, dimension)
            NaN where a voice is too short for one.
        segmentations : SlidingWindowFeature, data of shape (num_chunks, num_frames, num_voices)
            Which voices speak in which frames, 0 or 1.

        Returns
        -------
        clusters : np.ndarray, shape (num_chunks, num_voices)
        similarities : np.ndarray, shape (num_chunks, num_voices, num_clusters)
        vectors : np.ndarray, shape (num_clusters + num_voices, dimension)
            Of each cluster, at unit length in the space (zero where none of its voices has an embedding), then NaN for
            the phantoms that the pipeline adds where more voices overlap than there are clusters.
        """
        fewest, most = num_clusters or min_clusters or 1, num_clusters or max_clusters or np.inf
        voices = voices_of(embeddings, segmentations)
        chosen = voices.spread(MOST_VOICES)
        space = self.space.moved(voices.embeddings, voices.seconds, self.rules.session_share)
        vectors, everyone = space.project(chosen.embeddings), space.project(embeddings)
        self.count = self._counted(chosen, vectors, forced=(num_clusters, min_clusters, max_clusters))
        most_inhabited = -1
        for formed in self._formed(chosen, vectors, fewest, most):
            tried = _similarities(everyone, _centres(vectors, chosen.seconds, formed))
            assigned = _assign(tried, voices.active)
            if (inhabited := _inhabited(assigned, voices)) > most_inhabited:
                most_inhabited, similarities, clusters = inhabited, tried, assigned
            if inhabited >= fewest:
                break
        own = self.space.project(voices.embeddings)
        means = unit(_centres(own, voices.seconds, clusters[voices.chunk, voices.voice], similarities.shape[2]))
        self.similarities = similarities
        phantoms = np.full((clusters.shape[1], means.shape[1]), np.nan)
        return clusters, similarities, np.concatenate([means, phantoms])

    def _formed(self, voices: Voices, vectors: Vectors, fewest: int, most: float) -> Iterator[Labels]:
        """The cluster of each voice, with as many clusters as there seem to be persons, then less and less good ones.

        Where their number is known, a person may have said very little, but a cluster of a stray voice may lose all
        when every voice goes to the cluster it is most similar to; then the clusters have to be larger.
        """
        if len(voices) < 2 or most < 2:
            yield np.zeros(len(voices), np.int64)
            return
        tree = VoiceTree(vectors, voices.seconds)
        if fewest < most:
            yield self._found(voices, tree, fewest, most)
        for least in LEASTS:
            yield tree.cut(fewest, least)

    def _counted(
        self, voices: Voices, vectors: Vectors, forced: tuple[int | None, int | None, float | None]
    ) -> SpeakerCount:
        found, others = 1, [1]
        if len(voices) >= 2:
            tree = VoiceTree(vectors, voices.seconds)
            found = self._number(voices, tree)
            others = [VoiceClustering(self.space, rules)._number(voices, tree) for rules in self.rules.nearby()]
            if len(voices) >= 4:
                halves = [(voices.part(slice(start, None, 2)), vectors[start::2]) for start in (0, 1)]
                others += [self._number(half, VoiceTree(own, half.seconds)) for half, own in halves]
        return SpeakerCount(found, forced_count(found, *forced), share_agreeing(found, others))

    def _number(self, voices: Voices, tree: VoiceTree) -> int:
        return int(self._found(voices, tree, 1, np.inf).max()) + 1

    def _found(self, voices: Voices, tree: VoiceTree, fewest: int, most: float) -> Labels:
        least = min(self.rules.least, 0.1 * float(voices.seconds.sum()))
        if fewest < 2 and self._is_one_person(voices, tree.cut(2, least)):
            return np.zeros(len(voices), np.int64)
        found = tree.count_apart(least, self.rules.distance)
        return tree.cut(int(np.clip(found, fewest, most)), least)

    def _is_one_person(self, voices: Voices, halves: Labels) -> bool:
        if halves.max() < 1:
            return True
        one, other = unit(_centres(self.space.project(voices.embeddings), voices.seconds, halves))
        signs = self.rules.alike_by_dialogue * voices.dialogue + self.rules.alike_by_overlap * voices.overlap
        return float(one @ other) - signs > self.rules.alike


@dataclass(frozen=True, eq=False)
class Voices:
    """The voices that are heard clearly enough, in order of time.

    Parameters
    ----------
    embeddings : np.ndarray, shape (num_clear, dimension)
    seconds : np.ndarray, shape (num_clear,)
        Clear speech, each second of the recording counted once although chunks overlap.
    chunk, voice : np.ndarray, shape (num_clear,)
        Where each is heard.
    active : np.ndarray, shape (num_chunks, num_voices)
        Seconds in which any voice, clear or not, speaks in a chunk.
    share : float
        Of a second in a chunk that is one of the recording, since chunks overlap.
    dialogue : float
        Share of the chunks with speech that hold two voices.
    overlap : float
        Share of the speech in which two voices speak at once.
    """

    embeddings: Vectors
    seconds: Vectors
    chunk: Labels
    voice: Labels
    active: Vectors
    share: float
    dialogue: float
    overlap: float

    def __len__(self) -> int:
        return len(self.seconds)

    def spread(self, most: int) -> Voices:
        """At most so many of them, evenly over the recording; the seconds of each grow in turn."""
        if len(self) <= most:
            return self
        return self.part(np.linspace(0, len(self) - 1, most).round().astype(int))

    def part(self, kept: slice | NDArray[np.int64]) -> Voices:
        """Some of them, whose seconds grow in turn."""
        seconds = self.seconds[kept] * (self.seconds.sum() / self.seconds[kept].sum())
        where = self.chunk[kept], self.voice[kept]
        return replace(self, embeddings=self.embeddings[kept], seconds=seconds, chunk=where[0], voice=where[1])


def voices_of(embeddings: Vectors, segmentations: Any) -> Voices:
    """The voices that are heard clearly enough to form clusters; where none is, all that have an embedding."""
    speaks = segmentations.data > 0
    window = segmentations.sliding_window
    frame = window.duration / speaks.shape[1]
    active = speaks.sum(1) * frame
    alone = (speaks & (speaks.sum(2, keepdims=True) == 1)).sum(1) * frame
    known = ~np.isnan(embeddings).any(2) & (active > 0)
    clear = known & (alone >= CLEAR)
    chunk, voice = np.nonzero(clear if clear.any() else known)
    spoken = (alone >= DIALOGUE).sum(1)
    dialogue = float((spoken >= 2).sum() / max(1, (spoken >= 1).sum()))
    share = window.step / window.duration
    seconds = np.maximum(alone[chunk, voice], frame) * share
    together = speaks.sum(2)
    overlap = float((together >= 2).sum() / max(1, (together >= 1).sum()))
    return Voices(embeddings[chunk, voice], seconds, chunk, voice, active, share, dialogue, overlap)


class VoiceTree:
    """Average linkage of vectors, cut by how many persons there are.

    Parameters
    ----------
    vectors : np.ndarray, shape (num_voices, dimension)
        At unit length, two or more.
    seconds : np.ndarray, shape (num_voices,)
        What each weighs.
    """

    def __init__(self, vectors: Vectors, seconds: Vectors) -> None:
        from scipy.cluster.hierarchy import linkage

        self._vectors = vectors
        self._seconds = seconds
        self._tree = linkage(vectors, "average", "cosine")

    def cut(self, num_clusters: int, least: float) -> Labels:
        """The cluster of each voice, counted from 0, with ``num_clusters`` of at least so many seconds, or fewer.

        The tree is cut as high as possible; clusters that are too small join the one whose mean is nearest.
        """
        best = np.zeros(len(self._vectors), np.int64)
        for labels in self._cuts(num_clusters):
            large = np.flatnonzero(np.bincount(labels, self._seconds) >= least)
            if best.max() + 1 < len(large) <= num_clusters:  # voices exactly alike may give more at once
                best = self._absorbed(labels, large)
            if len(large) >= num_clusters:
                break
        return best

    def count_apart(self, least: float, distance: Callable[[int], float]) -> int:
        """The highest number of clusters, two or more, of which the nearest two have that number's distance."""
        found = 2
        for number in count(3):
            labels = self.cut(number, least)
            if labels.max() + 1 < number or number > found + PATIENCE:
                break
            if self._nearest(labels) >= distance(number):
                found = number
        return found

    def _cuts(self, start: int) -> Iterator[Labels]:
        from scipy.cluster.hierarchy import fcluster

        for number in range(min(start, len(self._vectors)), len(self._vectors) + 1):
            yield _renumbered(fcluster(self._tree, number, "maxclust"))

    def _nearest(self, labels: Labels) -> float:
        """Mean cosine distance between the members of the two clusters that are nearest to one another."""
        centres = _centres(self._vectors, self._seconds, labels)
        distances = 1 - centres @ centres.T
        return float(distances[~np.eye(len(centres), dtype=bool)].min())

    def _absorbed(self, labels: Labels, large: Labels) -> Labels:
        centres = unit(_centres(self._vectors, self._seconds, labels))
        nearest = large[(centres @ centres[large].T).argmax(1)]
        nearest[large] = large
        return _renumbered(nearest[labels])


def _centres(vectors: Vectors, seconds: Vectors, labels: Labels, num_clusters: int | None = None) -> Vectors:
    """Weighted means, shape (num_clusters, dimension); zero where a cluster is empty."""
    num_clusters = num_clusters or (int(labels.max()) + 1 if len(labels) else 1)
    sums = np.zeros((num_clusters, vectors.shape[1]))
    np.add.at(sums, labels, seconds[:, None] * vectors)
    return np.asarray(sums / np.maximum(np.bincount(labels, seconds, num_clusters), 1e-9)[:, None])


def _renumbered(labels: NDArray[Any]) -> Labels:
    return np.asarray(np.unique(labels, return_inverse=True)[1], np.int64)


def _similarities(vectors: Vectors, centres: Vectors) -> Vectors:
    """Cosine of each voice with each cluster, 0 where a voice has no embedding."""
    return np.nan_to_num(vectors) @ unit(centres).T


def _inhabited(clusters: Labels, voices: Voices) -> int:
    """How many clusters have got enough of the recording."""
    return int((np.bincount(clusters.ravel(), voices.active.ravel()) * voices.share >= INHABITED).sum())


def _assign(similarities: Vectors, active: Vectors) -> Labels:
    """The most similar cluster of each voice; voices of one chunk go to different ones as far as there are enough.

    Parameters
    ----------
    similarities : np.ndarray, shape (num_chunks, num_voices, num_clusters)
    active : np.ndarray, shape (num_chunks, num_voices)
        Seconds each speaks; a longer voice has more say.
    """
    from scipy.optimize import linear_sum_assignment

    clusters = np.asarray(similarities.argmax(2), np.int64)
    for chunk in np.flatnonzero((active > 0).sum(1) > 1):
        voices = np.flatnonzero(active[chunk])
        if len(voices) <= similarities.shape[2]:
            say = np.sqrt(active[chunk, voices])[:, None]
            rows, columns = linear_sum_assignment(say * similarities[chunk, voices], maximize=True)
            clusters[chunk, voices[rows]] = columns
    return clusters
