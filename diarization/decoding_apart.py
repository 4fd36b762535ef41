"""Decodes recordings in a process apart, which is kept and used again; a file that ends it gives one sentence."""

from __future__ import annotations

import atexit
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock, Timer
from typing import IO, Any

import numpy as np

from .decoding import Block
from .errors import AudioError

PATIENCE = 120.0
"""Seconds that may pass between two answers of the process."""

_MOST_IDLE = 2  # processes kept for the next file
_LONGEST_LINE = 1 << 16
_MOST_SAMPLES = 1 << 26  # of a block: more is no answer of ours
_PIPE = 1 << 20
_FILE_HARMS = "(the file is damaged, or made to do harm); nothing else was touched; export it again from its source"


@contextmanager
def decode_apart(path: Path) -> Iterator[DecodingApart]:
    """As ``decoding.decode``, in the process apart.

    Raises
    ------
    AudioError
        As ``decode``, and where the file ends its decoder, or makes it take more time or memory than sound can need.
    OSError
        Where the file cannot be read from its disk any more.
    """
    process = _borrowed()
    try:
        yield process.open(path)
    finally:
        _given_back(process)


def prepare() -> None:
    """Start a process for the next file, where none waits, and do not wait for it: it starts beside other work."""
    with _lock:
        if not _idle:
            _idle.append(DecoderProcess())


