"""Keeps what people said of turns: each answer a row, taken back and put again step by step."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, TextClause, case, delete, func, insert, select, text, update

from ..cuts import CUTS, SPLIT, Answer, Piece, pieces_of
from ..masking import MASKED
from .models import CASES, CORRECTIONS, SESSIONS, TURNS
from .seen import seen_sessions
from .writing import now

SpokenTurn = tuple[float, float, str]
"""Start, end and speaker of one of the machine's turns."""


def answers_of(connection: Connection, session_id: str) -> list[Answer]:
    """What counts of a person's answers, in order."""
    rows = _rows(connection, session_id, undone=False)
    return [Answer(row["number"], row["position"], row["field"], row["value"]) for row in rows]


def corrected_sessions(connection: Connection, session_ids: Iterable[str]) -> set[str]:
    """Those of some sessions of which a person said anything that counts."""
    statement = select(CORRECTIONS.c.session_id).where(
        CORRECTIONS.c.session_id.in_(list(session_ids)), CORRECTIONS.c.undone.is_(False)
    )
    return set(connection.execute(statement.distinct()).scalars())


def cut_sessions(connection: Connection) -> dict[str, int]:
    """The sessions whose turns a person split or joined, with how many more turns than the machine's that makes."""
    more = func.sum(case((CORRECTIONS.c.field == SPLIT, 1), else_=-1))
    statement = select(CORRECTIONS.c.session_id, more).where(
        CORRECTIONS.c.undone.is_(False), CORRECTIONS.c.field.in_(CUTS)
    )
    rows = connection.execute(statement.group_by(CORRECTIONS.c.session_id))
    return {session_id: int(count) for session_id, count in rows}


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


def doubtful_turns(sure: float, uncertain: str) -> TextClause:
    """That the machine is unsure of a turn that no mask hides, as the index ``ix_turns_doubtful`` has it for its own
    ``sure``: the same text, as otherwise no database would see that it is."""
    return text(
        f"(speaker_confidence < {float(sure)!r} OR confidence < {float(sure)!r} OR emotion = '{uncertain}') "
        f"AND coalesce(substr(reason, 1, {len(MASKED)}), '') <> '{MASKED}'"
    )


def most_doubtful(
    connection: Connection, sure: float, uncertain: str, most: int, order: Sequence[Any]
) -> tuple[list[tuple[str, int]], int]:
    """Of sessions of which nobody said anything: those with most turns of which the machine is unsure, with how many
    these are, and how many such turns there are in all of them.

    Parameters
    ----------
    order : sequence of columns
        By which those come that have equally many.
    """
    counted = (
        select(TURNS.c.session_id, func.count().label("unsure"))
        .where(doubtful_turns(sure, uncertain))
        .group_by(TURNS.c.session_id)
        .subquery()
    )
    unsure = func.coalesce(counted.c.unsure, 0)
    untouched = (SESSIONS.c.id.not_in(_touched()), *seen_sessions())
    found = select(SESSIONS.c.id, unsure).join_from(SESSIONS, CASES, isouter=True)
    found = found.join(counted, counted.c.session_id == SESSIONS.c.id, isouter=True).where(*untouched)
    rows = connection.execute(found.order_by(unsure.desc(), *order).limit(most))
    first = [(session_id, int(count)) for session_id, count in rows]
    total = select(func.count()).select_from(TURNS).where(doubtful_turns(sure, uncertain))
    total = total.where(TURNS.c.session_id.not_in(_touched()))
    if seen := seen_sessions():
        total = total.where(TURNS.c.session_id.in_(select(SESSIONS.c.id).where(*seen)))
    return first, int(connection.execute(total).scalar_one())


