"""How a cluster does: seen by people, and by Prometheus."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from pipeline.cluster.broker import VARIABLE, Broker
from pipeline.cluster.metrics import WAITING, WORKING, WorkerMetrics, metrics_text
from pipeline.cluster.status import cluster_status
from pipeline.jobs.queue import JobQueue
from pipeline.jobs.worker import Worker
from pipeline.workspace import Workspace
from tests.brokers import wait_until
from tests.command_line import CommandLine
from tests.fakes import PAUSE, write_tone
from tests.ports import free_port

from .conftest import Workers, submit, tones, wait_for_ends


def figures(text: bytes) -> dict[str, float]:
    """Each sample of an exposition, its labels behind its name."""
    return {
        f"{sample.name}{json.dumps(sample.labels, sort_keys=True)}": sample.value
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
    }


def test_the_status_says_who_works_on_what_and_what_waits(
    workspace: Workspace, queue: JobQueue, workers: Workers, broker: Broker, tmp_path: Path
) -> None:
    workers.start(1, queues="gpu", pause=20.0)
    running, *_ = submit(queue, *tones(tmp_path, 3))
    wait_until(lambda: queue.get(running.id).stage == "diarize")
    found = cluster_status(workspace, broker)
    assert (found.broker, found.database, found.store) == ("ok", "ok", "ok")
    (worker,) = found.workers
    assert worker["process"] == workers.processes[0].pid
    assert (worker["queues"], worker["threads"], worker["device"]) == (["gpu.interactive", "gpu.archive"], 1, "cpu")
    assert [(job["id"], job["stage"]) for job in worker["jobs"]] == [(running.id, "diarize")]
    archive = next(each for each in found.queues if each["queue"] == "gpu.archive")
    assert (archive["jobs"], archive["messages"], archive["workers"]) == (2, 2, 1)
    assert archive["oldest"] > 0
    assert found.jobs == {"queued": 2, "running": 1}
    assert found.problems == []


def test_the_status_says_what_is_away_and_what_nobody_takes(
    workspace: Workspace, queue: JobQueue, workers: Workers, broker: Broker, tmp_path: Path, command_line: CommandLine
) -> None:
    submit(queue, *tones(tmp_path, 1))
    alone = cluster_status(workspace, broker)
    assert alone.problems == ["no worker answers; start some: turntone worker --queues decode,gpu"]
    workers.start(1, queues="decode")
    wait_until(lambda: cluster_status(workspace, broker).workers)
    (problem,) = cluster_status(workspace, broker).problems
    assert problem == ("gpu.archive: 1 job waits, and no worker takes from it; start one with --queues gpu.archive")
    shown = command_line("cluster", "status", "--workspace", str(workspace.path), "--format", "json")
    assert shown.code == 1 and json.loads(shown.out)["jobs"] == {"queued": 1}
    assert problem in shown.err
    port = free_port()
    with pytest.MonkeyPatch.context() as elsewhere:
        elsewhere.setenv(VARIABLE, f"redis://:secret@127.0.0.1:{port}/0")
        away = command_line("cluster", "status", "--workspace", str(workspace.path))
    assert away.code == 1
    assert f"redis://127.0.0.1:{port}/0: the broker does not answer" in away.err
    assert "secret" not in away.err + away.out


def test_the_server_shows_what_waits_to_prometheus(
    workspace: Workspace, queue: JobQueue, broker: Broker, tmp_path: Path
) -> None:
    submit(queue, *tones(tmp_path, 2))
    submit(queue, *tones(tmp_path, 1, first=2), lane="interactive")
    text = metrics_text(workspace)
    found = figures(text)
    assert found['turntone_jobs{"state": "queued"}'] == 3
    assert found['turntone_jobs_waiting{"executor": "celery", "queue": "gpu.archive"}'] == 2
    assert found['turntone_messages_waiting{"queue": "gpu.interactive"}'] == 1
    assert found['turntone_oldest_waiting_seconds{"executor": "celery", "queue": "gpu.archive"}'] > 0
    assert (found['turntone_up{"part": "broker"}'], found['turntone_up{"part": "database"}']) == (1, 1)
    assert {family.name for family in text_string_to_metric_families(text.decode())} == set(WAITING)


def test_a_worker_shows_what_it_does_to_prometheus(workspace: Workspace, queue: JobQueue, tmp_path: Path) -> None:
    from pipeline.jobs.analyses import ANALYZE, analysis_payload
    from tests.fakes import BASELINE_FAKES, CPU

    PAUSE[0] = 0.3
    broken = tmp_path / "broken.wav"
    broken.write_bytes(b"RIFF")
    for path in (write_tone(tmp_path / "tone.wav"), broken):
        queue.submit(ANALYZE, analysis_payload(path, BASELINE_FAKES, CPU), path.name)
    metrics = WorkerMetrics(workspace)
    Worker(workspace, 1, metrics.ended, metrics.moved).run(until_empty=True)
    text = generate_latest(metrics.registry)
    found = figures(text)
    ended = 'turntone_jobs_ended_total{"kind": "analyze", "lane": "interactive", "state": "%s"}'
    assert (found[ended % "done"], found[ended % "failed"]) == (1, 1)
    assert found["turntone_sound_seconds_total{}"] == pytest.approx(15.0)
    assert found["turntone_analysis_seconds_total{}"] > 0.6
    assert found['turntone_stage_seconds_sum{"stage": "diarize"}'] > 0.29
    assert found['turntone_stage_seconds_count{"stage": "save"}'] == 1
    assert found["turntone_jobs_running{}"] == 0
    assert found["turntone_heartbeat_timestamp_seconds{}"] > 1e9
    counters = {
        f"{family.name}{'_total' * (family.type == 'counter')}"
        for family in text_string_to_metric_families(text.decode())
    }
    assert counters == set(WORKING)


def test_analyze_waits_for_the_cluster_and_ends_as_it_does_alone(
    workspace: Workspace, queue: JobQueue, workers: Workers, tmp_path: Path, command_line: CommandLine
) -> None:
    good, other = tones(tmp_path, 2)
    broken = tmp_path / "broken.wav"
    broken.write_bytes(b"RIFF")
    workers.start(1)
    fakes = ["--set", "diarization.backend=fake", "--set", "emotion.backend=fake-baseline"]
    asked = ["--executor", "celery", "--workspace", str(workspace.path), "--format", "json", *fakes]
    one = command_line("analyze", str(good), *asked)
    assert (one.code, [each["recording"]["path"] for each in json.loads(one.out)]) == (0, [str(good)])
    assert [job.lane for job in queue.jobs()] == ["interactive"]
    several = command_line("analyze", str(other), str(broken), *asked)
    assert (several.code, len(json.loads(several.out))) == (1, 1)
    assert "broken.wav" in several.err and "1 of 2 failed" in several.err
    wait_for_ends(queue)
    again = command_line("analyze", "--retry-failed", "--executor", "celery", "--workspace", str(workspace.path))
    assert again.code == 1 and "broken.wav" in again.err
