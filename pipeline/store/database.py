"""Opens a workspace's SQLite file: transactions that hold, migrations, and errors as sentences."""

from __future__ import annotations

import errno
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, NullPool, create_engine, event
from sqlalchemy.exc import DatabaseError

from diarization.errors import AccessError, WorkspaceError

from ..access.visitors import check_may_change, visitor
from .files import make_folder

REVISION = "0009_text"
"""The newest migration: what this program's tables look like."""

BUSY_SECONDS = 60
"""How long a connection waits for another process to finish writing."""

_FULL = (errno.ENOSPC, errno.EDQUOT)
_DENIED = (errno.EACCES, errno.EPERM, errno.EROFS)


class Database:
    """One SQLite file, opened anew for each transaction, so that nothing is held between them.

    It keeps SQLite's rollback journal: one file that can be copied, read from a read-only disk and put on a network
    share, which a write-ahead log cannot. Readers wait only while a commit is under way.

    Parameters
    ----------
    file : Path
    guarded : bool
        Whether nothing is read or written unless somebody is known to be at work (``pipeline.access.visitors``), as
        behind a server: what forgets to ask who it is answers nobody.
    """

    def __init__(self, file: Path, guarded: bool = False) -> None:
        self.file = file
        self.guarded = guarded
        self._engine: Engine | None = None

    def exists(self) -> bool:
        """Whether anything was ever committed to it."""
        return self.file.is_file() and self.file.stat().st_size > 0

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection that sees one state of the database throughout; an older one is brought up to date first.

        Raises
        ------
        WorkspaceError
            Where the file is no workspace's database, was written by a newer program, or cannot be read.
        """
        self._check_visitor()
        with as_sentences(self.file.parent, writing=False):
            self._make_current()
            with self._connection(writing=False) as connection:
                yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A connection that alone may write; commits at the end, rolls back where anything was raised.

        Raises
        ------
        WorkspaceError
            As ``reading``, and where nothing can be written.
        AccessError
            Where whoever is at work may only read.
        """
        self._check_visitor()
        check_may_change()
        with as_sentences(self.file.parent):
            make_folder(self.file.parent)
            self._make_current(create=True)
            with self._connection(writing=True) as connection:
                yield connection

    def wipe(self) -> None:
        """Rewrite the file, so that nothing stays of rows deleted before this program overwrote what it deletes."""
        with as_sentences(self.file.parent):
            engine = self._engine or _engine(self.file)
            with engine.connect() as connection:
                raw = connection.connection.driver_connection
                assert raw is not None
                raw.commit()
                raw.execute("VACUUM")

    def _check_visitor(self) -> None:
        if self.guarded and visitor() is None:
            raise AccessError("nobody is signed in here")

    def _make_current(self, create: bool = False) -> None:
        if not create and not self.exists():
            raise WorkspaceError(f"{self.file.parent}: this workspace is empty")
        with self._connection(writing=False) as connection:
            revision = _revision(connection, self.file)
        if revision != REVISION:
            with self._connection(writing=True) as connection:
                _upgrade(connection, _revision(connection, self.file), self.file)

    @contextmanager
    def _connection(self, writing: bool) -> Iterator[Connection]:
        if self._engine is None:
            self._engine = _engine(self.file)
        engine = self._engine.execution_options(turntone_writing=writing)
        with engine.connect() as connection, connection.begin():
            yield connection


@contextmanager
def as_sentences(folder: Path, writing: bool = True) -> Iterator[None]:
    """Turns what the disk and the database raise into WorkspaceErrors that name the folder and what to do."""
    try:
        yield
    except OSError as error:
        raise WorkspaceError(f"{folder}: {_disk_sentence(error)}{'; nothing was stored' * writing}") from error
    except DatabaseError as error:
        raise WorkspaceError(f"{folder / 'workspace.db'}: {_database_sentence(str(error.orig))}") from error


def _disk_sentence(error: OSError) -> str:
    if error.errno in _FULL:
        return "no space left on the disk"
    if error.errno in _DENIED:
        return "permission denied"
    return error.strerror or str(error)


def _database_sentence(said: str) -> str:
    if "full" in said:
        return "no space left on the disk; nothing was stored"
    if "locked" in said:
        return f"another program has been writing for over {BUSY_SECONDS} s; try again when it is done"
    if "readonly" in said:
        return "permission denied; nothing was stored, choose another folder with --workspace"
    if "not a database" in said or "malformed" in said:
        return f"damaged or not a database ({said}); put back a copy, or choose another folder with --workspace"
    return said


def _engine(file: Path) -> Engine:
    url = URL.create("sqlite", database=str(file))
    options = {"timeout": BUSY_SECONDS}
    engine = create_engine(url, poolclass=NullPool, json_serializer=as_json, connect_args=options)
    event.listen(engine, "connect", _on_connect)
    event.listen(engine, "begin", _on_begin)
    return engine


def as_json(value: Any) -> str:
    """JSON as it is stored and logged: readable wherever it can be written as UTF-8."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    # A file name that is not UTF-8 stands as half characters in a str: as escapes it comes back as it was.
    return text if _is_text(text) else json.dumps(value, allow_nan=False)


def _is_text(text: str) -> bool:
    """Whether a str can be written as UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _on_connect(connection: Any, _record: Any) -> None:
    # sqlite3 would begin transactions of its own, and none before a CREATE TABLE; _on_begin does it instead.
    connection.isolation_level = None
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA secure_delete = ON")  # what is masked or deleted is overwritten, not only unlinked


def _on_begin(connection: Connection) -> None:
    writing = connection.get_execution_options().get("turntone_writing")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


def _revision(connection: Connection, file: Path) -> str | None:
    """The revision a database stands at; None for a new one."""
    rows = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'")
    tables = {row[0] for row in rows}
    if not tables:
        return None
    if "alembic_version" not in tables:
        raise WorkspaceError(f"{file}: a database, but not one of Turntone's; choose another folder with --workspace")
    return connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()


def _upgrade(connection: Connection, revision: str | None, file: Path) -> None:
    from alembic import command
    from alembic.script import ScriptDirectory

    config = alembic_config()
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if revision is not None and revision not in known:
        raise WorkspaceError(
            f"{file}: written by a newer Turntone (tables {revision}); update with pip install -U turntone"
        )
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def alembic_config() -> Any:
    """Where alembic finds the migrations; they come with the package."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    return config
