"""How recordings reach workers: under their own path where all machines see it, else through the workspace's store."""

from __future__ import annotations

import datetime
import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from diarization.audio import hash_file
from diarization.errors import AudioError

from ..jobs.queue import JobQueue
from ..store.shared_files import shared_files

FOLDER = "uploads"
"""Where recordings lie that were handed over, in a workspace's folder and in its store."""

_DATED = re.compile(rf"{FOLDER}/\d{{4}}-\d\d-\d\d-")  # what is uploaded to a page, for a worker of it, is not


def hands_over(folder: Path) -> bool:
    """Whether recordings are handed over to the workers of a workspace: where it has a store that all of them reach."""
    return shared_files(folder) is not None


def hand_over(folder: Path, path: Path) -> dict[str, Any]:
    """Put a recording where workers find it; gives what their job's payload says of it.

    Parameters
    ----------
    folder : Path
        The workspace's.
    path : Path
        The recording; it stays where it is. One in the workspace's own folder is found there by all who share that.

    Raises
    ------
    AudioError
        Where there is no such file.
    WorkspaceError
        Where the store does not take it.
    """
    facts = facts_of(path)
    shared = shared_files(folder)
    if shared is None:
        return facts | {"handed": str(path.absolute().relative_to(folder.absolute()))}
    # With the day, by which what no job names is swept: whoever handed it over was killed before it asked for one.
    name = f"{FOLDER}/{_today().isoformat()}-{secrets.token_hex(8)}/{path.name}"
    shared.store.put(path, name)
    return facts | {"handed": name}


def facts_of(path: Path) -> dict[str, Any]:
    """What is known of a recording before it is handed over: its bytes, and that somebody should see if it can be read.

    Raises
    ------
    AudioError
        Where there is no such file.
    """
    if not path.is_file():
        raise AudioError(f"{path}: there is no such file")
    return {"recording": hash_file(path), "needs": "decode"}


@contextmanager
def brought(folder: Path, payload: Mapping[str, Any]) -> Iterator[Path]:
    """A recording that was handed over, on this machine; a copy that was brought for its job goes at the end.

    Raises
    ------
    AudioError
        Where it is gone, or what arrived is not what was handed over.
    WorkspaceError
        Where the store does not answer.
    """
    name, shared = payload["handed"], shared_files(folder)
    if shared is None:
        yield folder / name
        return
    place = folder / FOLDER / secrets.token_hex(8)
    path = place / Path(name).name
    try:
        place.mkdir(parents=True, mode=0o700)
        if not shared.store.get(name, path):
            raise AudioError(f"{path.name}: the recording that was handed over is gone; submit it again")
        if hash_file(path) != payload["recording"]:
            raise AudioError(f"{path.name}: what arrived is not what was handed over; submit it again")
        yield path
    finally:
        with suppress(OSError):
            path.unlink(missing_ok=True)
            place.rmdir()


def sweep_handed(folder: Path, queue: JobQueue) -> list[str]:
    """Remove what was handed over for jobs that are done, or two days ago and no job names it; gives what went.

    Raises
    ------
    WorkspaceError
        Where store or database do not answer.
    """
    shared = shared_files(folder)
    if shared is None:
        return []
    before = (_today() - datetime.timedelta(days=2)).isoformat()
    there = shared.store.names(FOLDER)
    is_done = queue.handed() if there else {}
    gone = sorted(name for name in there if _DATED.match(name) and is_done.get(name, _day_of(name) <= before))
    shared.store.remove(gone)
    return gone


def _day_of(name: str) -> str:
    return name.removeprefix(f"{FOLDER}/")[:10]


def _today() -> datetime.date:
    return datetime.datetime.now(datetime.UTC).date()


def take_away(folder: Path, payload: Mapping[str, Any]) -> None:
    """Remove what was handed over for a job alone.

    Raises
    ------
    WorkspaceError
        Where the store does not answer.
    """
    shared = shared_files(folder)
    if shared is not None:
        shared.store.remove([payload["handed"]])
