"""Notes on the sound: each measure on sounds of which the truth is known."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soxr
from hypothesis import given, settings
from hypothesis import strategies as st

from diarization.audio import read
from diarization.quality import Quality, QualityMeter
from tests.sounds import Samples, voice, write

GOOD = Quality(
    level_dbfs=-23.04, peak_dbfs=-3.0, clipping=0.0, snr_db=30.0, silence=0.2, bandwidth_hz=7650.0, narrow_band=False
)


def quality_of(samples: Samples, block: int = 4096, scaled: float = 1.0) -> Quality:
    """Of samples at 16 kHz, (frames,) or (frames, channels), taken in by blocks."""
    meter = QualityMeter()
    columns = samples.reshape(len(samples), -1).astype(np.float32)
    for start in range(0, len(columns), block):
        meter.add(columns[start : start + block])
    return meter.quality(columns.mean(axis=1), scaled)


def noise(kind: str, count: int, seed: int = 0) -> Samples:
    """Noise with an RMS of 1, shape (samples,)."""
    random = np.random.default_rng(seed)
    white = random.normal(size=count)
    if kind == "pink":
        spectrum = np.fft.rfft(white)
        white = np.fft.irfft(spectrum / np.sqrt(np.maximum(np.arange(len(spectrum)), 1)), count)
    if kind == "babble":
        white = np.sum([np.roll(voice(count / 16_000, seed=seed), 2711 * seed) for seed in range(1, 13)], axis=0)
    return (white / np.sqrt(np.mean(white**2))).astype(np.float32)


def speech(duration: float = 30.0) -> tuple[Samples, float]:
    """A voice that speaks half of the time, and its RMS while it speaks."""
    samples = voice(duration)
    power = np.mean(samples[: len(samples) // 320 * 320].reshape(-1, 320) ** 2, axis=1)
    return samples, float(np.sqrt(power[power > power.max() / 40].mean()))


def test_level_is_that_of_the_speech_not_of_the_pauses() -> None:
    samples, loud = speech()
    assert quality_of(samples).level_dbfs == pytest.approx(20 * np.log10(loud), abs=0.5)
    padded = np.concatenate([samples, np.zeros(3 * len(samples), np.float32)])
    assert quality_of(padded).level_dbfs == pytest.approx(20 * np.log10(loud), abs=0.5)
    assert quality_of(samples / 10).level_dbfs == pytest.approx(20 * np.log10(loud) - 20, abs=0.5)


def test_peak_is_that_of_the_file() -> None:
    assert quality_of(np.array([0.0, -0.5, 0.25] * 2000)).peak_dbfs == pytest.approx(-6.02, abs=0.01)


@pytest.mark.parametrize("kind", ["white", "pink"])
@pytest.mark.parametrize(("snr", "within"), [(5, 4), (10, 3), (15, 2.5), (20, 2.5), (30, 2.5), (40, 2.5)])
def test_snr_is_estimated_within_decibels(kind: str, snr: int, within: float) -> None:
    samples, loud = speech()
    noisy = samples + loud * 10 ** (-snr / 20) * noise(kind, len(samples))
    assert quality_of(noisy).snr_db == pytest.approx(snr, abs=within)


def test_more_noise_gives_a_lower_snr_also_among_other_voices() -> None:
    samples, loud = speech()
    estimates = [
        quality_of(samples + loud * 10 ** (-snr / 20) * noise("babble", len(samples))).snr_db for snr in (25, 15, 5)
    ]
    assert None not in estimates
    assert estimates == sorted(estimates, reverse=True)  # type: ignore[type-var]


def test_speech_between_digital_silence_is_not_noisy() -> None:
    quality = quality_of(speech()[0])
    assert quality.snr_db is not None
    assert quality.snr_db > 25
    assert quality.notes() == ()


def test_steady_sound_has_a_level_but_no_snr_and_is_not_silence() -> None:
    tone = 0.5 * np.sin(2 * np.pi * 440 * np.arange(160_000) / 16_000)
    for steady in (tone, 0.1 * noise("white", 160_000)):
        quality = quality_of(steady)
        assert quality.snr_db is None
        assert quality.silence == 0
        assert quality.level_dbfs == pytest.approx(20 * np.log10(np.sqrt(np.mean(steady**2))), abs=0.2)
        assert quality.notes()[0].startswith("Nothing stands out from what is there all the time")


@pytest.mark.parametrize("floor", [0.0, 1e-3])
def test_silence_is_the_share_of_long_pauses(floor: float) -> None:
    spoken = 0.2 * noise("white", 16_000) * np.hanning(16_000)
    samples = np.concatenate([spoken, np.zeros(48_000)] * 5)  # a quarter of it is a swell of 1 s
    quality = quality_of(samples + floor * noise("pink", len(samples)))
    assert quality.silence == pytest.approx(0.8, abs=0.05)


def test_pauses_within_words_are_not_silence() -> None:
    bursts = np.where(np.arange(160_000) % 4000 < 2000, 0.2, 0.0) * noise("white", 160_000)  # pauses of 0.125 s
    assert quality_of(bursts).silence < 0.02


@pytest.mark.parametrize("value", [0.0, 1e-4])
def test_digital_and_near_silence_have_no_level(value: float) -> None:
    quality = quality_of(value * noise("white", 16_000))
    assert (quality.level_dbfs, quality.snr_db, quality.bandwidth_hz, quality.silence) == (None, None, None, 1)
    assert quality.notes() == ("The recording is silent: no sound reaches -70 dB of full scale.",)


@pytest.mark.parametrize("rate", [8000, 16_000, 44_100])
@pytest.mark.parametrize("snr", [60, 20])
def test_a_telephone_is_recognised_at_whatever_rate_it_is_kept(tmp_path: Path, rate: int, snr: int) -> None:
    samples, loud = speech(10)
    line = soxr.resample(samples, 16_000, 8000) + loud * 10 ** (-snr / 20) * noise("white", len(samples) // 2)
    line = np.fft.irfft(np.fft.rfft(line) * (np.fft.rfftfreq(len(line), 1 / 8000) < 3400), len(line))
    kept = line if rate == 8000 else soxr.resample(line, 8000, rate)
    quality = read(write(tmp_path / "a.wav", kept.astype(np.float32), rate)).quality
    assert quality.narrow_band
    assert quality.bandwidth_hz == pytest.approx(3400, abs=200)
    assert any(note.startswith("Narrow band, as on a telephone: speech reaches up to 3.") for note in quality.notes())


@pytest.mark.parametrize("snr", [60, 20, 10])
def test_full_bandwidth_is_not_taken_for_a_telephone(snr: int) -> None:
    samples, loud = speech()
    quality = quality_of(samples + loud * 10 ** (-snr / 20) * noise("pink", len(samples)))
    assert not quality.narrow_band
    assert quality.bandwidth_hz is not None
    assert quality.bandwidth_hz > 6000


def test_noise_above_a_telephone_band_does_not_hide_it() -> None:
    samples, loud = speech()
    line = soxr.resample(soxr.resample(samples, 16_000, 8000), 8000, 16_000)[: len(samples)]
    assert quality_of(line + loud * 10 ** (-20 / 20) * noise("white", len(line))).narrow_band


@pytest.mark.parametrize("block", [160_000, 4096, 1000, 7, 2, 1])
def test_clipping_counts_runs_at_full_scale_across_blocks(block: int) -> None:
    samples = np.zeros(20_000, np.float32)
    samples[100:103] = 1
    samples[998:1006] = -1
    samples[3000:3002] = 1  # two are a peak, not clipping
    samples[-4:] = 0.99
    assert quality_of(samples, block).clipping == pytest.approx((3 + 8 + 4) / 20_000)


def test_clipping_is_that_of_the_worst_channel() -> None:
    samples = np.zeros((1000, 2), np.float32)
    samples[:100, 1] = 1
    assert quality_of(samples).clipping == pytest.approx(0.1)


def test_clipped_speech_is_noted_also_in_mu_law(tmp_path: Path) -> None:
    samples = np.clip(speech(5)[0] * 20, -1, 1)
    for subtype in ("PCM_16", "ULAW", "ALAW"):
        quality = read(write(tmp_path / "a.wav", samples, 16_000, subtype=subtype)).quality
        assert quality.clipping > 0.05
        assert any(note.startswith("Clipped: ") for note in quality.notes())


def test_copied_channels_are_recognised_whatever_their_gain() -> None:
    first, second = voice(3, seed=1), voice(3, seed=2)
    assert quality_of(np.stack([first, 0.5 * first], axis=1)).duplicate_channels
    assert quality_of(np.stack([first, first + 0.01, first], axis=1)).duplicate_channels
    assert not quality_of(np.stack([first, second], axis=1)).duplicate_channels
    assert not quality_of(np.stack([first, first + 0.1 * second], axis=1)).duplicate_channels
    assert not quality_of(np.stack([first, 0 * first], axis=1)).duplicate_channels
    assert not quality_of(np.zeros((16_000, 2))).duplicate_channels
    assert not quality_of(first).duplicate_channels


def test_offset_is_the_mean_with_its_sign() -> None:
    samples = np.stack([voice(3), voice(3) - 0.05], axis=1)
    quality = quality_of(samples)
    assert quality.dc_offset == pytest.approx(-0.05, abs=0.002)
    assert "The samples have an offset of -0.05 of full scale." in quality.notes()


def test_an_offset_is_no_level() -> None:
    assert quality_of(np.full(16_000, 0.3)).level_dbfs is None


@given(
    samples=st.integers(0, 2**16).map(lambda seed: np.random.default_rng(seed).normal(0, 0.4, (5000, 2))),
    block=st.integers(1, 6000),
)
@settings(max_examples=30, deadline=None)
def test_blocks_do_not_matter(samples: Any, block: int) -> None:
    clipped = np.clip(samples, -1, 1).astype(np.float32)
    whole, parts = quality_of(clipped, 5000), quality_of(clipped, block)
    assert parts.clipping == pytest.approx(whole.clipping)
    assert parts.dc_offset == pytest.approx(whole.dc_offset, abs=1e-6)
    assert replace(parts, clipping=0, dc_offset=0) == replace(whole, clipping=0, dc_offset=0)


def test_json_is_rounded_and_has_every_field() -> None:
    odd = replace(GOOD, level_dbfs=-23.0449, clipping=1 / 3, duplicate_channels=True, tracks=2)
    assert json.loads(json.dumps(odd.to_json())) == {
        "level_dbfs": -23.0, "peak_dbfs": -3.0, "clipping": 0.333333, "snr_db": 30.0, "silence": 0.2,
        "bandwidth_hz": 7650.0, "narrow_band": False, "duplicate_channels": True, "opposed_channels": False,
        "dc_offset": 0.0, "replaced": 0.0, "scaled": 1.0, "missing": 0.0, "unfinished": False, "tracks": 2,
    }  # fmt: skip


def test_silence_is_null_in_json() -> None:
    values = quality_of(np.zeros(16_000)).to_json()
    assert values["level_dbfs"] is values["peak_dbfs"] is values["snr_db"] is values["bandwidth_hz"] is None
    assert "Infinity" not in json.dumps(values)


def test_a_good_recording_has_no_notes() -> None:
    assert GOOD.notes() == ()


@pytest.mark.parametrize(
    ("field", "value", "note"),
    [
        ("snr_db", 7.6, "Noisy: the signal-to-noise ratio is about 8 dB; 15 dB or more is better."),
        ("clipping", 0.0123, "Clipped: 1.2 % of the samples are cut off at full scale."),
        ("level_dbfs", -58.2, "Very quiet: speech is at -58 dB of full scale."),
        ("silence", 0.934, "93 % of the recording is silence."),
        ("missing", 0.0432, "The file is cut off or damaged: 4.3 % of it could not be read."),
        ("tracks", 3, "The file has 3 audio tracks; only the main one was read."),
        ("duplicate_channels", True, "The channels are copies of one another: they do not tell the speakers apart."),
        ("scaled", 0.25, "The samples go beyond full scale; they were multiplied by 0.25 to fit."),
    ],
)
def test_what_matters_is_said_in_a_sentence(field: str, value: Any, note: str) -> None:
    assert replace(GOOD, **{field: value}).notes() == (note,)
