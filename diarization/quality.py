"""What a recording sounds like: level, clipping, noise, silence, bandwidth, copied channels."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .levels import speech_levels
from .recordings import Waveform

_FULL_SCALE = 0.98  # mu-law's largest value is 0.980, A-law's 0.984
_CLIPPED_RUN = 3
_ABSURD = float(2**31)  # samples of 32-bit integers written as floats; anything above is not sound


@dataclass(frozen=True)
class Quality:
    """Notes on the sound of one recording.

    Parameters
    ----------
    level_dbfs : float or None
        Active speech level: RMS over the active frames, in dB, where a full-scale square wave has 0. None for silence.
    peak_dbfs : float or None
        Largest sample of the file in dB of full scale; above 0 in files that exceed it. None where all samples are 0.
    clipping : float
        Share of samples, 0 to 1, in runs of three or more at full scale; that of the worst channel.
    snr_db : float or None
        Estimated signal-to-noise ratio of the active frames, 0 to 60; None where nothing stands out from
        what is there all the time.
    silence : float
        Share of the recording, 0 to 1, that is not active; pauses below 0.2 s count as active.
    bandwidth_hz : float or None
        Highest frequency that speech reaches, up to 8000 (what the models hear); None where nothing is active.
    narrow_band : bool
        Whether speech ends below 5 kHz, as on a telephone.
    duplicate_channels : bool
        Whether all channels are copies of one another (correlation above 0.999).
    opposed_channels : bool
        Whether the channels would have cancelled one another in the mix, so that only the loudest was taken.
    dc_offset : float
        Mean of the samples in full scale; that of the worst channel, with its sign.
    replaced : float
        Share of samples, 0 to 1, that were not numbers or absurdly large, and were replaced by 0.
    scaled : float
        Factor by which the waveform was multiplied to fit into full scale; 1 where it fitted.
    missing : float
        Share of the sound that the file states, 0 to 0.1, that could not be decoded.
    unfinished : bool
        Whether the file's end mark is missing, so that it may have been cut off.
    tracks : int
        Audio tracks in the file; one of them was read.
    """

    level_dbfs: float | None
    peak_dbfs: float | None
    clipping: float
    snr_db: float | None
    silence: float
    bandwidth_hz: float | None
    narrow_band: bool
    duplicate_channels: bool = False
    opposed_channels: bool = False
    dc_offset: float = 0.0
    replaced: float = 0.0
    scaled: float = 1.0
    missing: float = 0.0
    unfinished: bool = False
    tracks: int = 1

    def to_json(self) -> dict[str, Any]:
        """JSON values: levels to 0.1 dB, hertz to 1, shares to six digits."""
        digits = {"level_dbfs": 1, "peak_dbfs": 1, "snr_db": 1, "bandwidth_hz": 0, "dc_offset": 4, "scaled": 9}
        return {
            name: round(value, digits.get(name, 6)) if isinstance(value, float) else value
            for name, value in asdict(self).items()
        }

    def notes(self) -> tuple[str, ...]:
        """Sentences a reader should see, those that weigh most first; none for a good recording."""
        if self.level_dbfs is None:
            said = ["The recording is silent: no sound reaches -70 dB of full scale."]
        else:
            said = [*self._speech_notes()]
        return tuple(said + self._file_notes())

    def _speech_notes(self) -> list[str]:
        level, snr, said = self.level_dbfs, self.snr_db, []
        if snr is None:
            said.append(
                "Nothing stands out from what is there all the time: no speech, or noise as loud as the speech."
            )
        elif snr < 15:
            said.append(f"Noisy: the signal-to-noise ratio is about {snr:.0f} dB; 15 dB or more is better.")
        if self.clipping > 0.001:
            said.append(f"Clipped: {100 * self.clipping:.1f} % of the samples are cut off at full scale.")
        if level is not None and level < -50:
            said.append(f"Very quiet: speech is at {level:.0f} dB of full scale.")
        if self.narrow_band and self.bandwidth_hz is not None:
            said.append(
                f"Narrow band, as on a telephone: speech reaches up to {self.bandwidth_hz / 1000:.1f} kHz only."
            )
        if self.silence > 0.8:
            said.append(f"{100 * self.silence:.0f} % of the recording is silence.")
        return said

    def _file_notes(self) -> list[str]:
        said = []
        if self.missing > 0:
            said.append(f"The file is cut off or damaged: {_percent(self.missing)} of it could not be read.")
        if self.unfinished:
            said.append("The file's end mark is missing: it may have been cut off.")
        if self.replaced > 0:
            said.append(f"{_percent(self.replaced)} of the samples are not numbers and were replaced by silence.")
        if self.scaled < 1:
            said.append(f"The samples go beyond full scale; they were multiplied by {self.scaled:.3g} to fit.")
        if self.opposed_channels:
            said.append("The channels cancel one another (one is wired the wrong way); only the loudest was used.")
        if self.duplicate_channels:
            said.append("The channels are copies of one another: they do not tell the speakers apart.")
        if abs(self.dc_offset) > 0.02:
            said.append(f"The samples have an offset of {self.dc_offset:+.2f} of full scale.")
        if self.tracks > 1:
            said.append(f"The file has {self.tracks} audio tracks; only the main one was read.")
        return said


def _percent(share: float) -> str:
    return "less than 0.1 %" if share < 0.001 else f"{100 * share:.1f} %"


class QualityMeter:
    """Accumulates the facts that only the file's own samples tell, block by block, in memory of one block."""

    def __init__(self) -> None:
        self.frames = 0
        self.peak = 0.0
        self._replaced = 0
        self._samples = 0
        self._channels: _ChannelMeter | None = None
        self._louder: list[_ChannelMeter] = []

    def add(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Take in one block, shape (frames, channels), and give it back with 0 for what is no sound (nan, infinite)."""
        if self._channels is None or self._channels.count != samples.shape[1]:
            self._channels = _ChannelMeter(samples.shape[1])
            self._louder.append(self._channels)
        peak = _peak(samples)
        if not peak <= _ABSURD:
            samples = samples.copy()
            bad = ~(np.abs(samples) <= _ABSURD)
            samples[bad] = 0
            self._replaced += int(bad.sum())
            peak = _peak(samples)
        self.frames += len(samples)
        self._samples += samples.size
        self.peak = max(self.peak, peak)
        self._channels.add(samples, peak)
        return samples

    @property
    def replaced(self) -> float:
        """Share of samples so far that were no sound, 0 to 1."""
        return self._replaced / max(1, self._samples)

    @property
    def _main(self) -> _ChannelMeter:
        """Of the stretches with different numbers of channels (files that change midway are rare), the longest."""
        return max(self._louder, key=lambda each: each.frames)

    @property
    def mix_cancels(self) -> bool:
        """Whether the mean over the channels loses almost all that is in them."""
        return self._main.mix_cancels

    @property
    def loudest_channel(self) -> int:
        """Index of the channel with most energy."""
        return self._main.loudest

    def quality(self, waveform: Waveform, scaled: float = 1.0, **facts: Any) -> Quality:
        """The notes on a recording, from the blocks taken in and from its waveform at 16 kHz.

        Parameters
        ----------
        waveform : np.ndarray, shape (samples,)
            The mono mix, within full scale.
        scaled : float
            Factor that brought it there.
        **facts
            Further fields of Quality that the caller knows.
        """
        channels = self._main
        offset = float(channels.offsets[np.argmax(np.abs(channels.offsets))])
        return Quality(
            **speech_levels(waveform),
            peak_dbfs=None if self.peak == 0 else 20 * float(np.log10(self.peak)),
            clipping=channels.clipping if scaled == 1 else 0.0,
            duplicate_channels=channels.duplicate,
            dc_offset=offset * scaled,
            replaced=self.replaced,
            scaled=scaled,
            **facts,
        )


def _peak(samples: NDArray[np.float32]) -> float:
    """Largest absolute sample; nan where any is nan."""
    return float(max(samples.max(), -samples.min()))


class _ChannelMeter:
    """Sums over the samples of each channel and the products of each pair of them."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.frames = 0
        self._sums = np.zeros(count)
        self._products = np.zeros((count, count))
        self._clipped = np.zeros(count)
        self._tail = np.zeros((_CLIPPED_RUN, count), bool)

    def add(self, samples: NDArray[np.float32], peak: float) -> None:
        self.frames += len(samples)
        self._sums += np.ones(len(samples), np.float32) @ samples  # four times faster than a sum
        self._products += samples.T @ samples
        if peak >= _FULL_SCALE or self._tail.any():
            self._add_clipped(np.abs(samples) >= _FULL_SCALE)

    def _add_clipped(self, full: NDArray[np.bool_]) -> None:
        """Count the samples in runs of three and more; the last three are kept, as a run may cross blocks."""
        full = np.concatenate([self._tail, full])
        runs = full[:-2] & full[1:-1] & full[2:]
        self._clipped += runs[1:].sum(axis=0) + 2 * (runs[1:] & ~runs[:-1]).sum(axis=0)
        self._tail = full[-_CLIPPED_RUN:]

    @property
    def offsets(self) -> NDArray[np.float64]:
        return self._sums / self.frames

    @property
    def clipping(self) -> float:
        return float(self._clipped.max() / self.frames)

    @property
    def loudest(self) -> int:
        return int(np.argmax(np.diag(self._covariance)))

    @property
    def duplicate(self) -> bool:
        spread = np.sqrt(np.clip(np.diag(self._covariance), 0, None))
        if self.count < 2 or spread.min() < 1e-6:
            return False
        return bool((self._covariance[0] / spread[0] / spread > 0.999).all())

    @property
    def mix_cancels(self) -> bool:
        """Whether the mix has 20 times less power than it would have of channels with nothing in common."""
        power = float(np.diag(self._covariance).mean())
        return self.count > 1 and power > 1e-9 and float(self._covariance.mean()) < 0.05 * power / self.count

    @property
    def _covariance(self) -> NDArray[np.float64]:
        covariance: NDArray[np.float64] = self._products / self.frames - np.outer(self.offsets, self.offsets)
        return covariance
