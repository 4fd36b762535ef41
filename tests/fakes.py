"""Quick, deterministic models without weights, for tests of what comes after them. Importing registers them.

``fake`` is a diarizer and a recogniser, ``fake-baseline`` a recogniser that scores relative to the speaker's baseline.
``FAKES`` is a Config that names the plain ones, ``BASELINE_FAKES`` one with the other recogniser.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import soundfile

import diarization.diarizers
import emotion.recognizers
from diarization.diarizations import Diarization, diarization_of
from diarization.diarizers import DiarizationConfig, ModelUse, Progress
from diarization.recordings import SAMPLING_RATE, Waveform
from diarization.speaker_count import SpeakerCount
from emotion.recognizers import Baseline, EmotionConfig, Recognition, VoiceFeatures
from emotion.schemes import EmotionScheme
from pipeline.config import Config, Runtime

BLOCK = 3.0
"""Seconds that each speaker of the fake diarizer speaks at a time."""

SCHEME = EmotionScheme(("angry", "happy", "neutral", "sad"))
CALLS: Counter[str] = Counter()
"""How often each fake has run: ``diarize``, ``recognize``, ``measure``, ``score``."""

REVISIONS = {"fake-diarizer": "1", "fake-recognizer": "1", "fake-baseline": "1"}
"""Tests change these to stand for other weights."""

PAUSE = [0.0]
"""Seconds that each fake model takes; tests of interruptions change it."""


class FakeDiarizer:
    """Two speakers (or ``num_speakers``) take turns of ``BLOCK`` seconds wherever there is any sound."""

    name = "fake"

    @property
    def uses(self) -> list[ModelUse]:
        """One model that needs no files."""
        return [ModelUse("fake-diarizer", REVISIONS["fake-diarizer"], "CC0", "nobody")]

    def diarize(self, waveform: Waveform, config: DiarizationConfig, progress: Progress | None = None) -> Diarization:
        """Alternating blocks; each ends where the sound does."""
        CALLS["diarize"] += 1
        _work("diarize", progress)
        size = int(BLOCK * SAMPLING_RATE)
        num_speakers = config.num_speakers or 2
        spoken = []
        for start in range(0, len(waveform), size):
            block = waveform[start : start + size]
            if np.abs(block).max() > 1e-3:
                end = start + int(np.flatnonzero(np.abs(block) > 1e-3)[-1]) + 1
                spoken.append((start / SAMPLING_RATE, end / SAMPLING_RATE, len(spoken) % num_speakers))
        found = diarization_of([(start, end, f"SPEAKER_{who:02d}") for start, end, who in spoken])
        return Diarization(
            found.segments,
            np.eye(len(found.speakers), 8, dtype=np.float32),
            confidences=(0.75,) * len(found.segments),
            count=SpeakerCount(2, config.num_speakers, 0.5),
        )


class FakeRecognizer:
    """Scores follow from a stretch's level and zero crossings."""

    name = "fake"

    @property
    def scheme(self) -> EmotionScheme:
        """Four labels."""
        return SCHEME

    @property
    def uses(self) -> list[ModelUse]:
        """One model that needs no files."""
        return [ModelUse("fake-recognizer", REVISIONS["fake-recognizer"], "CC0", "nobody")]

    def recognize(self, waveforms: Sequence[Waveform], progress: Progress | None = None) -> list[Recognition]:
        """One Recognition a waveform, two frames a second."""
        CALLS["recognize"] += 1
        _work("recognize", progress)
        return [_recognition(_features(waveform), _frames(waveform)) for waveform in waveforms]


