"""Reads recordings: any audio file in, its waveform at 16 kHz and notes on its sound out."""

from __future__ import annotations

import hashlib
import os
import stat
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from .channel_sound import MOST_CHANNELS, ChannelSound, ChannelSpool
from .decoding import Block, Decoding
from .decoding_apart import decode_apart
from .errors import AudioError, WorkspaceError
from .files import write_whole
from .quality import Quality, QualityMeter
from .recordings import SAMPLING_RATE, Recording, Waveform
from .resampling import Resampled

audio_suffixes = (
    ".wav", ".flac", ".mp3", ".ogg", ".oga", ".opus", ".m4a", ".aac", ".webm", ".amr", ".aif", ".aiff", ".aifc",
    ".mp4", ".m4v", ".mov", ".mkv", ".mka", ".3gp", ".au", ".caf", ".w64", ".wma", ".avi",
)  # fmt: skip
"""Endings of the files that are taken from a folder; a file named outright may have any."""

SHORTEST = 0.1
"""Seconds; a recording with less sound than this is an error."""

LONGEST = 12 * 3600.0
"""Seconds; a recording with more sound is an error: few bytes can unpack to sound without end."""

LOWEST_RATE, HIGHEST_RATE = 1_000, 384_000
"""Sampling rates in Hz that are believed."""

_MOST_MISSING = 0.1
_MOST_REPLACED = 0.01
_PRIMING = 0.25  # seconds by which encoders' delays make the stated and the decoded duration differ
_BLOCK = 1 << 20

ReadProgress = Callable[[str, float], None]
"""Called with ``"read"`` and the share of the file that has been read, 0 to 1."""


@dataclass(frozen=True, eq=False)
class Sound:
    """A recording that has been read.

    Parameters
    ----------
    recording : Recording
        Facts of the file.
    waveform : np.ndarray of float32, shape (samples,)
        The mean of all channels at 16 kHz, in [-1, 1].
    quality : Quality
        Notes on the sound.
    channels : ChannelSound or None
        Each channel by itself; None for a mono file, and for one with more than ``MOST_CHANNELS``.
    """

    recording: Recording
    waveform: Waveform
    quality: Quality
    channels: ChannelSound | None = None

    def heard_on(self, channel: int | None) -> Waveform:
        """The sound of one channel, cut as a waveform is; the mix where ``channel`` is None."""
        return self.waveform if channel is None or self.channels is None else self.channels.waveform(channel)


def read(path: Path, progress: ReadProgress | None = None) -> Sound:
    """The sound of one audio file, whatever its format, sampling rate and number of channels.

    The file is decoded once, in blocks, by a process apart (``decoding_apart``), so that one that breaks its decoder
    breaks nothing else. The only thing in memory that grows with it is its waveform (230 MB an hour). The channels of
    a file with several are kept beside it, on disk.

    - Channels are mixed to their mean; where they would cancel one another, the file is decoded again and only the
      loudest is taken.
    - Samples that are not numbers, or absurd, become 0; with more than 1 % of them the file is an error.
    - Floating-point samples beyond 1.5 times full scale are scaled down to it as a whole; smaller excess, which
      resampling and lossy codecs bring, is clipped.
    - Of a file that is cut off or damaged, what can be decoded is used where that is at least 90 % of what the header
      states; less is an error. A header that states no duration (streamed WAV, MP3 without a Xing frame, AAC, AMR, Ogg)
      is believed to be complete.

    Each of these leaves a note in the quality.

    Parameters
    ----------
    path : Path
        A regular file. Its content decides the format, not its name.
    progress : callable, optional
        Called after every block.

    Raises
    ------
    AudioError
        Where the file is missing, empty, unreadable, not audio, damaged, shorter than 0.1 s or longer than 12 hours,
        not made of numbers, or of a sampling rate outside 1 to 384 kHz, and where it ends its decoder.
    """
    path = Path(path)
    _check_file(path)
    with closing(_Reading(path, None)) as reading:
        reading.run(progress)
        meter = reading.meter
        if not (meter.mix_cancels or reading.channels_overflow):
            return reading.sound()
    del reading
    loudest = meter.loudest_channel if meter.mix_cancels else None
    with closing(_Reading(path, loudest, _fitting(meter.peak))) as again:
        again.run(progress)
        return again.sound()


