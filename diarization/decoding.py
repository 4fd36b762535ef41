"""Decodes audio files of any kind into blocks of samples: PCM with soundfile, all else with PyAV."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from .errors import AudioError

BLOCK_SAMPLES = 1 << 18
"""Samples of all channels together in a block, at most (a single frame of a decoder may be larger)."""

_FOR_SOUNDFILE = (b"RIFF", b"RIFX", b"RF64", b"riff", b"FORM", b".snd", b"caff")
_AUDIO_STARTS = (*_FOR_SOUNDFILE, b"OggS", b"fLaC", b"ID3", b"#!AMR", b"\x1aE\xdf\xa3", b"\xff\xfb", b"\xff\xf1")
# What FFmpeg may open. Without this list it would also follow playlists, that is, open other files and addresses.
_DEMUXERS = "aac,ac3,aiff,amr,ape,asf,au,avi,caf,flac,flv,loas,mov,matroska,webm,mp3,mpeg,mpegts,ogg,tta,w64,wav,wv"
_STATES_DURATION = ("mov", "matroska", "flac", "ape", "tta", "wv")
_UNKNOWN_SIZE = 0x7FFF_0000
"""Programs that write into a pipe put a size of this or more into the header, as they do not know better."""


@dataclass(frozen=True)
class Block:
    """Consecutive samples as decoded.

    Parameters
    ----------
    samples : np.ndarray of float32, shape (frames, channels)
        Full scale is 1.
    sampling_rate : int
        Frames a second.
    """

    samples: NDArray[np.float32]
    sampling_rate: int


class Decoding(Protocol):
    """An audio file being decoded.

    ``stated_duration`` is what the header says, in seconds, None where it says nothing; ``tracks`` counts the audio
    tracks, the first or default one of which is decoded; ``unfinished`` says that the file's end mark is missing;
    ``done`` is the share decoded so far, 0 to 1; ``failed`` is the share of packets so far that could not be decoded,
    0 to 1.
    """

    stated_duration: float | None
    tracks: int
    unfinished: bool

    @property
    def done(self) -> float: ...

    @property
    def failed(self) -> float: ...

    def blocks(self) -> Iterator[Block]:
        """The sound in order, once; it ends where nothing more can be decoded."""
        ...

    def close(self) -> None: ...


@contextmanager
def decode(path: Path) -> Iterator[Decoding]:
    """Open a regular, non-empty file for decoding; closed at the end of the ``with`` block.

    Raises
    ------
    AudioError
        Where the file is not audio, or its header is damaged.
    """
    with closing(_open(path)) as decoding:
        yield decoding


def _open(path: Path) -> Decoding:
    start = _start_of(path)
    if start.startswith(_FOR_SOUNDFILE):
        with suppress(OSError, RuntimeError, TypeError):
            return _SoundfileDecoding(path)
    return _open_with_pyav(path, start)


def _start_of(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(512)
    except OSError as error:
        raise AudioError(f"{path}: cannot be read ({error.strerror}); check its permissions and its disk") from error


def _open_with_pyav(path: Path, start: bytes) -> Decoding:
    import av

    try:
        return _PyavDecoding(path)
    except (av.error.FFmpegError, ValueError) as error:
        if start.startswith(_AUDIO_STARTS) or start[4:8] == b"ftyp":
            what = "its header is damaged, or the file is cut off; copy or export it again from its source"
        else:
            what = f"it is not audio{_guess(start)}; give a WAV, FLAC, MP3, OGG, M4A, WebM, AMR, AIFF, MP4 or MKV file"
        raise AudioError(f"{path}: {what}") from error


def _guess(start: bytes) -> str:
    known = {b"PK": "a ZIP archive or document", b"\x89PNG": "a picture", b"\xff\xd8": "a picture", b"%PDF": "a PDF"}
    for magic, name in known.items():
        if start.startswith(magic):
            return f" but {name}"
    is_text = b"\0" not in start and start.decode("utf-8", "replace").count("\ufffd") <= 1
    return " but text" if is_text else " that is known"


class _SoundfileDecoding:
    """Containers of PCM, mu-law, A-law and ADPCM, through libsndfile."""

    tracks = 1
    unfinished = False
    failed = 0.0

    def __init__(self, path: Path) -> None:
        from soundfile import SoundFile

        name = str(path) if os.name == "nt" else os.fsencode(path)  # libsndfile takes bytes: a name need not be UTF-8
        self._file = SoundFile(name)
        if not self._file.frames and path.stat().st_size > 4096:
            self._file.close()
            raise RuntimeError("a recorder that was cut off leaves a size of 0 in the header; FFmpeg reads on")
        self.stated_duration: float | None = self._stated_frames() / self._file.samplerate
        self._decoded = 0

    def _stated_frames(self) -> float:
        """Frames by the header; libsndfile's own count is already clipped to the size of the file."""
        clipped = re.search(r"(?:data|SSND) : (\d+) \(should be (\d+)\)", self._file.extra_info)
        if not clipped or int(clipped[1]) >= _UNKNOWN_SIZE or int(clipped[2]) == 0:
            return float(self._file.frames)
        return float(self._file.frames) * int(clipped[1]) / int(clipped[2])

    @property
    def done(self) -> float:
        return min(1.0, self._decoded / max(1, int(self._file.frames)))

    def blocks(self) -> Iterator[Block]:
        from soundfile import LibsndfileError

        frames = max(1, BLOCK_SAMPLES // self._file.channels)
        with suppress(LibsndfileError):  # damaged from here on: the stated duration tells how much is missing
            while len(samples := self._file.read(frames, dtype="float32", always_2d=True)):
                self._decoded += len(samples)
                yield Block(samples, self._file.samplerate)

    def close(self) -> None:
        self._file.close()


class _PyavDecoding:
    """Everything else, through the FFmpeg libraries in PyAV's wheel, which read on after a damaged place."""

    def __init__(self, path: Path) -> None:
        import av

        # A file object, not a name: FFmpeg would take "10:30.mp3" for an address.
        self._file = path.open("rb")
        self._size = path.stat().st_size
        self._packets = self._failed = 0
        try:
            options = {"format_whitelist": _DEMUXERS}
            self._container: Any = av.open(self._file, options=options, metadata_errors="replace")
            self._stream: Any = self._container.streams.best("audio")
            if self._stream is None:
                raise AudioError(f"{path}: it has no audio track; give a file with sound")
        except BaseException:
            self._file.close()
            raise
        self._decoder = _decoder_of(self._stream)
        self.tracks = len(self._container.streams.audio)
        self.stated_duration = self._stated_duration(path)
        self.unfinished = self._container.format.name == "ogg" and not _has_last_ogg_page(path)

    def _stated_duration(self, path: Path) -> float | None:
        """Seconds by the header; None where there is only FFmpeg's guess from the bit rate."""
        name = self._container.format.name
        if not name.startswith(_STATES_DURATION) and not (name == "mp3" and _states_mp3_frames(path)):
            return None
        if self._stream.duration is not None:
            return float(self._stream.duration * self._stream.time_base)
        if self._container.duration is None or len(self._container.streams) > 1:
            return None  # a video may go on after the sound has ended
        return float(self._container.duration) / 1e6

    @property
    def done(self) -> float:
        return min(1.0, self._file.tell() / max(1, self._size)) if not self._file.closed else 1.0

    @property
    def failed(self) -> float:
        return self._failed / max(1, self._packets)

    def blocks(self) -> Iterator[Block]:
        held: list[NDArray[np.float32]] = []
        size, kind = 0, (0, 0)
        for samples, rate in self._frames():
            if held and (size >= BLOCK_SAMPLES or kind != (rate, samples.shape[1])):
                yield Block(np.concatenate(held), kind[0])
                held, size = [], 0
            held.append(samples)
            size, kind = size + samples.size, (rate, samples.shape[1])
        if held:
            yield Block(np.concatenate(held), kind[0])

    def _frames(self) -> Iterator[tuple[NDArray[np.float32], int]]:
        from av.error import FFmpegError

        for packet in self._demux():
            self._packets += 1
            try:
                frames = self._decoder.decode(packet)
            except FFmpegError:
                self._failed += 1
                continue
            for frame in frames:
                yield _samples_of(frame), frame.sample_rate

    def _demux(self) -> Iterator[Any]:
        from av.error import FFmpegError

        with suppress(FFmpegError):  # damaged from here on: the stated duration tells how much is missing
            yield from self._container.demux(self._stream)

    def close(self) -> None:
        self._container.close()
        self._file.close()


def _decoder_of(stream: Any) -> Any:
    """The stream's own decoder; for AMR that of OpenCORE where there is one: FFmpeg's fails on pauses left out."""
    from av import CodecContext, codecs_available

    name = {"amrnb": "libopencore_amrnb", "amrwb": "libopencore_amrwb"}.get(stream.codec_context.name)
    if name not in codecs_available:
        return stream.codec_context
    decoder: Any = CodecContext.create(name, "r")
    decoder.sample_rate, decoder.layout = stream.codec_context.sample_rate or 8000, "mono"
    return decoder


def _samples_of(frame: Any) -> NDArray[np.float32]:
    values = frame.to_ndarray()
    values = values.T if frame.format.is_planar else values.reshape(-1, frame.layout.nb_channels)
    if values.dtype == np.uint8:
        values = (values.astype(np.float32) - 128) / 128
    elif values.dtype.kind == "i":
        values = values / -float(np.iinfo(values.dtype).min)
    samples: NDArray[np.float32] = values.astype(np.float32, copy=False)
    return samples


def _states_mp3_frames(path: Path) -> bool:
    """Whether an MP3 file opens with the frame in which encoders write its length (Xing, LAME, VBRI)."""
    with path.open("rb") as file:
        start = file.read(10)
        if start.startswith(b"ID3"):
            size = sum(byte << shift for byte, shift in zip(start[6:], (21, 14, 7, 0), strict=True))
            file.seek(10 + size)
        first = file.read(2048)
    return any(mark in first for mark in (b"Xing", b"Info", b"VBRI"))


def _has_last_ogg_page(path: Path) -> bool:
    """Whether the last page of an Ogg file is marked as the last one (RFC 3533, section 6, header type flag 4)."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 0x10000 - 64))  # a page is shorter than 64 KiB and 283 bytes
        end = file.read()
    page = end.rfind(b"OggS\0")
    return page < 0 or len(end) < page + 6 or bool(end[page + 5] & 4)
