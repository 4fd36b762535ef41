"""Copies a workspace whole, between folders and shared ones in both directions, and compares every row and byte."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, zip_longest
from pathlib import Path
from typing import Any

from sqlalchemy import JSON, Connection, RowMapping, Table, Text, bindparam, cast, func, insert, select, text

from diarization.audio import hash_file
from diarization.errors import WorkspaceError

from .own_models import FOLDERS as OWN_FOLDERS
from .store.artifacts import Artifact, file_of, shared_files_of
from .store.database import Database, as_sentences
from .store.files import draft_of, make_folder, put_on_disk
from .store.models import ARTIFACTS, SESSIONS, Base
from .workspace import Workspace

_AT_ONCE = 1000  # rows
_BESIDE = (*OWN_FOLDERS, "uploads")
"""What a workspace holds besides the files that rows name."""


@dataclass(frozen=True)
class Copied:
    """What was copied and compared.

    Parameters
    ----------
    sessions : int
    rows : dict of str to int
        By table.
    files, size : int
        How many, and their bytes.
    """

    sessions: int
    rows: dict[str, int]
    files: int
    size: int


def copy_workspace(source: Path, target: Path) -> Copied:
    """Copy a workspace into an empty one: users, the audit trail, jobs, own heads and calibrations included.

    All of it is there afterwards, compared row by row and byte by byte, or no row; a copy that was killed is run
    again. What a machine has for itself is not copied: cached stages, logs, the key of its sign-ins.

    Parameters
    ----------
    source, target : Path
        Folders; either may stand for a shared workspace. The target's folder is new or empty, or stands for an empty
        shared workspace.

    Raises
    ------
    WorkspaceError
        Where the source holds nothing or is damaged, the target holds something, or what arrived is not what was
        sent; the target is empty then.
    """
    _check_apart(source, target)
    opened = Workspace(source)
    with as_sentences(target), opened.reading() as reader:
        if reader is None:
            raise WorkspaceError(f"{source}: this workspace is empty; there is nothing to copy")
        _check_folder(target)
        with Database(target / "workspace.db").writing() as writer:
            _check_no_rows(writer, target)
            artifacts = [Artifact(*row) for row in reader.execute(
                select(ARTIFACTS.c.file, ARTIFACTS.c.sha256, ARTIFACTS.c.size).distinct().order_by(ARTIFACTS.c.file)
            )]  # fmt: skip
            beside = _beside(source)
            _copy_files(source, target, [*artifacts, *beside])
            rows = {each.name: _copy_rows(reader, writer, each) for each in Base.metadata.sorted_tables}
            _number_on(writer)
            for each in Base.metadata.sorted_tables:
                _compare_rows(reader, writer, each)
            _compare_files(target, [*artifacts, *beside])
    size = sum(each.size for each in [*artifacts, *beside])
    return Copied(rows[SESSIONS.name], rows, len(artifacts) + len(beside), size)


def _check_apart(source: Path, target: Path) -> None:
    one, other = shared_files_of(source), shared_files_of(target)
    same = one is not None and other is not None and one.shared == other.shared
    if same or source.resolve() == target.resolve():
        raise WorkspaceError(f"{target}: the same workspace as {source}; choose another place")


def _check_folder(target: Path) -> None:
    if target.exists() and not target.is_dir():
        raise WorkspaceError(f"{target}: a file, not a folder; choose another place")
    known = {"workspace.db", "shared.yaml", "artifacts", "audio", "cache", "logs", *_BESIDE}
    held = [each.name for each in target.iterdir() if not each.name.startswith(".")] if target.exists() else []
    if others := sorted(set(held) - known):
        raise WorkspaceError(f"{target}: holds {others[0]}, which is no workspace's; choose an empty place")


def _check_no_rows(writer: Connection, target: Path) -> None:
    for table in Base.metadata.sorted_tables:
        if writer.execute(select(func.count()).select_from(select(table).limit(1).subquery())).scalar():
            raise WorkspaceError(f"{target}: not empty, it has {table.name}; choose an empty place")


def _beside(source: Path) -> list[Artifact]:
    """The files that no row names, brought into the source's folder where it is shared."""
    shared = shared_files_of(source)
    if shared is not None:
        for top in _BESIDE:
            shared.mirror(top)
    found = [path for top in _BESIDE for path in sorted((source / top).rglob("*")) if path.is_file()]
    kept = [path for path in found if not any(part.startswith(".") for part in path.relative_to(source).parts)]
    whole = [path for path in kept if not (path.parent / "part").exists()]  # no upload that is under way
    return [Artifact(path.relative_to(source).as_posix(), hash_file(path), path.stat().st_size) for path in whole]