def hash_file(path: Path) -> str:
    """SHA-256 of a file's bytes, 64 hexadecimal digits; read in blocks.

    Raises
    ------
    AudioError
        Where the file cannot be read.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise AudioError(f"{path}: cannot be read ({error.strerror}); check its permissions and its disk") from error


def find_recordings(paths: Iterable[Path]) -> list[Path]:
    """The audio files meant by files and folders, each once, in the given order.

    A folder stands for all files in it and its subfolders that end in one of ``audio_suffixes``, sorted by name; hidden
    ones are left out. A file stands for itself, whatever its name, and is not looked at.

    Raises
    ------
    AudioError
        Where a folder holds no such file.
    """
    found: dict[Path, None] = {}
    for path in map(Path, paths):
        found |= dict.fromkeys(_files_in(path) if path.is_dir() else [path])
    return list(found)


def write_flac(path: Path, waveform: Waveform) -> None:
    """Keep a waveform as 16-bit FLAC at 16 kHz mono: all of it under the name, or nothing.

    Raises
    ------
    WorkspaceError
        Where it cannot be written, for instance on a full disk.
    """
    content = waveform_flac(waveform)
    try:
        write_whole(path, content)
    except OSError as error:
        raise WorkspaceError(
            f"{path}: cannot be written ({error.strerror}); free some space or choose another place"
        ) from error


def waveform_flac(waveform: Waveform) -> memoryview:
    """The bytes of a FLAC file, about a fifth of the waveform's; libsndfile would not say why a disk failed."""
    from soundfile import SoundFile

    content = BytesIO()
    with SoundFile(content, "w", SAMPLING_RATE, 1, "PCM_16", format="FLAC") as flac:
        for start in range(0, len(waveform), _BLOCK):
            flac.write(waveform[start : start + _BLOCK])
    return content.getbuffer()


def write_channels(path: Path, channels: ChannelSound) -> None:
    """Keep the channels as 16-bit FLAC at 16 kHz: all of it under the name, or nothing. At most 8 fit into a FLAC file.

    Raises
    ------
    WorkspaceError
        Where it cannot be written, for instance on a full disk.
    """
    try:
        _write_channels(str(path), channels)
    except (OSError, RuntimeError) as error:
        raise WorkspaceError(f"{path}: cannot be written ({error}); free some space or choose another place") from error


def channels_flac(channels: ChannelSound) -> memoryview:
    """The bytes of the file that ``write_channels`` writes."""
    content = BytesIO()
    _write_channels(content, channels)
    return content.getbuffer()


def _write_channels(place: str | BytesIO, channels: ChannelSound) -> None:
    from soundfile import SoundFile

    with SoundFile(place, "w", SAMPLING_RATE, channels.count, "PCM_16", format="FLAC") as flac:
        for start in range(0, len(channels), _BLOCK):
            flac.write(channels.samples[start : start + _BLOCK])


def read_channels(source: Path | BinaryIO, path: Path | None = None) -> ChannelSound:
    """The channels that ``write_channels`` has kept: a file's, or those of an open one, which errors call ``path``.

    Raises
    ------
    AudioError
        Where the file is missing, damaged or not 16 kHz.
    """
    from soundfile import LibsndfileError, SoundFile

    try:
        with SoundFile(source if path else str(source)) as flac:
            spool = ChannelSpool(flac.channels)
            for block in flac.blocks(_BLOCK, dtype="int16", always_2d=True):
                spool.keep(block)
            sound, right = spool.finished(), flac.samplerate == SAMPLING_RATE and spool.frames == flac.frames
    except LibsndfileError as error:
        where = path or source
        raise AudioError(f"{where}: the kept channels are missing or damaged; analyse the recording again") from error
    if not right:
        raise AudioError(f"{path or source}: the kept channels are not whole; analyse the recording again")
    return sound


