"""The files of a shared workspace: kept in its store, read through the folder of each machine, which caches them."""

from __future__ import annotations

import datetime
import hashlib
import json
import os
import shutil
import stat
import time
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Connection,
    DateTime,
    Insert,
    MetaData,
    String,
    Table,
    delete,
    func,
    insert,
    select,
    update,
)

from diarization.errors import WorkspaceError

from .files import draft_of, is_draft, make_folder, put_on_disk, say_used, write_whole
from .models import ARTIFACTS
from .objects import Store, store_of
from .postgres import Postgres
from .shared import Shared, shared_of

DROPPED = Table(
    "dropped",
    MetaData(),
    Column("number", BigInteger, primary_key=True),
    Column("what", String, nullable=False),
    Column("sure", Boolean, nullable=False),
    Column("done", Boolean, nullable=False),
    Column("since", DateTime, nullable=False),
)
"""What may lie in the store or in folders without being wanted: files that no row names any more (``sure``; a trigger
writes them down) or that are about to be written, and stages of recordings. ``done`` where the store has it no more."""

_STAGES = "cache/"  # how what speaks of cached stages begins
_UNSURE = datetime.timedelta(hours=1)  # after which what was about to be written either is named or was given up
_REMEMBERED = datetime.timedelta(days=30)  # a folder that was not swept for so long is emptied
_OVERLAP = datetime.timedelta(hours=1)  # what a slow reader brings after a sweep, the next one removes
_IN_USE = 3600.0  # seconds in which what was used is not removed, as somebody may be about to open it
_LEFT = 0.9  # of what a folder is to keep, once it had more
_SWEPT = ".swept.json"
_CACHED = ("artifacts", "audio")
_VERIFIED: dict[Path, tuple[int, int, str]] = {}


