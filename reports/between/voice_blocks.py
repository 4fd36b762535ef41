"""A participant's turns in one session, and their sums over blocks of neighbouring turns."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ..resampling import Floats
from .case_turns import SessionTurns


class Voice:
    """A participant's turns in one session.

    Parameters
    ----------
    embeddings : np.ndarray, shape (turns, dimension)
        Of at least two turns.
    seconds : np.ndarray, shape (turns, labels)
        Each turn's duration, shared out to the emotions by their probabilities.
    origin : np.ndarray, shape (dimension,)
        A point amid the embeddings, taken off before distances are found, so that they are exact in 32 bits.
    """

    def __init__(self, embeddings: Floats | NDArray[np.float32], seconds: Floats, origin: Floats) -> None:
        self.origin = origin
        self.near = np.asarray(embeddings, np.float32) - origin.astype(np.float32)
        self.seconds = seconds
        self._in_blocks: dict[bytes, Blocks] = {}

    @classmethod
    def of(cls, own: SessionTurns, origin: Floats) -> Voice:
        """Of a participant's turns in a session; only those with an embedding count."""
        chosen = own.with_embedding
        return cls(own.embeddings, own.durations[chosen][:, None] * own.scores[chosen], origin)

    def __len__(self) -> int:
        return len(self.near)

    def in_blocks(self, members: NDArray[np.float32]) -> Blocks:
        """Its sums over blocks, of shape (blocks, turns): 1 where a turn is in the block, else 0."""
        key = members.tobytes()
        if key not in self._in_blocks:
            self._in_blocks[key] = Blocks(
                members,
                np.asarray(members.sum(axis=1), np.float64),
                np.asarray(members @ self.near, np.float64),
                np.asarray(members @ self.seconds, np.float64),
                np.asarray(members @ self._within @ members.T, np.float64),
            )
        return self._in_blocks[key]

    @cached_property
    def _squares(self) -> NDArray[np.float32]:
        """Squared length of each embedding, shape (turns, 1)."""
        return np.asarray(np.einsum("ij,ij->i", self.near, self.near)[:, None])

    @cached_property
    def _within(self) -> NDArray[np.float32]:
        return self.distances(self)

    def distances(self, other: Voice) -> NDArray[np.float32]:
        """Euclidean distances of all turns, shape (own turns, the other's turns)."""
        apart = self.near @ other.near.T
        apart *= -2
        apart += self._squares
        apart += other._squares.T
        np.maximum(apart, 0, out=apart)
        if other is self:
            np.fill_diagonal(apart, 0)
        return np.asarray(np.sqrt(apart, out=apart))


@dataclass(frozen=True)
class Blocks:
    """Sums over blocks of turns.

    Parameters
    ----------
    members : np.ndarray, shape (blocks, turns)
        Which turns are in which.
    sizes : np.ndarray, shape (blocks,)
        Turns in each.
    sums : np.ndarray, shape (blocks, dimension)
        Of embeddings, less the origin.
    seconds : np.ndarray, shape (blocks, labels)
        Scored time by emotion.
    within : np.ndarray, shape (blocks, blocks)
        Of the distances of their turns.
    """

    members: NDArray[np.float32]
    sizes: Floats
    sums: Floats
    seconds: Floats
    within: Floats
