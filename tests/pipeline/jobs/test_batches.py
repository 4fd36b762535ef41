"""Batches: worked off once, gone on with after a kill, failures kept and tried again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

from pipeline.jobs.analyses import ANALYZE
from pipeline.jobs.batches import retry_failed, submit_batch, work_batch
from pipeline.jobs.job import MAX_ATTEMPTS, Job
from pipeline.jobs.manifest import Planned
from pipeline.jobs.queue import JobQueue
from pipeline.workspace import Workspace
from tests.fakes import BASELINE_FAKES, CALLS, CPU, write_tone

KILLED = """
import sys
from pathlib import Path
from pipeline.jobs.batches import submit_batch, work_batch
from pipeline.jobs.manifest import Planned
from pipeline.workspace import Workspace
from tests.fakes import BASELINE_FAKES, CPU, PAUSE
PAUSE[0] = 0.3
workspace = Workspace(Path(sys.argv[1]))
planned = [Planned(Path(each)) for each in sys.argv[2:]]
work_batch(workspace, submit_batch(workspace, planned, BASELINE_FAKES, CPU), lambda job: print(job.title, flush=True))
"""


def tones(folder: Path, count: int) -> list[Planned]:
    return [Planned(write_tone(folder / f"{each}.wav", pitch=200.0 + 20 * each)) for each in range(count)]


def worked(workspace: Workspace, planned: list[Planned]) -> list[Job]:
    return work_batch(workspace, submit_batch(workspace, planned, BASELINE_FAKES, CPU))


def test_a_batch_gives_each_recording_its_case_people_and_what_else_is_known(
    workspace: Workspace, tmp_path: Path
) -> None:
    first, second = tones(tmp_path, 2)
    asked = Planned(first.path, "Anna", None, {"SPEAKER_00": "Anna:client", "SPEAKER_01": "Ben:"}, "de", "yes")
    jobs = worked(workspace, [asked, second])
    assert [job.state for job in jobs] == ["done", "done"]
    session = workspace.session(jobs[0].session or "")
    assert session.case == "Anna"
    assert session.speakers["participant"].tolist() == ["Anna", "Ben"]
    assert session.speakers["role"].tolist()[0] == "client"
    assert session.provenance["about"] == {"language": "de", "consent": "yes"}
    assert workspace.session(jobs[1].session or "").case is None


def test_a_recording_without_consent_is_not_analysed_and_copies_only_once(workspace: Workspace, tmp_path: Path) -> None:
    first, second = tones(tmp_path, 2)
    (tmp_path / "copy.wav").write_bytes(first.path.read_bytes())
    planned = [first, Planned(tmp_path / "copy.wav"), Planned(second.path, consent="no")]
    batch = submit_batch(workspace, planned, BASELINE_FAKES, CPU)
    assert batch.size == 1
    assert batch.copies == [(tmp_path / "copy.wav", first.path)]
    assert batch.refused == [f"{second.path}: not analysed, as there is no consent to it"]
    work_batch(workspace, batch)
    assert len(workspace.sessions()) == 1
    assert CALLS["diarize"] == 1


def test_what_failed_is_kept_and_tried_again_when_asked(workspace: Workspace, tmp_path: Path) -> None:
    (good,) = tones(tmp_path, 1)
    bad = Planned(tmp_path / "bad.wav")
    bad.path.write_bytes(b"RIFF")
    assert {job.title: job.state for job in worked(workspace, [bad, good])} == {"bad.wav": "failed", "0.wav": "done"}
    write_tone(bad.path, pitch=500.0)
    batch = retry_failed(workspace)
    assert [job.state for job in work_batch(workspace, batch)] == ["done"]
    assert retry_failed(workspace).size == 0
    assert len(workspace.sessions()) == 2


def test_only_the_batch_is_worked_on_and_each_end_is_a_line_of_its_log(workspace: Workspace, tmp_path: Path) -> None:
    first, second, third = tones(tmp_path, 3)
    other = submit_batch(workspace, [third], BASELINE_FAKES, CPU)
    batch = submit_batch(workspace, [first, second], BASELINE_FAKES, CPU)
    work_batch(workspace, batch)
    queue = JobQueue(workspace.path)
    assert [(job.state, job.reason) for job in queue.jobs(batch=batch.id)] == [("done", None)] * 2
    assert queue.counts(other.id) == {"queued": 1}
    lines = (workspace.path / "logs" / f"{batch.id}.jsonl").read_text(encoding="utf-8").splitlines()
    assert {json.loads(line)["path"] for line in lines} == {str(first.path), str(second.path)}


def test_a_killed_run_goes_on_where_it_stopped(workspace: Workspace, tmp_path: Path) -> None:
    planned = tones(tmp_path, 4)
    command = [sys.executable, "-c", KILLED, str(workspace.path), *(str(each.path) for each in planned)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()  # one has ended
        os.kill(process.pid, signal.SIGKILL)
    done = {job.id for job in JobQueue(workspace.path).jobs("done")}
    assert 1 <= len(done) < 4
    CALLS.clear()
    batch = submit_batch(workspace, planned, BASELINE_FAKES, CPU)
    assert batch.ended == len(done)
    jobs = work_batch(workspace, batch)
    assert [(job.state, job.reason) for job in jobs] == [("done", None)] * 4
    assert done <= {job.id for job in jobs}
    assert CALLS["diarize"] <= 4 - len(done)
    assert len(workspace.sessions()) == 4
    assert workspace.check() == []


def test_a_finished_batch_asked_for_again_finds_nothing_to_do(workspace: Workspace, tmp_path: Path) -> None:
    planned = tones(tmp_path, 2)
    worked(workspace, planned)
    CALLS.clear()
    assert [job.state for job in worked(workspace, planned)] == ["done", "done"]
    assert CALLS["diarize"] == 0


def test_a_recording_that_was_given_up_is_not_tried_again_by_itself(workspace: Workspace, tmp_path: Path) -> None:
    planned = tones(tmp_path, 2)
    batch = submit_batch(workspace, planned, BASELINE_FAKES, CPU)
    queue = JobQueue(workspace.path)
    for _ in range(MAX_ATTEMPTS):
        job = queue.claim((ANALYZE,), batch.id)
        assert job is not None
        queue.fail(job.id, "it broke", again=True)
    assert queue.counts(batch.id) == {"failed": 1, "queued": 1}
    again = submit_batch(workspace, planned, BASELINE_FAKES, CPU)
    assert (again.id, again.ended) == (batch.id, 1)
    assert {job.state for job in work_batch(workspace, again)} == {"failed", "done"}
    assert retry_failed(workspace).size == 1