@dataclass(frozen=True)
class SharedFiles:
    """The files of one shared workspace, as seen from one folder.

    Parameters
    ----------
    folder : Path
        Which caches them.
    shared : Shared
    """

    folder: Path
    shared: Shared

    @property
    def store(self) -> Store:
        """Where they are kept."""
        return store_of(self.shared.artifacts)

    def announce(self, names: Collection[str]) -> None:
        """Say that files are about to be written, so that a sweep finds them where their rows never come."""
        rows = [{"what": each, "sure": False} for each in names]
        if rows:
            with Postgres(self.shared.database).announcing() as connection:
                connection.execute(_insert(), rows)

    def put(self, path: Path, name: str) -> None:
        """Keep a file in the store, announced before."""
        self.store.put(path, name)

    def has(self, name: str, size: int) -> bool:
        """Whether the store has a file of that name and size."""
        return self.store.size(name) == size

    def bring(self, name: str, sha256: str, size: int) -> Path:
        """The file in the folder, which is filled from the store where it is missing there or damaged.

        Raises
        ------
        WorkspaceError
            Where the store does not have it or its bytes are not those that were written, or cannot be reached.
        """
        path = self.folder / name
        if _is(path, sha256, size):
            say_used(path)
            return path
        make_folder(path.parent)
        draft = draft_of(path)
        try:
            if not self.store.get(name, draft):
                raise WorkspaceError(f"{self.store.url}/{name}: missing; analyse the recording again")
            if not _is(draft, sha256, size):
                raise WorkspaceError(
                    f"{self.store.url}/{name}: damaged, its bytes are not those that were written; analyse the "
                    "recording again"
                )
            put_on_disk(draft)
            draft.replace(path)
        finally:
            _VERIFIED.pop(draft, None)
            draft.unlink(missing_ok=True)
        return path if _is(path, sha256, size) else self.bring(name, sha256, size)

    def mirror(self, top: str) -> None:
        """Let a folder of small files whose names keep their meaning, calibrations say, be as it is in the store.

        Raises
        ------
        StoreAway
            Where the store cannot be reached.
        """
        state = self.folder / f".{top}.json"
        known, found = _marks(state), self.store.names(top)
        for name in sorted(found, key=lambda each: (each.endswith(".json"), each)):  # what names the others comes last
            path = self.folder / name
            if known.get(name) != found[name]["mark"] or not path.is_file():
                self.fetch(name, path)
        for path in list((self.folder / top).rglob("[!.]*")) if (self.folder / top).is_dir() else ():
            if path.is_file() and path.relative_to(self.folder).as_posix() not in found:
                path.unlink(missing_ok=True)
                with suppress(OSError):
                    path.parent.rmdir()
        marks = {name: each["mark"] for name, each in found.items()}
        if marks != known:
            write_whole(state, json.dumps(marks).encode())

    def fetch(self, name: str, path: Path) -> bool:
        """Bring a file of the store, whatever its bytes are; gives whether there is any."""
        make_folder(path.parent)
        draft = draft_of(path)
        try:
            if not self.store.get(name, draft):
                return False
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
        return True

    def send(self, *paths: Path) -> None:
        """Keep files of the folder in the store under the same names, in place of what is there."""
        for path in paths:
            self.store.put(path, path.relative_to(self.folder).as_posix())

    def forget(self, connection: Connection, what: Iterable[str]) -> None:
        """Write down that something is gone, for the sweeps of all machines."""
        rows = [{"what": each, "sure": True} for each in what]
        if rows:
            connection.execute(_insert(), rows)

    def sweep(self, connection: Connection) -> list[Path]:
        """Remove from the store what no row names, and from the folder what is gone; gives what went of the folder.

        Only while nobody else can write.

        Raises
        ------
        StoreAway
            Where the store cannot be reached; the next sweep removes it.
        """
        self._sweep_store(connection)
        return self.sweep_folder(connection)

    def sweep_folder(self, connection: Connection) -> list[Path]:
        """Remove from the folder what is gone from the workspace."""
        now: datetime.datetime = connection.execute(select(_now())).scalar_one()
        state = self.folder / _SWEPT
        last = _last(state)
        if last is not None and now - last > _REMEMBERED:
            gone = self._everything()
        else:
            since = [] if last is None else [DROPPED.c.since > last - _OVERLAP]
            statement = select(DROPPED.c.what).where(DROPPED.c.sure, *since)
            gone = self._dropped(connection, set(connection.execute(statement).scalars()))
        for path in gone:
            with suppress(OSError):
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        with suppress(OSError):
            write_whole(state, json.dumps({"time": now.isoformat()}).encode())
        return gone

    def trim(self) -> list[Path]:
        """Remove copies and cached stages that were not used for longest, where the folder has more than it is to keep;
        gives what went. What was used within the last hour stays.

        Whoever misses one brings it again from the store, or works it out again.
        """
        if self.shared.copies_gb is None:
            return []
        limit = self.shared.copies_gb * 1e9
        files = sorted(_uses(self.folder / top for top in (*_CACHED, "cache")))
        held = sum(size for _, size, _ in files)
        if held <= limit:
            return []
        gone, recently = [], time.time() - _IN_USE
        for used, size, path in files:
            if held <= _LEFT * limit or used > recently:
                break
            with suppress(OSError):
                path.unlink(missing_ok=True)  # another process may trim as well
                gone.append(path)
                held -= size
        return gone

    def orphans(self, wanted: Collection[str]) -> list[str]:
        """The files of the store that no row names, found by listing all of it."""
        return sorted(name for top in _CACHED for name in self.store.names(top) if name not in wanted)

    def _sweep_store(self, connection: Connection) -> None:
        old = DROPPED.c.since < _now() - _UNSURE
        due = (DROPPED.c.sure | old) & ~DROPPED.c.done & ~DROPPED.c.what.startswith(_STAGES)
        names = set(connection.execute(select(DROPPED.c.what).where(due)).scalars())
        for part in _parts(names):
            gone = set(part) - _named(connection, part)
            self.store.remove(sorted(gone))
            connection.execute(update(DROPPED).where(due, DROPPED.c.what.in_(gone)).values(done=True, sure=True))
            connection.execute(delete(DROPPED).where(due, DROPPED.c.what.in_(set(part) - gone)))
        connection.execute(delete(DROPPED).where(DROPPED.c.sure, DROPPED.c.since < _now() - 2 * _REMEMBERED))

    def _everything(self) -> list[Path]:
        files = [path for top in _CACHED for path in (self.folder / top).rglob("*")]
        whole = [path for path in files if path.is_file() and not is_draft(path)]
        return whole + [path for path in (self.folder / "cache").glob("*") if path.is_dir()]

    def _dropped(self, connection: Connection, what: set[str]) -> list[Path]:
        files = {each for each in what if not each.startswith(_STAGES) and (self.folder / each).is_file()}
        files -= {each for part in _parts(files) for each in _named(connection, part)}
        gone = [self.folder / each for each in sorted(files)]
        for each in sorted(what - files):
            if each.startswith(_STAGES):
                place = self.folder / each
                gone += [place] if place.is_dir() else list(place.parent.glob(f"*{place.name}-*"))
        return gone


