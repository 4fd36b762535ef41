"""What all stages of one analysis share: models, cache, progress, and the time each takes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any

from diarization.diarizers import ModelUse

from ..cache import StageCache, key_of
from ..codecs import Arrays
from ..engines import Engines

STAGES = ("read", "diarize", "turns", "recognize", "save")
"""The stages in order; progress names them."""

CODE = 2
"""Raised where a stage's code changes its results, so that what is cached from before no longer counts."""

Progress = Callable[[str, float], None]
"""Called with the name of a stage and the share of it that is done, 0 to 1."""


@dataclass
class Run:
    """One recording on its way through the stages.

    Parameters
    ----------
    engines : Engines
        The models.
    cache : StageCache
        Where stages look first.
    progress : callable
        Told about every step.
    seconds : dict
        What each stage took, so far.
    cached : list of str
        The stages that were found in the cache.
    """

    engines: Engines
    cache: StageCache
    progress: Progress
    seconds: dict[str, float] = field(default_factory=dict)
    cached: list[str] = field(default_factory=list)

    @contextmanager
    def stage(self, name: str) -> Iterator[Progress]:
        """Times a stage and says that it begins and ends; gives what its steps report to."""
        begun = time.perf_counter()
        furthest = 0.0

        def report(_step: str, share: float) -> None:
            nonlocal furthest
            furthest = max(furthest, min(share, 1.0))
            self.progress(name, furthest)

        self.progress(name, 0.0)
        yield report
        self.progress(name, 1.0)
        self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - begun

    def remembered(self, recording: str, stage: str, key: str, find: Callable[[], Arrays]) -> Mapping[str, Any]:
        """What the stage found before with this key, else what it finds now."""
        known = self.cache.get(recording, stage, key)
        if known is not None:
            self.cached.append(stage)
            return known
        found = find()
        self.cache.put(recording, stage, key, found)
        return found


def stage_key(stage: str, uses: list[ModelUse], settings: Any) -> str:
    """What a stage's result depends on, beside the recording: its code, its models, its own settings."""
    return key_of(CODE, stage, [_identity(use) for use in uses], settings)


def _identity(use: ModelUse) -> dict[str, Any]:
    facts = asdict(use)
    return {name: facts[name] for name in ("name", "revision", "details")}
