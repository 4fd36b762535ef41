"""Who is who: names and roles of the participants in a session."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, insert, select, update

from diarization.errors import WorkspaceError

from ..roles import role_problem
from ..sessions import Session
from .loading import Analysis, session_row_of, speaker_rows_of, usual_role
from .models import PARTICIPANTS, REFUSALS, SESSIONS, SPEAKERS
from .pseudonyms import stored_name
from .writing import Assignment, now, participant_id_of, people_of

_LONGEST_NAME = 200


def clean_name(name: str, what: str) -> str:
    """A name as it is stored: one spelling of its characters, no space around it.

    Raises
    ------
    WorkspaceError
        Where it is empty, too long or not on one line.
    """
    cleaned = unicodedata.normalize("NFC", name).strip()
    if not cleaned:
        raise WorkspaceError(f"the {what}'s name is empty; give it at least one letter")
    if len(cleaned) > _LONGEST_NAME or any(unicodedata.category(each)[0] == "C" for each in cleaned):
        accepted = f"up to {_LONGEST_NAME} characters on one line are"
        raise WorkspaceError(f"the {what}'s name {cleaned[:40]!r} is not accepted; {accepted}")
    return cleaned


def people_to_keep(
    connection: Connection, session: Session, analysis: Analysis, earlier: Sequence[RowMapping]
) -> tuple[dict[str, Assignment], list[str]]:
    """Who speaks in a session that takes the place of ``earlier`` ones, by label; and notes on who must be named again.

    Those the session itself names, else those named before, as long as its speakers were found in the same way.
    """
    named = {
        row["label"]: (_clean(row["participant"]), row["role"])
        for row in session.speakers.to_dict("records")
        if (row["participant"] or row["role"]) and not _is_match(row["match"])
    }
    known = people_of(connection, earlier[0]["id"]) if earlier else {}
    if not known:
        return named, []
    if earlier[0]["diarization_key"] == analysis.diarization_key:
        return _over(known, named), []
    if named:
        return named, []
    names = ", ".join(sorted(name or f"the {role}" for name, role in known.values()))
    return {}, [
        f"The speakers were found anew, so it must be said again who {names} are: "
        f"turntone sessions assign {session.id} SPEAKER=PARTICIPANT:ROLE"
    ]


def write_people(connection: Connection, session_id: str, people: Mapping[str, tuple[str | None, str | None]]) -> None:
    """Change who is who in a session, as ``Workspace.assign`` says.

    Raises
    ------
    WorkspaceError
        Where a speaker or role does not exist, or one participant would be two speakers.
    """
    case_id = session_row_of(connection, session_id)["case_id"]
    rows = {row["label"]: row for row in speaker_rows_of(connection, session_id)}
    labels = list(rows)
    known = people_of(connection, session_id)
    roles = {name: role for name, role in known.values() if name and role}
    for label, (name, role) in people.items():
        check_label(session_id, label, labels)
        known.pop(label, None)
        if name is not None:
            name = stored_name(connection, case_id, clean_name(name, "participant"))
            known[label] = name, checked_role(role) or roles.get(name) or _usual_role(connection, case_id, name)
        elif role is not None:
            known[label] = None, checked_role(role)
        elif not_them := rows[label]["participant_id"] or rows[label]["match_id"]:
            refuse(connection, session_id, rows[label]["position"], not_them)
    _check_distinct(session_id, known)
    for label in labels:
        name, role = known.get(label, (None, None))
        own = (SPEAKERS.c.session_id == session_id) & (SPEAKERS.c.label == label)
        participant = participant_id_of(connection, case_id, name) if name else None
        said = {"participant_id": participant, "role": role, "confirmed": participant is not None}
        connection.execute(update(SPEAKERS).where(own).values(said | {"match_id": None, "match_probability": None}))
        if participant is not None:
            accept(connection, session_id, label, participant)
    connection.execute(update(SESSIONS).where(SESSIONS.c.id == session_id).values(changed=now()))


def _is_match(match: Mapping[str, Any] | None) -> bool:
    """Whether who a speaker is rests on the voice alone, which says it anew wherever the speaker is stored."""
    return match is not None and not match["confirmed"]


def _over(known: Mapping[str, Assignment], named: Mapping[str, Assignment]) -> dict[str, Assignment]:
    """What was known, and over it what is said now; a name that is not said again stays."""
    over = {label: (name or known.get(label, (None, None))[0], role) for label, (name, role) in named.items()}
    return {**known, **over}


def _clean(name: str | None) -> str | None:
    return clean_name(name, "participant") if name else None


def check_label(session_id: str, label: str, labels: Sequence[str]) -> None:
    """Raise a WorkspaceError where a session has no such speaker."""
    if label not in labels:
        has = f"it has {', '.join(labels)}" if labels else "nobody speaks in it"
        raise WorkspaceError(f"session {session_id} has no speaker '{label}'; {has}")


def checked_roles(roles: Iterable[str]) -> set[str]:
    """The roles, each of which there is.

    Raises
    ------
    WorkspaceError
        Where one does not exist.
    """
    return {each for each in map(checked_role, roles) if each is not None}


def checked_role(role: str | None) -> str | None:
    """The role; a WorkspaceError where there is none of that name."""
    if role is not None and (problem := role_problem(role)):
        raise WorkspaceError(problem)
    return role


def _check_distinct(session_id: str, people: Mapping[str, Assignment]) -> None:
    labels: dict[str, str] = {}
    for label, (name, _) in people.items():
        if name is None:
            continue
        if name in labels:
            both = " and ".join(sorted([labels[name], label]))
            raise WorkspaceError(f"session {session_id}: {name} cannot be both {both}; a participant is one speaker")
        labels[name] = label


def _usual_role(connection: Connection, case_id: int | None, name: str) -> str | None:
    known = select(PARTICIPANTS.c.id).where(PARTICIPANTS.c.case_id == case_id, PARTICIPANTS.c.name == name)
    participant = None if case_id is None else connection.execute(known).scalar()
    return None if participant is None else usual_role(connection, participant)


def refuse(connection: Connection, session_id: str, position: int, participant: int) -> None:
    """Remember that a speaker is not a participant, so that no voice says it again."""
    known = _refusal(session_id, position, participant)
    if connection.execute(select(REFUSALS.c.position).where(known)).scalar() is None:
        row = {"session_id": session_id, "position": position, "participant_id": participant}
        connection.execute(insert(REFUSALS).values(row))


def accept(connection: Connection, session_id: str, label: str, participant: int) -> None:
    """Forget that a speaker was said not to be a participant."""
    own = (SPEAKERS.c.session_id == session_id) & (SPEAKERS.c.label == label)
    position = connection.execute(select(SPEAKERS.c.position).where(own)).scalar()
    connection.execute(delete(REFUSALS).where(_refusal(session_id, position, participant)))


def refusals_of(connection: Connection, session_id: str) -> set[tuple[int, int]]:
    """Positions of a session's speakers with the keys of the participants that each is not."""
    statement = select(REFUSALS.c.position, REFUSALS.c.participant_id).where(REFUSALS.c.session_id == session_id)
    return {(position, participant) for position, participant in connection.execute(statement)}


def refusals_by_label(connection: Connection, session_id: str) -> list[tuple[str, int]]:
    """The same with the speakers' labels, to be kept while a session is stored anew."""
    labels = {row["position"]: row["label"] for row in speaker_rows_of(connection, session_id)}
    return [(labels[position], participant) for position, participant in sorted(refusals_of(connection, session_id))]


def refuse_again(
    connection: Connection, session_id: str, case_id: int | None, refused: Sequence[tuple[str, int]]
) -> None:
    """Put back what ``refusals_by_label`` gave, as far as speakers and participants are still of the case."""
    positions = {row["label"]: row["position"] for row in speaker_rows_of(connection, session_id)}
    own = set(connection.execute(select(PARTICIPANTS.c.id).where(PARTICIPANTS.c.case_id == case_id)).scalars())
    for label, participant in refused:
        if label in positions and participant in own:
            refuse(connection, session_id, positions[label], participant)


def _refusal(session_id: str, position: int | None, participant: int) -> Any:
    return (
        (REFUSALS.c.session_id == session_id)
        & (REFUSALS.c.position == position)
        & (REFUSALS.c.participant_id == participant)
    )
