from __future__ import annotations

import numpy as np
import pytest

from diarization.audio import read
from diarization.music import find_music, line_shares
from tests.calls import music, utterances
from tests.sounds import voice
from turntone.speech import demo_call, demo_case, demo_meetings

TIMES = np.arange(10 * 16_000) / 16_000


def tone(*pitches: float) -> np.ndarray:
    return np.sum([0.1 * np.sin(2 * np.pi * pitch * TIMES) for pitch in pitches], axis=0).astype(np.float32)


def test_hold_music_between_speech_is_found_where_it_is() -> None:
    spoken = np.concatenate(utterances(0))[: 10 * 16_000]
    (found,) = find_music(np.concatenate([spoken, music(20.0), spoken]))
    assert found.kind == "music"
    assert (found.segment.start, found.segment.end) == pytest.approx((10, 30), abs=1.5)


@pytest.mark.parametrize("pitches", [(425.0,), (440.0, 480.0), (770.0, 1336.0)])
def test_ringing_and_dialling_are_tones(pitches: tuple[float, ...]) -> None:
    ringing = np.where((TIMES > 3) & (TIMES < 5), tone(*pitches), 0).astype(np.float32)
    (found,) = find_music(ringing)
    assert found.kind == "tone"
    assert (found.segment.start, found.segment.end) == pytest.approx((3, 5), abs=0.2)


@pytest.mark.parametrize(
    "recording", [*demo_case().sessions, demo_call(), *demo_meetings()], ids=lambda each: each.path.stem
)
def test_real_speech_is_never_music(recording: object) -> None:
    assert find_music(read(recording.path).waveform) == []  # type: ignore[attr-defined]


def test_noise_and_silence_are_neither() -> None:
    noise = np.random.default_rng(0).normal(0, 0.1, 160_000).astype(np.float32)
    assert find_music(noise) == []
    assert find_music(np.zeros(160_000, np.float32)) == []
    assert find_music(np.zeros(10, np.float32)) == []


def test_shares_lie_between_nothing_and_all() -> None:
    assert line_shares(tone(1000.0)).min() > 0.95
    assert line_shares(voice(5.0)).max() <= 1
    assert line_shares(np.zeros(160_000, np.float32)).max() == 0
