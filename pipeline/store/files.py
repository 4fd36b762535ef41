"""Files that are whole or absent: written beside their place, put on disk, then renamed; arrays as .npz in them."""

from __future__ import annotations

import io
import os
import time
import zipfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray

Arrays = Mapping[str, NDArray[Any]]

_NOTED = 600.0  # seconds within which a file is used as good as once


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that it is there in full or not at all, also where the machine stops half-way.

    Raises
    ------
    OSError
        Where it cannot be written; nothing is left behind.
    """
    make_folder(path.parent)
    draft = draft_of(path)
    try:
        with draft.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except BaseException:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def make_folder(folder: Path) -> None:
    """Create a folder and those above it that are missing, for nobody else to look into: what people said is in it."""
    if not folder.is_dir():
        make_folder(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)


def draft_of(path: Path) -> Path:
    """A name beside the path that no other process takes; what is left under such a name was never finished."""
    return path.with_name(f".{path.stem}.{uuid4().hex[:8]}.part{path.suffix}")


def is_draft(path: Path) -> bool:
    """Whether somebody is still writing it, or never finished: ``draft_of`` and ``write_whole`` hide such files."""
    return path.name.startswith(".")


def put_on_disk(path: Path) -> None:
    """Return when the file's content is on the disk and no longer only in memory."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_folder(folder: Path) -> None:
    """Put a folder's list of names on disk, where the system lets a folder be opened (Windows does not)."""
    with suppress(OSError):
        put_on_disk(folder)


def pack(arrays: Arrays) -> bytes:
    """Arrays as the bytes of an .npz file; the same arrays give the same bytes."""
    file = io.BytesIO()
    np.savez(file, allow_pickle=False, **{name: arrays[name] for name in sorted(arrays)})
    return file.getvalue()


def unpack(content: bytes) -> dict[str, NDArray[Any]]:
    """The arrays in the bytes of an .npz file.

    Raises
    ------
    ValueError
        Where the bytes are damaged or hold objects rather than numbers and text.
    """
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as loaded:
            return {name: loaded[name] for name in loaded.files}
    except (OSError, EOFError, KeyError, zipfile.BadZipFile) as error:
        raise ValueError(f"not a whole .npz file: {error}") from error


def say_used(path: Path) -> None:
    """Write down that a file was used now; disks mounted as usual do not, or once a day."""
    with suppress(OSError):
        found, now = path.stat(), time.time_ns()
        if now - found.st_atime_ns > _NOTED * 1e9:
            os.utime(path, ns=(now, found.st_mtime_ns))
