"""Works the queue off: a few jobs side by side, so that one recording is decoded while another is in the models."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import suppress
from threading import Event, Lock, Thread

from diarization.errors import DatabaseLost, StoreAway, TurntoneError

from ..findings import Looking
from ..stages.running import STAGES
from ..workspace import Workspace
from .handlers import Handler, handler_of, kinds
from .job import Job
from .queue import JobQueue

_LOG = logging.getLogger(__name__)

HEARTBEAT = 10.0
"""Seconds between two signs of life of a running job."""

_LONGEST_OUTAGE = 600.0  # seconds for which the end of a job is tried to be written
_AGAIN = 2.0

_SHARES = dict(zip(STAGES, (0.03, 0.67, 0.01, 0.27, 0.02), strict=True))
_BEFORE = {stage: sum(_SHARES[each] for each in STAGES[:at]) for at, stage in enumerate(STAGES)}

Ended = Callable[[Job], None]
Moved = Callable[[Job, str, float], None]


class JobCancelled(Exception):
    """Somebody cancelled the job; raised in its work, at the next step that reports."""


class HandedOn(Exception):
    """Another worker does the rest of the job; raised by a handler that has done its part.

    Parameters
    ----------
    needs : str
        What comes next (``pipeline.cluster.lanes.STAGES``).
    """

    def __init__(self, needs: str) -> None:
        super().__init__(needs)
        self.needs = needs


class _Stopping(Exception):
    """This worker is to stop; raised in a job's work, at the next step that reports."""


class Worker:
    """Works jobs off in threads of this process; the models are loaded once and shared.

    Parameters
    ----------
    workspace : Workspace
        Whose jobs.
    threads : int
        Jobs at once, at least 1. Models run one at a time, so a second thread decodes and stores beside them.
    ended : callable, optional
        Told of each job as it ends here, from the thread that worked on it, one at a time.
    moved : callable, optional
        Told of each job's stage and of the share of the whole that is done.
    batch : str, optional
        The only batch whose jobs are worked on; all where left out.
    handler : callable, optional
        Gives what does a job.
    looking : Looking, optional
        Looks through sessions beside the jobs; to be looked through by somebody else where left out.
    """

    def __init__(
        self,
        workspace: Workspace,
        threads: int = 2,
        ended: Ended | None = None,
        moved: Moved | None = None,
        batch: str | None = None,
        handler: Callable[[Job], Handler] = lambda job: handler_of(job.kind),
        looking: Looking | None = None,
    ) -> None:
        self.workspace = workspace
        self.queue = JobQueue(workspace.path)
        self._threads = threads
        self._ended, self._moved = ended, moved
        self._batch, self._handler, self._looking = batch, handler, looking
        self._stop = Event()
        self._telling, self._claiming = Lock(), Lock()
        self._running: dict[str, Job] = {}

    def run(self, until_empty: bool = False, poll: float = 1.0) -> None:
        """Work until ``stop``, or until no job is queued or running here and all sessions are looked through.

        What interrupts it, Ctrl-C say, gives the jobs at work back to the queue and is raised on.

        Parameters
        ----------
        until_empty : bool
            Whether to end where nothing is left to do.
        poll : float
            Seconds between two looks into an empty queue.
        """
        threads = [Thread(target=self._loop, args=(until_empty, poll), daemon=True) for _ in range(self._threads)]
        for thread in threads:
            thread.start()
        if not until_empty:
            self.look_through()
        try:
            for thread in threads:
                while thread.is_alive():
                    thread.join(0.2)  # a plain join would not see Ctrl-C
            while until_empty and self._looking and not self.stopping and self._looking.go_on(self._stop.wait):
                pass
        except BaseException:
            self.stop()
            raise

    def look_through(self) -> None:
        """Begin to look through sessions, in a thread that ends with this worker."""
        if self._looking is not None:
            looking = self._looking
            Thread(target=looking.keep_on, args=(self._stop.wait, lambda: bool(self._running)), daemon=True).start()

    def stop(self) -> None:
        """Stop at the next step; the jobs at work are queued again, as if they had not begun."""
        self._stop.set()
        with self._claiming:  # a claim that has begun ends first, so that its job is seen here
            running = list(self._running)
        for job_id in running:
            self.queue.give_back(job_id)

    @property
    def stopping(self) -> bool:
        """Whether it was told to stop."""
        return self._stop.is_set()

    @property
    def running(self) -> list[Job]:
        """The jobs at work here, as they were when they began."""
        return list(self._running.values())

    def wait(self, seconds: float) -> bool:
        """Until so many seconds are over or it is told to stop; gives whether it is."""
        return self._stop.wait(seconds)

    def work_on(self, claim: Callable[[JobQueue], Job | None]) -> Job | None:
        """Work on the job that is claimed, in the caller's thread; gives it as it began, None where there was none.

        Raises
        ------
        TurntoneError
            Where the queue cannot be asked.
        """
        with self._claiming:
            job = None if self._stop.is_set() else claim(self.queue)
            if job is not None:
                self._running[job.id] = job
        if job is not None:
            self._work(job)
        return job

    def _loop(self, until_empty: bool, poll: float) -> None:
        while not self._stop.is_set():
            if self._worked_on_next():
                continue
            if until_empty and not self._running:
                return
            self._stop.wait(poll)

    def _worked_on_next(self) -> bool:
        """Work on the next job, unless this worker stops: what it gave back is not for its other threads."""
        try:
            self.workspace.keep_swept()
            return self.work_on(lambda queue: queue.claim(kinds(), self._batch)) is not None
        except TurntoneError as error:  # a locked or full disk: later perhaps
            _LOG.warning("%s", error)
            self._stop.wait(1.0)
            return False

    def _work(self, job: Job) -> None:
        following = _Following(self.queue, job, self._stop, self._moved)
        try:
            ended = self._outcome(job, following)
        except TurntoneError as error:  # the queue itself cannot be written: the job is found lost later
            _LOG.warning("job %s: %s", job.id, error)
            ended = None
        finally:
            following.close()
            self._running.pop(job.id, None)
        if ended is not None and self._ended:
            with self._telling:
                self._ended(ended)

    def _outcome(self, job: Job, following: _Following) -> Job | None:
        try:
            session = self._handler(job)(job, self.workspace, following)
        except _Stopping:
            self.queue.give_back(job.id)  # here as well: this thread may end before ``stop`` comes to the job
            return None
        except JobCancelled:
            return self._ended_as(lambda: self.queue.cancelled(job.id))
        except HandedOn as handed:
            needs = handed.needs
            self._ended_as(lambda: self.queue.hand_on(job.id, needs))
            return None
        except (DatabaseLost, StoreAway) as error:
            said = str(error)
            _LOG.warning("job %s: %s", job.id, said)
            if self._until_back():
                return self._ended_as(lambda: self.queue.fail(job.id, said, again=True))
            self.queue.give_back(job.id)
            return None
        except TurntoneError as error:
            said = str(error)
            return self._ended_as(lambda: self.queue.fail(job.id, said))
        except Exception as error:
            _LOG.warning("job %s failed unexpectedly", job.id, exc_info=True)
            said = _unexpected(job, error)
            return self._ended_as(lambda: self.queue.fail(job.id, said, again=True))
        return self._ended_as(lambda: self.queue.finish(job.id, session))

    def _until_back(self) -> bool:
        """Wait until database and store answer again, or have not for long; gives whether this worker goes on."""
        from ..store.shared_files import check_store  # only a shared workspace has something that can be away

        patience = time.monotonic() + _LONGEST_OUTAGE
        while not self._stop.wait(_AGAIN):
            with suppress(TurntoneError):
                self.workspace.check_usable()
                check_store(self.workspace.path)
                return True
            if time.monotonic() > patience:
                return True
        return False

    def _ended_as(self, end: Callable[[], Job]) -> Job:
        """Write down how a job ended, as soon as the database lets one: the work is done, only that is missing."""
        patience = time.monotonic() + _LONGEST_OUTAGE
        while True:
            try:
                return end()
            except TurntoneError as error:
                if time.monotonic() > patience or self._stop.wait(_AGAIN):
                    raise
                _LOG.warning("%s; tried again", error)


