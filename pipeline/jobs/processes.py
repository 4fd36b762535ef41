"""Which process works on a job, and whether it still lives."""

from __future__ import annotations

import datetime
import os
import socket
from contextlib import suppress
from functools import cache
from pathlib import Path

from ..cache import key_of
from ..store.writing import now

_CLOCK_STEP = 2.0
"""Seconds by which the time a process began may seem to move, as it is reckoned from a clock that is set at times."""


@cache
def _machine() -> str:
    """What tells the place where process numbers count from others: containers and copies of a machine share names."""
    return f"{socket.gethostname()}/{key_of(_boot(), _numbers())[:8]}"


def _boot() -> str:
    with suppress(OSError):
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    return ""


def _numbers() -> str:
    """The space of process numbers; each container has its own."""
    with suppress(OSError):
        return str(Path("/proc/self/ns/pid").readlink())
    return ""


@cache
def _name_of(pid: int) -> str:
    import psutil

    # With the time it began: another process may come to have the same number.
    return f"{_machine()}:{pid}:{psutil.Process(pid).create_time():.2f}"


def this_process() -> str:
    """This process's name: machine, process number and the time it began."""
    return _name_of(os.getpid())


def lives(
    name: str | None, heartbeat: datetime.datetime | None, patience: float, at: datetime.datetime | None = None
) -> bool:
    """Whether the process that has this name still works.

    Parameters
    ----------
    name : str or None
        As ``this_process`` gave it.
    heartbeat : datetime.datetime or None
        When it was last heard of, UTC without a zone.
    patience : float
        Seconds; a process that was not heard of for so long counts as gone, even where it cannot be asked.
    at : datetime.datetime, optional
        The time, by the clock that ``heartbeat`` was taken from; this machine's where left out.
    """
    if name is None or heartbeat is None:
        return False
    if name == this_process():
        return True
    if ((at or now()) - heartbeat).total_seconds() > patience:
        return False
    host, pid, begun = name.rsplit(":", 2)
    return host != _machine() or _runs(int(pid), begun)


def _runs(pid: int, begun: str) -> bool:
    import psutil

    try:
        process = psutil.Process(pid)
        same = bool(abs(process.create_time() - float(begun)) < _CLOCK_STEP)
        return same and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False
