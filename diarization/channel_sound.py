"""The channels of a recording, each by itself, on disk rather than in memory."""

from __future__ import annotations

import tempfile
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from .recordings import SAMPLING_RATE, Waveform

MOST_CHANNELS = 8
"""A file with more channels is heard as its mix alone: a FLAC file, which keeps them, holds no more."""

_FULL = 32767


class ChannelSound:
    """The channels of one recording at 16 kHz, in a temporary file without a name, which goes when this does.

    Parameters
    ----------
    samples : np.ndarray of int16, shape (frames, channels)
        Full scale is 32767; a memory map.
    """

    def __init__(self, samples: NDArray[np.int16]) -> None:
        self.samples = samples

    def __len__(self) -> int:
        return len(self.samples)

    @property
    def count(self) -> int:
        """Number of channels."""
        return int(self.samples.shape[1])

    def waveform(self, channel: int) -> Waveform:
        """One channel, for ``cut``: stretches of it are read when they are cut, the whole is never in memory."""
        return cast(Waveform, _OneChannel(self.samples, channel))

    def blocks(self, size: int) -> Any:
        """All channels in blocks of at most ``size`` frames, float32, shape (frames, channels)."""
        for start in range(0, len(self), size):
            yield _as_float(self.samples[start : start + size])


class ChannelSpool:
    """Takes channels in, block by block, at any sampling rate.

    Parameters
    ----------
    count : int
        Number of channels.
    """

    def __init__(self, count: int) -> None:
        self.count = count
        self.frames = 0
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 (lives as long as the sound)
        self._rate = SAMPLING_RATE
        self._stream: Any = None

    def add(self, samples: NDArray[np.float32], rate: int) -> None:
        """One block, shape (frames, channels)."""
        if rate != self._rate:
            self._start(rate)
        self._write(samples if self._stream is None else self._stream.resample_chunk(samples))

    def keep(self, samples: NDArray[np.int16]) -> None:
        """One block that is at 16 kHz and of 16 bits already."""
        self._file.write(np.ascontiguousarray(samples).tobytes())
        self.frames += len(samples)

    def finished(self, frames: int | None = None) -> ChannelSound:
        """What was taken in, cut or filled up with silence to that many frames."""
        self._start(SAMPLING_RATE)
        wanted = self.frames if frames is None else frames
        if wanted > self.frames:
            self.keep(np.zeros((wanted - self.frames, self.count), np.int16))
        self._file.flush()
        shape = (wanted, self.count)
        samples = np.memmap(self._file, np.int16, "r", shape=shape) if wanted else np.zeros(shape, np.int16)
        self.close()  # the map stays
        return ChannelSound(samples)

    def close(self) -> None:
        """Give the file up; what was finished stays."""
        self._file.close()

    def _start(self, rate: int) -> None:
        from soxr import ResampleStream

        if self._stream is not None:
            self._write(self._stream.resample_chunk(np.zeros((0, self.count), np.float32), last=True))
        self._rate = rate
        same = rate == SAMPLING_RATE
        self._stream = None if same else ResampleStream(rate, SAMPLING_RATE, self.count, quality="HQ")

    def _write(self, samples: NDArray[np.float32]) -> None:
        self.keep(np.rint(np.clip(samples, -1, 1) * _FULL).astype(np.int16))


class _OneChannel:
    """What ``cut`` needs of a waveform: a length, and stretches."""

    def __init__(self, samples: NDArray[np.int16], channel: int) -> None:
        self._samples, self._channel = samples, channel

    def __len__(self) -> int:
        return len(self._samples)

    def __getitem__(self, stretch: slice) -> Waveform:
        return _as_float(self._samples[stretch, self._channel])


def _as_float(samples: NDArray[np.int16]) -> NDArray[np.float32]:
    return np.asarray(samples, np.float32) / np.float32(_FULL)
