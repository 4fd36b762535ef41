from pathlib import Path

import numpy as np
import pytest

from diarization.speaker_space import (
    WEIGHTS,
    SpeakerSpace,
    hash_of_speaker_space,
    learn_speaker_space,
    read_speaker_space,
    unit,
    write_speaker_space,
)


def utterances(speakers: int = 4, each: int = 40) -> tuple[np.ndarray, np.ndarray]:
    """Voices in 8 dimensions that differ in the first four and change with mood along the last."""
    random = np.random.default_rng(0)
    voices = np.zeros((speakers, 8))
    voices[:, :4] = np.eye(4)[:speakers]
    rows = np.repeat(voices, each, axis=0) + random.normal(scale=0.05, size=(speakers * each, 8))
    rows[:, 7] += random.normal(scale=2.0, size=len(rows))
    return rows, np.repeat(np.arange(speakers), each)


def test_unit_leaves_zeros_alone() -> None:
    assert unit(np.array([[3.0, 4.0], [0.0, 0.0]])).tolist() == [[0.6, 0.8], [0.0, 0.0]]


def test_what_changes_within_a_speaker_counts_less() -> None:
    embeddings, speakers = utterances()
    space = learn_speaker_space(embeddings, speakers, shrinkage=0.01)
    same = speakers[:, None] == speakers[None]

    def contrast(vectors: np.ndarray) -> float:
        cosines = vectors @ vectors.T
        return float(cosines[same].mean() - cosines[~same].mean())

    assert contrast(space.project(embeddings)) > 2 * contrast(unit(embeddings))


def test_projected_vectors_have_unit_length_and_nan_stays() -> None:
    embeddings, _ = utterances()
    embeddings[3] = np.nan
    projected = learn_speaker_space(*utterances()).project(embeddings)
    assert np.isnan(projected[3]).all()
    assert np.allclose(np.linalg.norm(np.delete(projected, 3, axis=0), axis=1), 1)


def test_a_space_moved_all_the_way_is_centred_on_the_session() -> None:
    space = SpeakerSpace(np.zeros(2), np.eye(2))
    session = np.array([[1.0, 0.0], [0.0, 1.0]])
    assert space.moved(session, np.array([3.0, 1.0]), 1.0).centre.tolist() == [0.75, 0.25]
    assert space.moved(session, np.array([3.0, 1.0]), 0.0).centre.tolist() == [0.0, 0.0]
    assert space.moved(np.zeros((0, 2)), np.zeros(0), 0.5).centre.tolist() == [0.0, 0.0]


def test_a_space_is_read_as_it_was_written(tmp_path: Path) -> None:
    space = learn_speaker_space(*utterances())
    write_speaker_space(space, tmp_path / "space.safetensors")
    again = read_speaker_space(tmp_path / "space.safetensors")
    assert np.allclose(again.transform, space.transform, atol=1e-5)
    assert np.allclose(again.centre, space.centre, atol=1e-6)
    assert hash_of_speaker_space(tmp_path / "space.safetensors") != hash_of_speaker_space()


def test_the_packaged_space_fits_the_encoder() -> None:
    space = read_speaker_space()
    assert space.centre.shape == (256,)
    assert space.transform.shape == (256, 256)
    assert np.linalg.norm(space.centre) == pytest.approx(0.8, abs=0.15)
    assert WEIGHTS.stat().st_size < 300_000
