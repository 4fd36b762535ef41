"""A workspace's files beside the database: arrays and audio, named so that a file never changes once it is there."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from diarization.errors import WorkspaceError

from .files import Arrays, draft_of, is_draft, make_folder, pack, put_on_disk, sync_folder, unpack
from .shared import shared_of

if TYPE_CHECKING:
    from .shared_files import SharedFiles

FOLDERS = ("artifacts", "audio")
_ABANDONED = 24 * 3600  # seconds after which a draft belongs to no living process


@dataclass(frozen=True)
class Artifact:
    """One file: its path below the workspace, the SHA-256 of its bytes, and their number."""

    file: str
    sha256: str
    size: int


class Staging:
    """Files written as drafts, which ``publish`` gives their names; without it nothing stays.

    Drafts may take long to write and are written before the database is locked, names are given while it is locked,
    so that a sweep never meets a named file whose rows are still to come. Of a shared workspace the files go to the
    store: ``upload`` brings them there before the database is locked, and ``publish`` looks whether they are still
    there, as a sweep may have come between.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._shared = shared_files_of(folder)
        self._drafts: list[tuple[Path, Path]] = []

    def __enter__(self) -> Staging:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        for draft, _ in self._drafts:
            with suppress(OSError):
                draft.unlink(missing_ok=True)

    def arrays(self, arrays: Arrays) -> Artifact:
        """Stage arrays as an .npz file named by its content."""
        content = pack(arrays)
        digest = hashlib.sha256(content).hexdigest()
        artifact = Artifact(f"artifacts/{digest[:2]}/{digest}.npz", digest, len(content))
        with self._draft(artifact.file) as draft:
            draft.write_bytes(content)
        return artifact

    def file(self, name: str, write: Callable[[Path], None], exactly: bool = False) -> Artifact:
        """Stage a file of the name given, a path below the workspace, which ``write`` writes.

        In a shared workspace a part of its checksum joins the name, unless it is to be ``exactly`` that: what other
        machines have under a name is never changed.
        """
        with self._draft(name) as draft:
            try:
                write(draft)
            except WorkspaceError as error:  # speaks of the draft, where the reader knows only the workspace
                raise (error.__cause__ if isinstance(error.__cause__, OSError) else error) from None
        artifact = Artifact(name, _hash(draft), draft.stat().st_size)
        if self._shared is None or exactly:
            return artifact
        artifact = replace(artifact, file=_with_digest(name, artifact.sha256))
        self._drafts[-1] = (draft, self._folder / artifact.file)
        return artifact

    def upload(self) -> None:
        """Bring what is staged into the store of a shared workspace; nothing where the folder is the workspace.

        Raises
        ------
        WorkspaceError
            Where the store cannot be reached.
        """
        if self._shared is None:
            return
        sizes = {name: (draft, draft.stat().st_size) for draft, name in self._named()}
        missing = {name: draft for name, (draft, size) in sizes.items() if not self._shared.has(name, size)}
        self._shared.announce(missing)
        for name, draft in missing.items():
            self._shared.put(draft, name)

    def publish(self) -> None:
        """Give the drafts their names, on disk for good."""
        self.upload()
        for draft, path in self._drafts:
            draft.replace(path)
        for folder in {path.parent for _, path in self._drafts}:
            sync_folder(folder)
        self._drafts.clear()

    def _named(self) -> list[tuple[Path, str]]:
        return [(draft, path.relative_to(self._folder).as_posix()) for draft, path in self._drafts]

    @contextmanager
    def _draft(self, name: str) -> Iterator[Path]:
        path = self._folder / name
        make_folder(path.parent)
        draft = draft_of(path)
        self._drafts.append((draft, path))
        yield draft
        put_on_disk(draft)


def shared_files_of(folder: Path) -> SharedFiles | None:
    """The files of a workspace that several machines share; None where the folder is all there is."""
    if shared_of(folder) is None:
        return None
    from .shared_files import shared_files

    return shared_files(folder)


def file_of(folder: Path, artifact: Artifact) -> Path:
    """Where an artifact's file lies on this machine; of a shared workspace it is brought here first.

    Raises
    ------
    WorkspaceError
        Where a store does not have it, or cannot be reached.
    """
    shared = shared_files_of(folder)
    if shared is None:
        return folder / artifact.file
    return shared.bring(artifact.file, artifact.sha256, artifact.size)


def read_arrays(folder: Path, artifact: Artifact) -> dict[str, NDArray[Any]]:
    """The arrays of an artifact.

    Raises
    ------
    WorkspaceError
        Where the file is gone or its bytes are not those that were written.
    """
    path = file_of(folder, artifact)
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise WorkspaceError(f"{path}: missing; analyse the recording again") from error
    if hashlib.sha256(content).hexdigest() != artifact.sha256:
        raise WorkspaceError(f"{path}: damaged, its bytes are not those that were written; analyse the recording again")
    return unpack(content)


def is_whole(folder: Path, artifact: Artifact) -> bool:
    """Whether the artifact's file is there with the bytes that were written; a store is asked for their number."""
    shared = shared_files_of(folder)
    if shared is not None:
        return shared.has(artifact.file, artifact.size)
    path = folder / artifact.file
    return path.is_file() and path.stat().st_size == artifact.size and _hash(path) == artifact.sha256


def sweep(folder: Path, wanted: set[str]) -> list[Path]:
    """Remove files that no row names and drafts that nobody finished; gives what went. Only while nobody can write."""
    named = [path for top in FOLDERS for path in (folder / top).rglob("*") if path.is_file() and not is_draft(path)]
    drafts = [path for top in (*FOLDERS, "cache") for path in (folder / top).rglob(".*") if path.is_file()]
    orphans = [path for path in named if path.relative_to(folder).as_posix() not in wanted]
    gone = []
    for path in orphans + [path for path in drafts if _is_abandoned(path)]:
        with suppress(OSError):
            path.unlink()
            gone.append(path)
    return gone


def _is_abandoned(draft: Path) -> bool:
    try:
        return time.time() - draft.stat().st_mtime > _ABANDONED
    except FileNotFoundError:  # its writer has just given it its name
        return False


def _with_digest(name: str, digest: str) -> str:
    """The name with a part of a checksum in it: ``audio/3f2a.1b2c3d4e.flac``."""
    folder, _, last = name.rpartition("/")
    stem, _, endings = last.partition(".")
    return f"{folder}/{stem}.{digest[:8]}.{endings}"


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
