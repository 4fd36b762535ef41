"""Voice features: pitch, loudness, rhythm, voice quality and spectrum of a stretch of speech, whatever its level."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from diarization.recordings import SAMPLING_RATE, Waveform

from .recognizers import VoiceFeatures

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

HOP = 160
"""Samples from one frame to the next: 10 ms."""
FRAME_RATE = SAMPLING_RATE // HOP
"""Frames a second."""
WINDOW_STEP = 0.5
"""Seconds from one window to the next where a stretch is measured over time."""
WINDOW_LENGTH = 1.0
"""Seconds of each such window."""

_SPECTRUM_WINDOW = 400  # samples: 25 ms
_SPECTRUM_SIZE = 512
_PITCH_WINDOW = 768  # samples: 48 ms, three periods of the lowest pitch
_PITCH_SIZE = 2048
_PITCH_RANGE = (62.5, 500.0)  # Hz
_HARMONICS = (70.0, 1400.0)  # Hz: enough harmonics also where a telephone line has cut the fundamental
_OCTAVE_COST = 0.03  # of autocorrelation an octave, against subharmonics; Boersma (1993)
_VOICED = 0.5  # normalised autocorrelation at the period
_REFERENCE = 55.0  # Hz of 0 semitones
_LINE_BAND = (300.0, 3400.0)  # Hz: what every telephone line carries
_FULL_BAND = (60.0, 7600.0)  # Hz
_LINE_BANDS, _FULL_BANDS, _NUM_CEPSTRA = 20, 40, 12
_SILENCE = 1e-14  # power, -140 dBFS: below it there is nothing to measure
_RANGE = 60.0  # dB below the stretch's loudest speech: what lies deeper counts as this
_ACTIVE = 25.0  # dB below the loudest speech: what is louder counts as speech
_LEAP = 2.0  # semitones in 10 ms: a faster change is an error of the pitch, not the voice
_MIN_VOICED = 5  # frames
_BLOCK = 1000  # frames whose spectra are held at once


@dataclass(frozen=True)
class Contours:
    """What is measured every 10 ms of a stretch.

    Parameters
    ----------
    level : np.ndarray, shape (frames,)
        dB of full scale, 300 to 3400 Hz.
    pitch : np.ndarray, shape (frames,)
        Semitones over 55 Hz; says something only where the voice is periodic.
    strength : np.ndarray, shape (frames,)
        Normalised autocorrelation at the period, 0 to 1: how periodic the sound is.
    line_bands : np.ndarray, shape (frames, 20)
        dB of full scale in mel bands from 300 to 3400 Hz.
    full_bands : np.ndarray, shape (frames, 40)
        dB of full scale in mel bands from 60 to 7600 Hz.
    """

    level: Array
    pitch: Array
    strength: Array
    line_bands: Array
    full_bands: Array

    def __len__(self) -> int:
        return len(self.level)

    def part(self, start: int, end: int) -> Contours:
        """The frames ``start`` to ``end``, views of these."""
        return Contours(
            self.level[start:end],
            self.pitch[start:end],
            self.strength[start:end],
            self.line_bands[start:end],
            self.full_bands[start:end],
        )


def contours_of(waveform: Waveform) -> Contours:
    """The contours of one stretch; shorter than 0.1 s it is taken as if silence followed.

    Pitch is found twice: the second time only from 0.6 times the 35th to 2 times the 65th percentile of the first,
    which keeps octave errors out (after De Looze and Hirst, 2008). At least 0.1 s of frames is returned.
    """
    sound = np.zeros(max(len(waveform), SAMPLING_RATE // 10), np.float64)
    sound[: len(waveform)] = np.nan_to_num(waveform, nan=0.0, posinf=0.0, neginf=0.0)
    num_frames = -(-len(sound) // HOP)
    line, full = _spectra(sound, num_frames)
    pitch, strength = _pitch(sound, num_frames)
    level = line.sum(axis=1)
    floor = max(_SILENCE, float(np.quantile(level, 0.95)) * 10 ** (-_RANGE / 10))
    return Contours(_decibel(level, floor), pitch, strength, _decibel(line, floor / 10), _decibel(full, floor / 10))


def measure_voice(waveform: Waveform) -> VoiceFeatures:
    """The features of one stretch, whole and in windows of 1 s every 0.5 s.

    Window ``i`` has its middle at ``(i + 0.5) * 0.5`` s, moved inward at both ends so that it lies in the stretch; a
    window with less than 0.1 s of voice has the features of the whole stretch, since it says nothing of its own.
    """
    contours = contours_of(waveform)
    whole = features_of(contours)
    windows = [_window_features(window, whole) for window in _windows(contours)]
    return VoiceFeatures(
        whole.astype(np.float32), np.array(windows, np.float32), WINDOW_STEP, len(waveform) / SAMPLING_RATE
    )


def features_of(contours: Contours) -> Array:
    """The features of one stretch, ``shape (features,)``, in the order of ``feature_names()``; always finite."""
    return np.array(list(_features(contours).values()))


@cache
def feature_names() -> tuple[str, ...]:
    """The names of the features, in order."""
    return tuple(_features(contours_of(np.zeros(SAMPLING_RATE, np.float32))))


def _windows(contours: Contours) -> Iterator[Contours]:
    step, length = round(WINDOW_STEP * FRAME_RATE), round(WINDOW_LENGTH * FRAME_RATE)
    last = max(0, len(contours) - length)
    for middle in range(step // 2, max(len(contours), step // 2 + 1), step):
        start = min(max(0, middle - length // 2), last)
        yield contours.part(start, start + length)


def _window_features(window: Contours, whole: Array) -> Array:
    return features_of(window) if int(_voiced(window).sum()) >= FRAME_RATE // 10 else whole


def _decibel(power: Array, floor: float) -> Array:
    return 10 * np.log10(np.maximum(power, floor))


def _framed(sound: Array, window: int, num_frames: int) -> Array:
    padded = np.pad(sound, (window // 2, window + HOP))
    return sliding_window_view(padded, window)[: num_frames * HOP : HOP]


def _blocks(frames: Array) -> Iterator[Array]:
    for start in range(0, len(frames), _BLOCK):
        yield frames[start : start + _BLOCK]


def _spectra(sound: Array, num_frames: int) -> tuple[Array, Array]:
    """Power in the mel bands of the telephone line, (frames, 20), and of the full band, (frames, 40)."""
    window = np.hanning(_SPECTRUM_WINDOW)
    line_filters, full_filters = _filters(*_LINE_BAND, _LINE_BANDS), _filters(*_FULL_BAND, _FULL_BANDS)
    line, full = [], []
    for block in _blocks(_framed(sound, _SPECTRUM_WINDOW, num_frames)):
        power = np.abs(np.fft.rfft(block * window, _SPECTRUM_SIZE, axis=1)) ** 2 / (window @ window * _SPECTRUM_SIZE)
        line.append(power @ line_filters.T)
        full.append(power @ full_filters.T)
    return np.concatenate(line), np.concatenate(full)


def _mel(frequency: Array | float) -> Array:
    return np.asarray(2595 * np.log10(1 + np.asarray(frequency) / 700))


def _hertz(mel: Array) -> Array:
    return np.asarray(700 * (10 ** (mel / 2595) - 1))


def _edges(low: float, high: float, bands: int) -> Array:
    return _hertz(np.linspace(float(_mel(low)), float(_mel(high)), bands + 2))


@cache
def _filters(low: float, high: float, bands: int) -> Array:
    """Triangles, evenly spaced on the mel scale, (bands, frequencies)."""
    edges = _edges(low, high, bands)[:, None]
    frequencies = np.fft.rfftfreq(_SPECTRUM_SIZE, 1 / SAMPLING_RATE)
    rising = (frequencies - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - frequencies) / (edges[2:] - edges[1:-1])
    return np.asarray(np.clip(np.minimum(rising, falling), 0, None))


def _pitch(sound: Array, num_frames: int) -> tuple[Array, Array]:
    """Pitch in semitones and strength, each (frames,), from the autocorrelation as in Boersma (1993)."""
    correlation = np.concatenate(
        [_autocorrelation(block) for block in _blocks(_framed(sound, _PITCH_WINDOW, num_frames))]
    )
    period, strength = _best_period(correlation, *_PITCH_RANGE)
    if int((strength > _VOICED).sum()) >= _MIN_VOICED:
        low, high = SAMPLING_RATE / np.quantile(period[strength > _VOICED], [0.65, 0.35])
        period, strength = _best_period(correlation, max(_PITCH_RANGE[0], low * 0.6), min(_PITCH_RANGE[1], high * 2.0))
    return 12 * np.log2(SAMPLING_RATE / period / _REFERENCE), strength


def _autocorrelation(frames: Array) -> Array:
    """Normalised and freed of the window's own, (frames, lags) up to the longest period and one more."""
    window = np.hanning(_PITCH_WINDOW)
    lags = int(SAMPLING_RATE / _PITCH_RANGE[0]) + 2
    frequencies = np.fft.rfftfreq(_PITCH_SIZE, 1 / SAMPLING_RATE)
    band = (frequencies > _HARMONICS[0]) & (frequencies < _HARMONICS[1])
    centred = frames - frames.mean(axis=1, keepdims=True)
    power = np.abs(np.fft.rfft(centred * window, _PITCH_SIZE, axis=1)) ** 2 * band
    own = np.fft.irfft(np.abs(np.fft.rfft(window, _PITCH_SIZE)) ** 2)[:lags]
    correlation = np.fft.irfft(power, axis=1)[:, :lags]
    return np.asarray(correlation / (correlation[:, :1] + 1e-12) / (own / own[0]))


