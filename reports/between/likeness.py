"""How alike a participant's turns of two sessions are, in three ways, against noise and chance.

The ways: the cosine of mean embeddings less what the speaker and the case sound like anyway; the energy distance of
all embeddings (Székely and Rizzo 2013); and the Jensen-Shannon distance of the emotions' shares (Endres and Schindelin
2003). Everything is computed from sums over blocks of neighbouring turns (``blocks``), so that a thousand shuffles are
one product of matrices.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from ..resampling import Floats
from .blocks import block_length, block_products, block_sums, drawn_blocks, halves_of, shuffled_sides
from .case_turns import SessionTurns

Way = Literal["cosine", "energy_distance", "emotion_distance"]

WAYS: tuple[Way, ...] = get_args(Way)
"""``cosine`` is 1 for what is the same, the two distances are 0."""

_LIMITS = {"cosine": (-1.0, 1.0), "energy_distance": (-np.inf, 1.0), "emotion_distance": (0.0, 1.0)}
_TAIL = 0.025
_ROUNDING = 1e-7
_TINY = 1e-300


@dataclass(frozen=True)
class Likeness:
    """One comparison of two sessions.

    Parameters
    ----------
    value : float
        Cosine, -1 to 1; energy distance, 0 where both come from one distribution (by chance also below) and at most 1;
        Jensen-Shannon distance, 0 to 1.
    floor : float
        What two sessions that do not differ would reach: the median after their blocks of turns were shuffled between
        them.
    p : float
        Share of the shuffles that are at least as unlike as the sessions are, the sessions themselves counted.
    low, high : float
        95 % bootstrap interval over the blocks of turns of each session.
    """

    value: float
    floor: float
    p: float
    low: float
    high: float


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
        self.mean = np.asarray(self.near.mean(axis=0, dtype=np.float64))
        self._in_blocks: dict[int, _Blocks] = {}

    @classmethod
    def of(cls, own: SessionTurns, origin: Floats) -> Voice:
        """Of a participant's turns in a session; only those with an embedding count."""
        chosen = own.with_embedding
        return cls(own.embeddings, own.durations[chosen][:, None] * own.scores[chosen], origin)

    def __len__(self) -> int:
        return len(self.near)

    def in_blocks(self, length: int) -> _Blocks:
        """Its sums over blocks of that length."""
        if length not in self._in_blocks:
            self._in_blocks[length] = _Blocks(
                block_sums(np.ones((len(self), 1)), length)[:, 0],
                block_sums(self.near, length),
                block_sums(self.seconds, length),
                block_products(self._within, length),
            )
        return self._in_blocks[length]

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
class _Blocks:
    """Sums over blocks of neighbouring turns."""

    sizes: Floats  # turns, (blocks,)
    sums: Floats  # of embeddings, (blocks, dimension)
    seconds: Floats  # scored time by emotion, (blocks, labels)
    within: Floats  # of distances, (blocks, blocks)


@dataclass(frozen=True)
class _Sides:
    """What a comparison needs of both sides, for each arrangement of the blocks: each of shape (arrangements, ...)."""

    counts: tuple[Floats, Floats]  # turns on each side
    distances: tuple[Floats, Floats, Floats]  # sums within ours, between, within theirs
    products: tuple[Floats, Floats, Floats]  # inner products of the sums of embeddings, the same
    seconds: tuple[Floats, Floats]  # (arrangements, labels)

    def compared(self) -> dict[Way, Floats]:
        """Each way, of shape (arrangements,)."""
        return {
            "cosine": _cosine(*self.products),
            "energy_distance": _energy(*self.counts, *self.distances),
            "emotion_distance": _jensen_shannon(*self.seconds),
        }


def compare_pair(ours: Voice, theirs: Voice, centre: Floats) -> dict[Way, Likeness]:
    """Compare two sessions in all ways, with what chance would give and bootstrap intervals.

    Parameters
    ----------
    ours, theirs : Voice
        With the same origin.
    centre : np.ndarray, shape (dimension,)
        What both sound like anyway, less the origin. It must not depend on either session. Shuffles and samples are
        drawn with fixed seeds.
    """
    length = block_length(len(ours), len(theirs))
    first, second = ours.in_blocks(length), theirs.in_blocks(length)
    distances = first.within, block_products(ours.distances(theirs), length), second.within
    left, right = (each.sums - each.sizes[:, None] * centre for each in (first, second))
    products = left @ left.T, left @ right.T, right @ right.T
    shuffled = _shuffled(first, second, distances, products).compared()
    drawn = _drawn(first, second, distances, products).compared()
    tail = _tail(min(len(first.sizes), len(second.sizes)))
    return {way: _likeness(way, values, drawn[way], tail) for way, values in shuffled.items()}


def split_halves(own: Voice, centre: Floats) -> dict[Way, float]:
    """The split-half noise floor of one session: each way between its random halves, the median of a hundred splits."""
    blocks = own.in_blocks(block_length(len(own)))
    left = blocks.sums - blocks.sizes[:, None] * centre
    sides = _parted(halves_of(len(blocks.sizes)), blocks.sizes, blocks.within, left @ left.T, blocks.seconds)
    return {way: float(np.median(values)) for way, values in sides.compared().items()}