class DecoderProcess:
    """One process that decodes, a file at a time.

    Parameters
    ----------
    command : sequence of str, optional
        What to run instead of ``decoding_child.main``.
    patience : float
        Seconds that may pass between two answers.
    """

    def __init__(self, command: Sequence[str] | None = None, patience: float = PATIENCE) -> None:
        self._patience = patience
        self._is_ready = self._is_late = False
        self.is_idle = True
        """Whether it waits for a file: not one that was left half-way, and not one that has ended."""
        threads = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
        try:
            self._process = subprocess.Popen(
                command or _command(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=os.environ | threads,
            )
        except OSError as error:
            raise AudioError(f"no process for decoding can be started ({error.strerror}); free some memory") from error
        assert self._process.stdin is not None and self._process.stdout is not None
        self._requests, self._answers = self._process.stdin, self._process.stdout
        _widen(self._answers)

    @property
    def lives(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    def open(self, path: Path) -> DecodingApart:
        """Begin to decode a file.

        Raises
        ------
        AudioError
            Where it is not audio, its header is damaged, or its decoder ended.
        """
        self._wait_until_ready(path)
        self.is_idle = False
        with suppress(OSError):  # it has ended, which the answer that does not come tells
            # Absolute: the process may have been started in another folder.
            self._requests.write(json.dumps({"path": str(path.absolute())}).encode() + b"\n")
            self._requests.flush()
        return DecodingApart(self, path)

    def answer(self, path: Path, known: tuple[str, ...]) -> dict[str, Any]:
        """The next answer, one of the kinds known here."""
        with self._watched():
            line = self._answers.readline(_LONGEST_LINE)
        try:
            answer = json.loads(line) if line.endswith(b"\n") else {}
            kind = str(answer.get("kind"))
        except (ValueError, AttributeError):
            answer, kind = {}, ""
        if kind in ("refused", "memory", "disk", "failed"):
            self.is_idle = kind != "memory"  # what is short of memory is better begun anew
            raise _error(path, kind, answer)
        if kind not in known:
            raise self.lost(path)
        self.is_idle = kind == "end"
        return dict(answer)

    def fill(self, path: Path, samples: np.ndarray[Any, np.dtype[np.float32]]) -> None:
        """Read samples that an answer announced."""
        if not samples.size:
            return
        left = samples.data.cast("B")
        with self._watched():
            while left and (count := self._answers.readinto(left)):  # type: ignore[attr-defined]
                left = left[count:]
        if left:
            raise self.lost(path)

    def lost(self, path: Path) -> AudioError:
        """Why the process does not answer as it should; it is ended."""
        self.is_idle = False
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(0.5)
        code = self._process.poll()
        self.end()
        return AudioError(f"{path}: its decoder {_what_happened(code, self._is_late, self._patience)} {_FILE_HARMS}")

    def end(self) -> None:
        """End the process, whatever it does."""
        self._process.kill()
        for pipe in (self._requests, self._answers):
            with suppress(OSError):
                pipe.close()
        self._process.wait()

    def _wait_until_ready(self, path: Path) -> None:
        if self._is_ready:
            return
        with self._watched():
            line = self._answers.readline(_LONGEST_LINE)
        if b"ready" not in line:
            self.is_idle = False
            self.end()
            raise AudioError(
                f"{path}: the process that decodes recordings does not start; look at turntone doctor, then try again"
            )
        self._is_ready = True

    @contextmanager
    def _watched(self) -> Iterator[None]:
        """End the process where it does not answer in time, which ends the wait for it."""
        timer = Timer(self._patience, self._give_up)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _give_up(self) -> None:
        self._is_late = True
        self._process.kill()


class DecodingApart:
    """A ``Decoding`` whose decoder runs in another process."""

    def __init__(self, process: DecoderProcess, path: Path) -> None:
        self._process, self._path = process, path
        opened = process.answer(path, ("opened",))
        self.stated_duration: float | None = opened.get("stated")
        self.tracks = int(opened.get("tracks", 1))
        self.unfinished = bool(opened.get("unfinished"))
        self.done = self.failed = 0.0

    def blocks(self) -> Iterator[Block]:
        """The sound in order, once."""
        while True:
            answer = self._process.answer(self._path, ("block", "end"))
            try:
                self.done, self.failed = float(answer["done"]), float(answer["failed"])
                if answer["kind"] == "end":
                    return
                rate, (frames, channels) = int(answer["rate"]), map(int, answer["shape"])
            except (KeyError, TypeError, ValueError):
                raise self._process.lost(self._path) from None
            if frames < 0 or channels < 1 or frames * channels > _MOST_SAMPLES:
                raise self._process.lost(self._path)
            samples = np.empty((frames, channels), np.float32)
            self._process.fill(self._path, samples)
            yield Block(samples, rate)

    def close(self) -> None:
        """Nothing: ``decode_apart`` takes the process back."""


_idle: list[DecoderProcess] = []
_lock = Lock()


def _borrowed() -> DecoderProcess:
    with _lock:
        while _idle:
            process = _idle.pop()
            if process.lives:
                return process
            process.end()
    return DecoderProcess()


def _given_back(process: DecoderProcess) -> None:
    with _lock:
        if process.is_idle and process.lives and len(_idle) < _MOST_IDLE:
            _idle.append(process)
            return
    process.end()


def _end_all() -> None:
    while _idle:
        _idle.pop().end()


def _forget_all() -> None:
    """In a process that was forked the pipes are somebody else's."""
    global _lock
    _lock = Lock()
    _idle.clear()


atexit.register(_end_all)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_all)


def _command() -> list[str]:
    root = str(Path(__file__).parent.parent)
    code = f"import sys; sys.path.insert(0, {root!r}); from diarization.decoding_child import main; main()"
    return [sys.executable, "-c", code]


def _widen(pipe: IO[bytes]) -> None:
    """Let a block fit into the pipe, where the system lets pipes be widened."""
    with suppress(ImportError, AttributeError, OSError):
        from fcntl import F_SETPIPE_SZ, fcntl

        fcntl(pipe.fileno(), F_SETPIPE_SZ, _PIPE)


def _error(path: Path, kind: str, answer: dict[str, Any]) -> Exception:
    said = answer.get("said")
    if kind == "refused":
        return AudioError(str(said))
    if kind == "disk":
        return OSError(answer.get("errno"), said)
    if kind == "memory":
        return AudioError(f"{path}: its decoder wants more memory than sound can need {_FILE_HARMS}")
    return AudioError(f"{path}: its decoder failed ({said}); export it again from its source")


def _what_happened(code: int | None, is_late: bool, patience: float) -> str:
    if is_late:
        return f"has not answered for {patience:.0f} s"
    if code is not None and code == -getattr(signal, "SIGXCPU", 0):
        return "computes far longer than the sound in it plays"
    if code is not None and code < 0:
        with suppress(ValueError):
            return f"crashed ({signal.Signals(-code).name})"
    return "ended without a word" if code is not None else "gave an answer that is none"
