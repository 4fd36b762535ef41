"""Two sessions' blocks of turns, shuffled between the sides or drawn anew, many at once.

What a comparison needs of any arrangement are sums of sizes and of scored time over the blocks of a side, and sums of
distances and inner products over pairs of blocks. All of them are linear in what is known of the blocks and of each
pair of them, so that a thousand arrangements of many comparisons are one product of matrices.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ..resampling import Floats
from .blocks import drawn_blocks, halves_of, shuffled_sides
from .voice_blocks import Blocks

_TINY = 1e-300

Sums = tuple[Floats, Floats, Floats]
"""Within our side, between the sides, within theirs: each of shape (comparisons, arrangements)."""


@dataclass(frozen=True)
class BlockPair:
    """Two sessions in blocks, ours before theirs; or one session, whose halves are compared.

    Parameters
    ----------
    sizes : np.ndarray, shape (blocks,)
        Turns in each.
    seconds : np.ndarray, shape (blocks, labels)
        Scored time by emotion.
    distances, products : np.ndarray, shape (blocks, blocks)
        Sums of distances of turns, and inner products of the sums of embeddings less the centre.
    ours : int
        How many of the blocks are ours.
    """

    sizes: Floats
    seconds: Floats
    distances: Floats
    products: Floats
    ours: int

    @classmethod
    def of(cls, ours: Blocks, theirs: Blocks, apart: NDArray[np.float32], centre: Floats) -> BlockPair:
        """Of sums over blocks, the distances of all turns of both sessions, and what is taken off the embeddings."""
        own, count = len(ours.sizes), len(ours.sizes) + len(theirs.sizes)
        distances = np.empty((count, count))
        distances[:own, :own], distances[own:, own:] = ours.within, theirs.within
        distances[:own, own:] = ours.members @ apart @ theirs.members.T
        distances[own:, :own] = distances[:own, own:].T
        sizes = np.concatenate([ours.sizes, theirs.sizes])
        left = np.concatenate([ours.sums, theirs.sums]) - sizes[:, None] * centre
        return cls(sizes, np.concatenate([ours.seconds, theirs.seconds]), distances, left @ left.T, own)

    @classmethod
    def alone(cls, blocks: Blocks, centre: Floats) -> BlockPair:
        """Of one session."""
        left = blocks.sums - blocks.sizes[:, None] * centre
        return cls(blocks.sizes, blocks.seconds, blocks.within, left @ left.T, len(blocks.sizes) // 2)

    @property
    def shape(self) -> tuple[int, int]:
        """Blocks, and how many of them are ours: what comparisons have to share to be made at once."""
        return len(self.sizes), self.ours


def shuffled(pairs: Sequence[BlockPair], shuffles: int) -> Floats:
    """Each way for each pair as it is, then with the blocks shuffled: shape (ways, pairs, 1 + shuffles)."""
    count, ours = pairs[0].shape
    return _parted(pairs, shuffled_sides(ours, count - ours, shuffles))


def halved(pair: BlockPair) -> Floats:
    """Each way between random halves of the blocks, shape (ways, splits)."""
    return np.asarray(_parted([pair], halves_of(len(pair.sizes)))[:, 0])


def drawn(pairs: Sequence[BlockPair]) -> Floats:
    """Each way for bootstrap samples of the blocks of each side, shape (ways, pairs, samples)."""
    count, ours = pairs[0].shape
    first, second = drawn_blocks(ours), drawn_blocks(count - ours)[::-1]  # reversed: unrelated draws
    sizes, seconds = _stacked(pairs)
    return _compared(
        (sizes[:, :ours] @ first.T, sizes[:, ours:] @ second.T),
        _sums_drawn(np.stack([pair.distances for pair in pairs]), ours),
        _sums_drawn(np.stack([pair.products for pair in pairs]), ours),
        (seconds[:, :, :ours] @ first.T, seconds[:, :, ours:] @ second.T),
    )


def _parted(pairs: Sequence[BlockPair], first: Floats) -> Floats:
    """Each way where the blocks of ``first``, shape (arrangements, blocks), are held against the rest."""
    sizes, seconds = _stacked(pairs)
    products = _products_of(first.tobytes(), first.shape)
    counts, amounts = sizes @ first.T, seconds @ first.T
    return _compared(
        (counts, sizes.sum(axis=1, keepdims=True) - counts),
        _sums_parted(np.stack([pair.distances for pair in pairs]), first, products),
        _sums_parted(np.stack([pair.products for pair in pairs]), first, products),
        (amounts, np.maximum(seconds.sum(axis=2, keepdims=True) - amounts, 0)),
    )


def _stacked(pairs: Sequence[BlockPair]) -> tuple[Floats, Floats]:
    """Sizes, shape (pairs, blocks), and scored time, shape (pairs, labels, blocks)."""
    return np.stack([pair.sizes for pair in pairs]), np.stack([pair.seconds.T for pair in pairs])


@lru_cache(maxsize=64)
def _products_of(arrangements: bytes, shape: tuple[int, int]) -> Floats:
    """Whether both blocks of a pair (upper triangle) are on the first side, shape (pairs of blocks, arrangements)."""
    first = np.frombuffer(arrangements).reshape(shape)
    row, column = np.triu_indices(shape[1])
    return np.ascontiguousarray((first[:, row] * first[:, column]).T)


def _sums_parted(matrices: Floats, first: Floats, products: Floats) -> Sums:
    """Of symmetric matrices, shape (pairs, blocks, blocks), within and between both sides."""
    row, column = np.triu_indices(matrices.shape[1])
    inside = (matrices[:, row, column] * np.where(row == column, 1.0, 2.0)) @ products
    rows = matrices.sum(axis=2) @ first.T
    return inside, rows - inside, matrices.sum(axis=(1, 2))[:, None] - 2 * rows + inside


def _sums_drawn(matrices: Floats, ours: int) -> Sums:
    """Within the drawn blocks of ours, between both sides, and within those of theirs."""
    own, cross, other = matrices[:, :ours, :ours], matrices[:, :ours, ours:], matrices[:, ours:, ours:]
    within, between, outside = (
        part.reshape(len(matrices), -1) @ drawn
        for part, drawn in zip((own, cross, other), _drawn_products(ours, matrices.shape[1] - ours), strict=True)
    )
    return within, between, outside


@lru_cache(maxsize=64)
def _drawn_products(ours: int, theirs: int) -> Sums:
    """How often each pair of blocks is in each sample, within ours, between, within theirs: (pairs, samples)."""
    first, second = drawn_blocks(ours), drawn_blocks(theirs)[::-1]
    sides = ((first, first), (first, second), (second, second))
    one, two, three = (
        np.ascontiguousarray((left[:, :, None] * right[:, None, :]).reshape(len(left), -1).T) for left, right in sides
    )
    return one, two, three


def _compared(counts: tuple[Floats, Floats], distances: Sums, products: Sums, seconds: tuple[Floats, Floats]) -> Floats:
    """Cosine, energy distance and distance of emotions, shape (ways, pairs, arrangements)."""
    return np.stack([_cosine(*products), _energy(*counts, *distances), _jensen_shannon(*seconds)])


def _cosine(ours: Floats, between: Floats, theirs: Floats) -> Floats:
    return np.asarray(between / np.maximum(np.sqrt(np.maximum(ours * theirs, 0)), 1e-12))


def _energy(count: Floats, others: Floats, ours: Floats, between: Floats, theirs: Floats) -> Floats:
    """The unbiased estimate over twice the mean distance between the sides, so that it is at most 1."""
    inside, outside = ours / np.maximum(count * (count - 1), 1), theirs / np.maximum(others * (others - 1), 1)
    apart = 2 * between / (count * others)
    return np.asarray(np.where(apart > _TINY, 1 - (inside + outside) / np.maximum(apart, _TINY), 0.0))


def _jensen_shannon(ours: Floats, theirs: Floats) -> Floats:
    """Distances of distributions, to base 2, from amounts of shape (pairs, labels, arrangements); 0 to 1."""
    first, second = (each / np.maximum(each.sum(axis=1, keepdims=True), _TINY) for each in (ours, theirs))
    mixed = first + second
    mixed *= 0.5
    parts = (_plogp(first) + _plogp(second)) / 2 - _plogp(mixed)
    return np.asarray(np.sqrt(np.clip(parts, 0, 1)))


def _plogp(shares: Floats) -> Floats:
    """Sums of p log p over the labels."""
    logs = np.maximum(shares, _TINY)
    np.log2(logs, out=logs)
    logs *= shares
    return np.asarray(logs.sum(axis=1))
