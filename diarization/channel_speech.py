"""When somebody speaks in one channel: the embedded segmentation network, chunk by chunk, in bounded memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .channel_levels import FRAME_STEP
from .recordings import SAMPLING_RATE, Waveform

CHUNK = 5 * SAMPLING_RATE
STEP = 0.25
"""Share of a chunk between one chunk and the next, so that every moment is heard four times."""

_BATCH = 16


def speech_probability(
    waveform: Waveform, network: Any, report: Callable[[float], None] | None = None
) -> NDArray[np.float32]:
    """How likely somebody speaks in each frame of 20 ms, shape (frames,): the mean over the chunks that hear it.

    Parameters
    ----------
    waveform : np.ndarray, shape (samples,)
        Or anything that gives stretches as ``cut`` asks for them.
    network : pyannote.audio.models.segmentation.PyanNet
        Gives (chunks, frames, local speakers).
    report : callable, optional
        Told the share that is done.
    """
    frames = -(-len(waveform) // round(FRAME_STEP * SAMPLING_RATE))
    sums, counts = np.zeros(frames), np.zeros(frames)
    step = int(CHUNK * STEP)
    starts = list(range(0, max(1, len(waveform) - CHUNK + step), step))
    for at in range(0, len(starts), _BATCH):
        batch = starts[at : at + _BATCH]
        for start, heard in zip(batch, _heard(waveform, batch, network), strict=True):
            _add(sums, counts, start / SAMPLING_RATE, heard)
        if report:
            report(min(1.0, (at + len(batch)) / len(starts)))
    return (sums / np.maximum(counts, 1)).astype(np.float32)


def _heard(waveform: Waveform, starts: list[int], network: Any) -> NDArray[np.float32]:
    """Probability of the likeliest local speaker, shape (chunks, network's frames)."""
    import torch

    chunks = np.zeros((len(starts), CHUNK), np.float32)
    for row, start in enumerate(starts):
        piece = waveform[start : start + CHUNK]
        chunks[row, : len(piece)] = piece
    with torch.inference_mode():
        found = network(torch.from_numpy(chunks)[:, None])
    return np.asarray(found.max(dim=-1).values.numpy(), np.float32)


def _add(sums: NDArray[Any], counts: NDArray[Any], start: float, heard: NDArray[np.float32]) -> None:
    first = round(start / FRAME_STEP)
    size = min(round(CHUNK / SAMPLING_RATE / FRAME_STEP), len(sums) - first)
    middles = (np.arange(size) + 0.5) * FRAME_STEP
    times = (np.arange(len(heard)) + 0.5) * CHUNK / SAMPLING_RATE / len(heard)
    sums[first : first + size] += np.interp(middles, times, heard)
    counts[first : first + size] += 1
