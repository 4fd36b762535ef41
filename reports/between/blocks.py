"""Blocks of neighbouring turns, which are drawn and shuffled as one.

Neighbouring turns are alike: the same topic, the same mood. Shuffling single turns would take them for as many
independent observations and find differences in noise; blocks keep what neighbours share (Künsch 1989, Annals of
Statistics 17, 1217-1241). The last turn of a block is still like the first of the next, which makes p too small where
blocks are short. So for p, turns between the blocks are left out, as many as somebody goes on sounding alike
(``memory``): blocks of one length with nothing in common can be exchanged, and p is right however alike neighbours are.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import isqrt
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..resampling import Floats

if TYPE_CHECKING:
    from threadpoolctl import threadpool_limits

PERMUTATIONS = 999
FLOOR_SHUFFLES = 199
RESAMPLES = 499
SPLITS = 100
LEAST_BLOCKS = 4
"""Blocks on each side: four and four are parted in 70 ways; with three and three p is never below 0.05."""
_GOOD_BLOCKS = 6  # with which p can be small enough to pass the correction for many tests
_LEAST_MEMORIES = 5  # times that a session is as long as its turns are alike
_LEAST_MEMORY = 3  # turns; that it is shorter cannot be told from so few


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


@lru_cache(maxsize=256)
def block_members(count: int, length: int) -> NDArray[np.float32]:
    """Which turns are in which of the blocks that hold all of them, shape (blocks, turns): 0 or 1."""
    starts = block_starts(count, length)
    own = np.searchsorted(starts, np.arange(count), "right") - 1
    return np.asarray(own == np.arange(len(starts))[:, None], np.float32)


@dataclass(frozen=True)
class Spacing:
    """Blocks of equal length with turns left out between them.

    Parameters
    ----------
    length : int
        Turns in a block.
    gap : int
        Turns, at least, from the end of a block to the begin of the next.
    """

    length: int
    gap: int

    def number(self, count: int) -> int:
        """How many blocks fit into so many turns."""
        return (count + self.gap) // (self.length + self.gap)

    def members(self, count: int) -> NDArray[np.float32]:
        """Which turns are in which block, shape (blocks, turns): 0 or 1; the blocks are spread evenly."""
        number = self.number(count)
        starts = (np.arange(number) * (count - self.length)) // max(number - 1, 1)
        turns = np.arange(count)
        return np.asarray((turns >= starts[:, None]) & (turns < starts[:, None] + self.length), np.float32)


def least_turns(memory: int) -> int:
    """Turns in each of the sessions compared that p needs where somebody sounds alike for so many turns.

    >>> least_turns(1), least_turns(3)
    (15, 15)
    """
    return _LEAST_MEMORIES * max(memory, _LEAST_MEMORY)


@lru_cache(maxsize=1024)
def spacing(smallest: int, memory: int | None, least: int = LEAST_BLOCKS, good: int = _GOOD_BLOCKS) -> Spacing | None:
    """Blocks for comparing sessions of which the smallest has so many turns; None where these are too few for p.

    As long as the square root of their number where that leaves blocks enough, else shorter, down to single turns.

    Parameters
    ----------
    memory : int or None
        Turns after which somebody no longer sounds alike (``memory.memory_of``). One turn is left out at least.
    least, good : int
        Blocks that there have to be in the smallest, and that there should be for p to be small enough.

    Examples
    --------
    >>> spacing(100, 3), spacing(40, 3), spacing(15, 1), spacing(14, 3)
    (Spacing(length=10, gap=2), Spacing(length=5, gap=2), Spacing(length=1, gap=1), None)
    """
    if memory is None or smallest < least_turns(memory):
        return None
    gap = max(memory - 1, 1)
    for blocks in (max(good, least), least):
        length = (smallest + gap) // blocks - gap
        if length >= (gap if blocks > least else 1):
            return Spacing(min(length, isqrt(smallest)), gap)
    return None


@lru_cache(maxsize=128)
def shuffled_sides(ours: int, theirs: int, shuffles: int = PERMUTATIONS) -> Floats:
    """Which blocks are on the first side, shape (1 + shuffles, ours + theirs): as they are first, then shuffled."""
    sides = np.tile(np.arange(ours + theirs) < ours, (shuffles + 1, 1))
    sides[1:] = np.random.default_rng(0).permuted(sides[1:], axis=1)
    return sides.astype(np.float64)


@lru_cache(maxsize=128)
def shuffled_labels(labels: bytes, shuffles: int) -> NDArray[np.int64]:
    """Labels of blocks (as bytes of int64), shape (1 + shuffles, blocks): as they are first, then shuffled."""
    rows = np.tile(np.frombuffer(labels, np.int64), (shuffles + 1, 1))
    rows[1:] = np.random.default_rng(0).permuted(rows[1:], axis=1)
    return rows


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
