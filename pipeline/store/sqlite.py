"""A workspace's database in one SQLite file, opened anew for each transaction, so that nothing is held between them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, NullPool, create_engine, event

from .files import make_folder
from .jsons import as_json

BUSY_SECONDS = 60
"""How long a connection waits for another process to finish writing."""


class Sqlite:
    """One SQLite file.

    It keeps SQLite's rollback journal: one file that can be copied, read from a read-only disk and put on a network
    share, which a write-ahead log cannot. Readers wait only while a commit is under way.

    Parameters
    ----------
    file : Path
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        self.place = str(file)
        self._engine: Engine | None = None

    def exists(self) -> bool:
        """Whether anything was ever committed to it."""
        return self.file.is_file() and self.file.stat().st_size > 0

    def reading(self) -> AbstractContextManager[Connection]:
        """A connection that sees one state of the database throughout."""
        return self._connection(writing=False)

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A connection that alone may write; commits at the end, rolls back where anything was raised."""
        make_folder(self.file.parent)
        with self._connection(writing=True) as connection:
            yield connection

    def vacuum(self) -> None:
        """Rewrite the file, so that nothing stays of rows deleted before this program overwrote what it deletes."""
        with self._opened().connect() as connection:
            raw = connection.connection.driver_connection
            assert raw is not None
            raw.commit()
            raw.execute("VACUUM")

    def tables(self, connection: Connection) -> set[str]:
        """The names of the tables that are there."""
        rows = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'")
        return {row[0] for row in rows}

    @staticmethod
    def finish(_connection: Connection) -> None:
        """Nothing: after a migration all is as it should be."""

    @contextmanager
    def _connection(self, writing: bool) -> Iterator[Connection]:
        engine = self._opened().execution_options(turntone_writing=writing)
        with engine.connect() as connection, connection.begin():
            yield connection

    def _opened(self) -> Engine:
        if self._engine is None:
            self._engine = _engine(self.file)
        return self._engine


def database_sentence(said: str) -> str:
    """What SQLite said, as a sentence."""
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


def _on_connect(connection: Any, _record: Any) -> None:
    # sqlite3 would begin transactions of its own, and none before a CREATE TABLE; _on_begin does it instead.
    connection.isolation_level = None
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA secure_delete = ON")  # what is masked or deleted is overwritten, not only unlinked


def _on_begin(connection: Connection) -> None:
    writing = connection.get_execution_options().get("turntone_writing")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")
