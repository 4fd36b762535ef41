"""``turntone worker``: works the workspace's jobs off."""

from __future__ import annotations

import logging
import signal
from contextlib import suppress
from threading import Thread
from typing import TYPE_CHECKING, Annotated

import typer

from ..terminal import Stopped, WorkspaceOption, say, say_error

if TYPE_CHECKING:
    from pipeline.jobs.job import Job
    from pipeline.jobs.worker import Worker


_LOG = logging.getLogger(__name__)


def worker(
    until_empty: Annotated[bool, typer.Option("--until-empty", help="End when no job is left.")] = False,
    threads: Annotated[
        int, typer.Option("--threads", min=1, help="Recordings at once; models still run one at a time.")
    ] = 2,
    parent: Annotated[int | None, typer.Option("--parent", help="Stop when the process of this number ends.")] = None,
    workspace: WorkspaceOption = None,
) -> None:
    """Work on queued jobs, with the models loaded once, until stopped; jobs at work are then queued again."""
    from pipeline.jobs.worker import Worker

    from ..api import open_workspace

    opened = open_workspace(workspace)
    opened.check_usable()
    working = Worker(opened, threads, ended=_tell if parent is None else _log)
    if parent is not None:
        Thread(target=_follow, args=(parent, working), daemon=True).start()
    if parent is None:
        say(f"working on the jobs of {opened.path}; Ctrl-C stops")
    before = signal.signal(signal.SIGTERM, _stop)
    try:
        working.run(until_empty)
    finally:
        signal.signal(signal.SIGTERM, before)


def _stop(_signal: int, _frame: object) -> None:
    raise Stopped


def _tell(job: Job) -> None:
    if job.state == "failed":
        say_error(str(job.reason))
    else:
        say(f"{job.title}: {job.state}" + (f", session {job.session}" if job.session else ""))


def _log(job: Job) -> None:
    """What a server's log says of a job: nothing that has a name in it."""
    _LOG.info("job ended", extra={"facts": {"job": job.id, "state": job.state, "attempts": job.attempts}})


def _follow(parent: int, working: Worker) -> None:
    """Stop the worker once its parent is gone, however it went."""
    import psutil

    with suppress(psutil.NoSuchProcess):
        psutil.Process(parent).wait()
    working.stop()
