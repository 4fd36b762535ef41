"""Where turns begin and end as a person said: turns that were split, and neighbours that were joined.

What a person says is a row of steps; each speaks of the turns as the steps before it left them. So taking steps back in
reverse order always gives what was there before, and what is stored of the machine never changes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

SPLIT, JOIN = "split", "join"
"""Fields of answers that change where turns begin and end; their values are a time in seconds, and a row."""

CUTS = (SPLIT, JOIN)

LEAST = 0.1
"""Seconds that either half of a split turn has at least."""


@dataclass(frozen=True)
class Answer:
    """One answer of a person.

    Parameters
    ----------
    number : int
        Of its row in the database; later ones are larger.
    position : int
        Row of the turn, among the turns as the answers of earlier steps left them.
    field, value : str
        ``speaker`` and a label, ``emotion`` and a label, ``split`` and a time in seconds, or ``join`` and the row of
        the turn that it is joined with.
    """

    number: int
    position: int
    field: str
    value: str


@dataclass(frozen=True)
class Part:
    """A stretch of one of the machine's turns: its row, and seconds."""

    turn: int
    start: float
    end: float


@dataclass(frozen=True)
class Piece:
    """A turn as a person left it.

    Parameters
    ----------
    parts : tuple of Part
        By time; one that is a whole turn of the machine's where nobody cut it.
    said : mapping
        Speaker and emotion as far as a person said them.
    cuts : frozenset of str
        ``split``, ``join``, or both, where it is not the machine's.
    numbers : tuple of int
        Of the answers that made it what it is.
    """

    parts: tuple[Part, ...]
    said: Mapping[str, str] = field(default_factory=dict)
    cuts: frozenset[str] = frozenset()
    numbers: tuple[int, ...] = ()

    @property
    def start(self) -> float:
        """Seconds."""
        return min(part.start for part in self.parts)

    @property
    def end(self) -> float:
        """Seconds."""
        return max(part.end for part in self.parts)


def pieces_of(spans: Sequence[tuple[float, float]], answers: Sequence[Answer]) -> list[Piece]:
    """The turns as a person left them, ordered by start.

    Parameters
    ----------
    spans : sequence of (float, float)
        Start and end of the machine's turns, in order.
    answers : sequence of Answer
        By number; those that fit no turn are passed over.

    Examples
    --------
    >>> halves = pieces_of([(0.0, 4.0), (5.0, 6.0)], [Answer(1, 0, "split", "1.5"), Answer(2, 1, "emotion", "sad")])
    >>> [(piece.start, piece.end, dict(piece.said)) for piece in halves]
    [(0.0, 1.5, {}), (1.5, 4.0, {'emotion': 'sad'}), (5.0, 6.0, {})]
    """
    pieces = [Piece((Part(turn, *span),)) for turn, span in enumerate(spans)]
    for each in answers:
        if not 0 <= each.position < len(pieces):
            continue
        if each.field == SPLIT:
            pieces = _split(pieces, each)
        elif each.field == JOIN:
            pieces = _joined(pieces, each)
        else:
            old = pieces[each.position]
            said = {**old.said, each.field: each.value}
            pieces[each.position] = Piece(old.parts, said, old.cuts, (*old.numbers, each.number))
    return pieces


def _split(pieces: list[Piece], answer: Answer) -> list[Piece]:
    old, time = pieces[answer.position], float(answer.value)
    if not old.start < time < old.end:
        return pieces
    before = tuple(Part(each.turn, each.start, min(each.end, time)) for each in old.parts if each.start < time)
    after = tuple(Part(each.turn, max(each.start, time), each.end) for each in old.parts if each.end > time)
    halves = [Piece(own, old.said, old.cuts | {SPLIT}, (*old.numbers, answer.number)) for own in (before, after)]
    return _ordered([*pieces[: answer.position], *halves, *pieces[answer.position + 1 :]])


def _joined(pieces: list[Piece], answer: Answer) -> list[Piece]:
    other = int(answer.value)
    if not 0 <= other < len(pieces) or other == answer.position:
        return pieces
    first, second = pieces[answer.position], pieces[other]
    said = {key: value for key, value in first.said.items() if second.said.get(key) == value or key == "speaker"}
    said |= {key: value for key, value in second.said.items() if key == "speaker"}
    parts = _mended(sorted((*first.parts, *second.parts), key=lambda part: (part.start, part.turn)))
    one = Piece(parts, said, first.cuts | second.cuts | {JOIN}, (*first.numbers, *second.numbers, answer.number))
    return _ordered([one if at == answer.position else each for at, each in enumerate(pieces) if at != other])


def _mended(parts: Sequence[Part]) -> tuple[Part, ...]:
    """The parts with those that lie end to end in one turn made one again."""
    found: list[Part] = []
    for part in parts:
        if found and found[-1].turn == part.turn and abs(found[-1].end - part.start) < 1e-9:
            found[-1] = Part(part.turn, found[-1].start, part.end)
        else:
            found.append(part)
    return tuple(found)


def _ordered(pieces: list[Piece]) -> list[Piece]:
    return sorted(pieces, key=lambda piece: piece.start)
