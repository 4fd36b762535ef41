"""The worker: real analyses with quick models, beside each other, cancelled, stopped and killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread

import pytest

from diarization.errors import ConfigError
from pipeline.jobs import handlers
from pipeline.jobs.analyses import ANALYZE, analysis_payload
from pipeline.jobs.handlers import handler_of, register
from pipeline.jobs.job import Job
from pipeline.jobs.queue import JobQueue
from pipeline.jobs.worker import Worker
from pipeline.stages.running import Progress
from pipeline.workspace import Workspace
from tests.fakes import BASELINE_FAKES, CPU, PAUSE, write_tone


@pytest.fixture
def queue(workspace: Workspace) -> JobQueue:
    """The queue of the workspace."""
    return JobQueue(workspace.path)


@pytest.fixture
def own_kinds() -> Iterator[None]:
    """Kinds that a test registers are gone after it."""
    known = dict(handlers._HANDLERS)
    yield
    handlers._HANDLERS.clear()
    handlers._HANDLERS.update(known)


def submit(queue: JobQueue, *paths: Path, upload: bool = False) -> list[str]:
    payloads = [(path.name, analysis_payload(path, BASELINE_FAKES, CPU, "Anna", upload=upload)) for path in paths]
    return [job.id for job in queue.submit_many(ANALYZE, payloads)]


def test_a_batch_is_worked_off_and_each_job_is_told(workspace: Workspace, queue: JobQueue, tmp_path: Path) -> None:
    paths = [write_tone(tmp_path / f"{pitch}.wav", pitch=pitch) for pitch in (200.0, 250.0, 300.0)]
    broken = tmp_path / "broken.wav"
    broken.write_bytes(b"RIFF")
    submit(queue, *paths, broken)
    ended: list[Job] = []
    shares: list[float] = []
    Worker(workspace, ended=ended.append, moved=lambda _job, _stage, share: shares.append(share)).run(until_empty=True)
    assert queue.counts() == {"done": 3, "failed": 1}
    assert sorted(job.title for job in ended) == ["200.0.wav", "250.0.wav", "300.0.wav", "broken.wav"]
    assert {job.session for job in queue.jobs("done")} == {session.id for session in workspace.sessions("Anna")}
    (failed,) = queue.jobs("failed")
    assert failed.reason and "broken.wav" in failed.reason and failed.attempts == 1
    assert min(shares) >= 0.0 and max(shares) == pytest.approx(1.0)


def test_an_upload_goes_when_it_is_analysed_and_stays_when_it_failed(
    workspace: Workspace, queue: JobQueue, tone: Path, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.wav"
    broken.write_bytes(b"RIFF")
    submit(queue, tone, broken, upload=True)
    Worker(workspace).run(until_empty=True)
    assert (tone.exists(), broken.exists()) == (False, True)


def test_a_cancelled_job_stops_and_leaves_nothing(workspace: Workspace, queue: JobQueue, tone: Path) -> None:
    (job_id,) = submit(queue, tone)
    PAUSE[0] = 6.0
    worker = Worker(workspace, threads=1)
    thread = Thread(target=worker.run, kwargs={"until_empty": True})
    thread.start()
    wait_for(lambda: queue.get(job_id).stage == "diarize")
    queue.cancel(job_id)
    thread.join(30)
    assert queue.get(job_id).state == "cancelled"
    assert workspace.sessions() == []


def test_a_worker_that_is_stopped_gives_its_jobs_back(workspace: Workspace, queue: JobQueue, tone: Path) -> None:
    (job_id,) = submit(queue, tone)
    PAUSE[0] = 6.0
    worker = Worker(workspace, threads=1)
    thread = Thread(target=worker.run)
    thread.start()
    wait_for(lambda: queue.get(job_id).state == "running")
    worker.stop()
    thread.join(30)
    job = queue.get(job_id)
    assert (job.state, job.attempts) == ("queued", 0)
    PAUSE[0] = 0.0
    Worker(workspace).run(until_empty=True)
    assert queue.get(job_id).state == "done"


def test_a_job_that_ends_while_its_worker_stops_is_given_back(
    workspace: Workspace, queue: JobQueue, own_kinds: None
) -> None:
    worker = Worker(workspace, threads=1)

    class SlowEvent(Event):
        """Set only once the job's thread has seen it and ended."""

        def set(self) -> None:
            super().set()
            thread.join(30)

    worker._stop = SlowEvent()
    register("wait", report_for_ever)
    job = queue.submit("wait", {}, "call.wav")
    thread = Thread(target=worker.run)
    thread.start()
    wait_for(lambda: queue.get(job.id).state == "running")
    worker.stop()
    assert not thread.is_alive()
    assert (queue.get(job.id).state, queue.get(job.id).attempts) == ("queued", 0)


