"""How good the diarization is on recordings whose turns are known."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from diarization.audio import Sound, read
from diarization.diarizations import Diarization
from pipeline.cache import StageCache
from pipeline.stages.diarize import diarize
from pipeline.stages.running import Run

from .diarization_errors import PARTS, error_seconds, jaccard_error
from .recording_results import (
    DiarizationResult,
    diarization_figures,
    group_names,
    grouped,
    limits,
    rounded,
    three,
)
from .truth import Truth, read_truth, recordings_with_truth

if TYPE_CHECKING:
    from pipeline.config import Config
    from pipeline.engines import Engines

COLUMNS = (
    "recording", "DER", "95 %", "missed", "false alarm", "confusion", "JER", "95 %", "speakers", "found", "count error",
    "time factor",
)  # fmt: skip
"""Headings of ``DiarizationEvaluation.table``."""


@dataclass(frozen=True)
class DiarizationEvaluation:
    """Results over a folder, and how to read them."""

    folder: str
    count_given: bool
    recordings: tuple[DiarizationResult, ...]

    def to_json(self) -> dict[str, Any]:
        """Everything as JSON values: pooled, by number of speakers, by condition, and per recording."""
        return {
            "folder": self.folder,
            "count_given": self.count_given,
            "pooled": rounded(diarization_figures(self.recordings)),
            "by_num_speakers": self._by("num_speakers"),
            "by_condition": self._by("condition"),
            "recordings": [
                {"name": each.name, "condition": each.condition or None}
                | rounded(diarization_figures([each], interval=False))
                for each in self.recordings
            ],
        }

    def table(self) -> list[tuple[Any, ...]]:
        """Rows for the terminal in the order of ``COLUMNS``: each recording, each group, all."""
        single = [(each.name, [each]) for each in self.recordings]
        return [_row(name, own) for name, own in (*single, *group_names(self.recordings))]

    def tables(self) -> list[tuple[None, tuple[str, ...], list[tuple[Any, ...]]]]:
        """Title, headings and rows of the one table there is."""
        return [(None, COLUMNS, self.table())]

    def _by(self, what: str) -> dict[str, Any]:
        return {str(key): rounded(diarization_figures(own)) for key, own in grouped(self.recordings, what)}


def evaluate_diarization(
    folder: Path,
    config: Config,
    engines_of: Callable[[Config], Engines],
    count_given: bool = False,
    watch: Callable[[str, float], None] | None = None,
) -> DiarizationEvaluation:
    """Diarize every recording of a folder whose turns are known, and compare; no emotions, and nothing is stored.

    Parameters and errors are those of ``evaluation.evaluate_folder``.
    """
    pairs = [(audio, read_truth(rttm)) for audio, rttm in recordings_with_truth(folder)]
    engines = engines_of(config)
    noise = np.random.default_rng(0).normal(0, 0.01, 16_000).astype(np.float32)
    engines.diarizer.diarize(noise, engines.config.diarization)  # loads the models
    results = []
    for index, (audio, truth) in enumerate(pairs):
        if watch:
            watch(audio.name, index / len(pairs))
        results.append(_evaluated(audio, truth, engines_of(told(config, truth) if count_given else config)))
    return DiarizationEvaluation(str(folder), count_given, tuple(results))


def told(config: Config, truth: Truth) -> Config:
    """The settings with the true number of speakers in them."""
    known = config.diarization.model_copy(update={"num_speakers": len(truth.diarization.speakers) or None})
    return config.model_copy(update={"diarization": known})


def diarization_facts(audio: Path, truth: Truth, sound: Sound, found: Diarization, seconds: float) -> dict[str, Any]:
    """The fields of a ``DiarizationResult``."""
    reference, duration = truth.diarization, sound.recording.duration
    return {
        "name": audio.name,
        "duration": duration,
        "speech": sum(reference.talk_time(speaker) for speaker in reference.speakers),
        "errors": error_seconds(reference, found, duration),
        "num_speakers": len(reference.speakers),
        "num_found": len(found.speakers),
        "seconds": seconds,
        "condition": truth.condition,
        "jaccard": jaccard_error(reference, found, duration),
    }


def _evaluated(audio: Path, truth: Truth, engines: Engines) -> DiarizationResult:
    with tempfile.TemporaryDirectory() as folder:
        run = Run(engines, StageCache(Path(folder)), lambda _stage, _share: None)
        begun = time.perf_counter()
        sound = read(audio)
        found = diarize(sound, run)
        seconds = time.perf_counter() - begun
    return DiarizationResult(**diarization_facts(audio, truth, sound, found, seconds))


def _row(name: str, recordings: list[DiarizationResult]) -> tuple[Any, ...]:
    figures = diarization_figures(recordings, len(recordings) > 1)
    digits = "g" if len(recordings) == 1 else ".2f"
    return (
        name,
        three(figures["der"]),
        limits(figures, "der"),
        *(three(figures[part]) for part in PARTS),
        three(figures["jer"]),
        limits(figures, "jer"),
        *(format(figures[key], digits) for key in ("num_speakers", "num_found", "speaker_count_error")),
        three(figures["real_time_factor"]),
    )
