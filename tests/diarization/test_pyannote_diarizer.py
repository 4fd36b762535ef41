from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from diarization.diarizations import Diarization
from diarization.diarizers import DiarizationConfig, make_diarizer
from diarization.errors import ModelError
from diarization.model_files import folder_of, require_model
from diarization.pyannote_diarizer import PyannoteDiarizer
from diarization.pyannote_pipelines import CHECKPOINT, build_pipeline, find_pipeline, use_of
from diarization.recordings import Waveform
from tests.checkpoints import make_community1

ROOT = Path(__file__).parents[2]
TWO = DiarizationConfig(num_speakers=2)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, embedded_models: None) -> Path:
    """A pipeline in community-1's format, with trained segmentation; half of a chunk between one and the next."""
    place = tmp_path_factory.mktemp("models") / "community-1"
    return make_community1(place, segmentation=require_model("embedded-segmentation"), segmentation_step=0.5)


@pytest.fixture(scope="module")
def sample() -> Waveform:
    """Twelve seconds of a telephone call between two."""
    import pyannote.audio
    import soundfile

    path = Path(pyannote.audio.__file__).parent / "sample" / "sample.wav"
    waveform: Waveform = soundfile.read(path, dtype="float32", start=6 * 16_000, frames=12 * 16_000)[0]
    return waveform


@pytest.fixture(scope="module")
def diarizer(folder: Path) -> PyannoteDiarizer:
    return PyannoteDiarizer(str(folder))


@pytest.fixture(scope="module")
def steps() -> list[tuple[str, float]]:
    return []


@pytest.fixture(scope="module")
def found(diarizer: PyannoteDiarizer, sample: Waveform, steps: list[tuple[str, float]]) -> Diarization:
    return diarizer.diarize(sample, TWO, lambda step, share: steps.append((step, share)))


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A pipeline's configuration alone: its networks are empty files."""
    place = tmp_path / "small"
    for name in ("segmentation", "embedding"):
        (place / name).mkdir(parents=True)
        (place / name / CHECKPOINT).write_bytes(b"")
    write_config(place)
    return place


def write_config(place: Path, **params: Any) -> None:
    pipeline = {
        "name": "pyannote.audio.pipelines.SpeakerDiarization",
        "params": {"segmentation": "$model/segmentation", "embedding": "$model/embedding", **params},
    }
    place.mkdir(parents=True, exist_ok=True)
    (place / "config.yaml").write_text(yaml.safe_dump({"pipeline": pipeline}))


def rows(segments: Any) -> list[tuple[float, float]]:
    return [(round(each.segment.start, 6), round(each.segment.end, 6)) for each in segments]


# What it finds


def test_it_gives_the_segments_and_voices_that_the_pipeline_finds(
    diarizer: PyannoteDiarizer, found: Diarization, sample: Waveform
) -> None:
    import torch

    file = {"waveform": torch.from_numpy(sample)[None], "sample_rate": 16_000, "uri": "sample"}
    theirs = diarizer._pipeline(file, num_speakers=2)  # test_efficient_pipeline sets it beside pyannote's own

    regular = theirs.speaker_diarization
    assert len(found.segments) > 4
    assert rows(found.segments) == [(round(s.start, 6), round(s.end, 6)) for s in regular.itersegments()]
    exclusive = theirs.exclusive_speaker_diarization
    assert rows(found.exclusive().segments) == [(round(s.start, 6), round(s.end, 6)) for s in exclusive.itersegments()]

    names = {ours.speaker: label for ours, (_, _, label) in zip(found.segments, regular.itertracks(True), strict=True)}
    order = [regular.labels().index(names[speaker]) for speaker in found.speakers]
    np.testing.assert_allclose(found.embeddings, theirs.speaker_embeddings[order], atol=1e-6)


def test_speakers_are_named_in_order_of_first_speech(found: Diarization) -> None:
    assert found.speakers == ["SPEAKER_00", "SPEAKER_01"]
    assert found.embeddings.shape == (2, 256)
    assert np.isfinite(found.embeddings).all()


def test_progress_names_the_steps_and_never_goes_back(found: Diarization, steps: list[tuple[str, float]]) -> None:
    names = list(dict.fromkeys(step for step, _ in steps))
    assert names == ["segmentation", "speaker_counting", "embeddings", "discrete_diarization"]
    shares = [share for _, share in steps]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_every_segment_has_a_confidence_and_the_number_of_speakers_is_said(
    diarizer: PyannoteDiarizer, found: Diarization, sample: Waveform
) -> None:
    assert found.confidences
    assert all(0 <= each <= 1 for each in found.confidences)
    assert found.count
    assert found.count.forced == 2
    automatic = diarizer.diarize(sample[: 10 * 16_000], DiarizationConfig())
    assert automatic.count
    assert (automatic.count.found, automatic.count.forced) == (len(automatic.speakers), None)