def read_flac(source: Path | BinaryIO, path: Path | None = None) -> Waveform:
    """The waveform that ``write_flac`` has kept, to 16 bits: a file's, or of an open one, which errors call ``path``.

    Raises
    ------
    AudioError
        Where the file is missing, damaged or not 16 kHz mono.
    """
    from soundfile import LibsndfileError, SoundFile

    try:
        with SoundFile(source if path else str(source)) as flac:
            facts = (flac.samplerate, flac.channels)
            waveform: Waveform = flac.read(dtype="float32")
            complete = len(waveform) == flac.frames
    except LibsndfileError as error:
        where = path or source
        raise AudioError(f"{where}: the kept audio is missing or damaged; analyse the recording again") from error
    if facts != (SAMPLING_RATE, 1) or not complete:
        raise AudioError(
            f"{path or source}: the kept audio is not whole 16 kHz mono sound; analyse the recording again"
        )
    return waveform


def peaks(waveform: Waveform, points: int = 2000) -> NDArray[np.float32]:
    """Lowest and highest sample of equal stretches, shape (points, 2), for drawing; zeros for an empty waveform.

    >>> peaks(np.array([0, 0.5, -0.25, 0], np.float32), 2).tolist()
    [[0.0, 0.5], [-0.25, 0.0]]
    """
    if not len(waveform):
        return np.zeros((points, 2), np.float32)
    starts = np.arange(points) * len(waveform) // points
    return np.stack([np.minimum.reduceat(waveform, starts), np.maximum.reduceat(waveform, starts)], axis=1)


def _check_file(path: Path) -> None:
    try:
        facts = path.stat()
    except FileNotFoundError as error:
        raise AudioError(f"{path}: there is no such file; check the path") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise AudioError(f"{path}: cannot be read ({reason}); check the path and its permissions") from error
    if stat.S_ISDIR(facts.st_mode):
        raise AudioError(f"{path}: this is a folder, not a recording; name the audio files in it")
    if not stat.S_ISREG(facts.st_mode):
        raise AudioError(f"{path}: this is a device or a pipe, not a file; save the sound to a file first")
    if facts.st_size == 0:
        raise AudioError(f"{path}: no sound in it (the file is 0 bytes); copy or export it again from its source")


def _files_in(folder: Path) -> list[Path]:
    found = []
    for parent, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        found += [Path(parent, name) for name in files if name.lower().endswith(audio_suffixes) and name[0] != "."]
    if not found:
        raise AudioError(
            f"{folder}: no audio files in this folder; files ending in {', '.join(audio_suffixes)} are taken"
        )
    return sorted(found)


