"""Reads the audit trail: who did what, and whether anything in it was changed."""

from __future__ import annotations

import csv
import datetime
import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import RowMapping, select

from ..store.database import Database, asked_again
from ..store.models import AUDIT, AUDIT_NAMES, CASES, PARTICIPANTS, USERS
from ..store.trail import digest_of


@dataclass(frozen=True)
class Entry:
    """One line of the trail.

    Parameters
    ----------
    number : int
        From 1, without gaps.
    time : str
        UTC.
    actor : str or None
        Random id of a user, or of the account that ran the program.
    via : str
        ``command line``, ``page``, ``api`` or ``worker``.
    action : str
        One of ``pipeline.store.trail.ACTIONS``.
    kind, subject : str or None
        What it was done to, by a random id.
    detail : str or None
        A word of ours, such as a format.
    who, what : str or None
        Whom and what the ids stand for, where they are still there and were asked for.
    """

    number: int
    time: str
    actor: str | None
    via: str
    action: str
    kind: str | None
    subject: str | None
    detail: str | None
    who: str | None = None
    what: str | None = None

    def to_json(self) -> dict[str, Any]:
        """The same as JSON values."""
        return dict(vars(self))


PLAIN = ("number", "time", "actor", "via", "action", "kind", "subject", "detail")
"""What an export has of each line: no name."""


class Trail:
    """The audit trail of a workspace.

    Parameters
    ----------
    folder : Path
        The workspace's.
    """

    def __init__(self, folder: Path) -> None:
        self._database = Database(Path(folder) / "workspace.db")

    @asked_again
    def entries(
        self, after: int = 0, limit: int | None = None, action: str | None = None, newest: bool = False
    ) -> list[Entry]:
        """Lines in the order of time, with the names of those who are still there.

        Parameters
        ----------
        after : int
            Only lines behind this number.
        limit : int, optional
            At most so many: the first ones, or the last ones where ``newest``.
        action : str, optional
            Only these.
        """
        if not self._database.exists():
            return []
        wanted = [AUDIT.c.number > after, *([AUDIT.c.action == action] if action else [])]
        order = AUDIT.c.number.desc() if newest else AUDIT.c.number
        with self._database.reading() as connection:
            names = self._names(connection)
            rows = connection.execute(select(AUDIT).where(*wanted).order_by(order).limit(limit)).mappings().all()
        return [_entry(row, names) for row in (reversed(rows) if newest else rows)]

    @asked_again
    def broken(self) -> int | None:
        """The number of the first line that is not as it was written, or that follows on one that is missing."""
        if not self._database.exists():
            return None
        before, expected = "", 1
        with self._database.reading() as connection:
            for row in connection.execute(select(AUDIT).order_by(AUDIT.c.number)).mappings():
                if row["number"] != expected or row["digest"] != digest_of(dict(row), before):
                    return int(row["number"])
                before, expected = row["digest"], expected + 1
        return None

    def _names(self, connection: Any) -> dict[str, str]:
        users = {row.id: row.name for row in connection.execute(select(USERS.c.id, USERS.c.name))}
        statement = (
            select(AUDIT_NAMES, CASES.c.name.label("case"), PARTICIPANTS.c.name.label("participant"))
            .join(CASES, CASES.c.id == AUDIT_NAMES.c.case_id, isouter=True)
            .join(PARTICIPANTS, PARTICIPANTS.c.id == AUDIT_NAMES.c.participant_id, isouter=True)
        )
        rows = connection.execute(statement).mappings().all()
        known = ("session_id", "case", "participant", "account")
        return users | {row["id"]: next(str(row[name]) for name in known if row[name] is not None) for row in rows}


def as_csv(entries: Iterable[Entry]) -> str:
    """The trail as CSV, with ids and no names."""
    file = io.StringIO()
    rows = csv.writer(file, lineterminator="\n")
    rows.writerow(PLAIN)
    rows.writerows([getattr(each, name) for name in PLAIN] for each in entries)
    return file.getvalue()


def as_json_lines(entries: Sequence[Entry]) -> str:
    """The trail as a JSON object a line, with ids and no names."""
    return "".join(json.dumps({name: getattr(each, name) for name in PLAIN}) + "\n" for each in entries)


def _entry(row: RowMapping, names: dict[str, str]) -> Entry:
    time: datetime.datetime = row["time"]
    facts = {name: row[name] for name in PLAIN} | {"time": time.isoformat(timespec="seconds") + "Z"}
    return Entry(**facts, who=names.get(row["actor"] or ""), what=names.get(row["subject"] or ""))
