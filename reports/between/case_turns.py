"""A case as measures between sessions look at it: what several of them need of a participant is found once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from ..comparisons import comparable
from ..resampling import Floats
from ..session_numbers import AFFECT, SessionNumbers
from ..turns import LEAST_TURNS

if TYPE_CHECKING:
    import datetime

    from pipeline.sessions import Session

__all__ = ["AFFECT", "CaseTurns", "OwnTurns", "SessionTurns"]

Found = TypeVar("Found")


@dataclass(frozen=True)
class SessionTurns:
    """A participant's scored turns in one session.

    Parameters
    ----------
    numbers : SessionNumbers
        Of the session.
    rows : np.ndarray, shape (turns,)
        Their rows of ``session.turns``, in order.
    """

    numbers: SessionNumbers
    rows: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def session(self) -> Session:
        """Where."""
        return self.numbers.session

    @property
    def date(self) -> datetime.date | None:
        """Day of the conversation."""
        return self.session.date

    def column(self, name: str) -> NDArray[Any]:
        """A column of ``session.turns``, of these turns, shape (turns,)."""
        return np.asarray(self.session.turns[name].to_numpy()[self.rows])

    @cached_property
    def _values(self) -> Floats:
        return np.asarray(self.numbers.values[self.rows])

    @property
    def times(self) -> Floats:
        """Start and end in seconds, shape (turns, 2)."""
        return self._values[:, :2]

    @cached_property
    def durations(self) -> Floats:
        """Seconds, shape (turns,)."""
        return np.asarray(self._values[:, 1] - self._values[:, 0])

    @property
    def affect(self) -> Floats:
        """Valence and arousal, shape (turns, 2); nan where they are not known."""
        return self._values[:, 2:4]

    @property
    def scores(self) -> Floats:
        """Probabilities, shape (turns, labels), in scheme order."""
        return self._values[:, 4:]

    @cached_property
    def with_embedding(self) -> NDArray[np.bool_]:
        """Which turns have an embedding, shape (turns,)."""
        return np.asarray(self.numbers.with_embedding[self.rows])

    @property
    def embeddings(self) -> NDArray[np.float32]:
        """Of the turns that have one, shape (turns with an embedding, dimension); read anew each time."""
        return self.numbers.embeddings_of(self.rows)

    def quantity(self, key: str) -> tuple[Floats, Floats]:
        """Values and durations of the turns where ``key``, a dimension or an emotion, is known."""
        values = self._of(key)
        if self._all_known and values is not None:
            return values, self.durations
        known = self.known(key)
        return (np.zeros(0) if values is None else values[known]), self.durations[known]

    def known(self, key: str) -> NDArray[np.bool_]:
        """In which turns ``key`` is known, shape (turns,)."""
        values = self._of(key)
        return np.zeros(len(self), bool) if values is None else np.isfinite(values) & (self.durations > 0)

    @cached_property
    def _all_known(self) -> bool:
        """Whether every turn has every quantity, as is usual: looking once is faster than for each."""
        return bool(np.isfinite(self._values).all() and (self.durations > 0).all())

    def _of(self, key: str) -> Floats | None:
        """The quantity of every turn; None where the session does not have it."""
        if key in AFFECT:
            return np.asarray(self.affect[:, AFFECT.index(key)])
        labels = self.session.scheme.labels
        return np.asarray(self.scores[:, labels.index(key)]) if key in labels else None


@dataclass(frozen=True)
class OwnTurns:
    """A participant's turns over the sessions of a case that can be compared.

    Parameters
    ----------
    participant : str
        Whose.
    sessions : tuple of SessionTurns
        In the order given.
    left_out : dict
        Why other sessions cannot be compared, by their ids.
    """

    participant: str
    sessions: tuple[SessionTurns, ...]
    left_out: dict[str, str]

    @property
    def labels(self) -> tuple[str, ...]:
        """The emotions of their recogniser."""
        return self.sessions[0].session.scheme.labels if self.sessions else ()

    @property
    def quantities(self) -> tuple[str, ...]:
        """What can be followed from session to session: valence, arousal, and each emotion's share."""
        return (*AFFECT, *self.labels) if self.sessions else ()

    def with_quantity(self, key: str) -> list[tuple[SessionTurns, Floats, Floats]]:
        """The sessions with at least ``LEAST_TURNS`` turns where ``key`` is known: values and durations of each."""
        found = [(own, *own.quantity(key)) for own in self.sessions]
        return [each for each in found if len(each[1]) >= LEAST_TURNS]


class CaseTurns:
    """The sessions of a case, and each participant's turns in them, found once.

    Parameters
    ----------
    sessions : sequence of Session
        Of one case, by date.
    """

    def __init__(self, sessions: Sequence[Session]) -> None:
        self.sessions = tuple(sessions)
        self.numbers = tuple(map(SessionNumbers, self.sessions))
        self._own: dict[str, OwnTurns] = {}
        self._kept: dict[str, Any] = {}

    @cached_property
    def participants(self) -> tuple[str, ...]:
        """The names of everybody known in the sessions, those heard longest first."""
        seconds: dict[str, float] = {}
        for session in self.sessions:
            talked_by = (session.speakers[column].to_numpy() for column in ("participant", "talk_time"))
            for name, talked in zip(*talked_by, strict=True):
                if isinstance(name, str) and name:
                    seconds[name] = seconds.get(name, 0.0) + talked
        return tuple(sorted(seconds, key=lambda name: -seconds[name]))

    def of(self, participant: str) -> OwnTurns:
        """The participant's scored turns; a masked role has none."""
        if participant not in self._own:
            kept, left_out = comparable(self.numbers, participant)
            own = tuple(SessionTurns(each, each.rows_of(participant)) for each in kept)
            self._own[participant] = OwnTurns(participant, own, left_out)
        return self._own[participant]

    def keep(self, name: str, find: Callable[[], Found]) -> Found:
        """What ``find`` gives, found once under that name."""
        if name not in self._kept:
            self._kept[name] = find()
        return cast("Found", self._kept[name])
