"""Blocks of neighbouring turns, which are drawn and shuffled as one.

Neighbouring turns are alike: the same topic, the same mood. Shuffling single turns would take them for as many
independent observations and find differences in noise; blocks keep what neighbours share (Künsch 1989, Annals of
Statistics 17, 1217-1241).
"""

from __future__ import annotations

from functools import lru_cache
from math import isqrt
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..resampling import Floats

if TYPE_CHECKING:
    from threadpoolctl import threadpool_limits

PERMUTATIONS = 999
RESAMPLES = 499
SPLITS = 100


def block_length(*counts: int) -> int:
    """Turns in a block where sessions of so many turns are compared: the square root of the smallest, rounded down.

    Both sides have blocks of one length, or their means would differ in how far they scatter and could not be
    exchanged.

    >>> [block_length(count) for count in (4, 8, 30, 100)], block_length(100, 30)
    ([2, 2, 5, 10], 5)
    """
    return isqrt(max(min(counts), 1))


def block_starts(count: int, length: int) -> NDArray[np.int64]:
    """Where each block of about that length begins; they differ by one turn at most where there are many."""
    number = max(count // length, 1)
    return (np.arange(number) * count) // number


def block_sums(values: Floats | NDArray[np.float32], length: int) -> Floats:
    """Sums of each block's rows, shape (blocks, columns), from values of shape (turns, columns)."""
    return np.asarray(_membership(len(values), length, values.dtype.char) @ values, np.float64)


def block_products(matrix: Floats | NDArray[np.float32], length: int) -> Floats:
    """Sums of each pair of blocks, shape (blocks, the others' blocks), from a value for each pair of turns."""
    left, right = (_membership(count, length, matrix.dtype.char) for count in matrix.shape)
    return np.asarray(left @ matrix @ right.T, np.float64)


@lru_cache(maxsize=256)
def _membership(count: int, length: int, kind: str) -> NDArray[Any]:
    """Which turns are in which block, shape (blocks, turns), of the kind of numbers that it is multiplied with."""
    starts = block_starts(count, length)
    own = np.searchsorted(starts, np.arange(count), "right") - 1
    return np.asarray(own == np.arange(len(starts))[:, None], kind)


@lru_cache(maxsize=128)
def shuffled_sides(ours: int, theirs: int) -> Floats:
    """Which blocks are on the first side, shape (1 + PERMUTATIONS, ours + theirs): as they are first, then shuffled."""
    sides = np.tile(np.arange(ours + theirs) < ours, (PERMUTATIONS + 1, 1))
    sides[1:] = np.random.default_rng(0).permuted(sides[1:], axis=1)
    return sides.astype(np.float64)


@lru_cache(maxsize=128)
def drawn_blocks(count: int) -> Floats:
    """How often each block is in each bootstrap sample, shape (RESAMPLES, count)."""
    return np.random.default_rng(1).multinomial(count, np.full(count, 1 / count), RESAMPLES).astype(np.float64)


@lru_cache(maxsize=128)
def halves_of(count: int) -> Floats:
    """Which blocks are in the first half, shape (SPLITS, count)."""
    half = np.tile(np.arange(count) < count // 2, (SPLITS, 1))
    return np.random.default_rng(2).permuted(half, axis=1).astype(np.float64)


def one_thread() -> threadpool_limits:
    """A context in which products of matrices take one thread: these are many small ones, faster alone than shared."""
    from threadpoolctl import threadpool_limits

    return threadpool_limits(1, "blas")