def _copy_files(source: Path, target: Path, files: list[Artifact]) -> None:
    shared = shared_files_of(target)
    if shared is not None:
        for start in range(0, len(files), _AT_ONCE):
            part = files[start : start + _AT_ONCE]
            shared.announce([each.file for each in part if each.file.split("/")[0] not in _BESIDE])
            for each in part:
                if each.file.split("/")[0] in _BESIDE or not shared.has(each.file, each.size):
                    shared.put(_sound(source, each), each.file)
        return
    for each in files:
        path = target / each.file
        make_folder(path.parent)
        draft = draft_of(path)
        try:
            shutil.copyfile(_sound(source, each), draft)
            put_on_disk(draft)
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)


def _sound(source: Path, artifact: Artifact) -> Path:
    """The file in the source, whose bytes are those that were written."""
    beside = artifact.file.split("/")[0] in _BESIDE
    path = source / artifact.file if beside else file_of(source, artifact)
    if not path.is_file() or hash_file(path) != artifact.sha256:
        raise WorkspaceError(
            f"{source}: {artifact.file} is missing or damaged; turntone workspace check --repair mends it, then copy "
            "again"
        )
    return path


def _copy_rows(reader: Connection, writer: Connection, table: Table) -> int:
    """Copy the rows of a table in the order of its key; gives how many."""
    statement = insert(table).values({each.name: _value(writer, each) for each in table.columns})
    count = 0
    for rows in _rows(reader, table):
        writer.execute(statement, [{f"given_{name}": value for name, value in row.items()} for row in rows])
        count += len(rows)
    return count


def _value(writer: Connection, column: Any) -> Any:
    """How a value is given: JSON as the text that it is, so that nothing of how it was written is lost."""
    if not isinstance(column.type, JSON):
        return bindparam(f"given_{column.name}", type_=column.type)
    given = bindparam(f"given_{column.name}", type_=Text())
    return cast(given, JSON) if writer.dialect.name == "postgresql" else given


def _rows(connection: Connection, table: Table) -> Iterator[list[RowMapping]]:
    """The rows of a table by its key, some at a time; JSON as text."""
    columns = [cast(each, Text).label(each.name) if isinstance(each.type, JSON) else each for each in table.columns]
    found = connection.execution_options(yield_per=_AT_ONCE).execute(select(*columns).order_by(*table.primary_key))
    for part in found.mappings().partitions(_AT_ONCE):
        yield list(part)


def _compare_rows(reader: Connection, writer: Connection, table: Table) -> None:
    pairs = zip_longest(*(chain.from_iterable(_rows(each, table)) for each in (reader, writer)))
    for number, (sent, arrived) in enumerate(pairs, 1):
        if sent is None or arrived is None or dict(sent) != dict(arrived):
            raise WorkspaceError(
                f"{table.name}: row {number} is not the same in the copy; nothing was kept of it, copy again"
            )


def _number_on(writer: Connection) -> None:
    """Let the numbers that a server gives go on behind those that were copied."""
    if writer.dialect.name != "postgresql":
        return
    for table in Base.metadata.sorted_tables:
        for column in table.primary_key:
            counter = writer.execute(
                text("SELECT pg_get_serial_sequence(:table, :column)"), {"table": table.name, "column": column.name}
            ).scalar()
            last = writer.execute(select(func.max(column))).scalar() if counter else None
            if last is not None:
                writer.execute(text("SELECT setval(:counter, :last)"), {"counter": counter, "last": last})


def _compare_files(target: Path, files: list[Artifact]) -> None:
    shared = shared_files_of(target)
    with tempfile.TemporaryDirectory() as folder:
        for each in files:
            path = target / each.file
            if shared is not None:
                path = Path(folder) / "file"
                shared.store.get(each.file, path)
            if not path.is_file() or path.stat().st_size != each.size or hash_file(path) != each.sha256:
                raise WorkspaceError(f"{each.file}: not the same in the copy; no row was kept of it, copy again")
            if shared is not None:
                path.unlink()
