"""What is left when workers are killed and the broker goes: every job ends once, every session is whole or absent."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.cluster.broker import VARIABLE, Broker, BrokerError, check_broker
from pipeline.cluster.outbox import depths, send
from pipeline.jobs.queue import JobQueue
from pipeline.workspace import Workspace
from tests.brokers import Redis, wait_until

from .conftest import Workers, assert_all_whole, submit, tones, wait_for_ends

ROUNDS = int(os.environ.get("TURNTONE_CLUSTER_ROUNDS", "1"))
"""How often a batch is worked off with a fault of every kind; ``make soak`` does it 40 times."""


@pytest.fixture(autouse=True)
def running_again(redis: Redis) -> Iterator[None]:
    """A broker that a test stopped is there for the next one."""
    yield
    redis.stop()
    redis.start()


def test_a_worker_killed_at_work_loses_nothing(
    workspace: Workspace, queue: JobQueue, workers: Workers, tmp_path: Path
) -> None:
    jobs = submit(queue, *tones(tmp_path, 4))
    first, _ = workers.start(2, pause=1.0)
    wait_until(lambda: queue.counts().get("running") == 2)
    first.send_signal(signal.SIGKILL)
    assert first.wait() == -signal.SIGKILL
    wait_for_ends(queue)
    assert_all_whole(workspace, queue, workers, 4)
    assert sum(queue.get(job.id).attempts for job in jobs) == 5


@pytest.mark.skipif(not os.environ.get("TURNTONE_LONG"), reason="for make soak: three workers one after the other")
def test_a_job_that_takes_every_worker_down_is_given_up(
    workspace: Workspace, queue: JobQueue, workers: Workers, tmp_path: Path
) -> None:
    (job,) = submit(queue, *tones(tmp_path, 1))
    for attempt in (1, 2, 3):
        (process,) = workers.start(1, pause=20.0)
        wait_until(lambda attempt=attempt: queue.get(job.id).attempts == attempt)  # type: ignore[misc]
        process.send_signal(signal.SIGKILL)
        process.wait()
    workers.start(1)
    wait_for_ends(queue)
    assert queue.get(job.id).state == "failed"
    assert "given up after 3 attempts" in str(queue.get(job.id).reason)
    assert workspace.sessions() == []


def test_a_broker_that_loses_everything_loses_no_job(
    workspace: Workspace, queue: JobQueue, workers: Workers, redis: Redis, tmp_path: Path
) -> None:
    submit(queue, *tones(tmp_path, 5))
    workers.start(2, pause=0.5)
    wait_until(lambda: queue.counts().get("running"))
    redis.stop()
    time.sleep(1.0)
    redis.start()
    wait_for_ends(queue)
    assert all(job.attempts == 1 for job in queue.jobs())
    assert_all_whole(workspace, queue, workers, 5)


def test_what_is_asked_for_while_the_broker_is_away_is_done_when_it_is_back(
    workspace: Workspace,
    queue: JobQueue,
    workers: Workers,
    redis: Redis,
    broker: Broker,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    workers.start(1)
    redis.stop()
    submit(queue, *tones(tmp_path, 2))
    assert "the broker does not answer" in caplog.text
    with pytest.raises(BrokerError, match=rf"redis://127.0.0.1:{redis.port}/0: the broker does not answer"):
        check_broker(broker)
    assert queue.counts() == {"queued": 2}
    redis.start()
    check_broker(broker)
    wait_for_ends(queue)
    assert_all_whole(workspace, queue, workers, 2)


def test_batches_survive_faults_of_every_kind_together(
    workspace: Workspace, queue: JobQueue, workers: Workers, redis: Redis, broker: Broker, tmp_path: Path
) -> None:
    chance = random.Random(11)
    done = 0
    workers.start(2, pause=0.2)
    for round_ in range(ROUNDS):
        recordings = tones(tmp_path, 4, first=4 * round_)
        submit(queue, *recordings)
        for fault in chance.sample(("kill", "stop broker", "send again", "submit again", "ask while away"), 3):
            time.sleep(chance.uniform(0.0, 0.7))
            if fault == "kill":
                chance.choice([each for each in workers.processes if each.poll() is None]).send_signal(signal.SIGKILL)
                workers.start(1, pause=0.2)
            elif fault == "stop broker":
                redis.stop()
                time.sleep(chance.uniform(0.0, 1.0))
                redis.start()
            elif fault == "send again":
                send([job for job in queue.jobs() if job.state in ("queued", "running")])
            elif fault == "submit again":
                open_ = {job.title for job in queue.jobs() if not job.ended}
                submit(queue, *(each for each in recordings if each.name in open_))
            else:
                redis.stop()
                with pytest.MonkeyPatch.context() as nowhere:
                    nowhere.delenv(VARIABLE)
                    submit(queue, *tones(tmp_path, 1, first=1000 + round_))
                redis.start()
        wait_for_ends(queue, 120)
        done = len(queue.jobs())
        assert {job.state for job in queue.jobs()} == {"done"}, [(job, job.reason) for job in queue.jobs()]
        # "submit again" may come just after the end: that is a job of its own, with nothing to do.
        sessions = workspace.sessions()
        assert {each.id for each in sessions} == {job.session for job in queue.jobs()}
        assert all(each.num_turns == 5 for each in sessions)
        assert workspace.check() == []
    ends = [job for job, _ in workers.ends()]
    assert sorted(ends) == sorted(set(ends)) and len(ends) >= done - len(workers.processes)
    wait_until(lambda: sum(depths(broker).values()) == 0)
    print(f"{ROUNDS} rounds: {done} jobs done once, {len(workers.processes) - 2} workers killed")
