"""The same on RabbitMQ: shared out, first come whom somebody waits for, and a broker that goes and comes back."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.cluster.broker import VARIABLE, Broker
from pipeline.cluster.outbox import depths, send
from pipeline.cluster.status import cluster_status
from pipeline.jobs.queue import JobQueue
from pipeline.workspace import Workspace
from tests.brokers import Rabbit, wait_until

from .conftest import Nursery, Workers, assert_all_whole, submit, tones, wait_for_ends

LONG = bool(os.environ.get("TURNTONE_LONG"))


@pytest.fixture(scope="module")
def rabbit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rabbit]:
    """A broker for the tests of this module."""
    server = Rabbit(tmp_path_factory.mktemp("rabbit"))
    yield server
    server.end()


@pytest.fixture
def workers(
    nursery: Nursery, workspace: Workspace, rabbit: Rabbit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Workers]:
    """None yet."""
    monkeypatch.setenv(VARIABLE, rabbit.url)
    found = Workers(nursery, workspace, rabbit.url, tmp_path)
    yield found
    found.stop()


def test_jobs_are_shared_out_and_done_once_also_where_a_worker_is_killed(
    workspace: Workspace, queue: JobQueue, workers: Workers, rabbit: Rabbit, tmp_path: Path
) -> None:
    archive = submit(queue, *tones(tmp_path, 6))
    assert send(archive[:3])
    assert depths(Broker(rabbit.url))["gpu.archive"] == 9
    first, _ = workers.start(2, pause=0.6)
    wait_until(lambda: queue.counts().get("running") == 2)
    assert len(cluster_status(workspace, Broker(rabbit.url)).workers) == 2
    first.send_signal(signal.SIGKILL)
    (late,) = submit(queue, *tones(tmp_path, 1, first=20), lane="interactive")
    wait_for_ends(queue)
    assert_all_whole(workspace, queue, workers, 7)
    found = queue.get(late.id)
    begun = [job.started for job in map(queue.find, [job.id for job in archive]) if job and job.started]
    assert found.started is not None
    assert sum(found.created < each < found.started for each in begun) <= 1  # one may just have been taken
    assert sum(each > found.started for each in begun) >= 1


@pytest.mark.skipif(not LONG, reason="for make soak: RabbitMQ starts slowly")
def test_a_broker_that_is_started_again_loses_nothing(
    workspace: Workspace, queue: JobQueue, workers: Workers, rabbit: Rabbit, tmp_path: Path
) -> None:
    workers.start(1, pause=0.3)
    submit(queue, *tones(tmp_path, 4))
    wait_until(lambda: queue.counts().get("running"))
    rabbit.stop()
    rabbit.start()
    wait_for_ends(queue)
    assert_all_whole(workspace, queue, workers, 4)
