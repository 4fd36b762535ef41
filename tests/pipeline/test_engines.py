from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import pipeline.engines
from diarization.diarizers import DiarizationConfig
from diarization.errors import ConfigError, ModelError
from emotion.recognizers import BatchedRecognizer, EmotionConfig
from pipeline.config import Config, Runtime
from pipeline.engines import Engines, models_of, recognizer_of, resolve_device
from tests.emotion2vec_checkpoint import make_checkpoint
from tests.fakes import BASELINE_FAKES, CPU, FAKES, REVISIONS


@pytest.fixture
def on_disk(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The models that count as being on disk; empty until a test adds some."""
    names: set[str] = set()
    monkeypatch.setattr(pipeline.engines, "find_model", lambda name: Path(name) if name in names else None)
    return names


def pinned(diarizer: str, recognizer: str) -> dict[str, Any]:
    return {
        "diarizer": {"backend": diarizer, "model": None, "uses": []},
        "recognizer": {"backend": recognizer, "model": None, "uses": []},
    }


def backends(engines: Engines) -> tuple[str, str]:
    return engines.config.diarization.backend, engines.config.emotion.backend


def test_auto_takes_the_embedded_models_where_the_reference_ones_are_not_on_disk(on_disk: set[str]) -> None:
    engines = Engines(Config(), CPU)
    assert backends(engines) == ("embedded", "embedded")
    assert engines.choices()[0] == (
        "diarization: embedded, the smaller one, as pyannote-community-1 is not on disk "
        "(turntone models fetch pyannote-community-1 brings it)"
    )


def test_auto_takes_each_reference_model_that_is_on_disk(on_disk: set[str]) -> None:
    on_disk.add("pyannote-community-1")
    assert backends(Engines(Config(), CPU)) == ("pyannote", "embedded")
    on_disk.add("emotion2vec-plus-large")
    engines = Engines(Config(), CPU)
    assert backends(engines) == ("pyannote", "emotion2vec")
    assert engines.choices()[1] == "emotion: emotion2vec, as emotion2vec-plus-large is on disk"


def test_a_model_named_without_a_backend_means_the_reference_backend(on_disk: set[str]) -> None:
    config = Config(emotion=EmotionConfig(model="emotion2vec-plus-base"))
    assert backends(Engines(config, CPU)) == ("embedded", "emotion2vec")


def test_what_the_config_names_is_taken_without_a_word(on_disk: set[str]) -> None:
    on_disk.update(("pyannote-community-1", "emotion2vec-plus-large"))
    engines = Engines(FAKES, CPU, pinned("embedded", "embedded"), "Anna")
    assert backends(engines) == ("fake", "fake")
    assert engines.choices() == ()


def test_a_case_decides_before_what_is_on_disk(on_disk: set[str]) -> None:
    on_disk.update(("pyannote-community-1", "emotion2vec-plus-large"))
    engines = Engines(Config(), CPU, pinned("fake", "fake-baseline"), "Anna")
    assert backends(engines) == ("fake", "fake-baseline")
    assert engines.choices()[0] == "diarization: fake, as the case 'Anna' was begun with it"


def test_models_of_a_case_that_are_gone_are_named_with_the_way_out(tmp_path: Path) -> None:
    gone = pinned("fake", "emotion2vec")
    gone["recognizer"]["model"] = str(tmp_path / "gone")
    with pytest.raises(
        ModelError, match=r"the case 'Anna' was begun with fake .* and emotion2vec .*: .*gone.*or choose"
    ):
        Engines(Config(), CPU, gone, "Anna").models  # noqa: B018 (looking is what fails)


def test_models_are_known_without_being_loaded() -> None:
    models = models_of(FAKES)
    assert [use.name for use in models["diarizer"] + models["recognizer"]] == ["fake-diarizer", "fake-recognizer"]


def test_engines_stay_loaded_from_one_recording_to_the_next() -> None:
    assert Engines(FAKES, CPU).diarizer is Engines(FAKES, CPU).diarizer
    assert Engines(FAKES, CPU).recognizer is not Engines(BASELINE_FAKES, CPU).recognizer


def test_a_new_revision_on_disk_is_loaded_anew() -> None:
    before = Engines(FAKES, CPU).recognizer
    REVISIONS["fake-recognizer"] = "2"
    assert Engines(FAKES, CPU).recognizer is not before


def test_a_recognizer_is_found_again_only_at_the_same_revision() -> None:
    identity = Engines(BASELINE_FAKES, CPU).identity
    assert recognizer_of(identity) is not None
    REVISIONS["fake-baseline"] = "2"
    assert recognizer_of(identity) is None
    assert recognizer_of(pinned("fake", "nobody's")) is None


def test_how_much_sound_emotion2vec_scores_at_once_is_the_runtimes(tmp_path: Path) -> None:
    emotion = EmotionConfig(backend="emotion2vec", model=str(make_checkpoint(tmp_path / "tiny")))
    config = FAKES.model_copy(update={"emotion": emotion})
    first, second = (Engines(config, Runtime(device="cpu", seconds_at_once=each)) for each in (30.0, None))
    recognizer = first.recognizer
    assert isinstance(recognizer, BatchedRecognizer)
    assert recognizer.budget == 30.0
    assert second.recognizer is recognizer
    assert recognizer.budget is None


def test_an_unknown_backend_is_named() -> None:
    engines = Engines(Config(diarization=DiarizationConfig(backend="embeded"), emotion=FAKES.emotion), CPU)
    with pytest.raises(ConfigError, match="no diarizer is called 'embeded', did you mean 'embedded'"):
        engines.models  # noqa: B018 (looking is what fails)


def test_the_fastest_device_that_is_here_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert resolve_device() == "cuda"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert resolve_device() == "mps"
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    assert resolve_device() == "cpu"
    with pytest.raises(ConfigError, match=r"runtime\.device: 'cuda' is not here; this machine has cpu, or say auto"):
        Engines(FAKES, Runtime(device="cuda")).device  # noqa: B018 (looking is what fails)
