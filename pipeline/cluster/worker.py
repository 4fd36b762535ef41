"""A worker of a cluster: a Celery worker whose tasks are rows of the job table."""

from __future__ import annotations

import logging
import os
import random
import socket
import time
from collections.abc import Callable, Sequence
from threading import Thread
from typing import Any

from diarization.audio import read
from diarization.errors import TurntoneError

from ..engines import resolve_device
from ..findings import Looking
from ..jobs.analyses import recording_of
from ..jobs.handlers import Handler, handler_of, kinds
from ..jobs.job import Job
from ..jobs.processes import this_process
from ..jobs.queue import JobQueue
from ..jobs.worker import Ended, HandedOn, Moved, Worker
from ..stages.running import Progress
from ..workspace import Workspace
from .broker import TASK, Broker
from .lanes import STAGES, stage_of
from .outbox import OVERDUE, send_again
from .recordings import sweep_handed

_LOG = logging.getLogger(__name__)

FACTS = "turntone"
"""The question to workers that ``ClusterWorker.facts`` answers."""

_SWEEP = 6 * 3600.0  # seconds between two looks after recordings that nobody asked about
_DATABASE_AWAY = 5.0  # seconds between two tries to claim a job while the database does not answer


class ClusterWorker:
    """Takes messages from queues and works on the jobs they name; the models are loaded once and shared.

    A message is acknowledged once its job has ended here, or has nothing left to do: it is done, cancelled, or at work
    elsewhere. Now and then the worker looks after what others left: jobs whose process is gone, and messages lost.

    Parameters
    ----------
    workspace : Workspace
        Whose jobs.
    broker : Broker
    queues : sequence of str
        Of ``lanes.QUEUES``, those that come first first.
    threads : int
        Jobs at once; models run one at a time.
    ended, moved : callable, optional
        As for ``Worker``.
    overdue : float
        Seconds between two looks after what is lost, and that a job waits beside an empty queue before it is.
    looking : Looking, optional
        As for ``Worker``.

    Raises
    ------
    ConfigError
        Where Celery is not installed.
    """

    def __init__(
        self,
        workspace: Workspace,
        broker: Broker,
        queues: Sequence[str],
        threads: int = 2,
        ended: Ended | None = None,
        moved: Moved | None = None,
        overdue: float = OVERDUE,
        looking: Looking | None = None,
    ) -> None:
        self.queues = tuple(queues)
        self._workspace, self._threads, self._overdue = workspace, threads, overdue
        self._worker = Worker(workspace, threads, ended, moved, handler=self._handler, looking=looking)
        self._app = broker.app()
        self._device = "none"
        self._stages = tuple(stage for stage in STAGES if f"{stage}.interactive" in queues)
        self._app.task(name=TASK, shared=False)(self._task)
        self._app.turntone_worker = self

    @property
    def name(self) -> str:
        """What tells it from the others: process and machine."""
        return f"{os.getpid()}-{this_process()[-6:].replace('.', '')}@{socket.gethostname()}"

    def run(self) -> None:
        """Work until ``stop``; waits for a broker that is away.

        Raises
        ------
        TurntoneError
            Where the workspace cannot be used.
        """
        from celery.app.trace import setup_worker_optimizations
        from celery.worker.worker import WorkController

        setup_worker_optimizations(self._app, self.name)  # which also makes it the application that tasks are found in
        _answer_about_workers()
        if any(each.startswith("gpu.") for each in self.queues):
            self._device = resolve_device()
        Thread(target=self._look_around, daemon=True).start()
        self._worker.look_through()
        WorkController(
            app=self._app,
            hostname=self.name,
            pool="threads",
            concurrency=self._threads,
            queues=list(self.queues),
            without_gossip=True,
            without_mingle=True,
        ).start()
        self._worker.stop()

    def stop(self) -> None:
        """Take no more messages, and give back what is at work."""
        from celery.worker import state

        state.should_stop = 0
        self._worker.stop()

    def facts(self) -> dict[str, Any]:
        """What ``cluster status`` shows of it."""
        return {
            "machine": socket.gethostname(),
            "process": os.getpid(),
            "queues": list(self.queues),
            "threads": self._threads,
            "device": self._device,
            "jobs": [job.id for job in self._worker.running],
        }

    def _task(self, job_id: str, kind: str) -> None:
        """What a message asks for: first whom somebody waits for, then the job that it names."""
        from celery.exceptions import Reject

        if kind not in kinds():
            _LOG.warning("job %s is of a kind that this worker does not know; it waits for another one", job_id)
        while self._stages and self._worked(self._waited_for):
            pass
        self._worked(lambda queue: queue.claim_one(job_id, kinds()))
        if self._worker.stopping:
            raise Reject("this worker stops", requeue=True)

    def _handler(self, job: Job) -> Handler:
        """What does a job here: a worker that has no networks sees whether a recording can be read, and hands it on."""
        checks = stage_of(job) == "decode" and not any(each.startswith("gpu.") for each in self.queues)
        return check_recording if checks else handler_of(job.kind)

    def _waited_for(self, queue: JobQueue) -> Job | None:
        return queue.claim_waited_for(kinds(), self._stages)

    def _worked(self, claim: Callable[[JobQueue], Job | None]) -> bool:
        """Work on what is claimed, if anything is; a database that is away is waited for."""
        while True:
            try:
                return self._worker.work_on(claim) is not None
            except TurntoneError as error:
                _LOG.warning("%s", error)
                if self._worker.wait(_DATABASE_AWAY):
                    return False

    def _look_around(self) -> None:
        """Bring back what is lost: jobs whose process is gone, jobs whose message is gone; remove what nobody wants."""
        swept = time.monotonic()
        while not self._worker.wait(self._overdue * random.uniform(0.5, 1.0)):
            try:
                self._bring_back()
                if time.monotonic() - swept > _SWEEP:
                    swept = time.monotonic()
                    sweep_handed(self._workspace.path, self._worker.queue)
                self._workspace.keep_swept()
            except TurntoneError as error:
                _LOG.warning("%s", error)
            except Exception:  # this thread is the only one that looks
                _LOG.warning("looking for lost jobs failed", exc_info=True)

    def _bring_back(self) -> None:
        queue = self._worker.queue
        if released := queue.release_lost():
            _LOG.info("jobs whose process is gone were taken back", extra={"facts": {"jobs": released}})
        send_again(queue, self.queues, self._overdue)


def check_recording(job: Job, workspace: Workspace, progress: Progress) -> str | None:
    """Bring a job's recording and read all of it, so that what cannot be read fails before it reaches the networks.

    Raises
    ------
    HandedOn
        Where it can be read: to whoever has the networks.
    AudioError
        Where it cannot.
    """
    with recording_of(job, workspace) as path:
        read(path, lambda _step, share: progress("read", share))
    raise HandedOn("gpu")


def _answer_about_workers() -> None:
    """Let workers of this process answer the question ``FACTS``."""
    from celery.worker.control import inspect_command

    @inspect_command(name=FACTS)  # type: ignore[untyped-decorator]
    def turntone(state: Any) -> dict[str, Any]:
        found: dict[str, Any] = state.app.turntone_worker.facts()
        return found