class _Reading:
    """One pass over a file: mixes, resamples and measures its blocks."""

    def __init__(self, path: Path, channel: int | None, fitting: float = 1.0) -> None:
        self.path = path
        self.meter = QualityMeter()
        self._channel = channel
        self._fitting = fitting
        self._spool: ChannelSpool | None = None
        self._waveform = Resampled()
        self._first: Block | None = None
        self._frames: Counter[int] = Counter()
        self._facts: dict[str, Any] = {}

    def run(self, progress: ReadProgress | None) -> None:
        try:
            with decode_apart(self.path) as decoding:
                for block in decoding.blocks():
                    self._add(block)
                    if progress:
                        progress("read", decoding.done)
                self._check(decoding)
        except OSError as error:
            reason = error.strerror or "the disk or the network failed"
            raise AudioError(f"{self.path}: cannot be read ({reason}); check its disk, or copy it again") from error

    def sound(self) -> Sound:
        """What was read; the blocks are given up for it."""
        assert self._first is not None
        waveform = self._waveform.joined()
        scaled = self._fit(waveform)
        spool, self._spool = self._spool, None
        separate = spool.finished(len(waveform)) if spool else None
        quality = self.meter.quality(waveform, scaled, opposed_channels=self._channel is not None, **self._facts)
        rate, channels = self._first.sampling_rate, self._first.samples.shape[1]
        recording = Recording(hash_file(self.path), self.path, self._duration, rate, channels)
        return Sound(recording, waveform, quality, separate)

    def close(self) -> None:
        """Give up the channels, where nobody took them."""
        if self._spool is not None:
            self._spool.close()
        self._spool = None

    @property
    def channels_overflow(self) -> bool:
        """Whether the channels kept were cut off at full scale, as their file goes far beyond it."""
        return self._spool is not None and self._fitting == 1.0 and _fitting(self.meter.peak) < 1

    def _add(self, block: Block) -> None:
        rate = block.sampling_rate
        if not LOWEST_RATE <= rate <= HIGHEST_RATE:
            raise AudioError(
                f"{self.path}: its header states {rate} samples a second, where {LOWEST_RATE} to {HIGHEST_RATE} can be"
                " true; export it again from its source"
            )
        if self._first is None:
            self._first = Block(block.samples[:0], rate)
        samples = self.meter.add(block.samples)
        self._frames[rate] += len(samples)
        if self._duration > LONGEST:
            raise AudioError(
                f"{self.path}: more than {LONGEST / 3600:.0f} hours of sound in it, which is more than is taken; cut it"
                " into parts"
            )
        self._keep_channels(samples, rate)
        self._waveform.add(samples @ self._weights(samples.shape[1]), rate)

    def _keep_channels(self, samples: NDArray[np.float32], rate: int) -> None:
        """Spool the channels; a file whose number of channels changes midway is heard as its mix alone."""
        count, so_far = samples.shape[1], sum(self._frames.values()) - len(samples)
        if not so_far and 2 <= count <= MOST_CHANNELS:
            self._spool = ChannelSpool(count)
        if self._spool is not None and self._spool.count != count:
            self.close()
        if self._spool is not None:
            self._spool.add(samples if self._fitting == 1 else samples * np.float32(self._fitting), rate)

    @property
    def _duration(self) -> float:
        return sum(frames / rate for rate, frames in self._frames.items())

    def _weights(self, channels: int) -> NDArray[np.float32]:
        if self._channel is None or self._channel >= channels:
            return np.full(channels, 1 / channels, np.float32)
        weights = np.zeros(channels, np.float32)
        weights[self._channel] = 1
        return weights

    def _check(self, decoding: Decoding) -> None:
        stated, duration = decoding.stated_duration, self._duration
        short = 0.0 if stated is None or stated - duration <= _PRIMING else 1 - duration / stated
        if short > _MOST_MISSING:
            raise AudioError(
                f"{self.path}: only {_seconds(duration)} of the {_seconds(stated or 0)} that its header states can be"
                " read (it is cut off or damaged); copy it again, or save the readable part as a new file"
            )
        if decoding.failed > _MOST_MISSING:
            raise AudioError(
                f"{self.path}: {100 * decoding.failed:.0f} % of it cannot be decoded (it is damaged or protected);"
                " copy or export it again from its source"
            )
        if duration < SHORTEST:
            what = "no sound in it" if duration == 0 else f"only {_seconds(duration)} of sound in it"
            raise AudioError(f"{self.path}: {what}, at least {SHORTEST} s are needed; check that it is the right file")
        if self.meter.replaced > _MOST_REPLACED:
            raise AudioError(
                f"{self.path}: {100 * self.meter.replaced:.0f} % of its samples are not numbers (nan or infinite);"
                " export it again from its source"
            )
        missing = max(short, decoding.failed)
        self._facts = {"missing": missing, "unfinished": decoding.unfinished, "tracks": decoding.tracks}

    def _fit(self, waveform: Waveform) -> float:
        """Bring the waveform into [-1, 1] in place; the factor by which that scaled it."""
        scaled = 1.0
        if self.meter.peak > 1.5:
            highest = max(abs(float(waveform.max())), abs(float(waveform.min())))
            scaled = 1 / max(highest, 1.0)
            np.multiply(waveform, np.float32(scaled), out=waveform)
        np.clip(waveform, -1, 1, out=waveform)
        return scaled


def _fitting(peak: float) -> float:
    """The factor that brings samples far beyond full scale into it; 1 where they are not far beyond."""
    return 1 / peak if peak > 1.5 else 1.0


def _seconds(duration: float) -> str:
    return f"{duration:.1f} s" if duration >= 1 else f"{duration:.3g} s"
