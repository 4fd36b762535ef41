"""How alike a participant's turns of two sessions are, in three ways, against noise and chance.

The ways: the cosine of mean embeddings less what the speaker and the case sound like anyway; the energy distance of
all embeddings (Székely and Rizzo 2013); and the Jensen-Shannon distance of the emotions' shares (Endres and Schindelin
2003). Everything is computed from sums over blocks of neighbouring turns (``blocks``). The value, its floor and its
interval are from blocks that hold all turns; p is from blocks with turns left out between them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal, get_args

import numpy as np

from ..resampling import Floats
from .arrangements import BlockPair, drawn, halved, shuffled
from .blocks import FLOOR_SHUFFLES, PERMUTATIONS, block_length, block_members, spacing
from .voice_blocks import Voice

Way = Literal["cosine", "energy_distance", "emotion_distance"]

WAYS: tuple[Way, ...] = get_args(Way)
"""``cosine`` is 1 for what is the same, the two distances are 0."""

_SIGNS = np.array([-1.0, 1.0, 1.0])[:, None, None]  # by way: larger is more alike, or less
_BIASES = np.array([2.0, 1.0, 2.0])[:, None]  # how often the bias of bootstrap samples is taken off
_LOWEST, _HIGHEST = np.array([-1.0, -np.inf, 0.0])[:, None], np.ones((3, 1))
_TAIL = 0.025
_ROUNDING = 1e-7
_AT_ONCE = 8  # comparisons in one product of matrices: more do not fit into the processor's cache


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
        Share of the shuffles of blocks with turns left out between them that are at least as unlike as these blocks
        are, themselves counted; nan where there are too few turns for that.
    low, high : float
        95 % bootstrap interval over the blocks of turns of each session.
    """

    value: float
    floor: float
    p: float
    low: float
    high: float


@dataclass(frozen=True)
class InBlocks:
    """Two sessions ready to be compared: all that is kept of their turns.

    Parameters
    ----------
    whole : BlockPair
        In blocks that hold all turns.
    spaced : BlockPair or None
        In blocks with turns left out between them; None where there are too few turns for p.
    """

    whole: BlockPair
    spaced: BlockPair | None

    @classmethod
    def of(cls, ours: Voice, theirs: Voice, centre: Floats, memory: int | None) -> InBlocks:
        """Put two sessions into blocks.

        Parameters
        ----------
        ours, theirs : Voice
            With the same origin.
        centre : np.ndarray, shape (dimension,)
            What both sound like anyway, less the origin. It must not depend on either session.
        memory : int or None
            Turns after which the participant no longer sounds alike (``memory.shared_memory``); without it there is no
            p.
        """
        apart, sides = ours.distances(theirs), (ours, theirs)
        length = block_length(len(ours), len(theirs))
        whole = [each.in_blocks(block_members(len(each), length)) for each in sides]
        found = spacing(min(len(ours), len(theirs)), memory)
        spaced = [each.in_blocks(found.members(len(each))) for each in sides] if found else None
        return cls(
            BlockPair.of(whole[0], whole[1], apart, centre),
            BlockPair.of(spaced[0], spaced[1], apart, centre) if spaced else None,
        )


def compare_pair(ours: Voice, theirs: Voice, centre: Floats, memory: int | None) -> dict[Way, Likeness]:
    """Compare two sessions in all ways, with what chance would give and bootstrap intervals (``InBlocks.of``)."""
    return compare_all([InBlocks.of(ours, theirs, centre, memory)])[0]


def compare_all(pairs: Iterable[InBlocks]) -> list[dict[Way, Likeness]]:
    """Compare pairs of sessions in all ways, as many at once as are in blocks of the same kind.

    Shuffles and samples are drawn with fixed seeds: the same pair gives the same figures, whatever else is compared.
    """
    given = list(pairs)
    figures = np.full((5, len(WAYS), len(given)), np.nan)
    for chosen in _alike([pair.whole for pair in given]):
        figures[np.ix_([0, 1, 3, 4], range(len(WAYS)), chosen)] = _described([given[at].whole for at in chosen])
    for chosen in _alike([pair.spaced for pair in given]):
        figures[2][:, chosen] = _chances([pair for at in chosen if (pair := given[at].spaced)])
    return [
        {way: Likeness(*figures[:, at, each].tolist()) for at, way in enumerate(WAYS)} for each in range(len(given))
    ]


def split_halves(own: Voice, centre: Floats) -> dict[Way, float]:
    """The split-half noise floor of one session: each way between its random halves, the median of a hundred splits."""
    blocks = own.in_blocks(block_members(len(own), block_length(len(own))))
    found = np.median(halved(BlockPair.alone(blocks, centre)), axis=1)
    return dict(zip(WAYS, found.tolist(), strict=True))


def _alike(pairs: Sequence[BlockPair | None]) -> Iterable[list[int]]:
    """Places of pairs that can be compared at once."""
    by_shape: dict[tuple[int, ...], list[int]] = {}
    for at, pair in enumerate(pairs):
        if pair is not None:
            by_shape.setdefault((*pair.shape, *pair.seconds.shape), []).append(at)
    for places in by_shape.values():
        yield from (places[start : start + _AT_ONCE] for start in range(0, len(places), _AT_ONCE))


def _described(pairs: Sequence[BlockPair]) -> Floats:
    """Value, floor, low and high of each way, shape (4, ways, pairs)."""
    found = shuffled(pairs, FLOOR_SHUFFLES)
    seen, floor = found[:, :, 0], np.median(found[:, :, 1:], axis=2)
    count, ours = pairs[0].shape
    return np.stack([seen, floor, *_limits(seen, drawn(pairs), _tail(min(ours, count - ours)))])


def _chances(pairs: Sequence[BlockPair]) -> Floats:
    """p of each way, shape (ways, pairs)."""
    unlike = _SIGNS * shuffled(pairs, PERMUTATIONS)
    return np.asarray((unlike >= unlike[:, :, :1] - _ROUNDING).mean(axis=2))


def _limits(seen: Floats, samples: Floats, tail: float) -> tuple[Floats, Floats]:
    """Both ends of the intervals, shape (ways, pairs) each."""
    # Samples with repeated blocks look less alike than the sessions are. So do sessions of few turns beside what many
    # turns would show, as much again, except by the energy distance, which is unbiased.
    bias = (samples.mean(axis=2) - seen) * _BIASES
    low, high = np.clip(np.quantile(samples, [tail, 1 - tail], axis=2) - bias, _LOWEST, _HIGHEST)
    return np.minimum(low, seen), np.maximum(high, seen)


@cache
def _tail(num_blocks: int) -> float:
    """Of the expanded percentiles for so many blocks (Hesterberg 2015), which plain ones are too narrow for."""
    from scipy.stats import norm, t

    return float(norm.cdf(t.ppf(_TAIL, max(num_blocks - 1, 1)) * np.sqrt(num_blocks / max(num_blocks - 1, 1))))
