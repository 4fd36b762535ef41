import json
import pickle
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from diarization.audio import read
from diarization.errors import ModelError
from diarization.recordings import Waveform, cut
from diarization.segments import Segment
from emotion import embedded_recognizer
from emotion.embedded_recognizer import WEIGHTS, EmbeddedRecognizer, Population, load_model
from emotion.recognizers import Baseline, BaselineRecognizer, EmotionConfig, VoiceFeatures, make_recognizer
from turntone.speech import demo_call, demo_case

from .test_features import speech_like, voice

SCRIPT = Path(__file__).parents[2] / "scripts" / "train_embedded_recognizer.py"


@pytest.fixture(scope="module")
def recognizer() -> EmbeddedRecognizer:
    return EmbeddedRecognizer()


@pytest.fixture
def population() -> Population:
    """One feature: mean 2, deviation 1, spread 4; two turns weigh as much as the population."""
    return Population(
        *(np.array([number], np.float32) for number in (2, 1, 4)),
        mean_turns=2.0,
        deviation_turns=2.0,
        absolute_turns=3.0,
    )


def stretch(feature: float, duration: float) -> VoiceFeatures:
    features = np.array([feature], np.float32)
    return VoiceFeatures(features, features[None], 0.5, duration)


def test_a_baseline_weighs_each_stretch_by_its_duration(population: Population) -> None:
    pooled = population.pool([stretch(1, 1.0), stretch(4, 3.0)], "case")
    assert pooled.mean == pytest.approx([3.25])
    assert pooled.deviation == pytest.approx([1.159202])  # of (2 turns * variance 1.6875 + 2 * 1) / 4
    assert (pooled.scope, pooled.num_turns) == ("case", 2)


def test_a_baseline_of_one_turn_takes_its_deviation_from_the_population(population: Population) -> None:
    pooled = population.pool([stretch(5, 2.0)], "session")
    assert pooled.mean == pytest.approx([5])
    assert pooled.deviation == pytest.approx([0.816497])  # of (1 * 0 + 2 * 1) / 3


def test_a_baseline_of_nothing_is_refused(population: Population) -> None:
    with pytest.raises(ValueError, match="at least one stretch"):
        population.pool([], "session")


@pytest.mark.parametrize(("num_turns", "expected"), [(2, 1.0), (6, 0.5), (98, 0.04)])
def test_few_turns_draw_the_mean_towards_the_population(
    population: Population, num_turns: int, expected: float
) -> None:
    baseline = Baseline(np.array([4], np.float32), np.array([1], np.float32), "session", num_turns)
    assert population.relative(np.array([[4.0]], np.float32), baseline)[0] == pytest.approx([expected])


@pytest.mark.parametrize(("num_turns", "expected"), [(0, [4, -4, 1]), (1, [3, -3, 0.75]), (9, [1, -1, 0.25])])
def test_absolute_features_are_limited_and_count_less_with_more_turns(
    population: Population, num_turns: int, expected: list[float]
) -> None:
    baseline = Baseline(np.array([4], np.float32), np.array([1], np.float32), "session", num_turns)
    found = population.absolute(np.array([[1000.0], [-1000.0], [6.0]], np.float32), baseline)
    assert found[:, 0] == pytest.approx(expected)


def test_scores_are_probabilities_in_scheme_order(recognizer: EmbeddedRecognizer) -> None:
    recognition = recognizer.recognize([speech_like()])[0]
    assert recognizer.scheme.labels == ("angry", "happy", "neutral", "sad")
    assert recognition.scores.shape == (4,)
    assert recognition.scores.sum() == pytest.approx(1, abs=1e-6)
    assert recognition.frame_scores.shape == (8, 4)
    assert recognition.frame_scores.sum(axis=1) == pytest.approx(np.ones(8), abs=1e-6)
    assert recognition.frame_step == 0.5
    assert recognition.embedding.shape == (86,)


@pytest.mark.parametrize("samples", [1_600, 960_000])
def test_the_shortest_and_longest_stretches_and_silence_have_finite_scores(
    recognizer: EmbeddedRecognizer, samples: int
) -> None:
    for recognition in recognizer.recognize([np.zeros(samples, np.float32), voice(150, samples / 16_000)[:samples]]):
        assert recognition.scores.sum() == pytest.approx(1, abs=1e-6)
        assert np.isfinite(recognition.embedding).all()


