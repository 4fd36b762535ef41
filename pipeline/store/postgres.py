"""A workspace's database on a PostgreSQL server, through psycopg: pooled connections, one writer at a time."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Lock
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from diarization.errors import DatabaseLost, WorkspaceError

from .jsons import as_json
from .shared import MISSING, query_of, without_secrets

BUSY_SECONDS = 60
"""How long a writer waits for another one to finish."""

POOL, MORE = 5, 15
"""Connections that a process keeps, and how many more it opens while that many threads ask at once."""

_LOCK = 1_953_853_044
"""Under this number, and that of the schema, writers wait for one another."""

_ATTEMPTS = 4  # to connect, while a server is being started
_ENGINES: dict[str, Engine] = {}
_ENGINES_LOCK = Lock()


class Postgres:
    """One schema of one database on a server; its engine is shared by all of this process that use it.

    Parameters
    ----------
    url : str
        ``postgresql://user@host:port/name``.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.place = without_secrets(url)

    def exists(self) -> bool:
        """Yes: its tables are made as soon as it is first used."""
        return True

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection that sees one state throughout and can write nothing."""
        with self._connected() as connection:
            # Also the first statement of a read waits for no writer.
            connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            with connection.begin():
                yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A connection that alone may write; commits at the end, rolls back where anything was raised.

        Raises
        ------
        DatabaseLost
            Where the connection was lost; nothing is stored then, which is asked of the server where it was lost
            while it stored.
        """
        with self._connected() as connection:
            connection.execution_options(isolation_level="READ COMMITTED", postgresql_readonly=False)
            transaction = connection.begin()
            try:
                number = self._alone(connection)
                yield connection
            except BaseException:
                with suppress(SQLAlchemyError):
                    transaction.rollback()
                raise
            try:
                transaction.commit()
            except DBAPIError as error:
                if not is_lost(error) or not self._was_stored(number):
                    raise

    @contextmanager
    def announcing(self) -> Iterator[Connection]:
        """A connection for what may be written beside another writer; commits at the end."""
        with self._connected() as connection, connection.begin():
            yield connection

    def vacuum(self) -> None:
        """Let the server give up what deleted rows held, as far as nobody reads them any more."""
        with self._connected() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT")
            schema = connection.execute(text("SELECT current_schema()")).scalar()
            tables = connection.execute(text("SELECT tablename FROM pg_tables WHERE schemaname = :s"), {"s": schema})
            for table in tables.scalars().all():
                connection.exec_driver_sql(f'VACUUM (ANALYZE) "{schema}"."{table}"')

    def tables(self, connection: Connection) -> set[str]:
        """The names of the tables that are there."""
        named = text("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()")
        return set(connection.execute(named).scalars())

    @staticmethod
    def finish(connection: Connection) -> None:
        """Let text be ordered and compared by its characters' numbers, as in SQLite, whatever the server's language."""
        columns = connection.execute(text(
            "SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod) FROM pg_attribute a "
            "JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace "
            "WHERE n.nspname = current_schema() AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped "
            "AND a.attcollation = (SELECT oid FROM pg_collation WHERE collname = 'default')"
        )).all()  # fmt: skip
        for table, column, kind in columns:
            connection.exec_driver_sql(
                f'ALTER TABLE "{table}" ALTER COLUMN "{column}" TYPE {kind.split(" COLLATE ")[0]} COLLATE "C"'
            )

    @contextmanager
    def _connected(self) -> Iterator[Connection]:
        connection = self._connect()
        try:
            yield connection
        finally:
            connection.close()

    def _connect(self) -> Connection:
        """A connection that answers; a server that is being started is waited for a little."""
        engine = engine_of(self.url)
        for attempt in range(_ATTEMPTS):
            try:
                return engine.connect()
            except DBAPIError as error:
                if attempt == _ATTEMPTS - 1 or not _may_come_back(str(error.orig)):
                    raise
                time.sleep(0.25 * 2**attempt)
        raise AssertionError("unreachable")

    @staticmethod
    def _alone(connection: Connection) -> str:
        """Wait until nobody else writes; gives the number of this transaction."""
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{BUSY_SECONDS}s'")
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK}, hashtext(current_schema()))")
        return str(connection.exec_driver_sql("SELECT pg_current_xact_id()::text").scalar())

    def _was_stored(self, number: str) -> bool:
        """Whether the server stored a transaction at whose end the connection was lost."""
        asked = text("SELECT pg_xact_status(CAST(:n AS xid8))")
        try:
            for _ in range(20):
                with self._connected() as connection, connection.begin():
                    said = connection.execute(asked, {"n": number}).scalar()
                if said != "in progress":
                    return said == "committed"
                time.sleep(0.25)
        except DBAPIError as error:
            raise WorkspaceError(
                f"{self.place}: the connection to the database was lost while something was stored, and the server "
                "does not say whether it was; look before you do it again"
            ) from error
        return False


