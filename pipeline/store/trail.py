"""Writes the audit trail: what somebody did, within the transaction in which they did it.

People and what they did it to stand in the trail by random ids; ``audit_names`` says for whom each stands as long as
they are there. A participant who is forgotten takes the row of that table along, and nothing of them is left.
"""

from __future__ import annotations

import getpass
import hashlib
import json
import secrets
from collections.abc import Mapping
from typing import Any, Literal, get_args

from sqlalchemy import Connection, delete, insert, select, update

from ..access.visitors import visitor
from .models import AUDIT, AUDIT_NAMES, CASES, SESSIONS
from .writing import now

Action = Literal[
    "analysed", "opened", "listened", "exported", "corrected", "assigned", "enrolled", "renamed", "merged", "split",
    "forgotten", "masked", "unmasked", "refiled", "deleted", "submitted", "cancelled", "retried", "signed in",
    "sign-in failed", "signed out", "user added", "user removed", "role changed", "password changed", "access granted",
    "access revoked", "consent", "token made", "token removed", "trail read",
]  # fmt: skip

ACTIONS: tuple[Action, ...] = get_args(Action)
"""All that the trail knows."""

Kind = Literal["session", "case", "participant", "user", "job", "workspace"]
"""What something was done to."""

_COLUMNS = {"session": AUDIT_NAMES.c.session_id, "case": AUDIT_NAMES.c.case_id,
            "participant": AUDIT_NAMES.c.participant_id}  # fmt: skip
_HASHED = ("number", "time", "actor", "via", "action", "kind", "subject", "detail")


def record(
    connection: Connection, action: Action, kind: Kind | None = None, key: Any = None, detail: str | None = None
) -> None:
    """Add a line to the trail, in the name of whoever is at work.

    Parameters
    ----------
    kind, key : str, optional
        What it was done to: a session's id, the key of a case or participant, the random id of a user, a job's id.
    detail : str, optional
        A word of ours, such as the format of an export: never a name, never a path.
    """
    here = visitor()
    last = connection.execute(select(AUDIT.c.number, AUDIT.c.digest).order_by(AUDIT.c.number.desc()).limit(1)).first()
    row = {
        "number": last[0] + 1 if last else 1,
        "time": now(),
        "actor": here.id if here and here.id else account_id(connection),
        "via": here.via if here else "command line",
        "action": action,
        "kind": kind,
        "subject": _subject(connection, kind, key),
        "detail": detail,
    }
    connection.execute(insert(AUDIT).values(row | {"digest": digest_of(row, last[1] if last else "")}))


def digest_of(row: Mapping[str, Any], before: str) -> str:
    """What chains a line to the one before: a line changed behind the program's back breaks the chain."""
    facts = [row[name].isoformat() if name == "time" else row[name] for name in _HASHED]
    return hashlib.sha256(json.dumps([before, *facts], ensure_ascii=False).encode()).hexdigest()


def account_id(connection: Connection) -> str:
    """The random id of whoever runs this program, by their account on this machine."""
    return _name(connection, "account", account())


def account() -> str:
    """The account that this program runs under."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # an id without a name, as in containers
        return "nobody"


def follow_refiled(connection: Connection, old: str, new: str) -> None:
    """A session has another id from now on; in the trail it stays the same one."""
    if old != new:
        forget_session(connection, new)
        connection.execute(update(AUDIT_NAMES).where(AUDIT_NAMES.c.session_id == old).values(session_id=new))


def forget_session(connection: Connection, session_id: str) -> None:
    """Nobody finds out any more which session the trail speaks of."""
    connection.execute(delete(AUDIT_NAMES).where(AUDIT_NAMES.c.session_id == session_id))


def case_key(connection: Connection, name: str | None) -> int | None:
    """The key of a case, for ``record``."""
    return connection.execute(select(CASES.c.id).where(CASES.c.name == name)).scalar()


def _subject(connection: Connection, kind: Kind | None, key: Any) -> str | None:
    if kind is None or key is None:
        return None
    return _name(connection, kind, key) if kind in _COLUMNS else str(key)


def _name(connection: Connection, kind: str, key: Any) -> str:
    column = _COLUMNS.get(kind, AUDIT_NAMES.c.account)
    known = connection.execute(select(AUDIT_NAMES.c.id).where(column == key)).scalar()
    if known is not None:
        return str(known)
    new = secrets.token_hex(8)
    connection.execute(insert(AUDIT_NAMES).values({"id": new, column.name: key}))
    return new


def is_there(connection: Connection, session_id: str) -> bool:
    """Whether there is a session of exactly that id."""
    return connection.execute(select(SESSIONS.c.id).where(SESSIONS.c.id == session_id)).first() is not None