def test_another_baseline_changes_scores_and_measures_nothing_again(
    recognizer: EmbeddedRecognizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured = recognizer.measure([speech_like(2.0), voice(300)])
    monkeypatch.setattr(embedded_recognizer, "measure_voice", None)
    low, high = (recognizer.pool([each], "case") for each in measured)
    first, second = recognizer.score(measured[:1], low)[0], recognizer.score(measured[:1], high)[0]
    assert np.abs(first.scores - second.scores).max() > 0.02
    assert np.abs(first.embedding).mean() < np.abs(second.embedding).mean()


def test_recognize_is_relative_to_the_session_given(recognizer: EmbeddedRecognizer) -> None:
    waveforms = [speech_like(2.0), voice(300)]
    measured = recognizer.measure(waveforms)
    expected = recognizer.score(measured, recognizer.pool(measured, "session"))
    for ours, theirs in zip(recognizer.recognize(waveforms), expected, strict=True):
        np.testing.assert_array_equal(ours.scores, theirs.scores)
    assert recognizer.recognize([]) == []


def test_no_level_changes_the_scores(recognizer: EmbeddedRecognizer) -> None:
    loud, quiet = (recognizer.recognize([gain * speech_like()])[0].scores for gain in (1.0, 0.02))
    np.testing.assert_allclose(loud, quiet, atol=2e-3)


def test_progress_is_told(recognizer: EmbeddedRecognizer) -> None:
    told: list[float] = []
    recognizer.measure([voice(150, 0.2)] * 4, lambda step, share: told.append(share))
    assert told == [0.25, 0.5, 0.75, 1.0]


def test_the_registry_knows_it_as_a_recogniser_with_baselines() -> None:
    made = make_recognizer(EmotionConfig(backend="embedded"))
    assert isinstance(made, EmbeddedRecognizer)
    assert isinstance(made, BaselineRecognizer)
    use = made.uses[0]
    assert "CC0" in use.licence
    assert "Burkhardt" in use.credit
    assert len(use.revision) == 16


def test_weights_are_small_and_hold_no_pickle(monkeypatch: pytest.MonkeyPatch) -> None:
    for loader in ("load", "loads", "Unpickler"):
        monkeypatch.setattr(pickle, loader, None)
    model = load_model()
    assert model.weights.shape == (4, 172)
    written = WEIGHTS.read_bytes()
    header = json.loads(written[8 : 8 + struct.unpack("<Q", written[:8])[0]])
    assert {facts["dtype"] for name, facts in header.items() if name != "__metadata__"} == {"F32"}
    assert len(written) + WEIGHTS.with_suffix(".json").stat().st_size < 2_000_000


def test_broken_weights_are_named(tmp_path: Path) -> None:
    path = tmp_path / "embedded.safetensors"
    with pytest.raises(ModelError, match=r"embedded\.safetensors: .* cannot be read"):
        load_model(path)
    path.write_bytes(b"not a model")
    shutil.copy(WEIGHTS.with_suffix(".json"), tmp_path)
    with pytest.raises(ModelError, match=r"embedded\.safetensors: .* install Turntone again"):
        load_model(path)


def test_weights_of_other_features_are_refused(tmp_path: Path) -> None:
    path = tmp_path / WEIGHTS.name
    shutil.copy(WEIGHTS, path)
    facts = json.loads(WEIGHTS.with_suffix(".json").read_text(encoding="utf-8"))
    path.with_suffix(".json").write_text(json.dumps(facts | {"features": ["loudness"]}), encoding="utf-8")
    with pytest.raises(ModelError, match="trained on 1 features that are not the 86"):
        load_model(path)


def test_emotions_of_the_shipped_speech_are_recognised_over_time(recognizer: EmbeddedRecognizer) -> None:
    """Four acted emotions of speakers it was not trained on: chance is 0.25."""
    right, heard = dict.fromkeys(recognizer.scheme.labels, 0.0), dict.fromkeys(recognizer.scheme.labels, 0.0)
    for recording in (*demo_case().sessions, demo_call()):
        sound = read(recording.path).waveform
        for speaker in recording.speakers:
            turns = [turn for turn in recording.turns if turn.speaker == speaker.label]
            waveforms: list[Waveform] = [cut(sound, Segment(turn.start, turn.end)) for turn in turns]
            for turn, recognition in zip(turns, recognizer.recognize(waveforms), strict=True):
                if turn.emotion in heard:
                    heard[turn.emotion] += turn.end - turn.start
                    right[turn.emotion] += (turn.end - turn.start) * (
                        recognizer.scheme.top(recognition.scores)[0] == turn.emotion
                    )
    assert np.mean([right[label] / heard[label] for label in heard]) > 0.6


@pytest.fixture(scope="module")
def tiny_corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three speakers whose emotions are four pitches and two sentences."""
    folder = tmp_path_factory.mktemp("corpus")
    rows = ["path,speaker,sentence,emotion,split"]
    for number, (speaker, split) in enumerate([("ann", "train"), ("bob", "train"), ("cem", "dev"), ("dea", "test")]):
        for pitch, emotion in ((300, "angry"), (240, "happy"), (160, "neutral"), (110, "sad")):
            for sentence in ("one", "two"):
                name = f"{speaker}-{emotion}-{sentence}.wav"
                sound = speech_like(0.6, number) + voice(pitch + 5 * number, 0.6)
                soundfile.write(folder / name, sound / np.abs(sound).max(), 16_000)
                rows.append(f"{name},{speaker},{sentence},{emotion},{split}")
    (folder / "metadata.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return folder


def test_training_gives_the_same_bytes_twice_and_weights_that_load(tiny_corpus: Path, tmp_path: Path) -> None:
    outputs = [tmp_path / name / "embedded.safetensors" for name in ("first", "second")]
    for output in outputs:
        command = [sys.executable, str(SCRIPT), str(tiny_corpus), "--output", str(output), "--variants", "4"]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
        figures = json.loads(done.stdout[done.stdout.index("{") :])
    assert outputs[0].read_bytes() == outputs[1].read_bytes()
    assert outputs[0].with_suffix(".json").read_bytes() == outputs[1].with_suffix(".json").read_bytes()
    assert figures["recall, test speakers"]["clean"] >= 0.75
    trained = EmbeddedRecognizer(outputs[0])
    assert trained.recognize([voice(150)])[0].scores.sum() == pytest.approx(1, abs=1e-6)
