"""Which process works on a job, and whether it still lives."""

from __future__ import annotations

import datetime
import os
import socket
from functools import cache

from ..store.writing import now

_CLOCK_STEP = 2.0
"""Seconds by which the time a process began may seem to move, as it is reckoned from a clock that is set at times."""


@cache
def _name_of(pid: int) -> str:
    import psutil

    # With the time it began: another process may come to have the same number.
    return f"{socket.gethostname()}:{pid}:{psutil.Process(pid).create_time():.2f}"


def this_process() -> str:
    """This process's name: host, process number and the time it began."""
    return _name_of(os.getpid())


def lives(name: str | None, heartbeat: datetime.datetime | None, patience: float) -> bool:
    """Whether the process that has this name still works.

    Parameters
    ----------
    name : str or None
        As ``this_process`` gave it.
    heartbeat : datetime.datetime or None
        When it was last heard of, UTC without a zone.
    patience : float
        Seconds; a process that was not heard of for so long counts as gone, even where it cannot be asked.
    """
    if name is None or heartbeat is None:
        return False
    if name == this_process():
        return True
    if (now() - heartbeat).total_seconds() > patience:
        return False
    host, pid, begun = name.rsplit(":", 2)
    return host != socket.gethostname() or _runs(int(pid), begun)


def _runs(pid: int, begun: str) -> bool:
    import psutil

    try:
        process = psutil.Process(pid)
        same = bool(abs(process.create_time() - float(begun)) < _CLOCK_STEP)
        return same and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False
