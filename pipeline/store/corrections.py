"""Keeps what people said of turns: each answer a row, taken back and put again step by step."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, RowMapping, case, delete, func, insert, select, update

from ..masking import MASKED
from .models import CORRECTIONS, SESSIONS, TURNS
from .writing import now


def answers_of(connection: Connection, session_id: str) -> dict[int, dict[str, str]]:
    """What counts of a person's answers: by row of the turn and field, the last that was not taken back."""
    found: dict[int, dict[str, str]] = {}
    for row in _rows(connection, session_id, undone=False):
        found.setdefault(row["position"], {})[row["field"]] = row["value"]
    return found


def corrected_sessions(connection: Connection, session_ids: Iterable[str]) -> set[str]:
    """Those of some sessions of which a person said anything that counts."""
    statement = select(CORRECTIONS.c.session_id).where(
        CORRECTIONS.c.session_id.in_(list(session_ids)), CORRECTIONS.c.undone.is_(False)
    )
    return set(connection.execute(statement.distinct()).scalars())


def add_step(connection: Connection, session_id: str, answers: Mapping[int, Mapping[str, str]]) -> None:
    """Keep answers as one step; what was taken back before can no longer be put again."""
    own = CORRECTIONS.c.session_id == session_id
    connection.execute(delete(CORRECTIONS).where(own, CORRECTIONS.c.undone))
    step = (connection.execute(select(func.max(CORRECTIONS.c.step)).where(own)).scalar() or 0) + 1
    _insert(connection, session_id, step, answers)
    _touch(connection, session_id)


def take_back(connection: Connection, session_id: str) -> bool:
    """Take the last step back; gives whether there was one."""
    return _turn_over(connection, session_id, func.max, undone=False)


def put_again(connection: Connection, session_id: str) -> bool:
    """Put the step again that was taken back last; gives whether there was one."""
    return _turn_over(connection, session_id, func.min, undone=True)


def steps_of(connection: Connection, session_id: str) -> tuple[int, int]:
    """How many steps count, and how many were taken back and can be put again."""
    counts = [len({row["step"] for row in _rows(connection, session_id, undone)}) for undone in (False, True)]
    return counts[0], counts[1]


def review_counts(connection: Connection, sure: float, uncertain: str) -> dict[str, tuple[int, int]]:
    """Of each session, how many turns nobody reviewed of which the machine is unsure, and how many were reviewed.

    Unsure is a speaker or an emotion below ``sure``, or an emotion that is ``uncertain``.
    """
    seen = (
        select(CORRECTIONS.c.session_id, CORRECTIONS.c.position)
        .where(CORRECTIONS.c.undone.is_(False))
        .distinct()
        .subquery()
    )
    both = (seen.c.session_id == TURNS.c.session_id) & (seen.c.position == TURNS.c.position)
    doubtful = (TURNS.c.speaker_confidence < sure) | (TURNS.c.confidence < sure) | (TURNS.c.emotion == uncertain)
    fresh = seen.c.position.is_(None)
    hidden = func.coalesce(TURNS.c.reason, "").startswith(MASKED)
    statement = (
        select(
            TURNS.c.session_id,
            func.sum(case((fresh & doubtful & ~hidden, 1), else_=0)),
            func.count(seen.c.position),
        )
        .join(seen, both, isouter=True)
        .group_by(TURNS.c.session_id)
    )
    return {session_id: (int(unsure), int(done)) for session_id, unsure, done in connection.execute(statement)}


def forget_emotions(connection: Connection, session_id: str, positions: Sequence[int]) -> None:
    """Remove every answer on the emotion of some turns, also those taken back: a mask hides their speaker."""
    own = (CORRECTIONS.c.session_id == session_id) & (CORRECTIONS.c.field == "emotion")
    connection.execute(delete(CORRECTIONS).where(own, CORRECTIONS.c.position.in_(list(positions))))


def kept_answers(connection: Connection, session_id: str) -> list[dict[str, Any]]:
    """The answers that count, with times and machine's speaker of their turns, while a session is stored anew."""
    turns = _turns(connection, session_id)
    return [
        {"turn": turns[position], "answer": own}
        for position, own in sorted(answers_of(connection, session_id).items())
        if position in turns
    ]


def answer_again(
    connection: Connection,
    session_id: str,
    kept: Sequence[Mapping[str, Any]],
    speakers: Iterable[str],
    labels: Iterable[str],
) -> int:
    """Put back what ``kept_answers`` gave, for turns that are found in the same place; gives how many are lost."""
    places = {turn: position for position, turn in _turns(connection, session_id).items()}
    known = {"speaker": set(speakers), "emotion": set(labels)}
    found: dict[int, dict[str, str]] = {}
    for each in kept:
        own = {field: value for field, value in each["answer"].items() if value in known[field]}
        if each["turn"] in places and own:
            found[places[each["turn"]]] = own
    _insert(connection, session_id, 1, found)
    return len(kept) - len(found)


def _insert(connection: Connection, session_id: str, step: int, answers: Mapping[int, Mapping[str, str]]) -> None:
    rows = [
        {"session_id": session_id, "step": step, "position": position, "field": field, "value": value, "created": now()}
        for position, own in answers.items()
        for field, value in own.items()
    ]
    if rows:
        connection.execute(insert(CORRECTIONS), rows)


def _turn_over(connection: Connection, session_id: str, which: Any, undone: bool) -> bool:
    own = (CORRECTIONS.c.session_id == session_id) & (CORRECTIONS.c.undone.is_(undone))
    step = connection.execute(select(which(CORRECTIONS.c.step)).where(own)).scalar()
    if step is None:
        return False
    connection.execute(update(CORRECTIONS).where(own, CORRECTIONS.c.step == step).values(undone=not undone))
    _touch(connection, session_id)
    return True


def _rows(connection: Connection, session_id: str, undone: bool) -> list[RowMapping]:
    statement = select(CORRECTIONS).where(CORRECTIONS.c.session_id == session_id, CORRECTIONS.c.undone.is_(undone))
    return list(connection.execute(statement.order_by(CORRECTIONS.c.number)).mappings())


def _turns(connection: Connection, session_id: str) -> dict[int, tuple[float, float, str]]:
    statement = select(TURNS.c.position, TURNS.c.start, TURNS.c.end, TURNS.c.speaker)
    rows = connection.execute(statement.where(TURNS.c.session_id == session_id))
    return {position: (start, end, speaker) for position, start, end, speaker in rows}


def _touch(connection: Connection, session_id: str) -> None:
    connection.execute(update(SESSIONS).where(SESSIONS.c.id == session_id).values(changed=now()))
