"""What rooms, lines and microphones do to a voice: noise, echoes, telephone, another microphone, another speed."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, fftconvolve, resample_poly, sosfilt

from diarization.recordings import SAMPLING_RATE, Waveform

Array = NDArray[np.float64]

CONDITIONS = ("clean", "noisy", "phone", "reverb")
"""What ``Condition.name`` may be."""

_NOISES = {"white": 0.0, "pink": 0.5, "speech-shaped": 0.8}  # fall of the amplitude with frequency, as a power


@dataclass(frozen=True)
class Condition:
    """How one speaker is heard throughout a session.

    Parameters
    ----------
    name : str
        One of ``CONDITIONS``.
    seed : int
        Decides noise, room and microphone.
    speed : float
        Above 1 faster and higher, as a tape that runs too fast.
    microphone : bool
        Whether a microphone colours the sound.
    """

    name: str
    seed: int
    speed: float = 1.0
    microphone: bool = False

    def heard(self, waveform: Waveform, take: int) -> Waveform:
        """The waveform under this condition; ``take`` varies noise and level, not room and microphone."""
        setting, passing = np.random.default_rng(self.seed), np.random.default_rng([self.seed, take])
        sound = at_speed(waveform.astype(np.float64), self.speed)
        if self.microphone:
            sound = through_microphone(sound, setting)
        if self.name == "noisy":
            kind, ratio = setting.choice(list(_NOISES)), setting.uniform(10, 25)
            sound = with_noise(sound, str(kind), float(ratio), passing)
        elif self.name == "phone":
            sound = through_telephone(with_noise(sound, "pink", 30.0, passing))
        elif self.name == "reverb":
            sound = in_room(sound, float(setting.uniform(0.3, 0.9)), float(setting.uniform(-3, 6)), setting)
        level = 10 ** (-passing.uniform(1, 9) / 20)
        return np.asarray(sound / (np.abs(sound).max() + 1e-9) * level, np.float32)


def trimmed(waveform: Waveform, depth: float = 35.0) -> Waveform:
    """Without the silence at both ends: what lies ``depth`` dB under the loudest 30 ms."""
    hop = SAMPLING_RATE // 100
    num_frames = len(waveform) // hop
    power = (waveform[: num_frames * hop].reshape(num_frames, hop).astype(np.float64) ** 2).mean(axis=1)
    level = 10 * np.log10(np.convolve(power, np.ones(3) / 3, "same") + 1e-12)
    speech = np.flatnonzero(level > level.max() - depth)
    return np.asarray(waveform[max(0, speech[0] - 2) * hop : (speech[-1] + 3) * hop])


def at_speed(sound: Array, speed: float) -> Array:
    """Played faster (above 1) or slower."""
    ratio = Fraction(speed).limit_denominator(100)
    return sound if ratio == 1 else np.asarray(resample_poly(sound, ratio.denominator, ratio.numerator))


def through_microphone(sound: Array, random: np.random.Generator) -> Array:
    """Coloured by a smooth random response, some dB up and down along the octaves."""
    octaves = np.log2(np.maximum(np.fft.rfftfreq(len(sound), 1 / SAMPLING_RATE), 50) / 1000)
    gain = random.normal(0, 1.0) * octaves
    for middle in range(-3, 3):
        gain = gain + random.normal(0, 2.0) * np.exp(-(((octaves - middle) / 0.7) ** 2))
    return np.asarray(np.fft.irfft(np.fft.rfft(sound) * 10 ** (gain / 20), len(sound)))


def with_noise(sound: Array, kind: str, ratio: float, random: np.random.Generator) -> Array:
    """With noise ``ratio`` dB under the speech."""
    frequencies = np.maximum(np.fft.rfftfreq(len(sound), 1 / SAMPLING_RATE), 80)
    spectrum = np.fft.rfft(random.standard_normal(len(sound))) / frequencies ** _NOISES[kind]
    noise = np.fft.irfft(spectrum, len(sound))
    return np.asarray(sound + noise * np.sqrt((sound**2).mean() / (noise**2).mean() / 10 ** (ratio / 10)))


def through_telephone(sound: Array) -> Array:
    """300 to 3400 Hz, mu-law in 8 bits (ITU-T G.711)."""
    line = sosfilt(butter(6, [300, 3400], "bandpass", fs=SAMPLING_RATE, output="sos"), sound)
    line = 0.7 * line / (np.abs(line).max() + 1e-9)
    steps = np.round(127 * np.sign(line) * np.log1p(255 * np.abs(line)) / np.log(256)) / 127
    return np.asarray(np.sign(steps) * np.expm1(np.abs(steps) * np.log(256)) / 255)


def in_room(sound: Array, decay: float, direct: float, random: np.random.Generator) -> Array:
    """With a room's diffuse sound: 60 dB down after ``decay`` seconds, ``direct`` dB under the direct sound."""
    length = int(decay * SAMPLING_RATE)
    room = random.standard_normal(length) * 10 ** (-3 * np.arange(length) / length)
    room[:40] = 0
    room *= 10 ** (-direct / 20) / np.sqrt((room**2).sum())
    room[0] = 1
    return np.asarray(fftconvolve(sound, room)[: len(sound)])
