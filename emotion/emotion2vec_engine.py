"""Runs an emotion2vec network over any number of clips, in batches that the device's memory holds."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import closing
from dataclasses import dataclass
from itertools import count as count_from
from math import ceil
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from diarization.errors import ModelError
from diarization.recordings import SAMPLING_RATE, Waveform

from .emotion2vec_checkpoint import Checkpoint, load_model
from .emotion2vec_lines import Line, even_batches, num_frames, plan_batches
from .emotion2vec_network import Network
from .precisions import REFERENCE, PrecisionName, check_precision

if TYPE_CHECKING:
    from torch import Tensor

CPU_BUDGET = 12.0
"""Seconds of sound in a batch on the CPU, of which one runs on each thread; more gives no more speed there."""

_CUDA_BUDGETS = (20.0, 600.0)  # seconds: the least and the most in a batch
_ATTENTION = 3  # attention takes as long as all other products of a clip that has so many frames for each channel
_VECTORS = 16  # a frame takes at the widest point of a block: estimated; where it is too few, batches are halved


@dataclass(frozen=True)
class ClipOutput:
    """What the network gives for one clip.

    Parameters
    ----------
    embedding : np.ndarray, shape (dimension,)
        Mean of the last layer over the frames.
    logits : np.ndarray, shape (classes,)
        The classifier on the embedding, a value a class of the checkpoint, unused ones included.
    frame_logits : np.ndarray, shape (frames, classes)
        The classifier on each frame; their mean is ``logits``.
    """

    embedding: NDArray[np.float32]
    logits: NDArray[np.float32]
    frame_logits: NDArray[np.float32]


@dataclass(frozen=True)
class _Batch:
    """Clips that run together: where they lie, and their sound, ``(line.samples,)``."""

    line: Line
    sound: Tensor


class Emotion2vecEngine:
    """A loaded emotion2vec network.

    Parameters
    ----------
    checkpoint : Checkpoint
        Its weights are read here.
    device : str
        ``cpu``, ``cuda`` or ``mps``.
    budget : float, optional
        Seconds of sound that run at once, in one batch or in one a thread of the CPU; found from the device's free
        memory where left out. It changes memory and speed, not results.
    precision : str
        What to compute in; only ``float32`` is exact.

    Raises
    ------
    ConfigError
        Where the device cannot compute in that precision.
    """

    def __init__(
        self,
        checkpoint: Checkpoint,
        device: str = "cpu",
        budget: float | None = None,
        precision: PrecisionName = REFERENCE,
    ) -> None:
        self.checkpoint = checkpoint
        self.device = device
        self.budget = budget
        self.overlap = device != "cpu"  # a CPU's cores are all in the network already
        own, model = check_precision(precision, device), load_model(checkpoint)
        self._network = Network(model, checkpoint, own, device)
        self._classifier: Any = model.proj.to(device)

    def run(self, waveforms: Sequence[Waveform], progress: Callable[[float], None] | None = None) -> list[ClipOutput]:
        """The network's output for each clip, in order.

        Where the device's memory does not hold a batch, the batch is halved. Beside a GPU the next batch is made ready
        while one runs; on a CPU several batches run at once, a thread each.

        Parameters
        ----------
        waveforms : sequence of np.ndarray, shape (samples,)
            16 kHz, each at least ``checkpoint.min_samples`` long.
        progress : callable, optional
            Called with the share of the sound that is done.

        Raises
        ------
        ModelError
            Where not even a single clip fits into the device's memory.
        """
        plan = self._planned(waveforms)
        beside = min(len(plan), self._beside(waveforms))
        found = self._side_by_side(plan, waveforms, beside) if beside > 1 else self._in_order(plan, waveforms)
        outputs: dict[int, ClipOutput] = {}
        with closing(found):  # where ``progress`` raises, nothing runs on
            for some in found:
                outputs |= some
                if progress:
                    progress(sum(len(waveforms[index]) for index in outputs) / sum(map(len, waveforms)))
        return [outputs[index] for index in range(len(waveforms))]

    def _in_order(self, plan: list[list[int]], waveforms: Sequence[Waveform]) -> Generator[dict[int, ClipOutput]]:
        """What the batches give, one after the other, those that memory does not hold in halves."""
        waiting = plan[::-1]
        with ThreadPoolExecutor(1) as beside:
            ahead: dict[tuple[int, ...], Future[_Batch]] = {}
            while waiting:
                indices = waiting.pop()
                ready = ahead.pop(tuple(indices), None)
                batch = ready.result() if ready else self._batch([waveforms[index] for index in indices])
                if waiting and self.overlap:
                    coming = [waveforms[index] for index in waiting[-1]]
                    ahead = {tuple(waiting[-1]): beside.submit(self._batch, coming)}
                try:
                    found = self._run_batch(batch)
                except _out_of_memory() as error:
                    waiting += _halved(indices, waveforms, self.device, error)
                    _free_memory(self.device)
                    continue
                yield dict(zip(indices, found, strict=True))

    def _side_by_side(
        self, plan: list[list[int]], waveforms: Sequence[Waveform], beside: int
    ) -> Generator[dict[int, ClipOutput]]:
        """What the batches give, as many at once as said, each on its share of the CPU's threads.

        Threads that work on one small product wait for each other after each of thousands; on batches of their own they
        do not.
        """
        import torch

        threads = self._threads()

        def outputs(indices: list[int]) -> dict[int, ClipOutput]:
            return {index: one for some in self._in_order([indices], waveforms) for index, one in some.items()}

        pool = ThreadPoolExecutor(beside, initializer=torch.set_num_threads, initargs=(threads // beside,))
        try:
            for done in as_completed([pool.submit(outputs, indices) for indices in plan]):
                yield done.result()
        finally:
            pool.shutdown(cancel_futures=True)
            torch.set_num_threads(threads)  # a thread that sets its own number sets that of threads to come as well

    def _threads(self) -> int:
        """Threads that the CPU's work may take; 1 where another device does it."""
        import torch

        return torch.get_num_threads() if self.device == "cpu" else 1

    def _beside(self, waveforms: Sequence[Waveform]) -> int:
        """Batches that run at once: one a thread of the CPU, but no more than a budget that was set holds of the
        longest clip."""
        threads = self._threads()
        if self.budget is None:
            return threads
        longest = max(map(len, waveforms), default=1)
        return min(threads, max(1, int(self.budget * SAMPLING_RATE / longest)))

    def _planned(self, waveforms: Sequence[Waveform]) -> list[list[int]]:
        """Which clips run together, what takes longest first."""
        settings, step = self.checkpoint.settings, self.checkpoint.samples_per_frame
        frame_bytes, pair_bytes = 4 * settings.embed_dim * _VECTORS, 4 * settings.num_heads
        beside = self._beside(waveforms)
        seconds = self.budget or beside * _budget_of(self.device, frame_bytes * SAMPLING_RATE / step)
        frames = [num_frames(len(each), self.checkpoint.layers) for each in waveforms]
        budget, per_pair = seconds * SAMPLING_RATE / step / beside, pair_bytes / frame_bytes
        if beside == 1:
            return plan_batches(frames, budget, per_pair)
        costs = [count * (1 + count / (_ATTENTION * settings.embed_dim)) for count in frames]
        for number in count_from(beside * ceil(sum(frames) / budget / beside), beside):
            batches = even_batches(costs, number)
            if all(len(each) == 1 or _held(frames, each, per_pair) <= budget for each in batches):
                break
        return batches

    def warm_up(self) -> None:
        """Run a second of silence, so that the first clip finds memory and kernels ready."""
        self.run([np.zeros(max(SAMPLING_RATE, self.checkpoint.min_samples), np.float32)])

    def _batch(self, waveforms: Sequence[Waveform]) -> _Batch:
        line = Line.of([len(each) for each in waveforms], self.checkpoint)
        return _Batch(line, self._line_of_sound(waveforms, line))

    def _run_batch(self, batch: _Batch) -> list[ClipOutput]:
        import torch

        with torch.inference_mode():
            frames = self._network(batch.sound.to(self.device), batch.line)
            embeddings = torch.stack([clip.mean(dim=0) for clip in frames])
            logits, frame_logits = self._classifier(embeddings), self._classifier(torch.cat(frames))
            each_frame = frame_logits.cpu().numpy()
        stops = np.cumsum(batch.line.frames)[:-1]
        rows = zip(embeddings.cpu().numpy(), logits.cpu().numpy(), np.split(each_frame, stops), strict=True)
        return [ClipOutput(*row) for row in rows]

    def _line_of_sound(self, waveforms: Sequence[Waveform], line: Line) -> Tensor:
        """The clips at their places, ``(line.samples,)``, each normalised as if alone."""
        import torch
        from torch.nn.functional import layer_norm

        sound = torch.zeros(line.samples)
        for waveform, start in zip(waveforms, line.starts, strict=True):
            clip = torch.from_numpy(np.array(waveform, dtype=np.float32))
            clip = layer_norm(clip, clip.shape) if self.checkpoint.settings.normalize else clip
            sound[start * line.hop : start * line.hop + len(clip)] = clip
        return sound