class FakeBaselineRecognizer(FakeRecognizer):
    """The same, relative to the speaker's baseline."""

    name = "fake-baseline"

    @property
    def uses(self) -> list[ModelUse]:
        """One model that needs no files."""
        return [ModelUse("fake-baseline", REVISIONS["fake-baseline"], "CC0", "nobody")]

    def measure(self, waveforms: Sequence[Waveform], progress: Progress | None = None) -> list[VoiceFeatures]:
        """Level and zero crossings."""
        CALLS["measure"] += 1
        _work("measure", progress)
        return [VoiceFeatures(_features(each), _frames(each), 0.5, len(each) / SAMPLING_RATE) for each in waveforms]

    def pool(self, measured: Sequence[VoiceFeatures], scope: str) -> Baseline:
        """Mean and deviation over the stretches."""
        features = np.stack([each.features for each in measured])
        return Baseline(features.mean(axis=0), features.std(axis=0) + 0.1, scope, len(measured))

    def score(self, measured: Sequence[VoiceFeatures], baseline: Baseline) -> list[Recognition]:
        """Scores of the features less the baseline."""
        CALLS["score"] += 1
        return [_recognition(each.features - baseline.mean, each.frames - baseline.mean) for each in measured]

    def recognize(self, waveforms: Sequence[Waveform], progress: Progress | None = None) -> list[Recognition]:
        """Relative to these waveforms."""
        measured = self.measure(waveforms, progress)
        return self.score(measured, self.pool(measured, "session")) if measured else []


def _features(waveform: Waveform) -> np.ndarray:
    level = np.log10(np.abs(waveform).mean() + 1e-6)
    crossings = np.mean(np.diff(np.signbit(waveform)) != 0) if len(waveform) > 1 else 0.0
    return np.array([level, 10 * crossings], np.float32)


def _frames(waveform: Waveform) -> np.ndarray:
    size = SAMPLING_RATE // 2
    pieces = [waveform[start : start + size] for start in range(0, len(waveform), size)]
    return np.stack([_features(piece) for piece in pieces])


def _recognition(features: np.ndarray, frames: np.ndarray) -> Recognition:
    return Recognition(_scores(features[None])[0], features, _scores(frames), 0.5)


def _scores(features: np.ndarray) -> np.ndarray:
    logits = features @ np.array([[1.0, 0.5, -0.5, -1.0], [-0.5, 1.0, 0.5, -1.0]], np.float32)
    exps = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return (exps / exps.sum(axis=-1, keepdims=True)).astype(np.float32)


def _work(step: str, progress: Progress | None) -> None:
    for part in range(5):
        time.sleep(PAUSE[0] / 5)
        if progress:
            progress(step, (part + 1) / 5)


def _fake_diarizer(_config: DiarizationConfig, _device: str) -> FakeDiarizer:
    return FakeDiarizer()


def _fake_recognizer(_config: EmotionConfig, _device: str) -> FakeRecognizer:
    return FakeRecognizer()


def _fake_baseline_recognizer(_config: EmotionConfig, _device: str) -> FakeBaselineRecognizer:
    return FakeBaselineRecognizer()


diarization.diarizers.register("fake", _fake_diarizer)
emotion.recognizers.register("fake", _fake_recognizer)
emotion.recognizers.register("fake-baseline", _fake_baseline_recognizer)

FAKES = Config(diarization=DiarizationConfig(backend="fake"), emotion=EmotionConfig(backend="fake"))
BASELINE_FAKES = Config(diarization=DiarizationConfig(backend="fake"), emotion=EmotionConfig(backend="fake-baseline"))
CPU = Runtime(device="cpu")


def write_tone(path: Path, seconds: float = 15.0, *, pitch: float = 200.0, rate: int = 16_000) -> Path:
    """A WAV file: each 3 s begin with 2.5 s of a tone, every time a little louder and higher."""
    times = np.arange(int(seconds * rate)) / rate
    block = times // BLOCK
    tone = 0.1 * (1 + block % 5) * np.sin(2 * np.pi * (pitch + 20 * block) * times)
    soundfile.write(path, np.where(times % BLOCK < 2.5, tone, 0.0).astype(np.float32), rate)
    return path


def write_silence(path: Path, seconds: float = 2.0, rate: int = 16_000) -> Path:
    """A WAV file of zeros."""
    soundfile.write(path, np.zeros(int(seconds * rate), np.float32), rate)
    return path
