"""Stretches of a recording that are music or tones rather than speech: hold music, ringing, dialling, beeps.

Notes keep their pitch, voices hardly ever do for a quarter of a second. So in a spectrum over 0.26 s a note is a line
as narrow as the window allows, while a voice's harmonics are smeared (the idea behind the continuous frequency
activation of Seyerlehner et al., DAFx 2007). What is measured is the share of a frame's power that lies in such lines.
Music without held notes (drums, rap) is not recognised, nor is singing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .recordings import SAMPLING_RATE, Waveform
from .segments import Segment

WINDOW = 4096
"""Samples of a frame: 0.256 s."""

HOP = WINDOW // 4

MUSIC_SHARE = 0.05
"""Share of power in lines from which a frame counts as music."""

TONE_SHARE = 0.93
"""Share of power in lines from which a frame counts as a tone."""

SHORTEST_MUSIC = 4.0
"""Seconds of music at least; a shorter stretch is not marked."""

SHORTEST_TONE = 0.9
"""Seconds; lines of speech last up to 0.7 s."""

_LEAST_DENSITY = 0.55  # share of frames over 4 s that are music; on 4,300 s of speech it is 0.40 at most
_QUIETEST = 10 ** (-55 / 10)
_LOWEST, _HIGHEST = 150.0, 3600.0  # Hz: above hum, and what telephones carry
_SIDE_DB = 16.0  # by which a line stands out of what lies 4 to 8 bins from it
_BATCH = 512


@dataclass(frozen=True)
class NonSpeech:
    """A stretch that is no speech.

    Parameters
    ----------
    segment : Segment
        When.
    kind : str
        ``music`` or ``tone``.
    """

    segment: Segment
    kind: str


def find_music(waveform: Waveform) -> list[NonSpeech]:
    """The stretches of music and of tones, in order; none of them overlap.

    Parameters
    ----------
    waveform : np.ndarray, shape (samples,)
        Or anything that gives stretches as ``cut`` asks for them.
    """
    shares = line_shares(waveform)
    tones = [each for each in _runs(shares >= TONE_SHARE) if each[1] - each[0] >= _frames(SHORTEST_TONE)]
    music = [each for each in _dense(shares >= MUSIC_SHARE) if _seconds(each) >= SHORTEST_MUSIC]
    alone = [each for each in tones if not any(start <= each[0] and each[1] <= end for start, end in music)]
    found = [NonSpeech(_segment(each, len(waveform)), "music") for each in music]
    found += [NonSpeech(_segment(each, len(waveform)), "tone") for each in alone]
    return sorted(found, key=lambda each: each.segment)


def line_shares(waveform: Waveform) -> NDArray[np.float32]:
    """Share of each frame's power that lies in steady lines, 0 to 1, shape (frames,); 0 in silence."""
    parts = [_shares(frames) for frames in _framed(waveform)]
    return np.concatenate(parts) if parts else np.zeros(0, np.float32)


def _framed(waveform: Waveform) -> Iterator[NDArray[np.float32]]:
    count = max(0, (len(waveform) - WINDOW) // HOP + 1)
    for at in range(0, count, _BATCH):
        size = min(_BATCH, count - at)
        piece = np.ascontiguousarray(waveform[at * HOP : (at + size - 1) * HOP + WINDOW])
        yield np.lib.stride_tricks.sliding_window_view(piece, WINDOW)[::HOP]


def _shares(frames: NDArray[np.float32]) -> NDArray[np.float32]:
    window = np.hanning(WINDOW).astype(np.float32)
    power = np.abs(np.fft.rfft(frames * window, axis=1)) ** 2
    low, high = (round(each * WINDOW / SAMPLING_RATE) for each in (_LOWEST, _HIGHEST))
    power = power[:, low - 8 : high + 8]
    centre = power[:, 8:-8]
    highest = np.max([power[:, 8 + step : power.shape[1] - 8 + step] for step in (-2, -1, 1, 2)], axis=0)
    beside = [power[:, 8 + sign * step : power.shape[1] - 8 + sign * step] for step in range(4, 9) for sign in (-1, 1)]
    line = (centre > highest) & (centre > np.max(beside, axis=0) * 10 ** (_SIDE_DB / 10))
    around = sum(power[:, 8 + step : power.shape[1] - 8 + step] for step in (-2, -1, 0, 1, 2))
    total = np.maximum(centre.sum(axis=1), 1e-9)
    loud = np.mean(frames**2, axis=1) > _QUIETEST
    return np.where(loud, np.minimum(1, (line * around).sum(axis=1) / total), 0).astype(np.float32)


def _dense(music: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Where most frames over ``SHORTEST_MUSIC`` are music, widened to the first and the last of them."""
    size = _frames(SHORTEST_MUSIC)
    if len(music) < size:
        return []
    density = np.convolve(music, np.ones(size) / size, "valid") >= _LEAST_DENSITY
    covered = np.zeros(len(music), bool)
    for start in np.flatnonzero(density).tolist():
        covered[start : start + size] = True
    trimmed = []
    for start, end in _runs(covered):
        inside = np.flatnonzero(music[start:end])
        trimmed.append((start + int(inside[0]), start + int(inside[-1]) + 1))
    return trimmed


def _runs(marked: NDArray[np.bool_]) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate([[0], marked.astype(np.int8), [0]]))).reshape(-1, 2)
    return [(int(start), int(end)) for start, end in edges]


def _frames(seconds: float) -> int:
    return max(1, round((seconds * SAMPLING_RATE - WINDOW) / HOP) + 1)


def _seconds(frames: tuple[int, int]) -> float:
    return ((frames[1] - frames[0] - 1) * HOP + WINDOW) / SAMPLING_RATE


def _segment(frames: tuple[int, int], samples: int) -> Segment:
    start = frames[0] * HOP
    return Segment(start / SAMPLING_RATE, min(samples, (frames[1] - 1) * HOP + WINDOW) / SAMPLING_RATE)
