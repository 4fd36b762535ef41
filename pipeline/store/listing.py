"""Which sessions a list shows and in which order, asked of the database: an archive has too many to read them all."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from sqlalchemy import ColumnElement, Connection, String, and_, cast, false, func, not_, or_, select, true
from sqlalchemy import case as either_of
from sqlalchemy.sql.elements import KeyedColumnElement

from .corrections import cut_sessions
from .findings import was_found
from .models import CASES, PARTICIPANTS, SESSIONS, SPEAKERS
from .seen import seen_cases, seen_sessions
from .summaries import SessionSummary, by_date, session_summaries

Field = Literal["recording", "case", "date", "duration", "speakers", "turns", "scored"]
"""What of a session is compared and sorted by."""

Test = Literal["contains", "not contains", "equals", "not equal", "begins", "ends", "less", "at most", "greater",
               "at least", "between", "empty", "not empty"]  # fmt: skip
"""How; ``contains``, ``begins`` and ``ends`` are of texts, whose small and capital letters count alike."""

Value = str | float | datetime.date | None


class Term(NamedTuple):
    """That a field passes a test: ``Term("duration", "between", 60, 600)``."""

    field: Field
    test: Test
    value: Value = None
    to: Value = None


class Either(NamedTuple):
    """That one of several terms holds."""

    terms: tuple[Term, ...]


class Word(NamedTuple):
    """A word that stands in a session's recording, case, date or speakers, or means one of some roles."""

    text: str
    roles: tuple[str, ...] = ()


class Order(NamedTuple):
    """By what sessions are sorted; those without it come last."""

    field: Field
    descending: bool = False


@dataclass(frozen=True)
class Wanted:
    """Which sessions, and in which order.

    Parameters
    ----------
    words : tuple of Word
        All of them are found.
    case, participant, role : str or None
        Sessions of that case; in which that participant, or somebody in that role, speaks.
    first, last : datetime.date or None
        Days from and to which they took place; undated sessions are none of these.
    voices : int or None
        How many speak: 1, 2, 3, or 4 and more.
    flag : str or None
        In which the rule of that name raised a flag; ``ANY_FLAG`` for whichever rule.
    shape : str or None
        In which a speaker's course has that shape.
    revision : str
        By which sessions must have been looked through for flags and shapes to count (``pipeline.findings``).
    terms : tuple of Term and Either
        What holds besides.
    order : tuple of Order
        Then, and where empty, by case, date and time of analysis.
    """

    words: tuple[Word, ...] = ()
    case: str | None = None
    participant: str | None = None
    role: str | None = None
    first: datetime.date | None = None
    last: datetime.date | None = None
    voices: int | None = None
    flag: str | None = None
    shape: str | None = None
    revision: str = ""
    terms: tuple[Term | Either, ...] = ()
    order: tuple[Order, ...] = ()


class Totals(NamedTuple):
    """How many sessions there are, how many cases, and how many seconds of sound."""

    sessions: int
    cases: int
    duration: float


class Names(NamedTuple):
    """What sessions can be chosen by, each in alphabetical order."""

    cases: list[str]
    participants: list[str]
    roles: list[str]


ANY_FLAG = "any"
"""Stands for a flag of whichever name."""

MOST_VOICES = 4
"""So many speakers, or more, are one choice."""


def session_ids(connection: Connection, wanted: Wanted) -> list[str]:
    """The ids of the sessions that are wanted, in their order."""
    fields = _fields(connection)
    order = [part for each in wanted.order for part in _sorted(fields[each.field], each.descending)]
    statement = select(SESSIONS.c.id).join_from(SESSIONS, CASES, isouter=True).where(*_conditions(wanted, fields))
    usual = (CASES.c.name.is_(None), CASES.c.name, *by_date())
    return list(connection.execute(statement.order_by(*order, *usual)).scalars())


def sessions_with_strangers(connection: Connection, most: int) -> list[str]:
    """The ids of sessions in which somebody speaks of whom neither a person nor a voice says who it is."""
    stranger = and_(SPEAKERS.c.participant_id.is_(None), SPEAKERS.c.match_id.is_(None))
    statement = select(SESSIONS.c.id).join_from(SESSIONS, CASES, isouter=True)
    usual = (CASES.c.name.is_(None), CASES.c.name, *by_date())
    rows = connection.execute(statement.where(_spoken_by(stranger), *seen_sessions()).order_by(*usual).limit(most))
    return list(rows.scalars())


