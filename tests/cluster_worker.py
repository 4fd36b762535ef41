"""Workers of a cluster with the quick models of ``tests.fakes``: what ``turntone worker --queues`` is, for tests.

``python -m tests.cluster_worker`` loads everything once and then, for each line of JSON on stdin, forks a worker or
says what became of one. A worker's end of each job is a line in its ``out``: the job's id and state.
"""

from __future__ import annotations

import gc
import json
import logging
import os
import signal
import sys
import tempfile
from pathlib import Path
from threading import Thread
from typing import Any

from pipeline.analysis import analyze_recording
from pipeline.cluster.broker import needed_broker
from pipeline.cluster.lanes import parse_queues
from pipeline.cluster.worker import ClusterWorker
from pipeline.jobs.job import Job
from pipeline.workspace import Workspace

from .fakes import BASELINE_FAKES, CPU, PAUSE, write_tone

OVERDUE = 1.0
"""Seconds after which these workers look for what is lost."""


def work(workspace: str, queues: str, threads: int, pause: float) -> None:
    """Work until SIGTERM; each of the quick models takes ``pause`` seconds."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    PAUSE[0] = pause
    opened = Workspace(Path(workspace))
    named = parse_queues(queues)
    worker = ClusterWorker(opened, needed_broker(), named, threads, ended=_tell, overdue=OVERDUE)
    signal.signal(signal.SIGTERM, lambda *_: Thread(target=worker.stop, daemon=True).start())
    worker.run()


def main() -> None:
    """Fork workers until stdin ends."""
    with tempfile.TemporaryDirectory() as folder:
        tone = write_tone(Path(folder) / "tone.wav")
        analyze_recording(tone, Workspace(Path(folder) / "workspace"), BASELINE_FAKES, CPU)
    gc.collect()
    gc.freeze()  # what is loaded stays shared with the workers
    print("ready", flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        print(_ended(asked["wait"]) if "wait" in asked else _forked(**asked), flush=True)


def _forked(out: str, log: str, environment: dict[str, str], arguments: list[Any]) -> int:
    process = os.fork()
    if process:
        return process
    os.setsid()
    for file, number in ((os.devnull, 0), (out, 1), (log, 2)):
        os.dup2(os.open(file, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600), number)
    os.environ.update(environment)
    status = 1
    try:
        work(*arguments)
        status = 0
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _ended(process: int) -> int | None:
    """The status of a worker that has ended, negative for a signal; None while it runs."""
    found, status = os.waitpid(process, os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if found else None


def _tell(job: Job) -> None:
    print(job.id, job.state, flush=True)


if __name__ == "__main__":
    main()
