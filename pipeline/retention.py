"""How long a case's sessions are kept, and taking away those that are older."""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass

from sqlalchemy import func, select, update

from diarization.errors import ConfigError, WorkspaceError

from .store.models import CASES, SESSIONS
from .store.people import clean_name
from .workspace import Workspace

_UNITS = {"d": 1, "w": 7, "m": 30, "y": 365}
_DAYS = re.compile(r"(\d{1,5})\s*([dwmy]?)", re.IGNORECASE)


@dataclass(frozen=True)
class Overdue:
    """A session that is older than its case is kept: its id, case, day, and for how many days it may be kept."""

    session: str
    case: str
    day: datetime.date
    keep_days: int


def parse_days(text: str) -> int | None:
    """Days in ``90d``, ``12w``, ``6m`` or ``2y``; None for ``forever``.

    >>> parse_days("90d"), parse_days("12w"), parse_days("2 y"), parse_days("forever")
    (90, 84, 730, None)

    Raises
    ------
    ConfigError
        Where it is none of them.
    """
    if text.strip().lower() == "forever":
        return None
    found = _DAYS.fullmatch(text.strip())
    days = int(found[1]) * _UNITS[(found[2] or "d").lower()] if found else 0
    if days < 1:
        raise ConfigError(f"'{text}' says no time; write it as 90d, 12w, 6m, 2y, or forever")
    return days


def keep_case(workspace: Workspace, case: str, days: int | None) -> None:
    """Keep a case's sessions for so many days from now on; None keeps them for ever.

    Raises
    ------
    WorkspaceError
        Where there is no such case.
    """
    workspace.sessions(case)  # says which cases there are where this is none
    with workspace.writing() as connection:
        connection.execute(update(CASES).where(CASES.c.name == clean_name(case, "case")).values(keep_days=days))


def kept_days(workspace: Workspace) -> dict[str, int | None]:
    """For how many days each case is kept, by name."""
    with workspace.reading() as connection:
        if connection is None:
            return {}
        return {row[0]: row[1] for row in connection.execute(select(CASES.c.name, CASES.c.keep_days))}


def overdue(workspace: Workspace, today: datetime.date | None = None) -> list[Overdue]:
    """The sessions that are older than their case is kept, by the day of the conversation, else of the analysis."""
    today = today or datetime.datetime.now(datetime.UTC).date()
    day = func.coalesce(SESSIONS.c.date, func.date(SESSIONS.c.created))
    with workspace.reading() as connection:
        if connection is None:
            return []
        statement = select(SESSIONS.c.id, CASES.c.name, day, CASES.c.keep_days).join_from(SESSIONS, CASES)
        rows = connection.execute(statement.where(CASES.c.keep_days.is_not(None)).order_by(CASES.c.name, day)).all()
    found = [Overdue(each, case, datetime.date.fromisoformat(str(when)[:10]), days) for each, case, when, days in rows]
    return [each for each in found if (today - each.day).days > each.keep_days]


def prune(workspace: Workspace, today: datetime.date | None = None) -> list[Overdue]:
    """Delete what is overdue, with its audio, arrays and caches, for good; gives what went."""
    gone = overdue(workspace, today)
    for each in gone:
        try:
            workspace.delete(each.session)
        except WorkspaceError as error:
            if "no session is called" not in str(error):  # another process was quicker
                raise
    if gone:
        workspace.wipe([])
    return gone
