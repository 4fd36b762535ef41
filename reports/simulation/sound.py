"""What simulated conversations are made of: utterances cut clean, and the room, line and level they are heard with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TypeAlias

import numpy as np
import soundfile
from numpy.random import RandomState  # its streams are frozen for good, default_rng's are not
from numpy.typing import NDArray
from scipy.signal import butter, fftconvolve, lfilter, resample_poly, sosfilt

Samples: TypeAlias = NDArray[np.float64]
"""Mono samples, ``shape (samples,)``; full scale is 1."""

RATE = 16_000
MILLISECOND = RATE // 1000
LEVEL = -23.0  # dBFS, root mean square of a whole recording
LOUDEST = 0.99  # of full scale
FADE = 0.010  # s, at both ends of an utterance
TRIM = -32.0  # dB below an utterance's loudest 10 ms: quieter ends are cut off
EDGE = 1.0  # s of room before the first turn and after the last
BREATHS = (0.1, 0.25)  # s between the utterances of one turn


@dataclass(frozen=True)
class Room:
    """What a recording sounds like beside the voices.

    Parameters
    ----------
    condition : str
        A word for it, as the truth has it.
    snr : float
        dB, of the speech against the noise of the room.
    rumble : float
        Pole of that noise, 0 to below 1: the nearer to 1, the deeper it is.
    reverberation : float
        Seconds until an echo has died by 60 dB; 0 for none.
    telephone : bool
        Whether it has passed an 8 kHz line with mu-law.
    """

    condition: str
    snr: float
    rumble: float = 0.98
    reverberation: float = 0.0
    telephone: bool = False

    @property
    def rate(self) -> int:
        """Samples a second of what is recorded there."""
        return RATE // 2 if self.telephone else RATE


@dataclass(frozen=True)
class PlacedTurn:
    """A turn with its sound and place.

    Parameters
    ----------
    speaker : str
        Label in the truth.
    emotion : str
        Of all its utterances.
    start : int
        Its first sample, at ``RATE``.
    sound : np.ndarray, shape (samples,)
        What is said.
    """

    speaker: str
    emotion: str
    start: int
    sound: Samples

    @property
    def end(self) -> int:
        """The sample after its last."""
        return self.start + len(self.sound)


def decibels(value: float) -> float:
    """Factor of the amplitude for a gain in dB."""
    return float(10 ** (value / 20))


def rms(sound: Samples) -> float:
    """Root mean square."""
    return float(np.sqrt(np.mean(sound**2)))


def trimmed(sound: Samples) -> Samples:
    """An utterance without its quiet ends, faded in and out; empty where it is shorter than two fades or silent."""
    frame = 10 * MILLISECOND
    if len(sound) < 2 * frame or not sound.any():
        return np.zeros(0)
    loudness = np.sqrt(np.mean(sound[: len(sound) // frame * frame].reshape(-1, frame) ** 2, axis=1))
    loud = np.flatnonzero(loudness > loudness.max() * decibels(TRIM))
    kept = sound[max(loud[0] - 1, 0) * frame : (loud[-1] + 2) * frame].copy()
    fade = np.sin(np.linspace(0, np.pi / 2, round(FADE * RATE))) ** 2
    kept[: len(fade)] *= fade
    kept[-len(fade) :] *= fade[::-1]
    return kept


def in_a_row(utterances: Sequence[Samples], random: RandomState) -> Samples:
    """The utterances of one turn one after the other, with a breath between."""
    pieces = [utterances[0]]
    for utterance in utterances[1:]:
        pieces += [np.zeros(round(random.uniform(*BREATHS) * RATE)), utterance]
    return np.concatenate(pieces)


def record(turns: Sequence[PlacedTurn], room: Room, random: RandomState) -> Samples:
    """The turns as the room and the line leave them, at ``LEVEL`` and ``room.rate``."""
    length = max(turn.end for turn in turns) + round(EDGE * RATE)
    mixed = voices(turns, length, room, random)
    speech = rms(np.concatenate([mixed[turn.start : turn.end] for turn in turns]))
    mixed += noise(length, room, random) * speech * decibels(-room.snr)
    if room.telephone:
        mixed = telephone(mixed)
    mixed *= decibels(LEVEL) / rms(mixed)
    return mu_law(mixed) if room.telephone else mixed


def voices(turns: Sequence[PlacedTurn], length: int, room: Room, random: RandomState) -> Samples:
    """All voices together, each with its own echoes where the room has some."""
    mixed = np.zeros(length)
    for speaker in sorted({turn.speaker for turn in turns}):
        track = np.zeros(length)
        for turn in turns:
            if turn.speaker == speaker:
                track[turn.start : turn.end] += turn.sound
        if room.reverberation:
            track = fftconvolve(track, echoes(room.reverberation, random))[:length]
        mixed += track
    return mixed


def echoes(seconds: float, random: RandomState) -> Samples:
    """A room's impulse response: the voice itself, then noise that dies away by 60 dB in so many seconds."""
    times = np.arange(round(seconds * RATE)) / RATE
    tail = random.standard_normal(len(times)) * 10 ** (-3 * times / seconds)
    tail[: 5 * MILLISECOND] = 0
    response: Samples = 0.5 * tail / np.sqrt(np.sum(tail**2))  # 6 dB more of the voice than of its echoes
    response[0] = 1
    return response


def noise(length: int, room: Room, random: RandomState) -> Samples:
    """Noise of a quiet room: strongest below, as ventilation and traffic are; root mean square 1."""
    settle = RATE // 10
    rumble: Samples = lfilter([1.0], [1.0, -room.rumble], random.standard_normal(length + settle))[settle:]
    return rumble / rms(rumble)


def telephone(sound: Samples) -> Samples:
    """What passes 300 to 3400 Hz, at 8 kHz."""
    band = butter(4, (300, 3400), btype="bandpass", fs=RATE, output="sos")
    narrow: Samples = resample_poly(sosfilt(band, sound), 1, 2)
    return narrow


def mu_law(sound: Samples) -> Samples:
    """The sound at 8 kHz after a way through 8 bits of G.711 mu-law."""
    line = BytesIO()
    soundfile.write(line, sound, RATE // 2, format="AU", subtype="ULAW")
    line.seek(0)
    received: Samples = soundfile.read(line, dtype="float64")[0]
    return received


def write_flac(path: Path, sound: Samples, rate: int, step: int = 1) -> None:
    """A 16-bit FLAC file whose samples are multiples of a step of 2**-15: larger steps make smaller files."""
    samples = (np.round(sound * 2**15 / step) * step).astype(np.int16)
    soundfile.write(path, samples, rate, subtype="PCM_16", compression_level=1.0)
