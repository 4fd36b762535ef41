"""What lists show of sessions and cases, without opening them."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, case, func, select

from diarization.errors import WorkspaceError

from ..sessions import Session, participant_words
from .corrections import cut_sessions
from .loading import is_comparable, match_of, role_of
from .models import CASES, PARTICIPANTS, SESSIONS, SPEAKERS, TURNS
from .seen import seen_sessions


class SpeakerSummary(NamedTuple):
    """One voice of a session; participant and role are None until somebody, or the voice, says who it is."""

    label: str
    participant: str | None
    role: str | None


@dataclass(frozen=True)
class SessionSummary:
    """What a list shows of a session.

    Parameters
    ----------
    id : str
        12 hexadecimal digits.
    case : str or None
        The case's name.
    date : datetime.date or None
        Day of the conversation.
    path : Path
        Where the recording was read from.
    duration : float
        Seconds.
    speakers : list of SpeakerSummary
        In order of first speech.
    matches : list of dict or None
        How each of them came to be a participant, as ``match`` in a Session's ``speakers``.
    num_turns, num_scored : int
        Turns, as a person split and joined them, and those of the machine's with scores.
    created, changed : datetime.datetime
        When it was first analysed, and when its results or speakers last changed, UTC.
    recording_id : str
        SHA-256 of the file's bytes.
    comparable : bool
        False where other models analysed it than those its case is pinned to.
    """

    id: str
    case: str | None
    date: datetime.date | None
    path: Path
    duration: float
    speakers: list[SpeakerSummary]
    num_turns: int
    num_scored: int
    created: datetime.datetime
    changed: datetime.datetime
    recording_id: str
    comparable: bool
    matches: list[dict[str, Any] | None] = field(default_factory=list)

    def people(self) -> list[SpeakerSummary]:
        """The speakers as lists show them: ``Anna (voice, 93 %)`` where no person said that it is Anna."""
        return [
            each._replace(participant=participant_words(each.participant, match))
            for each, match in zip(self.speakers, self.matches, strict=True)
        ]

    def to_json(self) -> dict[str, Any]:
        """The same as JSON values: what ``turntone sessions list --format json`` prints, one of these a session."""
        return {
            **vars(self),
            "date": self.date.isoformat() if self.date else None,
            "speakers": [speaker._asdict() for speaker in self.speakers],
            "path": str(self.path),
            "created": self.created.isoformat(timespec="seconds"),
            "changed": self.changed.isoformat(timespec="seconds"),
        }


@dataclass(frozen=True)
class CaseSummary:
    """What a list shows of a case.

    Parameters
    ----------
    name : str
        As given when it was begun.
    num_sessions : int
        At least one.
    first, last : datetime.date or None
        Of the dates known.
    participants : list of str
        By name.
    models : dict
        Those it is pinned to.
    """

    name: str
    num_sessions: int
    first: datetime.date | None
    last: datetime.date | None
    participants: list[str]
    models: dict[str, Any] = field(default_factory=dict)


def session_summaries(
    connection: Connection, case: str | None = None, session_ids: Sequence[str] | None = None
) -> list[SessionSummary]:
    """The sessions of a case, of all, or those of some ids, ordered by case, date and time of analysis; undated ones
    come last."""
    wanted = [*([] if case is None else [CASES.c.name == case]), *seen_sessions()]
    wanted += [] if session_ids is None else [SESSIONS.c.id.in_(list(session_ids))]
    rows = connection.execute(_sessions().where(*wanted)).mappings().all()
    speakers, matches = defaultdict(list), defaultdict(list)
    for row in connection.execute(_speakers().where(*wanted)).mappings():
        speakers[row["session_id"]].append(SpeakerSummary(row["label"], row["participant"], role_of(connection, row)))
        matches[row["session_id"]].append(match_of(row))
    more = cut_sessions(connection)
    return [
        SessionSummary(
            **{name: row[name] for name in ("id", "case", "date", "duration", "num_scored")},
            num_turns=row["num_turns"] + more.get(row["id"], 0),
            path=Path(row["path"]),
            speakers=speakers[row["id"]],
            matches=matches[row["id"]],
            created=row["created"].replace(tzinfo=datetime.UTC),
            changed=row["changed"].replace(tzinfo=datetime.UTC),
            recording_id=row["recording_id"],
            comparable=is_comparable(row),
        )
        for row in rows
    ]


def session_versions(connection: Connection, case: str | None = None, session_id: str | None = None) -> dict[str, str]:
    """When the results or speakers of a session, or of each of a case's, last changed, by id, in order of date."""
    wanted = SESSIONS.c.id == session_id if case is None else CASES.c.name == case
    statement = select(SESSIONS.c.id, SESSIONS.c.changed).join_from(SESSIONS, CASES, isouter=True)
    rows = connection.execute(statement.where(wanted, *seen_sessions()).order_by(*by_date()))
    return {known: at.isoformat() for known, at in rows}


