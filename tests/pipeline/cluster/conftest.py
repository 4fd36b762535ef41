"""A broker, and workers in processes of their own."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline.cluster.broker import VARIABLE, Broker
from pipeline.jobs.analyses import ANALYZE, analysis_payload
from pipeline.jobs.job import CLUSTER, Job
from pipeline.jobs.queue import JobQueue
from pipeline.workspace import Workspace
from tests.brokers import Redis, wait_until
from tests.fakes import BASELINE_FAKES, CPU, write_tone

ROOT = Path(__file__).parents[3]


class Nursery:
    """A process that has everything loaded and forks workers."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "tests.cluster_worker"]
        environment = os.environ | {"OMP_NUM_THREADS": "1"}
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True, env=environment)
        assert self._said() == "ready"

    def ask(self, **what: Any) -> Any:
        """Give it a line, and what it answers."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(what) + "\n")
        self._process.stdin.flush()
        answer = self._said()
        return None if answer == "None" else int(answer)

    def _said(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()

    def end(self) -> None:
        """No more workers."""
        self._process.kill()
        self._process.wait()


class Forked:
    """One worker's process."""

    def __init__(self, nursery: Nursery, pid: int) -> None:
        self.pid = pid
        self._nursery = nursery
        self._status: int | None = None

    def poll(self) -> int | None:
        """Its status; None while it runs."""
        if self._status is None:
            self._status = self._nursery.ask(wait=self.pid)
        return self._status

    def send_signal(self, number: int) -> None:
        """To itself alone."""
        os.kill(self.pid, number)

    def wait(self, seconds: float = 30.0) -> int:
        """Until it has ended."""
        wait_until(lambda: self.poll() is not None, seconds, "the worker does not end")
        assert self._status is not None
        return self._status


def _services() -> dict[str, str]:
    """Where services are, as this process knows it."""
    return {name: value for name, value in os.environ.items() if name.startswith("AWS_")}


class Workers:
    """Workers of one workspace, and what they have said of the ends of jobs.

    Parameters
    ----------
    nursery : Nursery
    workspace : Workspace
    broker : str
    folder : Path
        For what they say.
    own_folders : bool
        Whether each has the shared workspace in a folder of its own, as on another machine.
    """

    def __init__(
        self, nursery: Nursery, workspace: Workspace, broker: str, folder: Path, own_folders: bool = False
    ) -> None:
        self._nursery, self._workspace, self._broker, self._folder = nursery, workspace, broker, folder
        self._own_folders = own_folders
        self.folders: list[Path] = []
        self.processes: list[Forked] = []

    def start(self, count: int = 1, queues: str = "decode,gpu", threads: int = 1, pause: float = 0.0) -> list[Forked]:
        """Start some more; each of their models takes ``pause`` seconds."""
        begun = []
        for _ in range(count):
            name = self._folder / f"worker-{len(self.processes)}"
            pid = self._nursery.ask(
                out=str(name.with_suffix(".out")),
                log=str(name.with_suffix(".log")),
                environment=_services() | {VARIABLE: self._broker},
                arguments=[str(self._home()), queues, threads, pause],
            )
            begun.append(Forked(self._nursery, pid))
            self.processes.append(begun[-1])
        return begun

    def _home(self) -> Path:
        """The folder of the next one's workspace."""
        if not self._own_folders:
            return self._workspace.path
        folder = self._folder / f"machine-{len(self.folders)}"
        folder.mkdir()
        shutil.copy(self._workspace.path / "shared.yaml", folder)
        self.folders.append(folder)
        return folder

    def ends(self) -> list[tuple[str, str]]:
        """Every end of a job that any of them told: id and state."""
        lines = (line for each in sorted(self._folder.glob("worker-*.out")) for line in each.read_text().splitlines())
        return [(line.split()[0], line.split()[1]) for line in lines]

    def ends_of(self, number: int) -> list[str]:
        """The jobs that one of them ended, in order."""
        return [line.split()[0] for line in (self._folder / f"worker-{number}.out").read_text().splitlines()]

    def log(self) -> str:
        """All that they logged."""
        return "".join(each.read_text() for each in sorted(self._folder.glob("worker-*.log")))

    def stop(self) -> None:
        """Kill those that still run."""
        for each in self.processes:
            if each.poll() is None:
                each.send_signal(signal.SIGKILL)
            each.wait()


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Redis]:
    """A broker for the tests of a module."""
    server = Redis(tmp_path_factory.mktemp("redis"))
    yield server
    server.stop()


@pytest.fixture
def broker(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> Broker:
    """The broker, empty, and named in the environment."""
    import redis as client

    client.Redis(port=redis.port).flushall()
    monkeypatch.setenv(VARIABLE, redis.url)
    return Broker(redis.url)


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    """Where workers come from."""
    found = Nursery()
    yield found
    found.end()


@pytest.fixture
def workers(nursery: Nursery, workspace: Workspace, broker: Broker, tmp_path: Path) -> Iterator[Workers]:
    """None yet."""
    found = Workers(nursery, workspace, broker.url, tmp_path)
    yield found
    found.stop()


@pytest.fixture
def queue(workspace: Workspace) -> JobQueue:
    """The jobs of the workspace."""
    return JobQueue(workspace.path)


def tones(folder: Path, count: int, first: int = 0) -> list[Path]:
    """So many different recordings."""
    return [write_tone(folder / f"{each}.wav", pitch=200.0 + 7 * each) for each in range(first, first + count)]


def submit(queue: JobQueue, *paths: Path, lane: str = "archive") -> list[Job]:
    """Ask a cluster for the analysis of recordings."""
    payloads = [(path.name, analysis_payload(path, BASELINE_FAKES, CPU, executor=CLUSTER)) for path in paths]
    return queue.submit_many(ANALYZE, payloads, lane)


def wait_for_ends(queue: JobQueue, seconds: float = 60.0) -> None:
    """Until no job is queued or running."""
    wait_until(
        lambda: not queue.counts().keys() & {"queued", "running"}, seconds, f"left: {queue.counts()} {queue.jobs()}"
    )


def assert_all_whole(workspace: Workspace, queue: JobQueue, workers: Workers, count: int) -> None:
    """Every job is done, none of them twice, and every session is there and whole."""
    assert queue.counts() == {"done": count}
    ends = [job for job, _ in workers.ends()]
    assert sorted(ends) == sorted(set(ends))
    assert workspace.check() == []
    sessions = workspace.sessions()
    assert {each.id for each in sessions} == {job.session for job in queue.jobs()}
    assert len(sessions) == count
    assert all(each.num_turns == 5 for each in sessions)