_Parts = tuple[Floats, Floats, Floats]


def _shuffled(ours: _Blocks, theirs: _Blocks, distances: _Parts, products: _Parts) -> _Sides:
    """As they are, then with the blocks shuffled between the sides."""
    first = shuffled_sides(len(ours.sizes), len(theirs.sizes))
    sizes, seconds = np.concatenate([ours.sizes, theirs.sizes]), np.concatenate([ours.seconds, theirs.seconds])
    return _parted(first, sizes, _whole(distances), _whole(products), seconds)


def _whole(parts: _Parts) -> Floats:
    own, cross, other = parts
    return np.asarray(np.block([[own, cross], [cross.T, other]]))


def _parted(first: Floats, sizes: Floats, distances: Floats, products: Floats, seconds: Floats) -> _Sides:
    """All blocks parted into those of ``first`` and the rest."""
    count, amounts = first @ sizes, first @ seconds
    return _Sides(
        (count, sizes.sum() - count),
        _forms(first, distances),
        _forms(first, products),
        (amounts, np.maximum(seconds.sum(axis=0) - amounts, 0)),
    )


def _forms(first: Floats, matrix: Floats) -> _Parts:
    """Sums of a symmetric matrix within the first side, between the sides, and within the rest."""
    inside = np.einsum("ij,ij->i", first @ matrix, first)
    rows = first @ matrix.sum(axis=1)
    return inside, rows - inside, matrix.sum() - 2 * rows + inside


def _drawn(ours: _Blocks, theirs: _Blocks, distances: _Parts, products: _Parts) -> _Sides:
    """Bootstrap samples of the blocks of each side."""
    first, second = drawn_blocks(len(ours.sizes)), drawn_blocks(len(theirs.sizes))[::-1]  # reversed: unrelated draws
    return _Sides(
        (first @ ours.sizes, second @ theirs.sizes),
        _forms_drawn(first, second, distances),
        _forms_drawn(first, second, products),
        (first @ ours.seconds, second @ theirs.seconds),
    )


def _forms_drawn(first: Floats, second: Floats, parts: _Parts) -> _Parts:
    """Sums within the drawn blocks of ours, between both sides, and within those of theirs."""
    sides = ((first, first), (first, second), (second, second))
    inside, between, outside = (
        np.einsum("ij,ij->i", left @ part, right) for part, (left, right) in zip(parts, sides, strict=True)
    )
    return inside, between, outside


def _likeness(way: Way, values: Floats, drawn: Floats, tail: float) -> Likeness:
    seen, shuffled = float(values[0]), values[1:]
    unlike = shuffled <= seen + _ROUNDING if way == "cosine" else shuffled >= seen - _ROUNDING
    chance = float((1 + unlike.sum()) / (1 + len(shuffled)))
    # Samples with repeated blocks look less alike than the sessions are. So do sessions of few turns beside what many
    # turns would show, as much again, except by the energy distance, which is unbiased.
    bias = (drawn.mean() - seen) * (1 if way == "energy_distance" else 2)
    low, high = np.clip(np.quantile(drawn, [tail, 1 - tail]) - bias, *_LIMITS[way])
    return Likeness(seen, float(np.median(shuffled)), chance, float(min(low, seen)), float(max(high, seen)))


@cache
def _tail(num_blocks: int) -> float:
    """Of the expanded percentiles for so many blocks (Hesterberg 2015), which plain ones are too narrow for."""
    from scipy.stats import norm, t

    return float(norm.cdf(t.ppf(_TAIL, max(num_blocks - 1, 1)) * np.sqrt(num_blocks / max(num_blocks - 1, 1))))


def _cosine(ours: Floats, between: Floats, theirs: Floats) -> Floats:
    return np.asarray(between / np.maximum(np.sqrt(np.maximum(ours * theirs, 0)), 1e-12))


def _energy(count: Floats, others: Floats, ours: Floats, between: Floats, theirs: Floats) -> Floats:
    """The unbiased estimate over twice the mean distance between the sides, so that it is at most 1."""
    inside, outside = ours / np.maximum(count * (count - 1), 1), theirs / np.maximum(others * (others - 1), 1)
    apart = 2 * between / (count * others)
    return np.asarray(np.where(apart > _TINY, 1 - (inside + outside) / np.maximum(apart, _TINY), 0.0))


def _jensen_shannon(ours: Floats, theirs: Floats) -> Floats:
    """Distances of distributions, to base 2, from amounts of shape (rows, labels); 0 to 1."""
    first, second = (each / np.maximum(each.sum(axis=1, keepdims=True), _TINY) for each in (ours, theirs))
    parts = (_plogp(first) + _plogp(second)) / 2 - _plogp((first + second) / 2)
    return np.asarray(np.sqrt(np.clip(parts.sum(axis=1), 0, 1)))


def _plogp(shares: Floats) -> Floats:
    return np.asarray(shares * np.log2(np.maximum(shares, _TINY)))