def test_a_job_claimed_while_its_worker_stops_is_given_back(
    workspace: Workspace, queue: JobQueue, own_kinds: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = Worker(workspace, threads=2)
    stopping = Thread(target=worker.stop)
    claim = worker.queue.claim

    def claim_late(kinds: tuple[str, ...], batch: str | None = None) -> Job | None:
        stopping.start()
        assert worker._stop.wait(30)
        return claim(kinds, batch)

    monkeypatch.setattr(worker.queue, "claim", claim_late)
    register("wait", report_for_ever)
    job = queue.submit("wait", {}, "call.wav")
    worker.run()
    stopping.join(30)
    assert (queue.get(job.id).state, queue.get(job.id).attempts) == ("queued", 0)


def report_for_ever(_job: Job, _workspace: Workspace, progress: Progress) -> str:
    while True:
        progress("read", 0.5)
        time.sleep(0.01)


def test_what_fails_unexpectedly_is_tried_three_times_and_blocks_nothing(
    workspace: Workspace, queue: JobQueue, tone: Path, own_kinds: None
) -> None:
    tried: list[str] = []

    def explode(job: Job, _workspace: Workspace, _progress: Progress) -> str:
        tried.append(job.id)
        raise RuntimeError("boom\nand more")

    register("explode", explode)
    job = queue.submit("explode", {}, "bad.wav")
    submit(queue, tone)
    Worker(workspace, threads=1).run(until_empty=True)
    assert tried == [job.id] * 3
    failed = queue.get(job.id)
    assert failed.reason == "bad.wav: the analysis failed unexpectedly (RuntimeError: boom); nothing was stored"
    assert queue.counts() == {"failed": 1, "done": 1}


def test_a_kind_that_nothing_works_on_is_named() -> None:
    with pytest.raises(ConfigError, match="jobs of the kind 'fly'; known are analyze"):
        handler_of("fly")


_WORK = """
import sys
from pathlib import Path
from pipeline.jobs.worker import Worker
from pipeline.workspace import Workspace
from tests.fakes import PAUSE
PAUSE[0] = float(sys.argv[2])
Worker(Workspace(Path(sys.argv[1]))).run(until_empty=True)
"""


def test_a_killed_worker_loses_nothing(workspace: Workspace, queue: JobQueue, tmp_path: Path) -> None:
    ids = submit(queue, *(write_tone(tmp_path / f"{pitch}.wav", pitch=pitch) for pitch in (200.0, 250.0, 300.0)))
    command = [sys.executable, "-c", _WORK, str(workspace.path), "60"]
    with subprocess.Popen(command, cwd=Path(__file__).parents[3]) as process:
        wait_for(lambda: queue.counts().get("running", 0) > 0)
        os.kill(process.pid, signal.SIGKILL)
    Worker(workspace).run(until_empty=True)
    assert [queue.get(job_id).state for job_id in ids] == ["done"] * 3
    assert len(workspace.sessions()) == 3 and workspace.check() == []


def wait_for(happened: object, seconds: float = 60.0) -> None:
    """Until it is so; fails where it never is."""
    assert callable(happened)
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.05)