def test_fewer_speakers_than_asked_for_are_found_in_a_short_recording(
    diarizer: PyannoteDiarizer, sample: Waveform
) -> None:
    few = diarizer.diarize(sample[: 10 * 16_000], DiarizationConfig(num_speakers=9))
    assert 1 <= len(few.speakers) < 9


def test_at_most_max_speakers_are_found(diarizer: PyannoteDiarizer, sample: Waveform) -> None:
    one = diarizer.diarize(sample[: 10 * 16_000], DiarizationConfig(max_speakers=1))
    assert one.speakers == ["SPEAKER_00"]
    assert one.overlap() == []


def test_one_brief_remark_has_a_speaker_without_a_voice(diarizer: PyannoteDiarizer, sample: Waveform) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        brief = diarizer.diarize(sample[27_000:44_000], DiarizationConfig())
    assert brief.speakers == ["SPEAKER_00"]
    assert np.isnan(brief.embeddings).all()


def test_silence_has_no_speakers(diarizer: PyannoteDiarizer) -> None:
    assert diarizer.diarize(np.zeros(3 * 16_000, np.float32), TWO).segments == ()


@pytest.mark.parametrize("num_samples", [0, 3, 1600])
def test_hardly_any_sound_has_no_speakers(num_samples: int) -> None:
    assert PyannoteDiarizer("nowhere/nothing").diarize(np.ones(num_samples, np.float32), TWO).segments == ()


def test_a_waveform_that_cannot_be_written_is_read(diarizer: PyannoteDiarizer) -> None:
    waveform = np.zeros(16_000, np.float32)
    waveform.flags.writeable = False
    assert diarizer.diarize(waveform, TWO).speakers == []


# What it does not do


def test_nothing_is_asked_of_a_network(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    def refuse(self: socket.socket, address: Any) -> None:
        asked.append(address)
        raise OSError("no network here")

    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket.socket, "connect_ex", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *address, **_: refuse(None, address))  # type: ignore[arg-type]
    diarizer = PyannoteDiarizer(str(folder))
    assert diarizer.uses
    assert diarizer.diarize(np.zeros(16_000, np.float32), TWO).segments == ()
    with pytest.raises(ModelError, match="is not on this machine"):
        PyannoteDiarizer("org/unknown").diarize(np.zeros(16_000, np.float32), TWO)
    assert asked == []


