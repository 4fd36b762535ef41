"""Workers of a cluster on a real Redis: shared out, first come whom somebody waits for, cancelled, given back."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import pytest

from pipeline.cluster.broker import VARIABLE, Broker
from pipeline.cluster.outbox import depths, send
from pipeline.jobs.batches import follow_batch, submit_batch
from pipeline.jobs.job import CLUSTER, Job
from pipeline.jobs.manifest import Planned
from pipeline.jobs.queue import JobQueue
from pipeline.jobs.worker import Worker
from pipeline.workspace import Workspace
from tests.brokers import wait_until
from tests.fakes import BASELINE_FAKES, CPU

from .conftest import Workers, assert_all_whole, submit, tones, wait_for_ends


def test_two_workers_share_a_batch_and_each_recording_is_done_once(
    workspace: Workspace, queue: JobQueue, workers: Workers, tmp_path: Path
) -> None:
    workers.start(2, pause=0.2)
    planned = [Planned(path) for path in tones(tmp_path, 6)]
    batch = submit_batch(workspace, planned, BASELINE_FAKES, CPU, CLUSTER)
    told: list[Job] = []
    stages: list[str] = []
    jobs = follow_batch(workspace, batch, told.append, lambda _job, stage, _share: stages.append(stage))
    assert [job.state for job in jobs] == ["done"] * 6
    assert sorted(job.id for job in told) == sorted(batch.jobs)
    assert {"diarize", "recognize"} & set(stages)
    assert all(job.attempts == 1 for job in jobs)
    assert_all_whole(workspace, queue, workers, 6)
    shares = [len(workers.ends_of(number)) for number in range(2)]
    assert min(shares) >= 2, shares


def test_a_message_that_comes_again_does_nothing_again(
    workspace: Workspace, queue: JobQueue, workers: Workers, broker: Broker, tmp_path: Path
) -> None:
    jobs = submit(queue, *tones(tmp_path, 3))
    for _ in range(3):
        assert send(jobs)
    assert depths(broker)["gpu.archive"] == 12
    workers.start(2, pause=0.3)
    wait_for_ends(queue)
    wait_until(lambda: sum(depths(broker).values()) == 0)
    time.sleep(0.5)
    assert all(job.attempts == 1 for job in queue.jobs())
    assert_all_whole(workspace, queue, workers, 3)


def test_whom_somebody_waits_for_comes_before_the_archive(queue: JobQueue, workers: Workers, tmp_path: Path) -> None:
    archive = submit(queue, *tones(tmp_path, 6))
    workers.start(1, pause=0.3)
    wait_until(lambda: len(workers.ends()) >= 2)
    (late,) = submit(queue, *tones(tmp_path, 1, first=20), lane="interactive")
    wait_for_ends(queue)
    order = workers.ends_of(0)
    begun_before = sum(queue.get(job.id).started <= queue.get(late.id).created for job in archive)  # type: ignore[operator]
    assert order.index(late.id) <= begun_before < 6


def test_a_worker_of_one_lane_leaves_the_other(queue: JobQueue, workers: Workers, tmp_path: Path) -> None:
    (archive,) = submit(queue, *tones(tmp_path, 1))
    (waited_for,) = submit(queue, *tones(tmp_path, 1, first=1), lane="interactive")
    workers.start(1, queues="gpu.interactive")
    wait_until(lambda: queue.get(waited_for.id).state == "done")
    assert queue.get(archive.id).state == "queued"


def test_a_cancel_travels_and_leaves_nothing(
    workspace: Workspace, queue: JobQueue, workers: Workers, tmp_path: Path
) -> None:
    running, waiting = submit(queue, *tones(tmp_path, 2))
    workers.start(1, pause=3.0)
    wait_until(lambda: queue.get(running.id).state == "running")
    queue.cancel(waiting.id)
    queue.cancel(running.id)
    wait_for_ends(queue)
    assert queue.counts() == {"cancelled": 2}
    assert workspace.sessions() == []


def test_a_worker_that_is_stopped_gives_its_job_to_another(
    workspace: Workspace, queue: JobQueue, workers: Workers, tmp_path: Path
) -> None:
    (job,) = submit(queue, *tones(tmp_path, 1))
    (first,) = workers.start(1, pause=5.0)
    wait_until(lambda: queue.get(job.id).state == "running")
    first.send_signal(signal.SIGTERM)
    assert first.wait(30) == 0
    workers.start(1)
    wait_for_ends(queue)
    assert queue.get(job.id).attempts == 1
    assert_all_whole(workspace, queue, workers, 1)


def test_what_is_wrong_with_a_recording_is_the_reason_of_its_job(
    queue: JobQueue, workers: Workers, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.wav"
    broken.write_bytes(b"RIFF")
    gone = tmp_path / "gone.wav"
    submit(queue, broken, gone)
    workers.start(1)
    wait_for_ends(queue)
    assert all(job.state == "failed" and job.title in str(job.reason) for job in queue.jobs())
    assert len(workers.ends()) == 2


def test_the_same_recording_asked_for_twice_is_one_job(queue: JobQueue, broker: Broker, tmp_path: Path) -> None:
    (path,) = tones(tmp_path, 1)
    assert [job.id for job in submit(queue, path, path)] == [submit(queue, path)[0].id] * 2
    assert queue.counts() == {"queued": 1}


def test_workers_of_one_machine_leave_the_jobs_of_a_cluster(
    workspace: Workspace, queue: JobQueue, broker: Broker, tmp_path: Path
) -> None:
    submit(queue, *tones(tmp_path, 1))
    Worker(workspace).run(until_empty=True)
    assert queue.counts() == {"queued": 1}


def test_a_job_without_a_message_is_found_all_the_same(
    workspace: Workspace, queue: JobQueue, workers: Workers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where whoever asked was killed between the row and the message, or knows of no broker."""
    with monkeypatch.context() as nowhere:
        nowhere.delenv(VARIABLE)
        submit(queue, *tones(tmp_path, 2))
    workers.start(1)
    wait_for_ends(queue)
    assert_all_whole(workspace, queue, workers, 2)