class _Following:
    """Progress of one job: reports it at most once a second, shows signs of life in between, and hears of a cancel."""

    def __init__(self, queue: JobQueue, job: Job, stop: Event, moved: Moved | None) -> None:
        self._queue, self._job, self._stop, self._moved = queue, job, stop, moved
        self._said: tuple[str | None, float] = (None, 0.0)
        self._told = 0.0
        self._wanted = True
        self._closed = Event()
        self._heart = Thread(target=self._beat, daemon=True)
        self._heart.start()

    def __call__(self, stage: str, share: float) -> None:
        """What stages report to.

        Raises
        ------
        JobCancelled, _Stopping
            Where the job is not to go on.
        """
        whole = min(_BEFORE.get(stage, 0.0) + share * _SHARES.get(stage, 1.0), 1.0)
        if self._moved:
            self._moved(self._job, stage, whole)
        if stage != self._said[0] or time.monotonic() - self._told > 1.0:
            self._said, self._told = (stage, whole), time.monotonic()
            self._report()
        if self._stop.is_set():
            raise _Stopping
        if not self._wanted:
            raise JobCancelled

    def close(self) -> None:
        """No more signs of life."""
        self._closed.set()
        self._heart.join()

    def _beat(self) -> None:
        while not self._closed.wait(HEARTBEAT):
            self._report()

    def _report(self) -> None:
        try:
            self._wanted = self._queue.report(self._job.id, *self._said)
        except TurntoneError as error:  # a busy database is no reason to lose the work
            _LOG.warning("job %s: %s", self._job.id, error)


def _unexpected(job: Job, error: Exception) -> str:
    said = str(error).strip().split("\n")[0] or "no message"
    return f"{job.title}: the analysis failed unexpectedly ({type(error).__name__}: {said}); nothing was stored"