def engine_of(url: str) -> Engine:
    """The engine of this process for a database.

    Raises
    ------
    WorkspaceError
        Where the driver is not installed.
    """
    with _ENGINES_LOCK:
        if url not in _ENGINES:
            _ENGINES[url] = _engine(url)
        return _ENGINES[url]


def _engine(url: str) -> Engine:
    wanted = make_url(url).set(drivername="postgresql+psycopg")
    waits = {"connect_timeout": 10, "keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3}
    options: dict[str, Any] = {name: value for name, value in waits.items() if name not in query_of(url)}
    options |= {"application_name": "turntone", "options": _options(url)}
    try:
        return create_engine(
            wanted.difference_update_query(["options"]),
            json_serializer=as_json,
            pool_size=POOL,
            max_overflow=MORE,
            pool_timeout=BUSY_SECONDS,
            pool_pre_ping=True,
            pool_recycle=1800,
            connect_args=options,
        )
    except ImportError as error:
        raise WorkspaceError(MISSING) from error


def _options(url: str) -> str:
    """What each connection is set to: nobody keeps others waiting whose network is gone."""
    return f"{query_of(url).get('options', '')} -c idle_in_transaction_session_timeout=600000 -c timezone=UTC".strip()


def _forget_engines() -> None:
    """A forked process opens connections of its own, and leaves those of its parent alone."""
    global _ENGINES_LOCK
    _ENGINES_LOCK = Lock()
    for engine in _ENGINES.values():
        engine.dispose(close=False)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_engines)


def is_lost(error: DBAPIError) -> bool:
    """Whether the connection broke off, rather than that the server refused something."""
    state = getattr(error.orig, "sqlstate", None)
    return bool(error.connection_invalidated) or (state or "")[:3] in ("57P", "08") or (state or "")[:2] == "08"


def as_error(error: DBAPIError, place: str, writing: bool) -> WorkspaceError:
    """What the server or the driver said, as a sentence."""
    said = str(error.orig).strip()
    nothing = "; nothing was stored" * writing
    if is_lost(error):
        return DatabaseLost(
            f"{place}: the connection to the database was lost{nothing or '; try again'} ({_first(said)})"
        )
    kind = DatabaseLost if _may_come_back(said) else WorkspaceError
    return kind(f"{place}: {_sentence(error, said, place)}{nothing}")


def _sentence(error: DBAPIError, said: str, place: str) -> str:
    state = getattr(error.orig, "sqlstate", None) or ""
    if state == "55P03":
        return f"another program has been writing for over {BUSY_SECONDS} s; try again when it is done"
    if state[:2] == "53":
        return f"the database server has no room or no connections left ({_first(said)})"
    if state == "42501" or "permission denied" in said:
        return f"the database gives this user no permission ({_first(said)}); its owner grants it"
    if state == "25006":
        return f"this database server can only be read ({_first(said)})"
    return _no_connection(said, place) or _first(said)


def _no_connection(said: str, place: str) -> str | None:
    """Why a connection could not be opened; None where it was open."""
    name = urlsplit(place).path.strip("/")
    if "password authentication failed" in said:
        return "the password is wrong, or there is no such user; set PGPASSWORD, or name it in the file ~/.pgpass"
    if "no password supplied" in said:
        return "a password is asked for; set PGPASSWORD, or name it in the file ~/.pgpass"
    if f'database "{name}" does not exist' in said:
        return f"there is no database of that name; make it with createdb {name}"
    if "does not exist" in said and "role" in said:
        return f"there is no such user ({_first(said)}); make it with createuser"
    if "no pg_hba.conf entry" in said:
        return f"the server lets nobody in from here ({_first(said)})"
    if _may_come_back(said) or "could not translate" in said or "resolve" in said or "timeout" in said.lower():
        return f"the database server does not answer ({_first(said)}); start it, or look at the address"
    return None


def _may_come_back(said: str) -> bool:
    return any(
        each in said
        for each in (
            "Connection refused",
            "starting up",
            "not yet accepting connections",
            "shutting down",
            "closed the connection",
            "in recovery mode",
        )
    )


def _first(said: str) -> str:
    return " ".join(line.strip() for line in said.splitlines()[:2]).rstrip(".")