def test_telemetry_is_off_whatever_the_users_shell_says(folder: Path) -> None:
    script = (
        "import numpy as np, os\n"
        "from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter\n"
        "sent = []\n"
        "OTLPSpanExporter.export = lambda exporter, spans: sent.extend(spans)\n"
        "from diarization.diarizers import DiarizationConfig\n"
        "from diarization.pyannote_diarizer import PyannoteDiarizer\n"
        f"PyannoteDiarizer({str(folder)!r}).diarize(np.zeros(16000, np.float32), DiarizationConfig())\n"
        "from pyannote.audio.telemetry import metrics\n"
        "print(os.environ['PYANNOTE_METRICS_ENABLED'], metrics.is_metrics_enabled())\n"
        "metrics.provider.force_flush(5000)\n"
        "print(len(sent))\n"
    )
    environment = {**os.environ, "PYANNOTE_METRICS_ENABLED": "1"}
    done = subprocess.run([sys.executable, "-c", script], env=environment, cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.splitlines() == ["0 False", "0"], done.stderr
    assert done.stderr == ""


def test_a_pipeline_with_a_forged_network_is_refused(folder: Path, tmp_path: Path) -> None:
    import torch

    from tests.diarization.test_model_files import Evil

    forged = Path(shutil.copytree(folder, tmp_path / "forged"))
    torch.save({"state_dict": Evil()}, forged / "embedding" / CHECKPOINT)
    with pytest.raises(ModelError, match=r"embedding/pytorch_model.bin: names posix.system.*it was not used"):
        build_pipeline(find_pipeline(str(forged)))


# Where pipelines are found


def test_the_default_is_community_1(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TURNTONE_HOME", str(tmp_path))
    with pytest.raises(ModelError, match=r"run `turntone models fetch pyannote-community-1`"):
        _ = make_diarizer(DiarizationConfig(backend="pyannote")).uses


def test_a_fetched_pipeline_is_found_under_both_its_names(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TURNTONE_HOME", str(tmp_path / "home"))
    place = Path(shutil.copytree(small, folder_of("pyannote-community-1")))
    (place / "plda").mkdir()
    for name in ("plda.npz", "xvec_transform.npz"):
        (place / "plda" / name).write_bytes(b"")
    for name in (None, "pyannote-community-1", "pyannote/speaker-diarization-community-1"):
        pipeline = find_pipeline(name)
        assert (pipeline.name, pipeline.path) == ("pyannote-community-1", place)
    use = use_of(find_pipeline(None))
    assert use.licence == "CC-BY-4.0"
    assert use.revision.startswith("local-")


def test_a_pipeline_in_hugging_faces_cache_is_found(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TURNTONE_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    repository = tmp_path / "hub" / "models--org--diarization"
    (repository / "refs").mkdir(parents=True)
    (repository / "refs" / "main").write_text("a" * 40)
    shutil.copytree(small, repository / "snapshots" / ("a" * 40))
    assert find_pipeline("org/diarization").path == repository / "snapshots" / ("a" * 40)
    assert use_of(find_pipeline("org/diarization")).credit == "org/diarization on Hugging Face"


def test_a_name_that_is_neither_is_explained() -> None:
    with pytest.raises(ModelError, match=r"diarization.model: 'embedded-speaker' is neither a folder .* org/name of"):
        find_pipeline("embedded-speaker")


def test_the_revision_follows_the_files(small: Path) -> None:
    before = use_of(find_pipeline(str(small)))
    (small / "segmentation" / CHECKPOINT).write_bytes(b"other weights")
    after = use_of(find_pipeline(str(small)))
    assert before.name == after.name == "small"
    assert before.revision != after.revision


def test_networks_outside_the_folder_are_part_of_the_provenance(small: Path, tmp_path: Path) -> None:
    write_config(
        tmp_path / "other",
        segmentation=str(small / "segmentation"),
        embedding={"checkpoint": str(small), "subfolder": "embedding"},
    )
    before = use_of(find_pipeline(str(tmp_path / "other")))
    (small / "segmentation" / CHECKPOINT).write_bytes(b"other weights")
    after = use_of(find_pipeline(str(tmp_path / "other")))
    assert set(before.details["parts"]) == {"segmentation", "embedding"}
    assert before.revision == after.revision
    assert before.details != after.details


def test_a_network_that_is_not_here_says_what_to_fetch(small: Path) -> None:
    write_config(small, embedding="org/voices")
    with pytest.raises(
        ModelError, match=r"embedding names org/voices, which is not .* `turntone models fetch org/voices`"
    ):
        use_of(find_pipeline(str(small)))


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("", "not the configuration of a pyannote pipeline"),
        ("- a\n", "not the configuration of a pyannote pipeline"),
        ("a: [", "not the configuration of a pyannote pipeline"),
        (
            "pipeline: {name: os.system}",
            "pipeline.name is 'os.system'; only 'pyannote.audio.pipelines.SpeakerDiarization'",
        ),
        (
            "pipeline: {name: pyannote.audio.pipelines.SpeakerDiarization}\npreprocessors: {audio: {name: os.system}}",
            "preprocessors are not accepted",
        ),
        (
            "pipeline: {name: pyannote.audio.pipelines.SpeakerDiarization}",
            "params.segmentation is None; a folder or org/name",
        ),
    ],
)
def test_a_configuration_of_anything_else_is_refused(content: str, complaint: str, small: Path) -> None:
    (small / "config.yaml").write_text(content)
    with pytest.raises(ModelError, match=complaint):
        use_of(find_pipeline(str(small)))


def test_a_folder_without_a_configuration_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"there is no config.yaml in this folder"):
        use_of(find_pipeline(str(tmp_path)))


def test_vbx_without_a_plda_is_refused(folder: Path, tmp_path: Path) -> None:
    write_config(tmp_path, segmentation=str(folder / "segmentation"), embedding=str(folder / "embedding"))
    with pytest.raises(ModelError, match=r"params.plda is missing, and VBxClustering needs it"):
        build_pipeline(find_pipeline(str(tmp_path)))


def test_a_damaged_plda_is_refused(folder: Path, tmp_path: Path) -> None:
    damaged = Path(shutil.copytree(folder, tmp_path / "damaged"))
    (damaged / "plda" / "plda.npz").write_bytes(b"PK\x03\x04")
    with pytest.raises(ModelError, match=r"plda: cannot be read as a PLDA"):
        build_pipeline(find_pipeline(str(damaged)))


def test_a_pipeline_of_the_generation_before_is_built(folder: Path, tmp_path: Path) -> None:
    write_config(
        tmp_path / "old",
        clustering="AgglomerativeClustering",
        segmentation="org/segmentation",
        embedding="org/voices@main",
    )
    for name, part in (("org--segmentation", "segmentation"), ("org--voices", "embedding")):
        shutil.copytree(folder / part, tmp_path / "old" / "parts" / name)
    config = yaml.safe_load((tmp_path / "old" / "config.yaml").read_text())
    config |= {
        "version": "3.1.0",
        "params": {
            "clustering": {"method": "centroid", "min_cluster_size": 12, "threshold": 0.7},
            "segmentation": {"min_duration_off": 0.0},
        },
    }
    (tmp_path / "old" / "config.yaml").write_text(yaml.safe_dump(config))
    assert build_pipeline(find_pipeline(str(tmp_path / "old"))).clustering.inner.threshold == 0.7
