"""``turntone worker``: works the workspace's jobs off."""

from __future__ import annotations

import logging
import os
import signal
import time
from contextlib import suppress
from threading import Thread
from typing import TYPE_CHECKING, Annotated

import typer

from diarization.errors import ConfigError

from ..terminal import Stopped, WorkspaceOption, say, say_error

if TYPE_CHECKING:
    from pipeline.cluster.worker import ClusterWorker
    from pipeline.jobs.job import Job
    from pipeline.jobs.worker import Ended, Moved, Worker
    from pipeline.workspace import Workspace


_LOG = logging.getLogger(__name__)

_LONGEST_STEP = 15.0
"""Seconds in which a worker that is stopped ends; the jobs at work are given back before."""


def worker(
    until_empty: Annotated[
        bool, typer.Option("--until-empty", help="End when no job is left, and no session to look through.")
    ] = False,
    threads: Annotated[
        int, typer.Option("--threads", min=1, help="Recordings at once; models still run one at a time.")
    ] = 2,
    queues: Annotated[
        str | None,
        typer.Option(
            "--queues",
            metavar="QUEUE,...",
            help="Work for a cluster, on what its broker says: decode, gpu, or one lane of them as gpu.interactive.",
        ),
    ] = None,
    metrics_port: Annotated[
        int | None,
        typer.Option("--metrics-port", min=0, max=65535, help="Show figures for Prometheus on this port."),
    ] = None,
    metrics_host: Annotated[
        str, typer.Option("--metrics-host", help="Address for them; the default is this machine only.")
    ] = "127.0.0.1",
    parent: Annotated[int | None, typer.Option("--parent", help="Stop when the process of this number ends.")] = None,
    workspace: WorkspaceOption = None,
) -> None:
    """Work on queued jobs, with the models loaded once, until stopped; jobs at work are then queued again.

    Between them it looks through sessions for the flags and call shapes that lists are chosen by.
    """
    from pipeline.findings import Looking
    from pipeline.jobs.worker import Worker
    from reports.findings import SessionFinder

    from ..api import open_workspace

    opened = open_workspace(workspace)
    opened.check_usable()
    ended, moved = _told(opened, _tell if parent is None else _log, metrics_host, metrics_port)
    if queues is not None:
        _work_for_cluster(opened, queues, threads, until_empty or parent is not None, ended, moved)
        return
    working = Worker(opened, threads, ended, moved, looking=Looking(opened, SessionFinder()))
    if parent is not None:
        Thread(target=_follow, args=(parent, working), daemon=True).start()
    if parent is None:
        say(f"working on the jobs of {opened.path}; Ctrl-C stops")
    before = signal.signal(signal.SIGTERM, _stop)
    try:
        working.run(until_empty)
    finally:
        signal.signal(signal.SIGTERM, before)


def _told(workspace: Workspace, ended: Ended, host: str, port: int | None) -> tuple[Ended, Moved | None]:
    """Who is told of the ends and steps of jobs: those who read, and Prometheus where a port is named for it."""
    if port is None:
        return ended, None
    from pipeline.cluster.metrics import WorkerMetrics

    metrics = WorkerMetrics(workspace)
    say(f"figures for Prometheus are at http://{host}:{metrics.serve(host, port)}/metrics")

    def both(job: Job) -> None:
        metrics.ended(job)
        ended(job)

    return both, metrics.moved


def _work_for_cluster(
    workspace: Workspace, queues: str, threads: int, otherwise: bool, ended: Ended, moved: Moved | None
) -> None:
    """Work on what a broker says until SIGTERM or Ctrl-C."""
    from pipeline.cluster.broker import needed_broker
    from pipeline.cluster.lanes import parse_queues
    from pipeline.cluster.worker import ClusterWorker
    from pipeline.findings import Looking
    from reports.findings import SessionFinder

    if otherwise:
        raise ConfigError(
            "--queues: a cluster's worker works until it is stopped; leave --until-empty and --parent out"
        )
    named, broker = parse_queues(queues), needed_broker()
    looking = Looking(workspace, SessionFinder())
    working = ClusterWorker(workspace, broker, named, threads, ended, moved, looking=looking)
    say(f"{working.name} takes from {', '.join(named)} at {broker.name}; Ctrl-C stops")

    def stop(_signal: int, _frame: object) -> None:
        Thread(target=_leave, args=(working,), daemon=True).start()

    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, stop)
    working.run()


def _leave(working: ClusterWorker) -> None:
    """Give back what is at work, and end the process even where a model does not come to its next step in time."""
    try:
        working.stop()
        time.sleep(_LONGEST_STEP)
    finally:
        os._exit(0)


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