def _best_period(correlation: Array, low: float, high: float) -> tuple[Array, Array]:
    """In each frame the period (samples, interpolated) with the highest peak between two pitches, and that peak."""
    lags = np.arange(int(SAMPLING_RATE / _PITCH_RANGE[1]), correlation.shape[1] - 1)
    here, before, after = correlation[:, lags], correlation[:, lags - 1], correlation[:, lags + 1]
    pitch = SAMPLING_RATE / lags
    allowed = (here >= before) & (here > after) & (pitch >= low) & (pitch <= high)
    cost = _OCTAVE_COST * np.log2(pitch / _PITCH_RANGE[0])
    best = np.where(allowed, here + cost, -np.inf).argmax(axis=1)[:, None]
    left, peak, right = (np.take_along_axis(each, best, 1)[:, 0] for each in (before, here, after))
    bend = left - 2 * peak + right
    shift = np.clip(np.where(bend < 0, 0.5 * (left - right) / np.minimum(bend, -1e-12), 0), -0.5, 0.5)
    found = allowed.any(axis=1)
    return lags[best[:, 0]] + shift, np.where(found, np.clip(peak, 0, 1), 0.0)


def _active(contours: Contours) -> Mask:
    return np.asarray(contours.level >= np.quantile(contours.level, 0.95) - _ACTIVE)


