"""What each kind of job does. Rooms above register theirs at start-up, in workers too."""

from __future__ import annotations

from collections.abc import Callable

from diarization.errors import ConfigError

from ..stages.running import Progress
from ..workspace import Workspace
from .job import Job

Handler = Callable[[Job, Workspace, Progress], str | None]
"""Does a job's work and gives the id of the session that came of it, if one did; may be done twice with one result.

What it raises ends the job: a TurntoneError at once, with its sentence; anything else after ``MAX_ATTEMPTS``.
"""

_HANDLERS: dict[str, Handler] = {}


def register(kind: str, handler: Handler) -> None:
    """Let jobs of this kind be done so; the last one registered counts."""
    _HANDLERS[kind] = handler


def kinds() -> tuple[str, ...]:
    """The kinds that can be worked on here."""
    from .analyses import ANALYZE, analyze_job

    _HANDLERS.setdefault(ANALYZE, analyze_job)
    return tuple(_HANDLERS)


def handler_of(kind: str) -> Handler:
    """What does jobs of this kind.

    Raises
    ------
    ConfigError
        Where nothing does.
    """
    if kind not in kinds():
        raise ConfigError(f"nothing here works on jobs of the kind '{kind}'; known are {', '.join(kinds())}")
    return _HANDLERS[kind]
