"""Sound of any sampling rate, block by block, to one waveform at 16 kHz."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .recordings import SAMPLING_RATE, Waveform

_PAGE = 1 << 23  # 32 MB: the C library gives smaller pieces of memory back late or never


class Resampled:
    """Mono blocks of any sampling rate, joined into one waveform at 16 kHz.

    The samples are kept in pages, which are given back one by one while they are joined, so that there is hardly
    ever more than one copy. A header is not asked how much there will be: it may lie.
    """

    def __init__(self) -> None:
        self._pages: list[Waveform] = []
        self._used = _PAGE
        self._rate = 0
        self._stream: Any = None

    def add(self, mono: NDArray[np.float32], rate: int) -> None:
        if rate != self._rate:
            self._start(rate)
        self._keep(mono if self._stream is None else self._stream.resample_chunk(mono))

    def joined(self) -> Waveform:
        """The waveform; the pages are given up."""
        self._start(0)
        waveform = np.empty(self._length, np.float32)
        self._pages.reverse()
        at = 0
        while self._pages:
            page = self._pages.pop()[: len(waveform) - at]
            waveform[at : at + len(page)] = page
            at += len(page)
        return waveform

    def _start(self, rate: int) -> None:
        """End the stream of the old sampling rate and begin one for the new; a rate of 0 begins none."""
        from soxr import ResampleStream

        if self._stream is not None:
            self._keep(self._stream.resample_chunk(np.zeros(0, np.float32), last=True))
        self._rate = rate
        self._stream = None if rate in (0, SAMPLING_RATE) else ResampleStream(rate, SAMPLING_RATE, 1, quality="HQ")

    @property
    def _length(self) -> int:
        return len(self._pages) * _PAGE - (_PAGE - self._used) if self._pages else 0

    def _keep(self, samples: NDArray[np.float32]) -> None:
        while len(samples):
            if self._used == _PAGE:
                self._pages.append(np.empty(_PAGE, np.float32))
                self._used = 0
            taken = samples[: _PAGE - self._used]
            self._pages[-1][self._used : self._used + len(taken)] = taken
            self._used += len(taken)
            samples = samples[len(taken) :]
