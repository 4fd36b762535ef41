"""Turntone: who spoke when, what each of them seemed to feel turn by turn, and how each speaker changes.

>>> import turntone
>>> session = turntone.analyze("call.wav")  # doctest: +SKIP
>>> session.turns[["start", "end", "speaker", "emotion", "confidence"]]  # doctest: +SKIP

``analyze``, ``analyze_many`` and ``measures`` are what the command line calls; ``Session`` is what an analysis gives;
``TurntoneError`` is what they raise. Nothing heavy is imported before one of them is used.
"""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from diarization.errors import TurntoneError
    from pipeline.sessions import Session

    from .api import analyze, analyze_many, compare, export, measures

try:
    __version__ = version("turntone")
except PackageNotFoundError:  # run from a source tree that is not installed
    __version__ = "0+unknown"

__all__ = ["Session", "TurntoneError", "__version__", "analyze", "analyze_many", "compare", "export", "measures"]

_HOMES = {
    "analyze": "turntone.api",
    "analyze_many": "turntone.api",
    "compare": "turntone.api",
    "export": "turntone.api",
    "measures": "turntone.api",
    "Session": "pipeline.sessions",
    "TurntoneError": "diarization.errors",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'turntone' has no attribute '{name}'")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
