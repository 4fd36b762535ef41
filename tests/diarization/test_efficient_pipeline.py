"""Ours beside pyannote's own class with the same weights, on a meeting in which two voices are told apart.

Random networks make all voices alike, so the mean of the voices is taken off on both sides, and the clustering looks
closely. ``TURNTONE_LONG=1`` takes both meetings whole, chunk by chunk as community-1 does (``make soak``).
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from diarization.audio import read
from diarization.model_files import require_model
from diarization.pyannote_pipelines import build_pipeline, find_pipeline
from diarization.recordings import SAMPLING_RATE, Waveform
from tests.checkpoints import make_community1
from turntone.speech import speech_folder

LONG = bool(os.environ.get("TURNTONE_LONG"))
STEP = 0.2 if LONG else 0.5
TOLD_APART = {"threshold": 0.6, "Fa": 0.3, "Fb": 0.01}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, embedded_models: None) -> Path:
    place, weights = tmp_path_factory.mktemp("models") / "community-1", require_model("embedded-segmentation")
    return make_community1(place, segmentation=weights, segmentation_step=STEP, clustering=TOLD_APART)


@pytest.fixture(scope="module")
def theirs(folder: Path) -> Any:
    from pyannote.audio import Pipeline

    return Pipeline.from_pretrained(folder)


@pytest.fixture(scope="module")
def ours(folder: Path) -> Any:
    return build_pipeline(find_pipeline(str(folder)))


@pytest.fixture(scope="module")
def meeting() -> Waveform:
    """25 s of an AMI meeting of four, which begins with a silence."""
    names = ("meeting-1", "meeting-2") if LONG else ("meeting-1",)
    sound = np.concatenate([read(speech_folder() / f"{name}.flac").waveform for name in names])
    return sound if LONG else sound[: 25 * SAMPLING_RATE]


def run(pipeline: Any, waveform: Waveform, **bounds: int) -> tuple[Any, dict[str, Any]]:
    """The output, and what the hook saw of each step."""
    import torch

    seen: dict[str, Any] = {}

    def hook(step: str, artifact: Any, **_: Any) -> None:
        if artifact is not None:
            seen[step] = artifact

    file = {"waveform": torch.from_numpy(waveform)[None], "sample_rate": SAMPLING_RATE, "uri": "meeting"}
    return pipeline(file, hook=hook, **bounds), seen


@pytest.fixture(scope="module")
def outputs(ours: Any, theirs: Any, meeting: Waveform) -> tuple[Any, Any]:
    """Of both pipelines, each clustering its own embeddings less one and the same vector."""
    centre: list[np.ndarray] = []
    kept = []
    for pipeline in (theirs, ours):
        embed = pipeline.get_embeddings

        def centred(file: Any, speaks: Any, *more: Any, embed: Any = embed, **options: Any) -> np.ndarray:
            found = embed(file, speaks, *more, **options)
            if not centre:
                centre.append(found[speaks.data.any(axis=1)].mean(axis=0))
            return np.asarray(found - centre[0])

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(pipeline, "get_embeddings", centred)
            kept.append(run(pipeline, meeting))
    return kept[1], kept[0]


def test_embeddings_of_all_voices_of_all_chunks_are_pyannotes(outputs: tuple[Any, Any]) -> None:
    (_, ours), (_, theirs) = outputs
    assert ours["embeddings"].shape == theirs["embeddings"].shape
    np.testing.assert_allclose(ours["embeddings"], theirs["embeddings"], atol=1e-5)


def test_segments_labels_and_speaker_embeddings_are_pyannotes(outputs: tuple[Any, Any]) -> None:
    (ours, _), (theirs, _) = outputs
    assert ours.speaker_diarization == theirs.speaker_diarization
    assert ours.exclusive_speaker_diarization == theirs.exclusive_speaker_diarization
    np.testing.assert_allclose(ours.speaker_embeddings, theirs.speaker_embeddings, atol=1e-5)


def test_what_is_compared_are_several_speakers_of_several_voices(ours: Any, outputs: tuple[Any, Any]) -> None:
    (found, seen), _ = outputs
    assert ours.count.found >= 2
    clusters = ours.clustering.inner(embeddings=seen["embeddings"], segmentations=seen["segmentation"],
        num_clusters=None, min_clusters=1, max_clusters=np.inf)[0]  # fmt: skip
    heard = clusters[seen["segmentation"].data.any(axis=1)]
    assert np.sort(np.bincount(heard[heard >= 0]))[-2] >= 2
    talk = [found.speaker_diarization.label_duration(label) for label in found.speaker_diarization.labels()]
    assert sorted(talk)[-2] > 3


def test_frames_are_pyannotes(outputs: tuple[Any, Any]) -> None:
    (_, ours), (_, theirs) = outputs
    np.testing.assert_array_equal(ours["discrete_diarization"].data, theirs["discrete_diarization"].data)
    mine, other = ours["discrete_diarization"].sliding_window, theirs["discrete_diarization"].sliding_window
    assert (mine.start, mine.step, mine.duration) == (other.start, other.step, other.duration)


def test_every_label_has_a_confidence_between_0_and_1(ours: Any, outputs: tuple[Any, Any]) -> None:
    annotation = outputs[0][0].speaker_diarization
    sure = [ours.confidence(label, s.start, s.end) for s, _, label in annotation.itertracks(yield_label=True)]
    assert all(0 < each < 1 for each in sure)
    assert ours.confidence("SPEAKER_77", 0, 1) is None


def test_what_the_voices_gave_is_counted(ours: Any, outputs: tuple[Any, Any]) -> None:
    assert 1 <= ours.count.found <= len(outputs[0][0].speaker_diarization.labels())  # phantoms have labels too
    assert ours.count.forced is None
    assert 0 <= ours.count.confidence <= 1


def test_an_unknown_network_runs_in_pyannotes_own_way(ours: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[bool] = []

    def get_embeddings(*_: Any) -> np.ndarray:
        called.append(True)
        return np.zeros((1, 3, 256))

    monkeypatch.setattr("pyannote.audio.pipelines.SpeakerDiarization.get_embeddings", get_embeddings)
    monkeypatch.setitem(ours.__dict__, "_voice_encoder", None)
    assert ours.get_embeddings({}, None).shape == (1, 3, 256)
    assert called
    assert not ours.shares_work
    (note,) = ours.notes
    assert note.startswith("The embedding network WeSpeakerResNet34 is not one whose work can be shared")


def test_a_known_network_leaves_no_note(ours: Any) -> None:
    assert ours.shares_work
    assert ours.notes == ()
