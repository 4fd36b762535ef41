"""The process in which recordings are decoded, so that a file that breaks its decoder breaks nothing else.

``diarization.decoding_apart`` starts it and speaks to it: a line of JSON with a path comes in on stdin; lines of JSON
go out on stdout, each ``block`` followed by its samples as float32. The process holds nothing, may write no file, and
is ended by the system where it takes more memory or more time than sound can need.
"""

from __future__ import annotations

import json
import math
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from .decoding import decode
from .errors import TurntoneError

MEMORY = 1 << 30
"""Bytes that decoding may take on top of what the process has once its libraries are loaded."""

CPU_SECONDS = 60
"""Seconds of computing that a file may take, and as many more as it has seconds of sound."""


def main() -> None:
    """Decode what is asked for until nobody asks any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for who asks; this process ends with the pipe
    with os.fdopen(os.dup(1), "wb") as answers:
        os.dup2(2, 1)  # what libraries print is no answer
        _load()
        _limit_for_good()
        _send(answers, kind="ready")
        for line in sys.stdin.buffer:
            try:
                serve(Path(json.loads(line)["path"]), answers)
            except BrokenPipeError:  # nobody listens any more
                os._exit(0)


def serve(path: Path, answers: BinaryIO) -> None:
    """Decode one file: ``opened``, ``block`` after ``block``, ``end``; or why not."""
    spent = time.process_time()
    _limit_time(spent, 0.0)
    try:
        _decode(path, answers, spent)
    except BrokenPipeError:
        raise
    except TurntoneError as error:
        _send(answers, kind="refused", said=str(error))
    except MemoryError:
        _send(answers, kind="memory")
    except OSError as error:
        _send(answers, kind="disk", errno=error.errno, said=error.strerror)
    except Exception as error:
        _send(answers, kind="failed", said=f"{type(error).__name__}: {error}"[:200])


def _decode(path: Path, answers: BinaryIO, spent: float) -> None:
    duration = 0.0
    with decode(path) as decoding:
        facts = {"stated": decoding.stated_duration, "tracks": decoding.tracks, "unfinished": decoding.unfinished}
        _send(answers, kind="opened", **facts)
        for block in decoding.blocks():
            samples = np.ascontiguousarray(block.samples, np.float32)
            far = {"done": decoding.done, "failed": decoding.failed}
            _send(answers, kind="block", rate=block.sampling_rate, shape=samples.shape, **far)
            answers.write(samples.data.cast("B") if samples.size else b"")
            duration += len(samples) / max(block.sampling_rate, 1)
            _limit_time(spent, duration)
        _send(answers, kind="end", done=decoding.done, failed=decoding.failed)


def _send(answers: BinaryIO, **message: Any) -> None:
    answers.write(json.dumps(message).encode() + b"\n")
    answers.flush()


def _load() -> None:
    """The libraries, before memory is limited."""
    import av
    import soundfile

    assert av.__name__ and soundfile.__name__


def _limit_for_good() -> None:
    """No files written, no core dumps, and a bound on memory, where the system knows such limits."""
    sys.dont_write_bytecode = True
    _set_limit("RLIMIT_CORE", lambda: 0)
    _set_limit("RLIMIT_FSIZE", lambda: 0)
    _set_limit("RLIMIT_AS", lambda: _memory_now() + MEMORY)


def _limit_time(spent: float, duration: float) -> None:
    """End this process where it computes much longer than the sound decoded so far plays."""
    _set_limit("RLIMIT_CPU", lambda: math.ceil(spent + CPU_SECONDS + duration))


def _set_limit(name: str, value: Callable[[], int]) -> None:
    try:
        import resource

        kind = getattr(resource, name)
        _, hard = resource.getrlimit(kind)
        wanted = value()
        resource.setrlimit(kind, (wanted if hard == resource.RLIM_INFINITY else min(wanted, hard), hard))
    except (ImportError, AttributeError, OSError, ValueError):  # not on this system: the asking side has its own limits
        return


def _memory_now() -> int:
    """Bytes of address space, as Linux tells them."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    return pages * os.sysconf("SC_PAGE_SIZE")
