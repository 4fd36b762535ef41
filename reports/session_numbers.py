"""A session's turns as arrays, read from its tables once: what every participant and every measure needs of it."""

from __future__ import annotations

from functools import cached_property
from json import dumps
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .resampling import Floats

if TYPE_CHECKING:
    from pipeline.sessions import Session

AFFECT = ("valence", "arousal")
"""What is derived from the scores, in the order of columns."""

Rows = NDArray[np.int64]


class SessionNumbers:
    """The turns of one session, column by column.

    Parameters
    ----------
    session : Session
        Whose tables are read; what is read is kept, so it must not change.
    """

    def __init__(self, session: Session) -> None:
        self.session = session

    @cached_property
    def values(self) -> Floats:
        """Start, end, valence, arousal and scores, shape (turns, 4 + labels)."""
        columns = ("start", "end", *AFFECT, *self.session.score_columns)
        return np.stack([self.session.turns[name].to_numpy(np.float64) for name in columns], axis=1)

    @cached_property
    def participants(self) -> tuple[str, ...]:
        """The participant of each speaker, in the order of speakers; those who are nobody yet are left out."""
        return tuple(dict.fromkeys(name for name in self._names if isinstance(name, str) and name))

    @cached_property
    def _names(self) -> list[str | None]:
        return list(self.session.speakers["participant"].to_numpy())

    @cached_property
    def models(self) -> str:
        """What scores and embeddings have to share to be compared, as one text."""
        session = self.session
        known = [session.scheme.labels, session.provenance.get("recognizer"), session.arrays.embeddings.shape[1:]]
        return dumps(known, sort_keys=True, default=str)

    def rows_of(self, participant: str) -> Rows:
        """Which turns are scored turns of a participant, in order; none where the participant is not in the session."""
        own = [rows for rows, name in zip(self.scored_rows, self._names, strict=True) if name == participant]
        return np.sort(np.concatenate(own)) if len(own) > 1 else own[0] if own else np.zeros(0, np.int64)

    def rows_of_speaker(self, speaker: str) -> Rows:
        """Which turns are scored turns of a speaker, by label."""
        known: dict[str, Rows] = dict(zip(self.session.speakers["label"], self.scored_rows, strict=True))
        return known.get(speaker, np.zeros(0, np.int64))

    @cached_property
    def scored_rows(self) -> tuple[Rows, ...]:
        """Which turns are scored turns of each speaker, in the order of speakers."""
        speakers = self.session.turns["speaker"].to_numpy()
        scored = self.session.turns["scored"].to_numpy(bool)
        return tuple(
            np.flatnonzero(scored & (speakers == label)) for label in self.session.speakers["label"].to_numpy()
        )

    @cached_property
    def with_embedding(self) -> NDArray[np.bool_]:
        """Which turns have an embedding, shape (turns,)."""
        everything = self.session.arrays.embeddings
        if everything.shape[1] == 0:
            return np.zeros(len(everything), bool)
        return np.asarray(np.isfinite(everything.sum(axis=1)), bool)  # nan and infinities pass into sums

    def embeddings_of(self, rows: Rows) -> NDArray[np.float32]:
        """Embeddings of those of the rows that have one, shape (turns with an embedding, dimension)."""
        return np.asarray(self.session.arrays.embeddings[rows[self.with_embedding[rows]]], np.float32)

    @cached_property
    def speaker_means(self) -> dict[int, Floats]:
        """The mean embedding of each speaker who has any, by place among the speakers."""
        everything = self.session.arrays.embeddings
        return {
            at: np.asarray(everything[rows].mean(axis=0), np.float64)
            for at, rows in enumerate(self._embedded_rows)
            if len(rows)
        }

    def mean_of(self, participant: str) -> Floats:
        """The mean embedding of a participant who has any."""
        own = {at: mean for at, mean in self.speaker_means.items() if self._names[at] == participant}
        return np.average(list(own.values()), axis=0, weights=[len(self._embedded_rows[at]) for at in own])

    @cached_property
    def _embedded_rows(self) -> tuple[Rows, ...]:
        """Which scored turns of each speaker have an embedding."""
        return tuple(rows[self.with_embedding[rows]] for rows in self.scored_rows)
