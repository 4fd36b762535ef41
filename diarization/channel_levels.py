"""Levels of the channels of a recording over time, and how alike they are: what tells parties from copies."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from .channel_sound import ChannelSound
from .levels import FRAME
from .recordings import SAMPLING_RATE

FRAME_STEP = FRAME / SAMPLING_RATE
"""Seconds from one frame to the next: 20 ms."""

QUIETEST_DBFS = -65.0
"""Frames below this level are silence in any channel."""

MOST_DELAY = 0.6
"""Seconds by which an echo may come later: a satellite's or a conference bridge's."""

_MARGIN_DB = 9.0  # by which an active frame stands out of its channel's noise
_NOISE_PERCENTILE = 10
_PIECE = 2 * SAMPLING_RATE  # samples compared at once
_MOST_PIECES = 60


@dataclass(frozen=True)
class Likeness:
    """How one channel is heard in another.

    Parameters
    ----------
    correlation : float
        Of the two at the best delay, -1 to 1; the median over the pieces compared.
    delay : float
        Seconds by which the other channel comes later.
    """

    correlation: float
    delay: float


class ChannelLevels:
    """The level of each channel in frames of 20 ms.

    Parameters
    ----------
    sound : ChannelSound
        The channels.
    """

    def __init__(self, sound: ChannelSound) -> None:
        self._sound = sound
        blocks = [_decibels(block) for block in sound.blocks(FRAME * 50 * 60)]
        self.decibels = np.concatenate(blocks) if blocks else np.zeros((0, sound.count), np.float32)
        """Shape (frames, channels), dB of full scale."""

    @cached_property
    def active(self) -> NDArray[np.bool_]:
        """Which frames of which channel stand out of that channel's noise, shape (frames, channels)."""
        if not len(self.decibels):
            return np.zeros(self.decibels.shape, bool)
        # A channel that is never quiet (music, or speech that was cut close) has no noise to stand out of.
        noise = np.minimum(np.percentile(self.decibels, _NOISE_PERCENTILE, axis=0), self._loud - 20)
        return np.asarray(self.decibels > np.maximum(noise + _MARGIN_DB, QUIETEST_DBFS))

    @cached_property
    def _loud(self) -> NDArray[np.float64]:
        return np.asarray(np.percentile(self.decibels, 95, axis=0))

    @property
    def silent(self) -> list[int]:
        """The channels in which nothing is heard."""
        return [int(each) for each in np.flatnonzero(self.active.sum(axis=0) < 10)]

    def lead(self, channel: int) -> NDArray[np.float32]:
        """By how many dB the channel is above the loudest of the others, shape (frames,)."""
        others = np.delete(self.decibels, channel, axis=1)
        return np.asarray(self.decibels[:, channel] - others.max(axis=1))

    def likeness(self, channel: int, other: int, where: NDArray[np.bool_]) -> Likeness:
        """How ``other`` repeats ``channel`` in the frames marked; a correlation of 0 where they are too few."""
        found = [_correlation(*piece) for piece in self._pieces(channel, other, where)]
        curves = [each for each in found if each is not None]
        if not curves:
            return Likeness(0.0, 0.0)
        mean = np.mean(curves, axis=0)
        at = int(np.argmax(np.abs(mean)))
        around = slice(max(0, at - 2), at + 3)
        strongest = [each[around][np.argmax(np.abs(each[around]))] for each in curves]
        return Likeness(float(np.median(strongest)), (at - len(mean) // 2) / SAMPLING_RATE)

    def _pieces(
        self, channel: int, other: int, where: NDArray[np.bool_]
    ) -> list[tuple[NDArray[np.float32], NDArray[np.float32]]]:
        """Pieces of both channels in which most frames are marked, spread over the recording."""
        size = _PIECE // FRAME
        shares = where[: len(where) // size * size].reshape(-1, size).mean(axis=1)
        chosen = np.flatnonzero(shares > 0.5)
        chosen = chosen[:: len(chosen) // _MOST_PIECES + 1]
        own, its = self._sound.waveform(channel), self._sound.waveform(other)
        stretches = [slice(at * _PIECE, (at + 1) * _PIECE) for at in chosen.tolist()]
        return [(own[each], its[each]) for each in stretches]


def _decibels(block: NDArray[np.float32]) -> NDArray[np.float32]:
    """Level about the mean of each whole frame of a block."""
    frames = block[: len(block) // FRAME * FRAME].reshape(-1, FRAME, block.shape[1])
    power = frames.var(axis=1)
    return np.asarray(10 * np.log10(np.maximum(power, 1e-12)), np.float32)


def _correlation(own: NDArray[np.float32], its: NDArray[np.float32]) -> NDArray[np.float64] | None:
    """Normalised correlation for delays of up to ``MOST_DELAY`` either way; None where either is silent."""
    most = round(MOST_DELAY * SAMPLING_RATE)
    size = 1 << (len(own) + most).bit_length()
    spectra = np.fft.rfft(own - own.mean(), size), np.fft.rfft(its - its.mean(), size)
    power = float(np.sum((own - own.mean()) ** 2, dtype=float) * np.sum((its - its.mean()) ** 2, dtype=float))
    if power < 1e-12:
        return None
    products = np.fft.irfft(np.conj(spectra[0]) * spectra[1], size)
    curve: NDArray[np.float64] = np.concatenate([products[-most:], products[: most + 1]]) / np.sqrt(power)
    return curve
