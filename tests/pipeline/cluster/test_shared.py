"""Workers with folders of their own on PostgreSQL and S3: recordings handed over, connections broken, a store away."""

from __future__ import annotations

import datetime
import os
import random
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from dashboard.app import make_app
from pipeline.cluster.broker import Broker
from pipeline.cluster.recordings import sweep_handed
from pipeline.cluster.status import cluster_status
from pipeline.jobs.batches import submit_batch
from pipeline.jobs.job import CLUSTER
from pipeline.jobs.manifest import Planned
from pipeline.jobs.queue import JobQueue
from pipeline.store.shared_files import shared_files
from pipeline.workspace import Workspace
from tests.brokers import Redis
from tests.fakes import BASELINE_FAKES, CPU
from tests.proxies import Proxy
from tests.services import Services

from .conftest import Nursery, Workers, tones, wait_for_ends

ROUNDS = int(os.environ.get("TURNTONE_CLUSTER_ROUNDS", "1"))
"""How often a batch is worked off with faults of every kind; ``make soak`` does it 40 times."""

FAKE = ["diarization.backend=fake", "emotion.backend=fake-baseline"]


@pytest.fixture
def workspace(services: Services, tmp_path: Path) -> Workspace:
    """One that machines share, as whoever submits has it."""
    return Workspace(services.workspace(tmp_path / "workspace"))


