"""The diarizer that needs no account and no hub: pyannote's pipeline with two small networks."""

from __future__ import annotations

from dataclasses import asdict
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from .clustering import VoiceClustering
from .clustering_rules import ClusteringRules
from .diarizations import Diarization
from .diarizers import DiarizationConfig, ModelUse, Progress
from .model_files import CATALOG, require_model, revision_of
from .pyannote_import import prepare_pyannote
from .pyannote_output import diarization_from
from .recordings import SAMPLING_RATE, Waveform
from .speaker_space import SPACE_CREDIT, hash_of_speaker_space, read_speaker_space

if TYPE_CHECKING:
    from .efficient_pipeline import EfficientDiarization

SEGMENTATION = "embedded-segmentation"
SPEAKER = "embedded-speaker"

CHUNK_STEP = 0.25  # share of a chunk of 5 s between one chunk and the next
BATCH_SIZE = 32  # chunks, or voices of chunks, at once
ONSET = 0.44  # probability from which a frame is speech
MAX_HOLE = 0.3  # seconds of silence inside a segment that are filled
SHORTEST = 0.05  # seconds; a waveform shorter than this holds nobody
STEPS = {"segmentation": (0.0, 0.45), "embeddings": (0.45, 1.0)}  # share of the work before and after each step


class EmbeddedDiarizer:
    """Finds speakers with pyannote's pipeline, its segmentation network of 2021 and GE2E voice embeddings.

    Parameters
    ----------
    device : str
        ``cpu``, ``cuda`` or ``mps``.
    """

    name = "embedded"

    def __init__(self, device: str = "cpu") -> None:
        self.device = device

    @property
    def uses(self) -> list[ModelUse]:
        """The two networks and the speaker space, with the settings that were chosen for them."""
        space = ModelUse("embedded-speaker-space", hash_of_speaker_space(), "CC0-1.0", SPACE_CREDIT)
        return [
            _use(SEGMENTATION, step=CHUNK_STEP, onset=ONSET, max_hole=MAX_HOLE),
            _use(SPEAKER, **asdict(ClusteringRules())),
            space,
        ]

    def diarize(self, waveform: Waveform, config: DiarizationConfig, progress: Progress | None = None) -> Diarization:
        """Find the speakers of one waveform; silence gives a Diarization without segments.

        Without ``num_speakers`` the number is found between ``min_speakers`` (1) and ``max_speakers`` (no limit).

        Raises
        ------
        ModelError
            Where the two embedded models are not on disk.
        """
        if len(waveform) < SHORTEST * SAMPLING_RATE:
            return Diarization(())
        import torch

        samples = torch.from_numpy(np.require(waveform, np.float32, ["C", "W"]))  # no copy, unless it is read-only
        output = self._pipeline(
            {"waveform": samples[None], "sample_rate": SAMPLING_RATE, "uri": "recording"},
            num_speakers=config.num_speakers,
            min_speakers=config.min_speakers,
            max_speakers=config.max_speakers,
            hook=_Hook(progress),
        )
        pipeline = self._pipeline
        return diarization_from(output, len(waveform) / SAMPLING_RATE, pipeline.confidence, pipeline.count)

    @cached_property
    def _pipeline(self) -> Any:
        return make_pipeline(self.device)


def make_pipeline(device: str = "cpu") -> EfficientDiarization:
    """pyannote's pipeline with the two embedded networks and this project's clustering, its parameters set.

    Raises
    ------
    ModelError
        Where the two embedded models are not on disk.
    """
    segmentation, speaker = require_model(SEGMENTATION), require_model(SPEAKER)
    prepare_pyannote()
    import torch
    from pyannote.audio.core.plda import PLDA

    from .efficient_pipeline import EfficientDiarization
    from .segmentation import load_segmentation
    from .speaker_encoder import load_speaker_encoder

    pipeline = EfficientDiarization(
        segmentation=load_segmentation(segmentation),
        segmentation_step=CHUNK_STEP,
        embedding=load_speaker_encoder(speaker),
        embedding_exclude_overlap=True,
        plda=PLDA.__new__(PLDA),  # the pipeline insists on one, which only another clustering would use
        clustering="AgglomerativeClustering",
        segmentation_batch_size=BATCH_SIZE,
        embedding_batch_size=BATCH_SIZE,
    )
    del pipeline.clustering  # else its parameters would have to be set
    pipeline.clustering = VoiceClustering(read_speaker_space())
    pipeline.instantiate({"segmentation": {"threshold": ONSET, "min_duration_off": MAX_HOLE}})
    return pipeline.to(torch.device(device))


class _Hook:
    """Passes pyannote's progress on as the share of the whole that is done."""

    def __init__(self, progress: Progress | None) -> None:
        self._progress = progress

    def __call__(
        self, step: str, artifact: Any, file: Any = None, total: int | None = None, completed: int | None = None
    ) -> None:
        if self._progress is None or step not in STEPS or not total:
            return
        before, after = STEPS[step]
        self._progress(step, before + (after - before) * min(1.0, (completed or 0) / total))


def _use(name: str, **details: Any) -> ModelUse:
    entry = CATALOG[name]
    return ModelUse(name, revision_of(name), entry.licence, entry.credit, details)
