from __future__ import annotations

import numpy as np
import pytest

from diarization.segments import Segment
from emotion.voices import voice_of
from emotion.windows import Window


def tone(hertz: float, amplitude: float, seconds: float = 2.0) -> np.ndarray:
    times = np.arange(int(16_000 * seconds)) / 16_000
    harmonics = sum(np.sin(2 * np.pi * hertz * number * times) / number for number in range(1, 6))
    return (amplitude * harmonics).astype(np.float32)


def test_pitch_is_in_semitones_and_level_in_decibels() -> None:
    window = Window((Segment(0.0, 2.0),))
    low, high = voice_of([window], tone(110, 0.1)), voice_of([window], tone(220, 0.2))
    assert low[0] == pytest.approx(12, abs=0.2)  # 110 Hz is an octave over 55 Hz
    assert high[0] == pytest.approx(24, abs=0.2)
    assert high[1] - low[1] == pytest.approx(6.02, abs=0.01)  # twice the amplitude


def test_rate_counts_bursts() -> None:
    times = np.arange(32_000) / 16_000
    bursts = tone(120, 0.2) * np.clip(np.sin(2 * np.pi * 4 * times), 0.001, 1).astype(np.float32)
    assert voice_of([Window((Segment(0.0, 2.0),))], bursts)[2] == pytest.approx(4, abs=0.6)


def test_a_turn_of_which_nothing_is_heard_has_no_voice() -> None:
    assert np.isnan(voice_of([], tone(110, 0.1))).all()
    assert np.isnan(voice_of([Window((Segment(0.0, 0.3),))], tone(110, 0.1))).all()
