"""The same calls through one worker of a cluster and through two: embedded models, one thread each, a Redis of its own.

Run with ``python -m benchmarks.cluster [--count 24] [--seconds 12]``, on a machine with at least two cores at rest.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import soundfile

from pipeline.cluster.broker import VARIABLE, needed_broker
from pipeline.cluster.status import cluster_status
from pipeline.config import Config, Runtime
from pipeline.jobs.analyses import ANALYZE, analysis_payload
from pipeline.jobs.job import CLUSTER
from pipeline.jobs.queue import JobQueue
from pipeline.workspace import Workspace
from tests.brokers import Redis, wait_until

from .archive import _calls


def main() -> None:
    """One worker, two, and one again; prints seconds and the ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=24)
    parser.add_argument("--seconds", type=float, default=12.0, help="of each call")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        redis = Redis(folder)
        os.environ[VARIABLE] = redis.url
        queue = JobQueue(folder / "workspace")
        workers: list[subprocess.Popen[bytes]] = []
        try:
            # The first takes from both lanes, the second from one: so a lane says how many work.
            workers = [_worker(folder, "gpu"), _worker(folder, "gpu.interactive")]
            _warm(queue, folder)
            calls = _calls(folder / "calls", wanted.count, wanted.seconds, "embedded")
            took = [_through(queue, _other_bytes(calls, folder, run), lane) for run, lane in enumerate(_RUNS)]
        finally:
            for each in workers:
                each.send_signal(signal.SIGTERM)
                each.wait()
            redis.stop()
    one = (took[0] + took[2]) / 2
    sound = wanted.count * wanted.seconds
    print(f"{wanted.count} calls of {wanted.seconds:g} s, {sound:.0f} s of sound")
    print(f"one worker   {took[0]:.1f} s, again {took[2]:.1f} s: {sound / one:.1f} times real time")
    print(f"two workers  {took[1]:.1f} s: {sound / took[1]:.1f} times real time")
    print(f"ratio        {one / took[1]:.2f}")


_RUNS = ("archive", "interactive", "archive")


def _worker(folder: Path, queues: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "turntone", "worker", "--queues", queues, "--threads", "1"]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    return subprocess.Popen([*command, "--workspace", str(folder / "workspace")], env=environment)


def _warm(queue: JobQueue, folder: Path) -> None:
    """Until both answer, and each has loaded its models for a call of its own."""
    workspace = Workspace(folder / "workspace")
    wait_until(lambda: len(cluster_status(workspace, needed_broker()).workers) == 2)
    _through(queue, _calls(folder / "warm", 4, 10.0, "embedded"), "interactive")


def _other_bytes(calls: list[Path], folder: Path, run: int) -> list[Path]:
    """The same sound in files that nobody has seen."""
    place = folder / f"run-{run}"
    place.mkdir()
    found = []
    for path in calls:
        sound, rate = soundfile.read(path, dtype="int16")
        sound[run] += 1
        soundfile.write(place / path.name, sound, rate)
        found.append(place / path.name)
    return found


def _through(queue: JobQueue, calls: list[Path], lane: str) -> float:
    """Seconds from the first that begins to the last that ends."""
    payloads = [
        (path.name, analysis_payload(path, Config(), Runtime(device="cpu"), executor=CLUSTER)) for path in calls
    ]
    ids = {job.id for job in queue.submit_many(ANALYZE, payloads, lane)}
    while queue.counts().keys() & {"queued", "running"}:
        time.sleep(0.5)  # who looks more often takes the processor from the workers
    jobs = [job for job in queue.jobs() if job.id in ids]
    assert all(job.state == "done" for job in jobs), [job.reason for job in jobs]
    begun = min(job.started for job in jobs if job.started)
    ended = max(job.finished for job in jobs if job.finished)
    return (ended - begun).total_seconds()


if __name__ == "__main__":
    begun = time.perf_counter()
    main()
    print(f"all of it    {time.perf_counter() - begun:.0f} s")
