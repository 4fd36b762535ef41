"""A worker of a cluster with the quick models of ``tests.fakes``: what ``turntone worker --queues`` is, for tests.

Its end of each job is a line on stdout: the job's id and state.
"""

from __future__ import annotations

import logging
import signal
import sys
from pathlib import Path
from threading import Thread

from pipeline.cluster.broker import needed_broker
from pipeline.cluster.lanes import parse_queues
from pipeline.cluster.worker import ClusterWorker
from pipeline.jobs.job import Job
from pipeline.workspace import Workspace

from .fakes import PAUSE


def main(folder: str, queues: str, threads: str, pause: str) -> None:
    """Work until SIGTERM; each of the quick models takes ``pause`` seconds."""
    logging.basicConfig(level=logging.INFO)
    PAUSE[0] = float(pause)
    workspace = Workspace(Path(folder))
    named = parse_queues(queues)
    worker = ClusterWorker(workspace, needed_broker(workspace.path), named, int(threads), ended=_tell, overdue=1.0)
    signal.signal(signal.SIGTERM, lambda *_: Thread(target=worker.stop, daemon=True).start())
    worker.run()


def _tell(job: Job) -> None:
    print(job.id, job.state, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
