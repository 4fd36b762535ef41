"""The queues of a cluster: what a job needs next, and whether somebody waits for it."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, func, true

from diarization.errors import ConfigError

from ..jobs.job import LANES, Job
from ..store.jsons import said_in
from ..store.models import JOBS

STAGES = ("decode", "gpu")
"""What workers do: ``decode`` brings a recording that was handed over and sees whether it can be read, which any
machine can; ``gpu`` analyses it with the networks. A job's payload says under ``needs`` which comes next; ``gpu`` where
it does not."""

QUEUES = tuple(f"{stage}.{lane}" for lane in LANES for stage in STAGES)
"""All queues, those that somebody waits for first."""


def stage_of(job: Job) -> str:
    """Which of ``STAGES`` a job needs next."""
    needs = job.payload.get("needs")
    return needs if needs in STAGES else "gpu"


def queue_of(job: Job) -> str:
    """The queue in which a job waits."""
    return f"{stage_of(job)}.{job.lane}"


def parse_queues(text: str) -> tuple[str, ...]:
    """The queues that somebody means: whole names, or a stage for both of its lanes; those waited for come first.

    Raises
    ------
    ConfigError
        Where there is no such queue.

    >>> parse_queues("gpu"), parse_queues("gpu.archive, decode.interactive")
    (('gpu.interactive', 'gpu.archive'), ('decode.interactive', 'gpu.archive'))
    """
    named = [each.strip() for each in text.split(",") if each.strip()]
    wrong = [each for each in named if each not in (*STAGES, *QUEUES)]
    if wrong or not named:
        known = ", ".join((*STAGES, *QUEUES))
        raise ConfigError(f"--queues {text}: no queue is called '{wrong[0] if wrong else ''}'; accepted are {known}")
    return tuple(each for each in QUEUES if each in named or each.split(".")[0] in named)


def at_stages(stages: Sequence[str]) -> ColumnElement[bool]:
    """Of ``JOBS``: those that need one of these stages next."""
    if set(STAGES) <= set(stages):
        return true()
    return func.coalesce(said_in(JOBS.c.payload, "needs"), "gpu").in_(list(stages))
