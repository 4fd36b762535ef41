"""Keeps what was found in sessions, for lists that are chosen by it, and knows which sessions are still to look at."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, delete, func, insert, or_, select

from ..masking import mask_of
from ..sessions import Session
from .loading import role_of, session_row_of, speaker_rows_of
from .masks import said_roles
from .models import FINDINGS, LOOKS, SESSIONS
from .seen import seen_sessions
from .writing import now

Kind = Literal["flag", "shape"]

TRIED_AGAIN = datetime.timedelta(hours=1)
"""After which a session is tried again that could not be looked through: what it failed of may have passed."""


class Finding(NamedTuple):
    """Something that was found in a session.

    Parameters
    ----------
    kind : str
        ``flag``, or ``shape`` of a speaker's course.
    name : str
        Of the flag's rule; the shape as a word (``reports.measures.shapes``).
    speaker, other : str or None
        Labels of whom; None where it is of the session.
    emotional : bool
        Whether it stands on how somebody sounds, which is what masks hide; not known any more of what is stored.
    """

    kind: Kind
    name: str
    speaker: str | None = None
    other: str | None = None
    emotional: bool = True


def findings_of(connection: Connection, session_ids: Sequence[str], revision: str) -> dict[str, list[Finding]]:
    """What was found in some sessions, by id and in order; those not looked through by this revision are left out."""
    looked = select(LOOKS.c.session_id).join_from(LOOKS, SESSIONS)
    looked = looked.where(LOOKS.c.session_id.in_(list(session_ids)), *_holds(revision), *seen_sessions())
    ids = list(connection.execute(looked).scalars())
    columns = [FINDINGS.c[name] for name in ("session_id", "kind", "name", "speaker", "other")]
    rows = connection.execute(
        select(*columns).where(FINDINGS.c.session_id.in_(ids)).order_by(FINDINGS.c.session_id, FINDINGS.c.number)
    )
    found: dict[str, list[Finding]] = defaultdict(list)
    for session_id, *finding in rows:
        found[session_id].append(Finding(*finding))
    return {each: found[each] for each in ids}


def was_found(kind: Kind, name: str | None, revision: str) -> ColumnElement[bool]:
    """That a finding of this kind and name, or of any name, was made in a session."""
    named = [] if name is None else [FINDINGS.c.name == name]
    # One list for all sessions: a question for each would go through all flags where any is meant.
    found = select(FINDINGS.c.session_id).join_from(FINDINGS, LOOKS).where(FINDINGS.c.kind == kind, *named)
    return SESSIONS.c.id.in_(found.where(*_holds(revision)))


def not_looked_through(connection: Connection, revision: str) -> int:
    """How many sessions were not looked through by this revision, those included that cannot be."""
    seen = seen_sessions()
    every = connection.execute(select(func.count()).select_from(SESSIONS).where(*seen)).scalar_one()
    looked = select(func.count()).select_from(LOOKS.join(SESSIONS) if seen else LOOKS)
    return int(every - connection.execute(looked.where(*_holds(revision), *seen)).scalar_one())


def waiting_for_a_look(connection: Connection, revision: str, most: int) -> list[str]:
    """The ids of sessions that are to be looked through, those first that changed last."""
    known = and_(LOOKS.c.session_id == SESSIONS.c.id, _settled(connection, revision))
    statement = select(SESSIONS.c.id).join_from(SESSIONS, LOOKS, known, isouter=True)
    statement = statement.where(LOOKS.c.session_id.is_(None)).order_by(SESSIONS.c.changed.desc())
    return list(connection.execute(statement.limit(most)).scalars())


def anything_waits(connection: Connection, revision: str) -> bool:
    """Whether any session is to be looked through, without reading them all."""
    every = select(func.count()).select_from(SESSIONS).scalar_subquery()
    known = select(func.count()).select_from(LOOKS).where(_settled(connection, revision)).scalar_subquery()
    return bool(connection.execute(select(every > known)).scalar_one())


def _settled(connection: Connection, revision: str) -> ColumnElement[bool]:
    """That a session need not be looked through: it was, or could not be a while ago.

    Nor where another version of the program, on another machine of a shared workspace, has just done so: each would
    undo what the other finds for as long as both run.
    """
    lately = LOOKS.c.made > now() - TRIED_AGAIN
    by_whom = [LOOKS.c.revision == revision] if connection.dialect.name == "sqlite" else []
    return or_(and_(*_holds(revision)), and_(lately, *by_whom))


def looks_state(connection: Connection) -> str:
    """What tells the states of all findings from each other."""
    count, last = connection.execute(select(func.count(), func.max(LOOKS.c.made)).select_from(LOOKS)).one()
    return f"{count} {last}"


def keep_findings(
    connection: Connection, session: Session, version: str, revision: str, findings: Iterable[Finding]
) -> bool:
    """Keep what was found in a session; nothing, and False, where it is another one by now.

    What stands on the emotions of somebody whom a mask hides is left out, whoever found it.

    Parameters
    ----------
    session : Session
        That was looked through.
    version : str
        Which it had before it was read (``summaries.session_versions``).
    """
    if _version_of(connection, session.id) != version or _speakers_of(connection, session.id) != _said_in(session):
        return False
    row = session_row_of(connection, session.id)
    hidden = mask_of(row["provenance"]).reasons(said_roles(connection, session.id), session.id).keys()
    kept = [each for each in findings if not (each.emotional and _concerns(each, hidden))]
    _keep_look(connection, session.id, revision, True)
    rows = [
        {"session_id": session.id, "number": number} | {name: getattr(each, name) for name in Finding._fields[:-1]}
        for number, each in enumerate(kept)
    ]
    if rows:
        connection.execute(insert(FINDINGS), rows)
    return True


def keep_failure(connection: Connection, session_id: str, version: str, revision: str) -> bool:
    """Remember that a session could not be looked through, so that it is tried again only after a while.

    Nothing, and False, where it is another one by now.
    """
    if _version_of(connection, session_id) != version:
        return False
    _keep_look(connection, session_id, revision, False)
    return True


def _holds(revision: str) -> tuple[ColumnElement[bool], ...]:
    return LOOKS.c.revision == revision, LOOKS.c.whole


def _keep_look(connection: Connection, session_id: str, revision: str, whole: bool) -> None:
    connection.execute(delete(LOOKS).where(LOOKS.c.session_id == session_id))
    connection.execute(insert(LOOKS).values(session_id=session_id, revision=revision, whole=whole, made=now()))


def _concerns(finding: Finding, hidden: Iterable[str]) -> bool:
    """Whether it is of one of them, or of a session in which they are."""
    return finding.speaker is None or bool({finding.speaker, finding.other} & set(hidden)) if hidden else False


def _version_of(connection: Connection, session_id: str) -> str | None:
    changed = connection.execute(select(SESSIONS.c.changed).where(SESSIONS.c.id == session_id)).scalar()
    return None if changed is None else changed.isoformat()


def _speakers_of(connection: Connection, session_id: str) -> list[tuple[str, str | None, str | None]]:
    rows = speaker_rows_of(connection, session_id)
    return [(row["label"], row["participant"], role_of(connection, row)) for row in rows]


def _said_in(session: Session) -> list[tuple[str, str | None, str | None]]:
    columns = [session.speakers[name].tolist() for name in ("label", "participant", "role")]
    return list(zip(*columns, strict=True))