def state_of(connection: Connection) -> str:
    """What tells the states of all sessions from each other."""
    count, last = connection.execute(
        select(func.count(), func.max(SESSIONS.c.changed)).select_from(SESSIONS).where(*seen_sessions())
    ).one()
    return f"{count} {last}"


def case_summaries(connection: Connection, most: int | None = None) -> list[CaseSummary]:
    """All cases with sessions, by name; counted by the database, as an archive has very many.

    Where there are more than ``most``, those in which something changed last.
    """
    counted = (func.count(), func.min(SESSIONS.c.date), func.max(SESSIONS.c.date))
    cases = select(CASES.c.id, CASES.c.name, CASES.c.models, *counted).join_from(CASES, SESSIONS)
    cases = cases.where(*seen_sessions()).group_by(CASES.c.id)
    if most is not None:
        cases = cases.order_by(func.max(SESSIONS.c.changed).desc(), CASES.c.name).limit(most)
    rows = sorted(connection.execute(cases).all(), key=lambda row: str(row.name))
    people = defaultdict(list)
    named = (
        select(SESSIONS.c.case_id, PARTICIPANTS.c.name)
        .join_from(SPEAKERS, PARTICIPANTS, SPEAKERS.c.participant_id == PARTICIPANTS.c.id)
        .join(SESSIONS, SESSIONS.c.id == SPEAKERS.c.session_id)
    )
    if most is not None:
        named = named.where(SESSIONS.c.case_id.in_([row.id for row in rows]))
    for case_id, name in connection.execute(named.where(*seen_sessions()).distinct()):
        people[case_id].append(name)
    return [
        CaseSummary(name, count, first, last, sorted(people[key]), models)
        for key, name, models, count, first, last in rows
    ]


def session_courses(connection: Connection, session_ids: Sequence[str], bins: int = 24) -> dict[str, dict[str, Any]]:
    """How each speaker of some sessions sounds over time, for a small drawing in a list.

    Parameters
    ----------
    connection : Connection
        To read from.
    session_ids : sequence of str
        Those that do not exist are left out.
    bins : int > 0
        Equal parts of each recording.

    Returns
    -------
    dict
        By session and speaker label: mean valence of the turns that begin in each part, weighted by their duration, in
        [-1, 1]; None where no turn is scored.
    """
    place = func.floor(TURNS.c.start / SESSIONS.c.duration * bins)
    part = case((place >= bins, bins - 1), else_=place).label("part")
    lasts = TURNS.c.end - TURNS.c.start
    valence = (func.sum(TURNS.c.valence * lasts) / func.sum(lasts)).label("valence")
    statement = (
        select(TURNS.c.session_id, TURNS.c.speaker, part, valence)
        .join(SESSIONS, SESSIONS.c.id == TURNS.c.session_id)
        .where(TURNS.c.session_id.in_(session_ids), TURNS.c.scored)
        .group_by(TURNS.c.session_id, TURNS.c.speaker, part)
    )
    found: dict[str, dict[str, Any]] = defaultdict(dict)
    for session_id, speaker, place, value in connection.execute(statement):
        found[session_id].setdefault(speaker, [None] * bins)[int(place)] = value
    return dict(found)


