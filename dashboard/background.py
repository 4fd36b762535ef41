"""The process beside the server that works on uploaded recordings and looks through sessions: a crash there takes no
page down."""

from __future__ import annotations

import asyncio
import logging
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from pathlib import Path

from diarization.errors import TurntoneError
from pipeline.findings import FindingsOfSessions
from pipeline.jobs.queue import JobQueue
from pipeline.workspace import Workspace
from reports.findings import SessionFinder

_LOG = logging.getLogger(__name__)

_LOOK = 5.0  # seconds between two questions whether there are sessions to look through


class BackgroundWorker:
    """Runs ``turntone worker`` whenever there is work, and again where it died; it ends with the server.

    Parameters
    ----------
    workspace : Path
        Whose jobs.
    command : sequence of str, optional
        What starts a worker; this Python's Turntone where left out.
    """

    def __init__(self, workspace: Path, command: Sequence[str] | None = None) -> None:
        self._queue = JobQueue(workspace)
        self._findings = FindingsOfSessions(Workspace(workspace), SessionFinder().revision)
        self._asked = -_LOOK
        worker = ["worker", "--workspace", str(workspace), "--parent", str(os.getpid())]
        self._command = [*(command or [sys.executable, "-m", "turntone"]), *worker]
        self._process: subprocess.Popen[bytes] | None = None
        self.watched = False

    @property
    def alive(self) -> bool:
        """Whether a worker runs."""
        return self._process is not None and self._process.poll() is None

    def look(self) -> None:
        """Start a worker where there is work and none runs; its log goes where the server's goes."""
        if not self.alive and (self._queue.counts().keys() & {"queued", "running"} or self._waits_for_a_look()):
            self._process = subprocess.Popen(self._command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)

    def _waits_for_a_look(self) -> bool:
        """Whether sessions are to be looked through, asked once in a while."""
        if time.monotonic() - self._asked < _LOOK:
            return False
        self._asked = time.monotonic()
        return self._findings.waiting()

    def stop(self) -> None:
        """End the worker; what it works on is queued again."""
        if self._process is None or not self.alive:
            return
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    async def watch(self, seconds: float = 1.0) -> None:
        """Look every so often, until cancelled; ``watched`` says whether this goes on."""
        try:
            self.watched = True
            await self._watch(seconds)
        finally:
            self.watched = False

    async def _watch(self, seconds: float) -> None:
        while True:
            try:
                await asyncio.to_thread(self.look)
            except (TurntoneError, OSError) as error:
                _LOG.warning("%s", error)
            await asyncio.sleep(seconds)


def beside(worker: BackgroundWorker) -> Callable[[object], AbstractAsyncContextManager[None]]:
    """A server's lifespan with the worker watched over beside it."""

    @asynccontextmanager
    async def lifespan(_server: object) -> AsyncIterator[None]:
        watching = asyncio.create_task(worker.watch())
        try:
            yield
        finally:
            watching.cancel()
            with suppress(asyncio.CancelledError):
                await watching
            await asyncio.to_thread(worker.stop)

    return lifespan
