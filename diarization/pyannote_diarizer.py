"""The reference diarizer: pyannote's community-1, or any other pyannote pipeline that is on this machine."""

from __future__ import annotations

import warnings
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np

from .diarizations import Diarization
from .diarizers import DiarizationConfig, ModelUse, Progress
from .pyannote_output import diarization_from
from .pyannote_pipelines import build_pipeline, find_pipeline, use_of
from .recordings import SAMPLING_RATE, Waveform

SHORTEST = 0.2
"""Seconds; nobody is looked for in a waveform shorter than this, which is less than a turn."""

CPU_BATCH = 8
"""Chunks at once in the embedding network on a processor: no slower than more, in less memory, with more progress."""

_SHARES = {
    "segmentation": (0.0, 0.15),
    "speaker_counting": (0.15, 0.15),
    "embeddings": (0.15, 0.95),
    "discrete_diarization": (0.95, 1.0),
}
"""Share of the work before and after each of pyannote's steps."""


class PyannoteDiarizer:
    """Finds speakers with a pyannote pipeline. Nothing is fetched and nothing leaves the machine.

    Parameters
    ----------
    model : str, optional
        ``pyannote-community-1`` where left out; else a local folder with ``config.yaml`` in it, or ``org/name`` of a
        pipeline that was fetched or lies in Hugging Face's own cache.
    device : str
        ``cpu``, ``cuda`` or ``mps``.
    """

    name = "pyannote"

    def __init__(self, model: str | None = None, device: str = "cpu") -> None:
        self._model = model
        self._device = device

    @property
    def uses(self) -> list[ModelUse]:
        """The pipeline, at the revision on this machine.

        Raises
        ------
        ModelError
            Where it is not on this machine.
        """
        return [use_of(find_pipeline(self._model))]

    def diarize(self, waveform: Waveform, config: DiarizationConfig, progress: Progress | None = None) -> Diarization:
        """Find the speakers of one waveform; silence, and less than 0.2 s, gives a Diarization without segments.

        Fewer speakers than asked for are found where the waveform has not as many stretches of speech to tell apart.
        Progress names pyannote's steps (``segmentation``, ``embeddings``, ...) and the share of the whole that is done.

        Raises
        ------
        ModelError
            Where the pipeline is not on this machine, or its files are not what they should be.
        """
        if len(waveform) < SHORTEST * SAMPLING_RATE:
            return Diarization(())
        import torch

        samples = torch.from_numpy(np.require(waveform, np.float32, ["C", "W"]))
        counts = (config.num_speakers, config.min_speakers, config.max_speakers)
        output = self._apply(samples, counts, progress)
        pipeline = self._pipeline
        found = diarization_from(output, len(waveform) / SAMPLING_RATE, pipeline.confidence, pipeline.count)
        return replace(found, notes=pipeline.notes)

    def _apply(self, samples: Any, counts: tuple[int | None, ...], progress: Progress | None) -> Any:
        file = {"waveform": samples[None], "sample_rate": SAMPLING_RATE, "uri": "recording"}
        names = ("num_speakers", "min_speakers", "max_speakers")
        pipeline = self._pipeline
        with warnings.catch_warnings(), np.errstate(invalid="ignore"):
            warnings.filterwarnings("ignore", message="Mean of empty slice")  # no speech long enough for a voice
            return pipeline(file, **dict(zip(names, counts, strict=True)), hook=_hook(progress))

    @cached_property
    def _pipeline(self) -> Any:
        import torch

        pipeline = build_pipeline(find_pipeline(self._model)).to(torch.device(self._device))
        if self._device == "cpu":
            pipeline.embedding_batch_size = min(pipeline.embedding_batch_size, CPU_BATCH)
        return pipeline


def _hook(progress: Progress | None) -> Any:
    """What pyannote calls after each step, and within the long ones with the batches done so far."""

    def report(
        step: str, artifact: Any, file: Any = None, total: int | None = None, completed: int | None = None
    ) -> None:
        if progress and step in _SHARES:
            before, after = _SHARES[step]
            share = min(1.0, (completed or 0) / total) if total else 1.0
            progress(step, before + (after - before) * share)

    return report
