"""``turntone jobs`` and ``turntone worker``, with quick fake models in place of the real ones."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipeline.jobs.analyses import ANALYZE, analysis_payload
from pipeline.jobs.queue import JobQueue
from tests.command_line import CommandLine
from tests.fakes import CPU, FAKES, write_tone

ROOT = Path(__file__).parent.parent.parent
RUN = [sys.executable, "-c", "import tests.fakes; tests.fakes.PAUSE[0] = 60; from turntone.cli import main; main()"]


@pytest.fixture
def queue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> JobQueue:
    """The queue of an empty workspace, the default of this test's commands."""
    monkeypatch.setenv("TURNTONE_WORKSPACE", str(tmp_path / "workspace"))
    return JobQueue(tmp_path / "workspace")


def submit(queue: JobQueue, path: Path) -> str:
    return queue.submit(ANALYZE, analysis_payload(path, FAKES, CPU), path.name).id


def test_without_jobs_there_is_nothing_to_list_or_do(command_line: CommandLine, queue: JobQueue) -> None:
    assert command_line("jobs", "list").err == "no jobs\n"
    assert command_line("jobs", "list", "--format", "json").json == []
    assert command_line("worker", "--until-empty").code == 0
    shown = command_line("jobs", "show", "ab")
    assert (shown.code, shown.err) == (1, "error: no job is called 'ab'; turntone jobs list shows those there are\n")


def test_a_worker_does_what_is_queued_and_jobs_tell_of_it(
    command_line: CommandLine, queue: JobQueue, tmp_path: Path
) -> None:
    job_id, bad_id = submit(queue, write_tone(tmp_path / "call.wav")), submit(queue, tmp_path / "gone.wav")
    shown = command_line("worker", "--until-empty")
    assert shown.code == 0
    assert "call.wav: done, session " in shown.err
    assert "error: " in shown.err and "gone.wav: there is no such file" in shown.err
    done, failed = command_line("jobs", "list", "--format", "json").json
    assert (done["id"], done["state"], done["progress"]) == (job_id, "done", 1.0)
    assert (failed["id"], failed["state"], failed["session"]) == (bad_id, "failed", None)
    assert "gone.wav" in command_line("jobs", "list", "--state", "failed").out
    assert command_line("jobs", "show", job_id[:6], "--format", "json").json == done
    assert command_line("sessions", "show", done["session"]).code == 0


def test_jobs_are_cancelled_retried_and_forgotten(command_line: CommandLine, queue: JobQueue, tmp_path: Path) -> None:
    job_id = submit(queue, write_tone(tmp_path / "call.wav"))
    assert command_line("jobs", "cancel", job_id, "--format", "json").json["state"] == "cancelled"
    assert command_line("jobs", "retry", job_id).err == f"{job_id} (call.wav): queued\n"
    assert "cancel it first" in command_line("jobs", "forget", job_id).err
    command_line("jobs", "cancel", job_id)
    assert command_line("jobs", "forget", job_id).code == 0
    assert queue.jobs() == []


def test_a_state_that_is_none_is_named(command_line: CommandLine, queue: JobQueue) -> None:
    shown = command_line("jobs", "list", "--state", "lost")
    assert shown.code == 1
    assert "--state lost: not a state of jobs; accepted are queued, running, done, failed, cancelled" in shown.err


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_worker_that_is_stopped_gives_its_job_back(queue: JobQueue, tmp_path: Path, how: int) -> None:
    job_id = submit(queue, write_tone(tmp_path / "call.wav"))
    with subprocess.Popen([*RUN, "worker"], cwd=ROOT, stderr=subprocess.DEVNULL) as process:
        wait_for_state(queue, job_id, "running")
        os.kill(process.pid, how)
        assert process.wait(60) == 130
    job = queue.get(job_id)
    assert (job.state, job.attempts) == ("queued", 0)


def test_a_worker_ends_with_its_parent(queue: JobQueue, tmp_path: Path) -> None:
    job_id = submit(queue, write_tone(tmp_path / "call.wav"))
    parent = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    with subprocess.Popen([*RUN, "worker", "--parent", str(parent.pid)], cwd=ROOT, stderr=subprocess.DEVNULL) as worker:
        wait_for_state(queue, job_id, "running")
        parent.kill()
        parent.wait(30)
        assert worker.wait(90) == 0
    assert queue.get(job_id).state == "queued"


def wait_for_state(queue: JobQueue, job_id: str, state: str, seconds: float = 90.0) -> None:
    """Until the job is in that state; fails where it never is."""
    end = time.monotonic() + seconds
    while queue.get(job_id).state != state:
        assert time.monotonic() < end, f"the job is {queue.get(job_id).state}"
        time.sleep(0.05)
