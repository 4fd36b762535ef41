"""Where clips lie on the one line that the network hears, and which clips run together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from heapq import heapify, heapreplace

import numpy as np
from numpy.typing import NDArray

from .emotion2vec_checkpoint import Checkpoint, ConvLayers


@dataclass(frozen=True)
class Line:
    """Where the frames of several clips lie on one line.

    Parameters
    ----------
    starts, frames : tuple of int
        First frame and number of frames of each clip, in order.
    length : int
        Frames of the whole line.
    hop, reach : int
        Samples from one frame to the next, and samples that a frame hears.
    """

    starts: tuple[int, ...]
    frames: tuple[int, ...]
    length: int
    hop: int
    reach: int

    @classmethod
    def of(cls, lengths: Sequence[int], checkpoint: Checkpoint) -> Line:
        """The line of clips with these numbers of samples, with room between them for every convolution."""
        hop, reach = checkpoint.samples_per_frame, checkpoint.min_samples
        room = max(checkpoint.positional_kernel // 2, -(-(reach - hop) // hop))
        frames = tuple(num_frames(length, checkpoint.layers) for length in lengths)
        used = np.maximum(np.array(frames) + room, -(-np.array(lengths) // hop))
        starts = np.cumsum([0, *used[:-1]])
        # The last clip's samples past its last frame need a place too.
        length = max(int(starts[-1]) + frames[-1], -(-(int(starts[-1]) * hop + lengths[-1] - reach) // hop) + 1)
        return cls(tuple(starts.tolist()), frames, length, hop, reach)

    @property
    def samples(self) -> int:
        """Samples of the whole line."""
        return (self.length - 1) * self.hop + self.reach

    def heard(self) -> NDArray[np.bool_]:
        """Whether a frame belongs to a clip, ``shape (length,)``."""
        heard = np.zeros(self.length, np.bool_)
        for start, count in zip(self.starts, self.frames, strict=True):
            heard[start : start + count] = True
        return heard

    def gaps(self) -> list[slice]:
        """The frames that belong to no clip, in order."""
        ends = [start + count for start, count in zip(self.starts, self.frames, strict=True)]
        return [slice(*each) for each in zip(ends, [*self.starts[1:], self.length], strict=True) if each[0] < each[1]]


def num_frames(samples: int, layers: ConvLayers) -> int:
    """Frames that the front end gives for so many samples.

    >>> num_frames(16_000, [(512, 10, 5)] + [(512, 3, 2)] * 4 + [(512, 2, 2)] * 2)
    49
    """
    for _, kernel, stride in layers:
        samples = (samples - kernel) // stride + 1
    return samples


def plan_batches(frames: Sequence[int], budget: float, per_pair: float = 0.0) -> list[list[int]]:
    """Which clips run together: longest first, together within the budget, unless a single clip is over it.

    Parameters
    ----------
    frames : sequence of int
        Frames of each clip.
    budget : float
        What a batch may cost, where a frame costs 1.
    per_pair : float
        What a pair of frames costs: the attention bias holds the frames of the longest clip squared, once a batch.

    Examples
    --------
    >>> plan_batches([10, 60, 30, 40], 100)
    [[1, 3], [2, 0]]
    >>> plan_batches([10, 60, 30, 40], 100, per_pair=0.01)
    [[1], [3, 2, 0]]
    """
    batches: list[list[int]] = []
    room = 0.0
    for index in sorted(range(len(frames)), key=lambda index: -frames[index]):
        if not batches or frames[index] > room:
            batches.append([])
            room = budget - per_pair * frames[index] ** 2
        batches[-1].append(index)
        room -= frames[index]
    return batches


def even_batches(costs: Sequence[float], count: int) -> list[list[int]]:
    """Which clips run together in so many batches that take about as long each: the costliest clip first, each to the
    batch that has least to do (Graham, 1969). The batch with most to do comes first; none is empty.

    Examples
    --------
    >>> even_batches([10, 60, 30, 40], 2)
    [[1, 0], [3, 2]]
    >>> even_batches([10, 60], 4)
    [[1], [0]]
    """
    batches: list[list[int]] = [[] for _ in range(min(count, len(costs)))]
    loads = [(0.0, number) for number in range(len(batches))]
    heapify(loads)
    for index in sorted(range(len(costs)), key=lambda index: -costs[index]):
        load, number = loads[0]
        batches[number].append(index)
        heapreplace(loads, (load + costs[index], number))
    return [batches[number] for _, number in sorted(loads, key=lambda load: (-load[0], load[1]))]
