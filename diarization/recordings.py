"""Facts of one audio file, and its sound."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from .segments import Segment

Waveform: TypeAlias = NDArray[np.float32]
"""Mono sound in [-1, 1], ``shape (samples,)``, at ``SAMPLING_RATE``."""

SAMPLING_RATE = 16_000
"""Samples a second of every Waveform."""


@dataclass(frozen=True)
class Recording:
    """Facts of one audio file; no labels.

    Parameters
    ----------
    id : str
        SHA-256 of the file's bytes, 64 hexadecimal digits: the same bytes under two names are one recording.
    path : Path
        Where the file was read from.
    duration : float
        Seconds of sound, as decoded, >= 0.
    sampling_rate : int
        Samples a second in the file itself, before resampling.
    channels : int
        Channels in the file itself, before mixing down.
    """

    id: str
    path: Path
    duration: float
    sampling_rate: int
    channels: int


def cut(waveform: Waveform, segment: Segment) -> Waveform:
    """The samples of one stretch, ``shape (samples,)``: a view, clipped to the waveform's end."""
    return waveform[round(segment.start * SAMPLING_RATE) : round(segment.end * SAMPLING_RATE)]