def review_counts(connection: Connection, sure: float, uncertain: str) -> dict[str, tuple[int, int]]:
    """Of each session of which a person said anything, how many turns nobody reviewed of which the machine is unsure,
    and how many were reviewed.

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
        .where(TURNS.c.session_id.in_(_touched()))
        .group_by(TURNS.c.session_id)
    )
    return {session_id: (int(unsure), int(done)) for session_id, unsure, done in connection.execute(statement)}


def touched_sessions(connection: Connection) -> list[str]:
    """Those that are seen of which a person said anything that counts."""
    statement = select(SESSIONS.c.id).where(SESSIONS.c.id.in_(_touched()), *seen_sessions())
    return list(connection.execute(statement).scalars())


def _touched() -> Select[tuple[str]]:
    """The sessions of which a person said anything that counts."""
    return select(CORRECTIONS.c.session_id).where(CORRECTIONS.c.undone.is_(False)).distinct()


def pieces_in(connection: Connection, session_id: str, undone: bool = False) -> list[Piece]:
    """The turns of a session as a person left them; with ``undone``, as if everything taken back were put again."""
    answers = answers_of(connection, session_id)
    if undone:
        rows = _rows(connection, session_id, undone=True)
        answers += [Answer(row["number"], row["position"], row["field"], row["value"]) for row in rows]
    spans = [(start, end) for start, end, _ in _turns(connection, session_id).values()]
    return pieces_of(spans, answers)


def speakers_given(
    connection: Connection, session_id: str, machine: Sequence[str], wanted: Collection[str]
) -> list[str]:
    """To whom a person gave each of the machine's turns, else its speaker as the machine said.

    Of a turn that was split or joined it is one of ``wanted`` where any of its parts is theirs, else the machine's.
    """
    found = list(machine)
    for piece in pieces_in(connection, session_id):
        for part in piece.parts:
            speaker = piece.said.get("speaker", machine[part.turn])
            if not piece.cuts or speaker in wanted:
                found[part.turn] = speaker
    return found


def settled_rows(connection: Connection, session_id: str) -> list[dict[str, Any]]:
    """A person's answers as rows that speak of the machine's turns, those taken back included.

    Where turns were split or joined, they are what all steps come to for the turns that were neither, as one step.
    """
    rows = [dict(row) for undone in (False, True) for row in _rows(connection, session_id, undone)]
    if not any(row["field"] in CUTS for row in rows):
        return rows
    known = {"session_id": session_id, "step": 1, "undone": False, "created": now()}
    return [
        known | {"position": piece.parts[0].turn, "field": field, "value": value}
        for piece in pieces_in(connection, session_id)
        if not piece.cuts
        for field, value in piece.said.items()
    ]


def forget_emotions(connection: Connection, session_id: str, turns: Iterable[int]) -> None:
    """Remove every answer on the emotion of some of the machine's turns, also those taken back: a mask hides them."""
    hidden = set(turns)
    pieces = pieces_in(connection, session_id, undone=True)
    numbers = {number for piece in pieces if hidden & {part.turn for part in piece.parts} for number in piece.numbers}
    own = (CORRECTIONS.c.session_id == session_id) & (CORRECTIONS.c.field == "emotion")
    connection.execute(delete(CORRECTIONS).where(own, CORRECTIONS.c.number.in_(sorted(numbers))))


@dataclass(frozen=True)
class KeptAnswers:
    """A person's answers while their session is stored anew: the machine's turns, the steps, and what they come to."""

    turns: list[SpokenTurn]
    steps: list[dict[str, Any]]
    pieces: list[Piece]


def kept_answers(connection: Connection, session_id: str) -> KeptAnswers:
    """The answers that count, with the machine's turns that they speak of, while a session is stored anew."""
    columns = ("step", "position", "field", "value", "undone", "created")
    rows = _rows(connection, session_id, undone=False)
    steps = [{name: row[name] for name in columns} for row in rows]
    turns = list(_turns(connection, session_id).values())
    return KeptAnswers(turns, steps, pieces_in(connection, session_id) if rows else [])


def answer_again(
    connection: Connection, session_id: str, kept: KeptAnswers, speakers: Iterable[str], labels: Iterable[str]
) -> int:
    """Put back what ``kept_answers`` gave, for turns that are found in the same place; gives how many are lost.

    Turns that were split or joined are put back where every turn is found as it was.
    """
    turns = list(_turns(connection, session_id).values())
    known = {"speaker": set(speakers), "emotion": set(labels)}
    if any(piece.cuts for piece in kept.pieces) and turns == kept.turns:
        usable = [row for row in kept.steps if row["value"] in known.get(row["field"], {row["value"]})]
        connection.execute(insert(CORRECTIONS), [{"session_id": session_id, **row} for row in usable])
        return 0
    places = {turn: position for position, turn in enumerate(turns)}
    found: dict[int, dict[str, str]] = {}
    touched = [piece for piece in kept.pieces if piece.said or piece.cuts]
    for piece in touched:
        own = {name: value for name, value in piece.said.items() if value in known[name]}
        place = places.get(kept.turns[piece.parts[0].turn])
        if place is not None and own and not piece.cuts:
            found[place] = own
    _insert(connection, session_id, 1, found)
    return len(touched) - len(found)


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


def _turns(connection: Connection, session_id: str) -> dict[int, SpokenTurn]:
    statement = select(TURNS.c.position, TURNS.c.start, TURNS.c.end, TURNS.c.speaker)
    rows = connection.execute(statement.where(TURNS.c.session_id == session_id).order_by(TURNS.c.position))
    return {position: (start, end, speaker) for position, start, end, speaker in rows}


def _touch(connection: Connection, session_id: str) -> None:
    connection.execute(update(SESSIONS).where(SESSIONS.c.id == session_id).values(changed=now()))
