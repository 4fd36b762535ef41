"""Jobs are done in the name of the user who asked for them, with what they may."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.access.accounts import Accounts, User
from pipeline.access.trail import Trail
from pipeline.access.visitors import visiting
from pipeline.jobs.analyses import ANALYZE, analysis_payload
from pipeline.jobs.job import Job
from pipeline.jobs.queue import JobQueue
from pipeline.jobs.worker import Worker
from pipeline.workspace import Workspace
from tests.fakes import CPU, FAKES, write_tone


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "workspace")


@pytest.fixture
def editor(workspace: Workspace) -> User:
    accounts = Accounts(workspace.path)
    accounts.add("ed", "editor", "nine brown hens")
    return accounts.grant("ed", "Own")


def worked_off(workspace: Workspace, user: User | None, path: Path, case: str) -> Job:
    queue = JobQueue(workspace.path)
    with visiting(user.visitor("api") if user else None):
        job = queue.submit(ANALYZE, analysis_payload(path, FAKES, CPU, case), path.name)
    Worker(workspace, threads=1).run(until_empty=True)
    return queue.get(job.id)


def test_an_analysis_is_told_as_that_of_who_asked_for_it(workspace: Workspace, editor: User, tmp_path: Path) -> None:
    job = worked_off(workspace, editor, write_tone(tmp_path / "a.wav"), "Own")
    assert job.state == "done"
    told = [(each.action, each.actor, each.via) for each in Trail(workspace.path).entries()][-2:]
    assert told == [("submitted", editor.id, "api"), ("analysed", editor.id, "worker")]


def test_a_recording_of_a_hidden_case_stays_there(workspace: Workspace, editor: User, tmp_path: Path) -> None:
    tone = write_tone(tmp_path / "a.wav")
    assert worked_off(workspace, None, tone, "Hidden").state == "done"
    job = worked_off(workspace, editor, tone, "Own")
    assert (job.state, job.reason) == (
        "failed", "this recording was analysed before, where you do not see it; nothing was changed",
    )  # fmt: skip
    assert [each.case for each in workspace.sessions()] == ["Hidden"]


def test_what_a_removed_user_asked_for_is_not_done(workspace: Workspace, editor: User, tmp_path: Path) -> None:
    queue, tone = JobQueue(workspace.path), write_tone(tmp_path / "a.wav")
    with visiting(editor.visitor("api")):
        job = queue.submit(ANALYZE, analysis_payload(tone, FAKES, CPU, "Own"), "a.wav")
    Accounts(workspace.path).remove("ed")
    Worker(workspace, threads=1).run(until_empty=True)
    assert "no user any more" in str(queue.get(job.id).reason)
    assert workspace.sessions() == []


def test_whoever_sees_no_case_finds_no_job_of_it(workspace: Workspace, editor: User) -> None:
    queue = JobQueue(workspace.path)
    own, hidden, loose = (queue.submit("x", {"case": case}, "x") for case in ("Own", "Hidden", None))
    with visiting(editor.visitor("page")):
        assert [each.id for each in queue.jobs()] == [own.id]
        assert queue.counts() == {"queued": 1}
        assert queue.find(hidden.id) is None and queue.find(loose.id) is None