def course_of(session: Session, bins: int = 24) -> dict[str, list[float | None]]:
    """The same of one session that is open, by speaker label."""
    heard = session.turns[session.turns["scored"] & session.turns["valence"].notna()]
    sums: dict[str, list[tuple[float, float]]] = {}
    for speaker, start, end, valence in heard[["speaker", "start", "end", "valence"]].itertuples(index=False):
        own = sums.setdefault(str(speaker), [(0.0, 0.0)] * bins)
        part = min(int(start / session.recording.duration * bins), bins - 1)
        own[part] = (own[part][0] + valence * (end - start), own[part][1] + end - start)
    return {speaker: [total / lasts if lasts else None for total, lasts in own] for speaker, own in sums.items()}


def _sessions() -> Select[Any]:
    columns = [SESSIONS.c[name] for name in (
        "id", "date", "path", "duration", "num_turns", "num_scored", "created", "changed", "recording_id", "models",
    )]  # fmt: skip
    return (
        select(*columns, CASES.c.name.label("case"), CASES.c.models.label("pinned"))
        .join_from(SESSIONS, CASES, isouter=True)
        .order_by(CASES.c.name.is_(None), CASES.c.name, *by_date())
    )


def by_date() -> tuple[Any, ...]:
    """The order of sessions within a case."""
    return SESSIONS.c.date.is_(None), SESSIONS.c.date, SESSIONS.c.created, SESSIONS.c.id


def _speakers() -> Select[Any]:
    columns = [
        SPEAKERS.c[name]
        for name in (
            "session_id",
            "label",
            "role",
            "confirmed",
            "participant_id",
            "match_probability",
        )
    ]
    matched = PARTICIPANTS.alias("matched")
    return (
        select(*columns, PARTICIPANTS.c.name.label("participant"), matched.c.name.label("matched"))
        .join_from(SPEAKERS, PARTICIPANTS, SPEAKERS.c.participant_id == PARTICIPANTS.c.id, isouter=True)
        .join(matched, SPEAKERS.c.match_id == matched.c.id, isouter=True)
        .join(SESSIONS, SESSIONS.c.id == SPEAKERS.c.session_id)
        .join(CASES, CASES.c.id == SESSIONS.c.case_id, isouter=True)
        .order_by(SPEAKERS.c.session_id, SPEAKERS.c.position)
    )


def session_id_like(connection: Connection, prefix: str) -> str:
    """The one session whose id begins so.

    Raises
    ------
    WorkspaceError
        Where no session's or several sessions' ids do.
    """
    from difflib import get_close_matches

    every = select(SESSIONS.c.id).where(*seen_sessions()).order_by(SESSIONS.c.id)
    wanted = prefix.strip().lower()
    begins = (SESSIONS.c.id >= wanted) & (SESSIONS.c.id < f"{wanted}~")  # which an index answers, where LIKE reads all
    found: list[str] = list(connection.execute(every.where(begins)).scalars()) if wanted else []
    if len(found) == 1:
        return found[0]
    if found:
        raise WorkspaceError(f"'{prefix}' begins the ids of {len(found)} sessions: {_some(found)}; give more digits")
    ids: list[str] = list(connection.execute(every).scalars())
    near = get_close_matches(wanted, ids, 3)
    hint = f"did you mean {_some(near)}?" if near else "turntone sessions list shows those there are"
    raise WorkspaceError(f"no session is called '{prefix}'; {hint}")


def _some(ids: list[str], limit: int = 5) -> str:
    return ", ".join(ids[:limit]) + (", ..." if len(ids) > limit else "")
