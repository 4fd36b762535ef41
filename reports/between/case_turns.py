"""A case as measures between sessions look at it: what several of them need of a participant is found once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from ..comparisons import comparison
from ..resampling import Floats
from ..turns import LEAST_TURNS, participant_rows

if TYPE_CHECKING:
    import datetime

    from pipeline.sessions import Session

Found = TypeVar("Found")

AFFECT = ("valence", "arousal")
"""What is derived from the scores, in the order of columns."""


@dataclass(frozen=True)
class SessionTurns:
    """A participant's scored turns in one session.

    Parameters
    ----------
    session : Session
        Where.
    rows : np.ndarray, shape (turns,)
        Their rows of ``session.turns``, in order.
    """

    session: Session
    rows: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def date(self) -> datetime.date | None:
        """Day of the conversation."""
        return self.session.date

    def column(self, name: str) -> NDArray[Any]:
        """A column of ``session.turns``, of these turns, shape (turns,)."""
        return np.asarray(self.session.turns[name].to_numpy()[self.rows])

    @cached_property
    def _numbers(self) -> Floats:
        """Start, end, valence, arousal and scores in one: reading columns one by one takes most of the time."""
        columns = ["start", "end", *AFFECT, *self.session.score_columns]
        return np.asarray(self.session.turns[columns].to_numpy(np.float64)[self.rows])

    @property
    def times(self) -> Floats:
        """Start and end in seconds, shape (turns, 2)."""
        return self._numbers[:, :2]

    @cached_property
    def durations(self) -> Floats:
        """Seconds, shape (turns,)."""
        return np.asarray(self._numbers[:, 1] - self._numbers[:, 0])

    @property
    def affect(self) -> Floats:
        """Valence and arousal, shape (turns, 2); nan where they are not known."""
        return self._numbers[:, 2:4]

    @property
    def scores(self) -> Floats:
        """Probabilities, shape (turns, labels), in scheme order."""
        return self._numbers[:, 4:]

    @cached_property
    def with_embedding(self) -> NDArray[np.bool_]:
        """Which turns have an embedding, shape (turns,)."""
        everything = self.session.arrays.embeddings
        if everything.shape[1] == 0:
            return np.zeros(len(self.rows), bool)
        return np.asarray(np.isfinite(everything[self.rows].sum(axis=1)), bool)  # nan and infinities pass into sums

    @cached_property
    def embeddings(self) -> NDArray[np.float32]:
        """Of the turns that have one, shape (turns with an embedding, dimension)."""
        return np.asarray(self.session.arrays.embeddings[self.rows[self.with_embedding]], np.float32)

    def quantity(self, key: str) -> tuple[Floats, Floats]:
        """Values and durations of the turns where ``key``, a dimension or an emotion, is known."""
        known = self.known(key)
        return self._values(key)[known], self.durations[known]

    def known(self, key: str) -> NDArray[np.bool_]:
        """In which turns ``key`` is known, shape (turns,)."""
        return np.isfinite(self._values(key)) & (self.durations > 0)

    def _values(self, key: str) -> Floats:
        if key in AFFECT:
            return np.asarray(self.affect[:, AFFECT.index(key)])
        if key in self.session.scheme.labels:
            return np.asarray(self.scores[:, self.session.scheme.labels.index(key)])
        return np.full(len(self.rows), np.nan)


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
        self._own: dict[str, OwnTurns] = {}
        self._kept: dict[str, Any] = {}

    @cached_property
    def participants(self) -> tuple[str, ...]:
        """The names of everybody known in the sessions, those heard longest first."""
        seconds: dict[str, float] = {}
        for session in self.sessions:
            for name, talked in zip(session.speakers["participant"], session.speakers["talk_time"], strict=True):
                if isinstance(name, str) and name:
                    seconds[name] = seconds.get(name, 0.0) + talked
        return tuple(sorted(seconds, key=lambda name: -seconds[name]))

    def of(self, participant: str) -> OwnTurns:
        """The participant's scored turns; a masked role has none."""
        if participant not in self._own:
            found = comparison(self.sessions, participant)
            own = tuple(SessionTurns(each, participant_rows(each, participant)) for each in found.sessions)
            self._own[participant] = OwnTurns(participant, own, found.left_out)
        return self._own[participant]

    def keep(self, name: str, find: Callable[[], Found]) -> Found:
        """What ``find`` gives, found once under that name."""
        if name not in self._kept:
            self._kept[name] = find()
        return cast("Found", self._kept[name])
