from types import SimpleNamespace

import numpy as np
import pytest

from diarization.clustering import MOST_VOICES, VoiceClustering, VoiceTree, voices_of
from diarization.clustering_rules import ClusteringRules
from diarization.speaker_space import SpeakerSpace

DIMENSION = 16
FRAMES = 100


def voices(num_speakers: int, each: int, spread: float = 0.15, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Unit vectors around orthogonal ones, a speaker after another, and whose they are."""
    random = np.random.default_rng(seed)
    owners = np.repeat(np.arange(num_speakers), each)
    vectors = np.eye(DIMENSION)[owners] + random.normal(scale=spread / 4, size=(len(owners), DIMENSION))
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True), owners


def chunks(vectors: np.ndarray, overlap: float = 0.0) -> tuple[np.ndarray, SimpleNamespace]:
    """One chunk of 5 s per vector, in which the first of two voices speaks for 4 s and the other in a share of them."""
    embeddings = np.full((len(vectors), 2, DIMENSION), np.nan)
    embeddings[:, 0] = vectors
    speaks = np.zeros((len(vectors), FRAMES, 2))
    speaks[:, :80, 0] = 1
    speaks[:, : round(80 * overlap), 1] = 1
    return embeddings, SimpleNamespace(data=speaks, sliding_window=SimpleNamespace(duration=5.0, step=1.25))


def clustering(**rules: float) -> VoiceClustering:
    return VoiceClustering(SpeakerSpace(np.zeros(DIMENSION), np.eye(DIMENSION)), ClusteringRules(**rules))


def partition(labels: np.ndarray) -> set[frozenset[int]]:
    return {frozenset(np.flatnonzero(labels == label).tolist()) for label in np.unique(labels)}


@pytest.mark.parametrize("num_speakers", [1, 2, 3, 5, 12])
def test_number_of_speakers_is_found_without_a_hint(num_speakers: int) -> None:
    vectors, owners = voices(num_speakers, 20)
    clusters, _, _ = clustering()(*chunks(vectors))
    assert partition(clusters[:, 0]) == partition(owners)


@pytest.mark.parametrize(
    ("bounds", "found"),
    [({"num_clusters": 2}, 2), ({"min_clusters": 5}, 5), ({"max_clusters": 2}, 2), ({"max_clusters": 1}, 1), ({}, 3)],
)
def test_bounds_on_the_number_are_kept(bounds: dict[str, int], found: int) -> None:
    vectors, _ = voices(3, 20)
    clusters, _, _ = clustering()(*chunks(vectors), **bounds)
    assert len(np.unique(clusters[:, 0])) == found


def test_more_speakers_than_voices_gives_a_speaker_a_voice() -> None:
    vectors, _ = voices(3, 1)
    clusters, _, _ = clustering()(*chunks(vectors), num_clusters=7)
    assert len(np.unique(clusters[:, 0])) == 3


def test_overlapped_speech_speaks_against_one_person() -> None:
    first, second = np.eye(DIMENSION)[0], np.array([0.7, np.sqrt(1 - 0.7**2)] + [0.0] * 14)  # cosine 0.7
    vectors = np.stack([first, second] * 10)
    alone, _, _ = clustering()(*chunks(vectors))
    overlapped, _, _ = clustering()(*chunks(vectors, overlap=0.2))
    assert len(np.unique(alone[:, 0])) == 1
    assert partition(overlapped[:, 0]) == {frozenset(range(0, 20, 2)), frozenset(range(1, 20, 2))}


def test_voices_of_one_chunk_go_to_different_persons() -> None:
    vectors, _ = voices(2, 10)
    embeddings, segmentations = chunks(vectors, overlap=0.5)
    embeddings[0, 1] = vectors[0]  # sounds like the first voice of the same chunk
    clusters, _, _ = clustering()(embeddings, segmentations, num_clusters=2)
    assert clusters[0, 0] != clusters[0, 1]


def test_clusters_have_vectors_and_phantoms_have_none() -> None:
    vectors, owners = voices(3, 20)
    clusters, similarities, means = clustering()(*chunks(vectors))
    assert similarities.shape == (60, 2, 3)
    assert means.shape == (5, DIMENSION)
    assert np.isnan(means[3:]).all()
    for owner in range(3):
        assert means[clusters[owners == owner, 0][0]].argmax() == owner


def test_without_any_embedding_there_is_one_person_without_a_voice() -> None:
    embeddings, segmentations = chunks(np.full((4, DIMENSION), np.nan))
    clusters, _, means = clustering()(embeddings, segmentations)
    assert (clusters == 0).all()
    assert not means[0].any()


def test_short_voices_take_part_only_where_there_are_no_clear_ones() -> None:
    vectors, _ = voices(2, 3)
    embeddings, segmentations = chunks(vectors)
    segmentations.data[:, 10:] = 0  # half a second each
    assert len(voices_of(embeddings, segmentations)) == 6
    segmentations.data[0, :80, 0] = 1
    assert len(voices_of(embeddings, segmentations)) == 1


def test_a_long_recording_forms_clusters_from_some_of_its_voices() -> None:
    vectors, owners = voices(2, MOST_VOICES)
    embeddings, segmentations = chunks(vectors)
    heard = voices_of(embeddings, segmentations)
    chosen = heard.spread(MOST_VOICES)
    assert len(chosen) == MOST_VOICES
    assert chosen.seconds.sum() == pytest.approx(heard.seconds.sum())
    assert partition(clustering()(embeddings, segmentations)[0][:, 0]) == partition(owners)


def test_a_cut_gives_the_number_asked_for_and_small_clusters_join_the_nearest() -> None:
    vectors, _ = voices(2, 10)
    stray = vectors[0] + 0.6 * np.eye(DIMENSION)[5]
    tree = VoiceTree(np.vstack([vectors, stray / np.linalg.norm(stray)]), np.ones(21))
    assert partition(tree.cut(3, 0)) == {frozenset(range(10)), frozenset(range(10, 20)), frozenset([20])}
    assert partition(tree.cut(2, 3)) == {frozenset([*range(10), 20]), frozenset(range(10, 20))}
    assert tree.cut(1, 0).max() == 0