def shared_files(folder: Path) -> SharedFiles | None:
    """The files of a folder's workspace, where it is shared; None where they lie in the folder itself."""
    shared = shared_of(folder)
    return None if shared is None else SharedFiles(folder, shared)


def check_store(folder: Path) -> None:
    """Nothing, where the store of a folder's workspace answers, or the folder is the workspace.

    Raises
    ------
    StoreAway
        Where it does not.
    """
    shared = shared_files(folder)
    if shared is not None:
        shared.store.size("turntone-workspace")


def stage_of(recording: str, stage: str | None = None) -> str:
    """How cached stages of a recording, or one of them, are written down as gone."""
    return f"{_STAGES}{recording}" + (f"/{stage}" if stage else "")


def _insert() -> Insert:
    return insert(DROPPED).values(done=False, since=_now())


def _now() -> ColumnElement[datetime.datetime]:
    return func.timezone("utc", func.clock_timestamp(), type_=DateTime)


def _named(connection: Connection, names: Collection[str]) -> set[str]:
    return set(connection.execute(select(ARTIFACTS.c.file).where(ARTIFACTS.c.file.in_(names))).scalars())


def _parts(names: Collection[str]) -> Iterator[list[str]]:
    ordered = sorted(names)
    for start in range(0, len(ordered), 1000):
        yield ordered[start : start + 1000]


def _marks(state: Path) -> dict[str, str]:
    """What was known of files when a folder was last made like the store's."""
    try:
        found: dict[str, str] = json.loads(state.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found


def _uses(tops: Iterable[Path]) -> Iterator[tuple[float, int, Path]]:
    """When each file of the folders was used last, its bytes, and where it is."""
    for top in tops:
        for folder, _, names in os.walk(top):  # other processes remove folders meanwhile, which it does not mind
            for path in (Path(folder, name) for name in names if not name.startswith(".")):
                with suppress(OSError):
                    found = path.lstat()
                    if stat.S_ISREG(found.st_mode):
                        yield max(found.st_atime, found.st_mtime), found.st_size, path


def _last(state: Path) -> datetime.datetime | None:
    """When the folder was swept last; None where it is not known."""
    try:
        return datetime.datetime.fromisoformat(json.loads(state.read_text("utf-8"))["time"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _is(path: Path, sha256: str, size: int) -> bool:
    """Whether a file has these bytes; they are read once, and again where the file changes."""
    try:
        found = path.stat()
    except OSError:
        return False
    seen = (found.st_mtime_ns, found.st_size, sha256)
    if found.st_size != size:
        return False
    if _VERIFIED.get(path) != seen:
        with path.open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != sha256:
                return False
        if len(_VERIFIED) > 10_000:
            _VERIFIED.clear()
        _VERIFIED[path] = seen
    return True