def _voiced(contours: Contours) -> Mask:
    return np.asarray(_active(contours) & (contours.strength > _VOICED))


def _features(contours: Contours) -> dict[str, float]:
    active, voiced = _active(contours), _voiced(contours)
    rhythm = _rhythm(contours.level, active, voiced)  # counts the voice as it is, also where there is none
    if int(voiced.sum()) < _MIN_VOICED:
        voiced = active if int(active.sum()) >= _MIN_VOICED else np.ones(len(contours), bool)
    balance = _balance(contours.line_bands[voiced])
    return (
        _pitch_features(contours.pitch, voiced)
        | _level_features(contours.level, active, voiced)
        | _strength_features(contours.strength[voiced])
        | rhythm
        | _modulation(contours.level)
        | _spectrum_features(contours.line_bands, active, voiced)
        | _effort_features(contours.pitch[voiced], contours.level[voiced], balance)
        | _full_band_features(contours.full_bands, active, voiced)
        | _cepstrum_features(contours.line_bands[voiced])
    )


def _pitch_features(pitch: Array, voiced: Mask) -> dict[str, float]:
    """Height, spread and movement, in semitones (a second, where a speed)."""
    heights = pitch[voiced]
    low, lower, middle, upper, high = np.quantile(heights, [0.1, 0.2, 0.5, 0.8, 0.9])
    steps = np.diff(pitch)[voiced[1:] & voiced[:-1]]
    steps = steps[np.abs(steps) < _LEAP]
    bends = np.diff(pitch, 2)[voiced[2:] & voiced[1:-1] & voiced[:-2]]
    bends = bends[np.abs(bends) < _LEAP]
    times = np.flatnonzero(voiced) / FRAME_RATE
    times = times - times.mean()
    return {
        "pitch_mean": heights.mean(),
        "pitch_median": middle,
        "pitch_low": low,
        "pitch_high": high,
        "pitch_deviation": heights.std(),
        "pitch_range": high - low,
        "pitch_inner_range": upper - lower,
        "pitch_speed": _mean(np.abs(steps)) * FRAME_RATE,
        "pitch_rise": _mean(steps[steps > 0]) * FRAME_RATE,
        "pitch_fall": _mean(steps[steps < 0]) * FRAME_RATE,
        "pitch_rising": _mean(steps > 0.05),
        "pitch_trend": float(times @ heights / (times @ times + 1)),
        "pitch_roughness": float(np.log(_mean(np.abs(bends)) + 0.01)),
    }