def summaries_of(connection: Connection, ids: Sequence[str]) -> list[SessionSummary]:
    """What a list shows of some sessions, in the order of their ids; those that are gone are left out."""
    found = {each.id: each for each in session_summaries(connection, session_ids=ids)} if ids else {}
    return [found[each] for each in ids if each in found]


def totals_of(connection: Connection) -> Totals:
    """Of everything that is seen."""
    counted = select(
        func.count(), func.count(SESSIONS.c.case_id.distinct()), func.coalesce(func.sum(SESSIONS.c.duration), 0.0)
    ).where(*seen_sessions())
    return Totals(*connection.execute(counted).one())


def middle_day(connection: Connection) -> datetime.date | None:
    """The day before which half of the dated sessions took place; None where none is dated."""
    dated = select(SESSIONS.c.date).where(SESSIONS.c.date.is_not(None), *seen_sessions())
    number = connection.execute(select(func.count()).select_from(dated.subquery())).scalar_one()
    return connection.execute(dated.order_by(SESSIONS.c.date).offset(number // 2).limit(1)).scalar()


def names_of(connection: Connection) -> Names:
    """The cases with sessions, who speaks in them, and in which roles."""
    seen = seen_sessions()
    own = select(SESSIONS.c.id).where(SESSIONS.c.case_id == CASES.c.id, *seen).exists()
    cases = select(CASES.c.name).where(own, *seen_cases()).order_by(CASES.c.name)
    speaks = select(SPEAKERS.c.session_id).where(SPEAKERS.c.participant_id == PARTICIPANTS.c.id)
    roles = select(SPEAKERS.c.role).where(SPEAKERS.c.role.is_not(None))
    if seen:
        speaks = speaks.join(SESSIONS, SESSIONS.c.id == SPEAKERS.c.session_id).where(*seen)
        roles = roles.join(SESSIONS, SESSIONS.c.id == SPEAKERS.c.session_id).where(*seen)
    people = select(PARTICIPANTS.c.name).where(speaks.exists()).distinct()
    usual = select(PARTICIPANTS.c.role).where(PARTICIPANTS.c.role.is_not(None), speaks.exists()).distinct()
    known = {*connection.execute(roles.distinct()).scalars(), *connection.execute(usual).scalars()}
    return Names(
        list(connection.execute(cases).scalars()),
        sorted(connection.execute(people).scalars()),
        sorted(known),
    )


def _conditions(wanted: Wanted, fields: dict[Field, ColumnElement[Any]]) -> list[ColumnElement[bool]]:
    found = [*seen_sessions(), *(_worded(each, fields) for each in wanted.words)]
    found += [_holds(each, fields) for each in wanted.terms]
    if wanted.case is not None:
        found.append(CASES.c.name == wanted.case)
    if wanted.participant is not None:
        found.append(_spoken_by(PARTICIPANTS.c.name == wanted.participant))
    if wanted.role is not None:
        found.append(_spoken_by(_role() == wanted.role))
    if wanted.first is not None:
        found.append(SESSIONS.c.date >= wanted.first)
    if wanted.last is not None:
        found.append(SESSIONS.c.date <= wanted.last)
    if wanted.voices is not None:
        found.append(_voices() >= MOST_VOICES if wanted.voices >= MOST_VOICES else _voices() == wanted.voices)
    if wanted.flag is not None:
        found.append(was_found("flag", None if wanted.flag == ANY_FLAG else wanted.flag, wanted.revision))
    if wanted.shape is not None:
        found.append(was_found("shape", wanted.shape, wanted.revision))
    return found


def _fields(connection: Connection) -> dict[Field, ColumnElement[Any]]:
    """What each field is in the tables."""
    more = cut_sessions(connection)
    cut = either_of(more, value=SESSIONS.c.id, else_=0) if more else 0
    return {
        "recording": _last_part(SESSIONS.c.path),
        "case": CASES.c.name,
        "date": SESSIONS.c.date,
        "duration": SESSIONS.c.duration,
        "speakers": _first_speaker(),
        "turns": SESSIONS.c.num_turns + cut,
        "scored": SESSIONS.c.num_scored,
    }


def _last_part(path: KeyedColumnElement[str]) -> ColumnElement[str]:
    """The name of a file: what stands behind the last slash of its path, which no database has a function for."""
    folder = func.rtrim(path, func.replace(path, "/", ""))
    return func.substr(path, func.length(folder) + 1)


def _first_speaker() -> ColumnElement[str]:
    """Who speaks first, by name where it is known."""
    shown = func.coalesce(PARTICIPANTS.c.name, SPEAKERS.c.label)
    return (
        select(shown)
        .join_from(SPEAKERS, PARTICIPANTS, PARTICIPANTS.c.id == SPEAKERS.c.participant_id, isouter=True)
        .where(SPEAKERS.c.session_id == SESSIONS.c.id)
        .order_by(SPEAKERS.c.position)
        .limit(1)
        .correlate(SESSIONS)
        .scalar_subquery()
    )


def _voices() -> ColumnElement[int]:
    counted = select(func.count()).where(SPEAKERS.c.session_id == SESSIONS.c.id)
    return counted.correlate(SESSIONS).scalar_subquery()


def _role() -> ColumnElement[str | None]:
    """The role of a speaker, as ``loading.role_of`` says it."""
    said, there = SPEAKERS.alias("said"), SESSIONS.alias("there")
    last = (
        select(said.c.role)
        .join_from(said, there, there.c.id == said.c.session_id)
        .where(said.c.participant_id == SPEAKERS.c.participant_id, said.c.role.is_not(None), said.c.confirmed)
        .order_by(there.c.changed.desc())
        .limit(1)
        .correlate(SPEAKERS)
        .scalar_subquery()
    )
    return either_of(
        (SPEAKERS.c.role.is_not(None), SPEAKERS.c.role),
        (SPEAKERS.c.confirmed, None),
        else_=func.coalesce(last, PARTICIPANTS.c.role),
    )


def _spoken_by(who: ColumnElement[bool]) -> ColumnElement[bool]:
    """That somebody speaks of whom this holds."""
    return (
        select(SPEAKERS.c.session_id)
        .join_from(SPEAKERS, PARTICIPANTS, PARTICIPANTS.c.id == SPEAKERS.c.participant_id, isouter=True)
        .where(SPEAKERS.c.session_id == SESSIONS.c.id, who)
        .correlate(SESSIONS)
        .exists()
    )


def _named(text: str) -> ColumnElement[bool]:
    """That somebody's name, or label where nobody is known, has this text in it."""
    unknown = and_(PARTICIPANTS.c.name.is_(None), SPEAKERS.c.label.icontains(text, autoescape=True))
    return or_(PARTICIPANTS.c.name.icontains(text, autoescape=True), unknown)


def _worded(word: Word, fields: dict[Field, ColumnElement[Any]]) -> ColumnElement[bool]:
    who = _named(word.text)
    return or_(
        fields["recording"].icontains(word.text, autoescape=True),
        CASES.c.name.icontains(word.text, autoescape=True),
        cast(SESSIONS.c.date, String).icontains(word.text, autoescape=True),
        _spoken_by(or_(who, _role().in_(word.roles)) if word.roles else who),
    )


def _holds(term: Term | Either, fields: dict[Field, ColumnElement[Any]]) -> ColumnElement[bool]:
    if isinstance(term, Either):
        return or_(false(), *(_holds(each, fields) for each in term.terms))
    if term.field == "speakers" and isinstance(term.value, str) and term.test in ("contains", "not contains"):
        spoken = _spoken_by(_named(term.value))
        return spoken if term.test == "contains" else not_(spoken)
    return _passes(fields[term.field], term)


def _passes(field: ColumnElement[Any], term: Term) -> ColumnElement[bool]:
    if term.test in ("empty", "not empty"):
        return field.is_(None) if term.test == "empty" else field.is_not(None)
    if term.value is None or (term.test == "between" and term.to is None):
        return true()
    if isinstance(term.value, str):
        return _passes_text(field, term.test, term.value)
    match term.test:
        case "equals":
            return field == term.value
        case "not equal":
            return or_(field != term.value, field.is_(None))
        case "less":
            return field < term.value
        case "at most":
            return field <= term.value
        case "greater":
            return field > term.value
        case "at least":
            return field >= term.value
        case _:
            return field.between(term.value, term.to) if term.test == "between" else true()


def _passes_text(field: ColumnElement[Any], test: Test, value: str) -> ColumnElement[bool]:
    match test:
        case "contains":
            return field.icontains(value, autoescape=True)
        case "not contains":
            return or_(not_(field.icontains(value, autoescape=True)), field.is_(None))
        case "equals":
            return func.lower(field) == func.lower(value)
        case "not equal":
            return or_(func.lower(field) != func.lower(value), field.is_(None))
        case "begins":
            return field.istartswith(value, autoescape=True)
        case _:
            return field.iendswith(value, autoescape=True) if test == "ends" else true()


def _sorted(field: ColumnElement[Any], descending: bool) -> tuple[ColumnElement[Any], ...]:
    key = func.lower(field) if isinstance(field.type, String) else field
    return field.is_(None), key.desc() if descending else key
