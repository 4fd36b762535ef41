"""What a session's results stand on: models, settings, versions, device, time."""

from __future__ import annotations

import datetime
import platform
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from diarization.recordings import Recording

from .stages.running import Run

_LIBRARIES = ("numpy", "torch", "pyannote.audio", "funasr", "librosa")


def provenance_of(recording: Recording, run: Run) -> dict[str, Any]:
    """JSON values: how the recording was analysed in this run.

    The real-time factor is the time taken over the recording's duration; None where stages were found in the cache.
    """
    taken = sum(run.seconds.values())
    return {
        **run.engines.provenance(),
        "choices": [*run.engines.choices(), *run.engines.calibration_choice()],
        "config": run.engines.config.model_dump(),
        "device": run.engines.device,
        "versions": _versions(),
        "analysed": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "cached": list(run.cached),
        "seconds": {stage: round(seconds, 3) for stage, seconds in run.seconds.items()},
        "real_time_factor": None if run.cached else round(taken / recording.duration, 4),
    }


def _versions() -> dict[str, str]:
    versions = {
        "turntone": library_version("turntone"),
        "python": platform.python_version(),
        "system": platform.platform(),
    }
    return versions | {name: library_version(name) for name in _LIBRARIES}


def library_version(library: str) -> str:
    """The installed version of a library, ``unknown`` where it is not installed as one."""
    try:
        return version(library)
    except PackageNotFoundError:
        return "unknown"