def _level_features(level: Array, active: Mask, voiced: Mask) -> dict[str, float]:
    """How the loudness moves, in dB (a frame, where a speed); how loud it is takes no part."""
    steps = np.diff(level)
    within, in_voice = steps[active[1:]], steps[voiced[1:] & voiced[:-1]]
    return {
        "level_deviation": level[active].std(),
        "level_voiced_deviation": level[voiced].std(),
        "level_range": float(np.quantile(level, 0.9) - np.quantile(level, 0.3)),
        "level_speed": _mean(np.abs(within)),
        "level_rise": _mean(within[within > 0]),
        "level_fall": _mean(within[within < 0]),
        "level_roughness": _mean(np.abs(in_voice)),
    }


def _strength_features(strength: Array) -> dict[str, float]:
    """How clear the voice is: periodicity, and harmonics to noise in dB as it follows from it."""
    clipped = np.clip(strength, 0.3, 0.99)
    return {
        "strength_mean": strength.mean(),
        "strength_deviation": strength.std(),
        "strength_low": float(np.quantile(strength, 0.2)),
        "harmonics_to_noise": float(np.mean(10 * np.log10(clipped / (1 - clipped)))),
    }


def _rhythm(level: Array, active: Mask, voiced: Mask) -> dict[str, float]:
    """Shares of speech and voice, and how often (a second) and how long (log seconds) they come."""
    seconds = len(level) / FRAME_RATE
    runs = _run_lengths(voiced, 3) / FRAME_RATE
    smooth = np.convolve(np.pad(level, 4, mode="edge"), np.hanning(9) / np.hanning(9).sum(), "valid")
    loud = smooth[1:-1] > np.quantile(level, 0.95) - 20
    peaks = (smooth[1:-1] > smooth[:-2]) & (smooth[1:-1] >= smooth[2:]) & loud
    return {
        "active_share": active.mean(),
        "voiced_share": voiced.mean(),
        "voiced_of_active": voiced.sum() / max(1, active.sum()),
        "voiced_rate": len(runs) / seconds,
        "voiced_length": float(np.log(runs.mean() if len(runs) else 0.05)),
        "voiced_length_deviation": float(np.log((runs.std() if len(runs) else 0.0) + 0.03)),
        "pause_rate": len(_run_lengths(~active, 5)) / seconds,
        "peak_rate": peaks.sum() / seconds,
    }


def _run_lengths(mask: Mask, shortest: int) -> Array:
    edges = np.diff(np.concatenate([[0], mask.astype(np.int8), [0]]))
    lengths = np.flatnonzero(edges == -1) - np.flatnonzero(edges == 1)
    return np.asarray(lengths[lengths >= shortest], np.float64)


def _modulation(level: Array) -> dict[str, float]:
    """How the loudness's own spectrum is shared out: phrases, syllables, faster; and its middle in Hz."""
    heard = np.maximum(level, np.quantile(level, 0.95) - 30)
    size = max(512, len(level))
    power = np.abs(np.fft.rfft((heard - heard.mean()) * np.hanning(len(level)), size)) ** 2
    frequencies = np.fft.rfftfreq(size, 1 / FRAME_RATE)
    total = power[(frequencies > 0.5) & (frequencies < 20)].sum() + 1e-9

    def share(low: float, high: float) -> float:
        return float(power[(frequencies >= low) & (frequencies < high)].sum() / total)

    heard_band = (frequencies > 0.5) & (frequencies < 20)
    return {
        "modulation_slow": share(0.5, 2.5),
        "modulation_syllables": share(2.5, 6),
        "modulation_fast": share(6, 14),
        "modulation_middle": float(power[heard_band] @ frequencies[heard_band] / total),
    }


def _balance(bands: Array) -> Array:
    """dB of 1000 to 3400 Hz over 300 to 1000 Hz, (frames,)."""
    middles = _edges(*_LINE_BAND, _LINE_BANDS)[1:-1]
    power = 10 ** (bands / 10)
    return np.asarray(10 * np.log10(power[:, middles >= 1000].sum(axis=1) / power[:, middles < 1000].sum(axis=1)))


