import numpy as np
import pytest

from diarization.recordings import Waveform
from emotion.features import contours_of, feature_names, features_of, measure_voice


def voice(pitch: float, seconds: float = 2.0, lowest: float = 0.0, highest: float = 7000.0) -> Waveform:
    """Harmonics of one pitch (Hz) between two frequencies, falling 6 dB an octave."""
    times = np.arange(round(seconds * 16_000)) / 16_000
    orders = [order for order in range(1, 100) if lowest <= order * pitch <= highest]
    return (0.1 * sum(np.sin(2 * np.pi * order * pitch * times) / order for order in orders)).astype(np.float32)


def speech_like(seconds: float = 4.0, seed: int = 0) -> Waveform:
    """A gliding voice in syllables with a little noise."""
    random = np.random.default_rng(seed)
    times = np.arange(round(seconds * 16_000)) / 16_000
    phase = 2 * np.pi * np.cumsum(140 + 30 * np.sin(2 * np.pi * 0.7 * times)) / 16_000
    sound = sum(np.sin(order * phase) / order for order in range(1, 25)) * np.clip(np.sin(2 * np.pi * 2 * times), 0, 1)
    return (0.1 * sound + 0.001 * random.standard_normal(len(times))).astype(np.float32)


def named(waveform: Waveform) -> dict[str, float]:
    return dict(zip(feature_names(), features_of(contours_of(waveform)).tolist(), strict=True))


@pytest.mark.parametrize(("hertz", "semitones"), [(82.5, 7.02), (110, 12.0), (220, 24.0), (440, 36.0)])
def test_pitch_is_in_semitones_over_55_hertz(hertz: float, semitones: float) -> None:
    found = named(voice(hertz))
    assert found["pitch_mean"] == pytest.approx(semitones, abs=0.05)
    assert found["pitch_range"] == pytest.approx(0, abs=0.1)
    assert found["voiced_share"] > 0.95


def test_pitch_is_found_on_a_telephone_line_that_carries_no_fundamental() -> None:
    assert named(voice(150, lowest=300, highest=3400))["pitch_median"] == pytest.approx(17.37, abs=0.1)


def test_a_rising_octave_in_two_seconds_moves_six_semitones_a_second() -> None:
    times = np.arange(32_000) / 16_000
    phase = 2 * np.pi * np.cumsum(110 * 2 ** (times / 2)) / 16_000
    found = named((0.1 * sum(np.sin(order * phase) / order for order in range(1, 15))).astype(np.float32))
    assert found["pitch_speed"] == pytest.approx(6, abs=0.5)
    assert found["pitch_range"] == pytest.approx(9.6, abs=0.5)
    assert found["pitch_rising"] > 0.8
    assert found["pitch_fall"] == pytest.approx(0, abs=0.3)


def test_four_syllables_a_second_are_counted() -> None:
    times = np.arange(48_000) / 16_000
    found = named((voice(120, 3.0) * np.clip(np.sin(2 * np.pi * 4 * times), 0, 1)).astype(np.float32))
    assert found["peak_rate"] == pytest.approx(4, abs=0.4)
    assert found["voiced_rate"] == pytest.approx(4, abs=0.4)
    assert found["modulation_syllables"] > 0.6


def test_noise_is_not_voiced_and_a_voice_is() -> None:
    noise = np.random.default_rng(0).standard_normal(32_000).astype(np.float32) * 0.1
    assert named(noise)["voiced_share"] < 0.05
    assert named(voice(150))["harmonics_to_noise"] > 15


def test_a_voice_with_weaker_overtones_tilts_down() -> None:
    tilts = [named(voice(150, highest=highest))["balance_mean"] for highest in (3400, 1200)]
    assert tilts[0] > tilts[1] + 3


@pytest.mark.parametrize("gain", [0.01, 0.1, 5.0])
def test_no_level_changes_the_features(gain: float) -> None:
    waveform = speech_like()
    expected = features_of(contours_of(waveform))
    np.testing.assert_allclose(features_of(contours_of(gain * waveform)), expected, atol=1e-2, rtol=1e-3)


@pytest.mark.parametrize(
    "waveform",
    [
        np.zeros(48_000, np.float32),
        np.zeros(0, np.float32),
        np.full(3, 0.5, np.float32),
        np.ones(16_000, np.float32),
        np.full(16_000, np.nan, np.float32),
        1e-6 * np.random.default_rng(1).standard_normal(16_000).astype(np.float32),
    ],
    ids=["silence", "nothing", "3 samples", "constant", "nan", "far below hearing"],
)
def test_features_are_finite_whatever_comes(waveform: Waveform) -> None:
    measured = measure_voice(waveform)
    assert measured.features.shape == (86,)
    assert np.isfinite(measured.features).all()
    assert np.isfinite(measured.frames).all()


@pytest.mark.parametrize(("seconds", "rows"), [(0.1, 1), (0.5, 1), (1.0, 2), (3.0, 6), (3.2, 6), (60.0, 120)])
def test_there_are_two_windows_a_second(seconds: float, rows: int) -> None:
    measured = measure_voice(voice(150, seconds))
    assert measured.frames.shape == (rows, 86)
    assert measured.frame_step == 0.5
    assert measured.duration == pytest.approx(seconds)


def test_windows_follow_what_changes_within_the_stretch() -> None:
    measured = measure_voice(np.concatenate([voice(110, 2.0), voice(220, 2.0)]))
    pitches = measured.frames[:, feature_names().index("pitch_median")]
    assert pitches[:3] == pytest.approx([12, 12, 12], abs=0.1)
    assert pitches[-3:] == pytest.approx([24, 24, 24], abs=0.1)


def test_a_window_without_voice_has_the_features_of_the_whole() -> None:
    measured = measure_voice(np.concatenate([voice(150, 2.0), np.zeros(48_000, np.float32)]))
    np.testing.assert_array_equal(measured.frames[-1], measured.features)


def test_names_are_unique_and_as_many_as_features() -> None:
    assert len(set(feature_names())) == len(feature_names()) == 86
