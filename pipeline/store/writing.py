"""Writes sessions, and what their cases and participants owe to them, inside a transaction."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, CursorResult, delete, insert, or_, select, update

from ..sessions import Session
from .artifacts import Artifact
from .loading import Analysis, speaker_rows_of
from .models import ARTIFACTS, AUDIT_NAMES, CASES, ENROLMENTS, PARTICIPANTS, SESSIONS, SPEAKERS, TURNS
from .pseudonyms import stored_name
from .rows import session_row, turn_rows

Assignment = tuple[str | None, str | None]
"""A participant's name and role; a role may be known without a name."""


def now() -> datetime.datetime:
    """The time in UTC, as the tables keep it."""
    return datetime.datetime.now(datetime.UTC).replace(tzinfo=None)


def case_id_of(connection: Connection, name: str | None, models: Mapping[str, Any]) -> int | None:
    """The case's key; a case that does not exist yet begins here, pinned to the models."""
    if name is None:
        return None
    found = connection.execute(select(CASES.c.id).where(CASES.c.name == name)).scalar()
    if found is not None:
        return int(found)
    begun = connection.execute(insert(CASES).values(name=name, models=dict(models), created=now()))
    return _new_key(begun)


def _new_key(inserted: CursorResult[Any]) -> int:
    assert inserted.inserted_primary_key is not None
    return int(inserted.inserted_primary_key[0])


def earlier_ids(connection: Connection, session: Session) -> list[str]:
    """The sessions that this one takes the place of: a recording has one session."""
    same = or_(SESSIONS.c.id == session.id, SESSIONS.c.recording_id == session.recording.id)
    return list(connection.execute(select(SESSIONS.c.id).where(same).order_by(SESSIONS.c.changed.desc())).scalars())


def insert_session(
    connection: Connection,
    session: Session,
    case_id: int | None,
    analysis: Analysis,
    created: datetime.datetime | None = None,
) -> None:
    """The rows of a session with its turns; speakers and artifacts come apart."""
    row = session_row(session) | {
        "case_id": case_id,
        "models": analysis.models,
        "analysis_key": analysis.analysis_key,
        "diarization_key": analysis.diarization_key,
        "created": created or now(),
        "changed": now(),
    }
    connection.execute(insert(SESSIONS).values(row))
    if rows := turn_rows(session.id, session.turns, session.scheme):
        connection.execute(insert(TURNS), rows)


def insert_speakers(
    connection: Connection, session: Session, case_id: int | None, people: Mapping[str, Assignment]
) -> None:
    """The rows of a session's speakers; ``people`` says who they are, by label."""
    for position, row in enumerate(session.speakers.to_dict("records")):
        name, role = people.get(row["label"], (None, None))
        participant = participant_id_of(connection, case_id, name) if name else None
        connection.execute(
            insert(SPEAKERS).values(
                session_id=session.id,
                position=position,
                label=row["label"],
                participant_id=participant,
                role=role,
                talk_time=row["talk_time"],
                confirmed=participant is not None,
            )
        )


def participant_id_of(connection: Connection, case_id: int | None, name: str) -> int:
    """The key of a participant of the case, who joins it here where new; without a case it is always someone new."""
    name = stored_name(connection, case_id, name)
    known = select(PARTICIPANTS.c.id).where(PARTICIPANTS.c.case_id == case_id, PARTICIPANTS.c.name == name)
    found = None if case_id is None else connection.execute(known).scalar()
    if found is not None:
        return int(found)
    joined = connection.execute(insert(PARTICIPANTS).values(case_id=case_id, name=name))
    return _new_key(joined)


def insert_artifacts(connection: Connection, session_id: str, artifacts: Mapping[str, Artifact]) -> None:
    """The rows that say which files belong to a session, by what they hold."""
    for name, artifact in artifacts.items():
        connection.execute(insert(ARTIFACTS).values(session_id=session_id, name=name, **vars(artifact)))


def replace_artifact(connection: Connection, session_id: str, name: str, artifact: Artifact) -> None:
    """Point a session to another file."""
    own = (ARTIFACTS.c.session_id == session_id) & (ARTIFACTS.c.name == name)
    connection.execute(update(ARTIFACTS).where(own).values(**vars(artifact)))


def people_of(connection: Connection, session_id: str) -> dict[str, Assignment]:
    """Participant and role of a session's speakers as far as a person or a channel said them, by label."""
    rows = speaker_rows_of(connection, session_id)
    said = {row["label"]: (row["participant"] if row["confirmed"] else None, row["role"]) for row in rows}
    return {label: who for label, who in said.items() if any(who)}


def participants_in(connection: Connection, session_ids: Iterable[str]) -> set[int]:
    """The keys of the participants who speak in any of the sessions."""
    statement = select(SPEAKERS.c.participant_id).where(SPEAKERS.c.session_id.in_(list(session_ids)))
    return {each for each in connection.execute(statement).scalars() if each is not None}


def sessions_with(connection: Connection, participants: Iterable[int]) -> set[str]:
    """The sessions in which any of the participants speaks."""
    statement = select(SPEAKERS.c.session_id).where(SPEAKERS.c.participant_id.in_(list(participants)))
    return set(connection.execute(statement).scalars())


def delete_sessions(connection: Connection, session_ids: Iterable[str]) -> None:
    """Remove sessions with their speakers, turns and artifact rows."""
    connection.execute(delete(SESSIONS).where(SESSIONS.c.id.in_(list(session_ids))))


def tidy(connection: Connection) -> None:
    """Remove participants who neither speak nor are enrolled anywhere, and cases that hold nothing.

    Sessions that are gone have no name in the audit trail any more.
    """
    there = select(SESSIONS.c.id)
    names = AUDIT_NAMES.c.session_id
    connection.execute(delete(AUDIT_NAMES).where(names.is_not(None), names.not_in(there)))
    spoken = select(SPEAKERS.c.participant_id).where(SPEAKERS.c.participant_id.is_not(None))
    enrolled = select(ENROLMENTS.c.participant_id)
    gone = PARTICIPANTS.c.id.not_in(spoken) & PARTICIPANTS.c.id.not_in(enrolled)
    connection.execute(delete(PARTICIPANTS).where(gone))
    used = [
        CASES.c.id.not_in(select(each.c.case_id).where(each.c.case_id.is_not(None)))
        for each in (SESSIONS, PARTICIPANTS)
    ]
    connection.execute(delete(CASES).where(*used))


def pin_anew(connection: Connection, case_ids: Iterable[int | None]) -> None:
    """Pin each case to its latest session's models where no session is left with those it is pinned to.

    So analysing all sessions of a case again with other models pins it to the others.
    """
    for case_id in {each for each in case_ids if each is not None}:
        pinned = connection.execute(select(CASES.c.models).where(CASES.c.id == case_id)).scalar()
        own = select(SESSIONS.c.models).where(SESSIONS.c.case_id == case_id).order_by(SESSIONS.c.changed.desc())
        models = list(connection.execute(own).scalars())
        if models and pinned not in models:
            connection.execute(update(CASES).where(CASES.c.id == case_id).values(models=models[0]))
            connection.execute(update(SESSIONS).where(SESSIONS.c.case_id == case_id).values(changed=now()))


def files_in_use(connection: Connection) -> set[str]:
    """The files that any session names."""
    return set(connection.execute(select(ARTIFACTS.c.file).distinct()).scalars())
