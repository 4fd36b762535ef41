"""A Job: one piece of work as its row says it stands."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field
from typing import Any

STATES = ("queued", "running", "done", "failed", "cancelled")
"""What becomes of a job; the last three are its end, until somebody retries it."""

ENDS = STATES[2:]
"""The states in which nothing more happens to a job by itself."""

LANES = ("interactive", "archive")
"""In order of claiming: somebody waits for the first, so that an archive never starves a caller."""

CLUSTER = "celery"
"""The executor, among a job's payload, that means workers on any machine; without one, a process on this machine."""

MAX_ATTEMPTS = 3
"""How often a job that took its process down with it, or failed unexpectedly, is tried."""


@dataclass(frozen=True)
class Job:
    """One piece of work.

    Parameters
    ----------
    id : str
        12 hexadecimal digits.
    kind : str
        Which handler works on it: ``analyze``.
    state : str
        One of ``STATES``.
    lane : str
        One of ``LANES``.
    title : str
        What people call it: the recording's file name.
    payload : dict
        What the handler needs, as JSON values.
    batch : str or None
        What it was submitted together with.
    attempts : int
        How often it was begun.
    stage : str or None
        What it is at, or was at last.
    progress : float
        Share of the work that is done, 0 to 1.
    session : str or None
        Id of the session that it made.
    reason : str or None
        Why it failed, as a sentence.
    created, started, finished : datetime.datetime or None
        UTC.
    """

    id: str
    kind: str
    state: str
    lane: str
    title: str
    payload: dict[str, Any] = field(repr=False)
    batch: str | None
    attempts: int
    stage: str | None
    progress: float
    session: str | None
    reason: str | None
    created: datetime.datetime
    started: datetime.datetime | None
    finished: datetime.datetime | None

    @property
    def ended(self) -> bool:
        """Whether nothing more happens to it by itself."""
        return self.state in ENDS

    @property
    def for_cluster(self) -> bool:
        """Whether workers of a cluster are told of it."""
        return bool(self.payload.get("executor") == CLUSTER)

    def to_json(self) -> dict[str, Any]:
        """The same as JSON values, without the payload: what ``turntone jobs list --format json`` prints."""
        facts = {name: value for name, value in vars(self).items() if name != "payload"}
        times = ("created", "started", "finished")
        return facts | {name: _written(facts[name]) for name in times}


def _written(time: datetime.datetime | None) -> str | None:
    return time.isoformat(timespec="seconds") if time else None
