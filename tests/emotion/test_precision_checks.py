from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from diarization.errors import ModelError
from diarization.model_files import folder_of, models_home
from emotion.emotion2vec import Emotion2vecRecognizer
from emotion.emotion2vec_checkpoint import read_checkpoint
from emotion.emotion2vec_engine import Emotion2vecEngine
from emotion.precision_checks import PrecisionCheck, check_precisions, enable, enabled, fastest
from emotion.precisions import precisions_of
from pipeline.stages.running import stage_key
from tests.command_line import CommandLine
from tests.emotion2vec_checkpoint import make_checkpoint
from tests.real_clips import real_clips

EXACT = PrecisionCheck("float32", 10.0, 1.0, 0.1, 1.0, 1.0, 0.0)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TURNTONE_HOME", str(tmp_path))
    return tmp_path


def other(name: str, seconds: float, agreement: float = 1.0, change: float = 0.0) -> PrecisionCheck:
    return replace(EXACT, precision=name, seconds=seconds, label_agreement=agreement, mean_change=change)


@pytest.mark.parametrize(
    ("others", "expected"),
    [
        ([other("int8", 5.0)], "int8"),
        ([other("int8", 5.0, agreement=0.995, change=0.005)], "int8"),
        ([other("int8", 5.0, agreement=0.994)], "float32"),
        ([other("int8", 5.0, change=0.0051)], "float32"),
        ([other("int8", 11.0)], "float32"),
        ([other("bfloat16", 4.0, agreement=0.9), other("float16", 6.0)], "float16"),
        ([other("bfloat16", 5.1, change=0.0002), other("int8", 5.0, change=0.0008)], "bfloat16"),
        ([other("bfloat16", 5.2, change=0.0002), other("int8", 5.0, change=0.0008)], "int8"),
    ],
    ids=[
        "faster",
        "at the bounds",
        "other labels",
        "other probabilities",
        "slower",
        "the next best",
        "as fast",
        "faster still",
    ],
)
def test_the_fastest_that_agrees_is_taken(others: list[PrecisionCheck], expected: str):
    assert fastest([EXACT, *others]) == expected


def test_every_precision_of_the_cpu_is_measured_against_float32(tmp_path: Path):
    checkpoint = read_checkpoint(make_checkpoint(tmp_path / "tiny", sharpness=5.0))
    checks = check_precisions(checkpoint, "cpu", real_clips(12, 0.5, 2.0))
    assert [each.precision for each in checks] == precisions_of("cpu")
    assert (checks[0].label_agreement, checks[0].mean_change, checks[0].speed) == (1.0, 0.0, 1.0)
    for each in checks[1:]:
        assert 0.99 < each.cosine < 1.0
        assert 0.0 < each.mean_change < 0.02
        assert each.speed == pytest.approx(checks[0].seconds / each.seconds)


def test_a_network_in_which_clips_hear_each_other_fails_the_self_test(tmp_path: Path, monkeypatch):
    run = Emotion2vecEngine.run

    def leaking(self, waveforms, progress=None):
        return [replace(each, logits=each.logits + 0.001 * len(waveforms)) for each in run(self, waveforms, progress)]

    monkeypatch.setattr(Emotion2vecEngine, "run", leaking)
    with pytest.raises(ModelError, match=r"the self-test failed: a stretch scored among others differs by 0\.00"):
        check_precisions(read_checkpoint(make_checkpoint(tmp_path / "tiny")), "cpu", real_clips(3, 0.5, 1.0))


def test_what_was_enabled_holds_for_these_files_on_this_device_only(home: Path):
    one, another = (make_checkpoint(home / str(seed) / "model", seed=seed) for seed in (0, 1))
    assert enabled(one, "cpu") == "float32"
    assert enable(one, "cpu", [EXACT, other("int8", 5.0)]) == "int8"
    assert enabled(one, "cpu") == "int8"
    assert enabled(one, "mps") == "float32"
    assert enabled(another, "cpu") == "float32"
    enable(another, "cpu", [EXACT, other("bfloat16", 5.0)])
    assert (enabled(one, "cpu"), enabled(another, "cpu")) == ("int8", "bfloat16")


@pytest.mark.parametrize("damage", ["", "[]", "{", "null"])
def test_a_damaged_store_means_float32(home: Path, damage: str):
    folder = make_checkpoint(home / "model")
    models_home().mkdir()
    (models_home() / "precisions.json").write_text(damage)
    assert enabled(folder, "cpu") == "float32"


def test_provenance_and_cache_keys_name_the_precision_in_use(home: Path):
    folder = make_checkpoint(home / "model", sharpness=5.0)

    def key() -> str:
        (use,) = Emotion2vecRecognizer(str(folder)).uses
        return stage_key("recognize", [use], {})

    before = key()
    clips = real_clips(2, 0.5, 1.0)
    exact = Emotion2vecRecognizer(str(folder)).recognize(clips)
    enable(folder, "cpu", [EXACT, other("int8", 5.0)])
    assert Emotion2vecRecognizer(str(folder)).uses[0].details["precision"] == "int8"
    assert key() != before
    quick = Emotion2vecRecognizer(str(folder)).recognize(clips)
    assert not np.array_equal(quick[0].embedding, exact[0].embedding)
    forced = Emotion2vecRecognizer(str(folder), precision="float32")
    assert forced.uses[0].details["precision"] == "float32"
    assert np.array_equal(forced.recognize(clips)[0].embedding, exact[0].embedding)


def test_models_check_measures_prints_and_enables(home: Path, command_line: CommandLine, monkeypatch):
    monkeypatch.setattr("turntone.precisions.shipped_stretches", lambda: real_clips(6, 0.5, 1.0))
    make_checkpoint(folder_of("emotion2vec-plus-base"), sharpness=5.0)
    shown = command_line("models", "check", "emotion2vec-plus-base", "--device", "cpu")
    assert shown.code == 0
    assert "label_agreement" in shown.out
    assert "emotion2vec-plus-base computes in" in shown.out + shown.err
    (found,) = command_line("models", "check", "--device", "cpu", "--format", "json").json
    assert found["device"] == "cpu"
    assert [each["precision"] for each in found["precisions"]] == precisions_of("cpu")
    assert enabled(folder_of("emotion2vec-plus-base"), "cpu") == found["precision"]
    (files,) = command_line("models", "check", "--files-only", "--format", "json").json
    assert "precisions" not in files


def test_the_shipped_speech_gives_enough_stretches_for_half_a_percent():
    from turntone.precisions import LONGEST, shipped_stretches

    stretches = shipped_stretches()
    assert len(stretches) >= 150
    assert all(8_000 <= len(each) <= LONGEST * 16_000 for each in stretches)