def _held(frames: Sequence[int], batch: Sequence[int], per_pair: float) -> float:
    """What a batch takes of the budget.

    >>> _held([10, 60, 30], [0, 2], per_pair=0.01)
    49.0
    """
    return sum(frames[index] for index in batch) + per_pair * max(frames[index] for index in batch) ** 2


def _budget_of(device: str, bytes_a_second: float) -> float:
    """Seconds of sound in a batch: what half of the free memory holds."""
    if device != "cuda":
        return CPU_BUDGET
    import torch

    free, _ = torch.cuda.mem_get_info()
    least, most = _CUDA_BUDGETS
    return min(most, max(least, free / 2 / bytes_a_second))


def _out_of_memory() -> type[Exception]:
    import torch

    return torch.OutOfMemoryError


def _halved(batch: list[int], waveforms: Sequence[Waveform], device: str, error: Exception) -> list[list[int]]:
    if len(batch) == 1:
        seconds = len(waveforms[batch[0]]) / SAMPLING_RATE
        raise ModelError(
            f"emotion2vec: the memory of {device} does not hold a single window of {seconds:.1f} s; set"
            " emotion.max_window lower, or choose the device cpu"
        ) from error
    middle = len(batch) // 2
    return [batch[middle:], batch[:middle]]


def _free_memory(device: str) -> None:
    import torch

    if device == "cuda":
        torch.cuda.empty_cache()
    elif device == "mps":
        torch.mps.empty_cache()
