"""A workspace's database, in SQLite or on a PostgreSQL server: transactions, migrations, and errors as sentences."""

from __future__ import annotations

import errno
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec, Protocol, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DatabaseError, DBAPIError, InterfaceError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from diarization.errors import AccessError, DatabaseLost, WorkspaceError

from ..access.visitors import check_may_change, visitor
from .files import make_folder
from .jsons import as_json
from .shared import shared_of
from .sqlite import Sqlite, database_sentence

__all__ = ["REVISION", "Database", "alembic_config", "as_json", "as_sentences", "asked_again"]

REVISION = "0010_findings"
"""The newest migration: what this program's tables look like."""

_FULL = (errno.ENOSPC, errno.EDQUOT)
_DENIED = (errno.EACCES, errno.EPERM, errno.EROFS)
_LOOK_AGAIN = 60.0  # seconds after which the revision of a server's tables is looked at again
_SEEN: dict[str, float] = {}  # when a server's tables were last found to be as this program wants them

Given = ParamSpec("Given")
Found = TypeVar("Found")


class Kind(Protocol):
    """Where the tables lie: a file, or a server."""

    @property
    def place(self) -> str:
        """What sentences call it."""
        ...

    def exists(self) -> bool:
        """Whether there may be anything in it."""
        ...

    def reading(self) -> AbstractContextManager[Connection]:
        """A connection that sees one state throughout."""
        ...

    def writing(self) -> AbstractContextManager[Connection]:
        """A connection that alone may write."""
        ...

    def vacuum(self) -> None:
        """Give up what deleted rows held."""
        ...

    def tables(self, connection: Connection) -> set[str]:
        """The names of the tables that are there."""
        ...

    def finish(self, connection: Connection) -> None:
        """What is to be done after a migration."""
        ...


class Database:
    """The tables of a workspace: in its folder, or on the server that its ``shared.yaml`` names.

    Parameters
    ----------
    file : Path
        The SQLite file, ``workspace.db`` of the folder.
    guarded : bool
        Whether nothing is read or written unless somebody is known to be at work (``pipeline.access.visitors``), as
        behind a server: what forgets to ask who it is answers nobody.
    """

    def __init__(self, file: Path, guarded: bool = False) -> None:
        self.file = file
        self.guarded = guarded
        self._sqlite = Sqlite(file)

    def exists(self) -> bool:
        """Whether anything was ever committed to it."""
        return self._kind.exists()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection that sees one state of the database throughout; an older one is brought up to date first.

        Raises
        ------
        WorkspaceError
            Where the file is no workspace's database, was written by a newer program, or cannot be read.
        """
        self._check_visitor()
        kind = self._kind
        with as_sentences(self.file.parent, writing=False, place=kind.place):
            self._make_current(kind)
            with kind.reading() as connection:
                yield connection

    @contextmanager
    def reading_if_any(self) -> Iterator[Connection | None]:
        """As ``reading``; None where nothing was ever committed.

        Raises
        ------
        WorkspaceError
            As ``reading``.
        """
        if not self.exists():
            yield None
            return
        with self.reading() as connection:
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
        kind = self._kind
        with as_sentences(self.file.parent, place=kind.place):
            make_folder(self.file.parent)
            self._make_current(kind, create=True)
            with kind.writing() as connection:
                yield connection

    def wipe(self) -> None:
        """Let nothing stay of rows deleted before this program overwrote what it deletes; a server sees to that itself
        once nobody reads them any more."""
        kind = self._kind
        with as_sentences(self.file.parent, place=kind.place):
            kind.vacuum()

    @property
    def _kind(self) -> Kind:
        shared = shared_of(self.file.parent)
        if shared is None:
            return self._sqlite
        from .postgres import Postgres

        return Postgres(shared.database)

    def _check_visitor(self) -> None:
        if self.guarded and visitor() is None:
            raise AccessError("nobody is signed in here")

    def _make_current(self, kind: Kind, create: bool = False) -> None:
        if not create and not kind.exists():
            raise WorkspaceError(f"{self.file.parent}: this workspace is empty")
        if time.monotonic() - _SEEN.get(kind.place, -_LOOK_AGAIN) < _LOOK_AGAIN:
            return
        with kind.reading() as connection:
            revision = _revision(connection, kind)
        if revision != REVISION:
            with kind.writing() as connection:
                _upgrade(connection, _revision(connection, kind), kind.place)
                kind.finish(connection)
        if kind is not self._sqlite:  # a file is looked at each time: it may have been put in another's place
            _SEEN[kind.place] = time.monotonic()


def asked_again(ask: Callable[Given, Found]) -> Callable[Given, Found]:
    """Ask once more where the connection to the database broke off before anything was stored."""

    @wraps(ask)
    def asked(*args: Given.args, **kwargs: Given.kwargs) -> Found:
        try:
            return ask(*args, **kwargs)
        except DatabaseLost:
            return ask(*args, **kwargs)

    return asked


@contextmanager
def as_sentences(folder: Path, writing: bool = True, place: str | None = None) -> Iterator[None]:
    """Turns what the disk and the database raise into WorkspaceErrors that say where and what to do.

    Parameters
    ----------
    folder : Path
        The workspace's.
    writing : bool
        Whether something was to be stored.
    place : str, optional
        What the database is called, where that is not the file in the folder.
    """
    try:
        yield
    except OSError as error:
        raise WorkspaceError(f"{folder}: {_disk_sentence(error)}{'; nothing was stored' * writing}") from error
    except PoolTimeout as error:
        raise WorkspaceError(f"{place}: all connections to the database are in use; try again later") from error
    except (DatabaseError, InterfaceError) as error:
        where = place or str(folder / "workspace.db")
        if type(error.orig).__module__.startswith("psycopg"):
            raise _of_server(error, where, writing) from error
        raise WorkspaceError(f"{where}: {database_sentence(str(error.orig))}") from error


def _of_server(error: DBAPIError, place: str, writing: bool) -> WorkspaceError:
    from .postgres import as_error

    return as_error(error, place, writing)


def _disk_sentence(error: OSError) -> str:
    if error.errno in _FULL:
        return "no space left on the disk"
    if error.errno in _DENIED:
        return "permission denied"
    return error.strerror or str(error)


def _revision(connection: Connection, kind: Kind) -> str | None:
    """The revision a database stands at; None for a new one."""
    tables = kind.tables(connection)
    if not tables:
        return None
    if "alembic_version" not in tables:
        raise WorkspaceError(
            f"{kind.place}: a database, but not one of Turntone's; choose another folder with --workspace"
        )
    found: str | None = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    return found


def _upgrade(connection: Connection, revision: str | None, place: str) -> None:
    from alembic import command
    from alembic.script import ScriptDirectory

    config = alembic_config()
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if revision is not None and revision not in known:
        raise WorkspaceError(
            f"{place}: written by a newer Turntone (tables {revision}); update with pip install -U turntone"
        )
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def alembic_config() -> Any:
    """Where alembic finds the migrations; they come with the package."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    return config