def _spectrum_features(bands: Array, active: Mask, voiced: Mask) -> dict[str, float]:
    """Tilt and shape of the voice's spectrum within the telephone line's band, in dB and octaves."""
    middles = _edges(*_LINE_BAND, _LINE_BANDS)[1:-1]
    octaves = np.log2(middles / 1000)
    voice = bands[voiced]
    power = 10 ** (voice / 10)
    tilt, balance = _slope(voice, octaves), _balance(voice)
    drop = voice[:, middles < 2000].max(axis=1) - voice[:, middles >= 2000].max(axis=1)
    top = 10 * np.log10(power[:, middles >= 2000].sum(axis=1) / power.sum(axis=1))
    centroid = np.log2(power @ middles / power.sum(axis=1))
    flux = np.abs(np.diff(bands, axis=0)).mean(axis=1)
    return {
        "tilt_mean": tilt.mean(),
        "tilt_deviation": tilt.std(),
        "balance_mean": balance.mean(),
        "balance_deviation": balance.std(),
        "balance_low": float(np.quantile(balance, 0.2)),
        "balance_high": float(np.quantile(balance, 0.8)),
        "hammarberg_mean": drop.mean(),
        "hammarberg_deviation": drop.std(),
        "top_mean": top.mean(),
        "top_deviation": top.std(),
        "centroid_mean": centroid.mean(),
        "centroid_deviation": centroid.std(),
        "flux_voiced": _mean(flux[voiced[1:] & voiced[:-1]]),
        "flux_active": _mean(flux[active[1:]]),
        "crest": float((voice.max(axis=1) - voice.mean(axis=1)).mean()),
        "valley": float((voice.mean(axis=1) - np.sort(voice, axis=1)[:, :3].mean(axis=1)).mean()),
    }


def _effort_features(pitch: Array, level: Array, balance: Array) -> dict[str, float]:
    """What goes along with loudness: pitch, and the balance that vocal effort moves."""
    loud = level >= np.median(level)
    return {
        "effort_balance": _mean(balance[loud]) - _mean(balance[~loud]) if not loud.all() else 0.0,
        "pitch_with_level": _correlation(pitch, level),
        "pitch_with_balance": _correlation(pitch, balance),
    }


def _full_band_features(bands: Array, active: Mask, voiced: Mask) -> dict[str, float]:
    """What lies under 300 and over 3400 Hz, in dB; little on a telephone line, the same for all its turns."""
    middles = _edges(*_FULL_BAND, _FULL_BANDS)[1:-1]
    power = 10 ** (bands / 10)
    under = power[:, middles < 300].sum(axis=1)
    low = power[:, (middles >= 300) & (middles < 1000)].sum(axis=1)
    middle = power[:, (middles >= 1000) & (middles < 3400)].sum(axis=1)
    over = power[:, middles >= 3400].sum(axis=1)
    bass = 10 * np.log10(under / low)[voiced]
    treble = 10 * np.log10(over / (low + middle))[voiced]
    slope = _slope(bands[voiced], np.log2(middles / 1000))
    hiss = active & ~voiced
    return {
        "bass_mean": bass.mean(),
        "bass_deviation": bass.std(),
        "treble_mean": treble.mean(),
        "treble_deviation": treble.std(),
        "slope_mean": slope.mean(),
        "slope_deviation": slope.std(),
        "unvoiced_treble": _decibel_ratio(over[hiss], (under + low + middle)[hiss]),
    }


def _cepstrum_features(bands: Array) -> dict[str, float]:
    """Mean and deviation of 12 cepstral coefficients of the telephone line's band."""
    cepstra = bands @ _cosines().T
    means, deviations = cepstra.mean(axis=0), cepstra.std(axis=0)
    names = range(1, _NUM_CEPSTRA + 1)
    return {f"cepstrum_{name}_mean": mean for name, mean in zip(names, means, strict=True)} | {
        f"cepstrum_{name}_deviation": deviation for name, deviation in zip(names, deviations, strict=True)
    }


@cache
def _cosines() -> Array:
    """Rows 1 to 12 of the orthonormal discrete cosine transform, type II, (12, 20)."""
    order, band = np.arange(1, _NUM_CEPSTRA + 1)[:, None], np.arange(_LINE_BANDS)
    return np.asarray(np.sqrt(2 / _LINE_BANDS) * np.cos(np.pi * order * (band + 0.5) / _LINE_BANDS))


def _slope(bands: Array, octaves: Array) -> Array:
    centred = octaves - octaves.mean()
    return np.asarray(bands @ centred / (centred @ centred))


def _mean(values: Array | Mask) -> float:
    return float(values.mean()) if len(values) else 0.0


def _correlation(left: Array, right: Array) -> float:
    spread = left.std() * right.std()
    return float(((left - left.mean()) * (right - right.mean())).mean() / spread) if spread > 1e-6 else 0.0


def _decibel_ratio(upper: Array, lower: Array) -> float:
    return float(10 * np.log10(upper.mean() / lower.mean())) if len(upper) >= _MIN_VOICED else -5.0