@pytest.fixture
def network(services: Services, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    """What lies between everybody and the store."""
    proxy = Proxy(services.objects.port)
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{proxy.port}")
    yield proxy
    proxy.end()


@pytest.fixture
def workers(
    nursery: Nursery, network: Proxy, workspace: Workspace, broker: Broker, tmp_path: Path
) -> Iterator[Workers]:
    """None yet; each will have a folder of its own."""
    found = Workers(nursery, workspace, broker.url, tmp_path, own_folders=True)
    yield found
    found.stop()


def submit(workspace: Workspace, *paths: Path) -> frozenset[str]:
    """Ask the cluster for the analysis of recordings that it does not see, and take them away."""
    batch = submit_batch(workspace, [Planned(path) for path in paths], BASELINE_FAKES, CPU, CLUSTER)
    for path in paths:
        path.unlink()
    return batch.jobs


def handed(workspace: Workspace) -> list[str]:
    """What lies in the store for jobs."""
    shared = shared_files(workspace.path)
    assert shared is not None
    return sorted(shared.store.names("uploads"))


def assert_all_whole(workspace: Workspace, queue: JobQueue, workers: Workers) -> None:
    """Every job is done and told once, every session whole, nothing left of what was handed over."""
    assert {job.state for job in queue.jobs()} == {"done"}, [(job, job.reason) for job in queue.jobs()]
    ends = [job for job, state in workers.ends() if state != "queued"]
    assert sorted(ends) == sorted(set(ends))
    assert workspace.check() == []
    sessions = workspace.sessions()
    assert sorted(each.id for each in sessions) == sorted({str(job.session) for job in queue.jobs()})
    assert len(sessions) == len(queue.jobs())
    assert all(each.num_turns == 5 for each in sessions)
    sweep_handed(workspace.path, queue)  # what could not be removed while the store was away
    assert handed(workspace) == []


def test_recordings_reach_workers_through_the_store_and_bad_ones_stop_before_the_networks(
    workspace: Workspace, queue: JobQueue, workers: Workers, tmp_path: Path
) -> None:
    workers.start(1, queues="decode")
    workers.start(1, queues="gpu")
    broken = tmp_path / "broken.wav"
    broken.write_bytes(b"RIFF")
    submit(workspace, *tones(tmp_path, 2), broken)
    wait_for_ends(queue)
    by_title = {job.title: job for job in queue.jobs()}
    assert {title: job.state for title, job in by_title.items()} == {
        "0.wav": "done",
        "1.wav": "done",
        "broken.wav": "failed",
    }
    assert "broken.wav" in str(by_title["broken.wav"].reason)
    assert workers.ends_of(0) == [by_title["broken.wav"].id]
    assert sorted(workers.ends_of(1)) == sorted(by_title[title].id for title in ("0.wav", "1.wav"))
    assert [job.attempts for job in queue.jobs()] == [1, 1, 1]
    assert [name.rsplit("/", 1)[-1] for name in handed(workspace)] == ["broken.wav"]  # for another try
    assert [each for folder in workers.folders for each in (folder / "uploads").rglob("*") if each.is_file()] == []
    assert workspace.check() == []


def test_a_page_hands_uploads_over_and_the_same_one_twice_is_one_job(
    workspace: Workspace, queue: JobQueue, workers: Workers, tmp_path: Path
) -> None:
    (tone,) = tones(tmp_path, 1)
    with TestClient(make_app(workspace.path, executor=CLUSTER), base_url="http://127.0.0.1:8050") as client:
        jobs = []
        for _ in range(2):
            size = {"name": "call.wav", "size": tone.stat().st_size}
            upload = client.post("/api/uploads", json=size).json()["id"]
            client.patch(f"/api/uploads/{upload}", content=tone.read_bytes(), headers={"Upload-Offset": "0"})
            jobs.append(client.post("/api/jobs", json={"upload": upload, "settings": FAKE}).json())
        assert jobs[0]["id"] == jobs[1]["id"]
        assert len(handed(workspace)) == 1
        assert list((workspace.path / "uploads").iterdir()) == []
        workers.start(1)
        wait_for_ends(queue)
        found = client.get(f"/api/jobs/{jobs[0]['id']}").json()
        assert (found["state"], found["title"], found["lane"]) == ("done", "call.wav", "interactive")
        figures = client.get("/metrics").text
        assert 'turntone_jobs{state="done"} 1.0' in figures
        assert handed(workspace) == []
    assert_all_whole(workspace, queue, workers)


def test_faults_of_database_and_store_together_lose_nothing(
    workspace: Workspace,
    queue: JobQueue,
    workers: Workers,
    network: Proxy,
    services: Services,
    redis: Redis,
    tmp_path: Path,
) -> None:
    chance = random.Random(5)
    url = (workspace.path / "shared.yaml").read_text().split("database: ")[1].split("\n")[0]
    workers.start(2, pause=0.2)
    counted = dict.fromkeys(
        ("end connections", "stop database", "slow store", "failing store", "kill", "stop broker"), 0
    )
    for round_ in range(ROUNDS):
        submit(workspace, *tones(tmp_path, 4, first=4 * round_))
        for fault in chance.sample(sorted(counted), len(counted) if ROUNDS == 1 else 3):
            counted[fault] += 1
            time.sleep(chance.uniform(0.0, 0.5))
            if fault == "end connections":
                services.postgres.end_connections(url)
            elif fault == "stop database":
                services.postgres.stop(chance.choice(("fast", "immediate")))
                time.sleep(chance.uniform(0.0, 2.0))
                services.postgres.start()
            elif fault == "slow store":
                network.delay = 0.3
                time.sleep(1.0)
                network.delay = 0.0
            elif fault == "failing store":
                network.broken = True
                time.sleep(chance.uniform(0.0, 6.0))
                network.broken = False
            elif fault == "kill":
                chance.choice([each for each in workers.processes if each.poll() is None]).send_signal(signal.SIGKILL)
                workers.start(1, pause=0.2)
            else:
                redis.stop()
                redis.start()
        wait_for_ends(queue, 240)
        assert_all_whole(workspace, queue, workers)
    print(f"{ROUNDS} rounds: {len(queue.jobs())} jobs done once; faults {counted}")


def test_the_status_names_what_is_away(
    workspace: Workspace, broker: Broker, network: Proxy, services: Services
) -> None:
    network.broken = True
    found = cluster_status(workspace, broker)
    assert (found.broker, found.database) == ("ok", "ok")
    assert "s3://" in found.store and found.store in found.problems
    network.broken = False
    services.postgres.stop("fast")
    try:
        found = cluster_status(workspace, broker)
    finally:
        services.postgres.start()
    assert "the database server does not answer" in found.database
    assert found.jobs == {}


def test_a_recording_that_arrives_damaged_is_not_analysed(
    workspace: Workspace, queue: JobQueue, workers: Workers, tmp_path: Path
) -> None:
    submit(workspace, *tones(tmp_path, 1))
    shared = shared_files(workspace.path)
    assert shared is not None
    (name,) = handed(workspace)
    other = shutil.copy(*[str(each) for each in (*tones(tmp_path, 1, first=1), tmp_path / "other.wav")])
    shared.store.put(Path(other), name)
    workers.start(1)
    wait_for_ends(queue)
    (job,) = queue.jobs()
    assert job.reason == "0.wav: what arrived is not what was handed over; submit it again"
    assert workspace.sessions() == []


def test_what_was_handed_over_and_never_asked_for_is_swept_after_two_days(
    workspace: Workspace, queue: JobQueue, broker: Broker, network: Proxy, tmp_path: Path
) -> None:
    shared = shared_files(workspace.path)
    assert shared is not None
    submit(workspace, *tones(tmp_path, 1))
    asked, *_ = handed(workspace)
    before = (datetime.datetime.now(datetime.UTC).date() - datetime.timedelta(days=2)).isoformat()
    orphan, wanted = f"uploads/{before}-0011/a.wav", f"uploads/{before}-0022/b.wav"
    for name in (orphan, wanted):
        shared.store.write(name, b"sound")
    queue.submit("analyze", {"handed": wanted}, "b.wav")
    assert sweep_handed(workspace.path, queue) == [orphan]
    assert handed(workspace) == sorted([asked, wanted])
