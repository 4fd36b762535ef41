from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from diarization.pyannote_clustering import CountedClustering
from diarization.pyannote_import import prepare_pyannote
from tests.diarization.test_clustering import DIMENSION, chunks, partition, voices


def clustering(threshold: float = 0.6) -> CountedClustering:
    prepare_pyannote()
    from pyannote.audio.pipelines.clustering import AgglomerativeClustering

    inner = AgglomerativeClustering()
    return CountedClustering(inner.instantiate({"method": "centroid", "threshold": threshold, "min_cluster_size": 1}))


def with_frames(vectors: np.ndarray) -> tuple[np.ndarray, SimpleNamespace]:
    embeddings, segmentations = chunks(vectors)
    return np.nan_to_num(embeddings, nan=0.01), segmentations


@pytest.mark.parametrize("seed", [0, 1])
def test_without_a_number_it_is_pyannotes_own(seed: int) -> None:
    embeddings, segmentations = with_frames(voices(3, 15, seed=seed)[0])
    ours = clustering()
    found = ours(embeddings.copy(), segmentations, None, 1, np.inf)
    theirs = ours.inner(embeddings.copy(), segmentations, None, 1, np.inf)
    for mine, other in zip(found, theirs, strict=True):
        np.testing.assert_array_equal(mine, other)
    assert ours.count is not None
    assert (ours.count.found, ours.count.forced, ours.count.confidence) == (3, None, 1.0)


def test_surplus_clusters_are_merged_with_the_nearest_and_others_stay_whole() -> None:
    vectors, owners = voices(3, 15)
    near = vectors.copy()
    near[owners == 1] += 0.8 * np.eye(DIMENSION)[0]  # the second speaker is nearer to the first than to the third
    ours = clustering(0.3)
    embeddings, segmentations = with_frames(near / np.linalg.norm(near, axis=1, keepdims=True))
    clusters, similarities, means = ours(embeddings, segmentations, 2)
    assert partition(clusters[:, 0]) == {frozenset(range(30)), frozenset(range(30, 45))}
    assert similarities.shape == (45, 2, 2)
    assert means.shape == (2, DIMENSION)
    assert ours.count is not None
    assert (ours.count.found, ours.count.forced) == (3, 2)


@pytest.mark.parametrize(("bounds", "made"), [((None, 4, 9), 4), ((None, 1, 2), 2), ((None, 2, 5), 3), ((1, 1, 1), 1)])
def test_a_range_is_kept(bounds: tuple[Any, ...], made: int) -> None:
    ours = clustering()
    embeddings, segmentations = with_frames(voices(3, 15, spread=0.4)[0])
    clusters, _, means = ours(embeddings, segmentations, *bounds)
    assert len(np.unique(clusters[:, 0])) == len(means) == made


def test_more_speakers_than_voices_gives_a_speaker_a_voice() -> None:
    ours = clustering()
    embeddings, segmentations = with_frames(voices(2, 2)[0])
    assert len(np.unique(ours(embeddings, segmentations, 9)[0][:, 0])) == 4


def test_parameters_are_as_before_after_counting_again() -> None:
    ours = clustering(0.6)
    ours(*with_frames(voices(2, 10)[0]))
    assert ours.inner.threshold == 0.6
    assert "filter_embeddings" not in ours.inner.__dict__
