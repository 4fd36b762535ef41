"""The queue: what is submitted is claimed once, and ends, whatever becomes of the processes."""

from __future__ import annotations

import datetime
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import update

from diarization.errors import WorkspaceError
from pipeline.jobs.job import MAX_ATTEMPTS
from pipeline.jobs.processes import lives, this_process
from pipeline.jobs.queue import LOST_AFTER, JobQueue
from pipeline.store.models import JOBS
from pipeline.store.writing import now

KINDS = ("analyze",)


@pytest.fixture
def queue(tmp_path: Path) -> JobQueue:
    """One in a workspace that does not exist yet."""
    return JobQueue(tmp_path / "workspace")


def submitted(queue: JobQueue, *titles: str, lane: str = "interactive", batch: str | None = None) -> list[str]:
    works = [(title, {"path": title}) for title in titles]
    return [job.id for job in queue.submit_many("analyze", works, lane, batch)]


def taken_over(queue: JobQueue, job_id: str, worker: str, heartbeat: datetime.datetime | None = None) -> None:
    """Let it look as if another process worked on the job."""
    with queue._database.writing() as connection:
        changed = update(JOBS).where(JOBS.c.id == job_id)
        connection.execute(changed.values(worker=worker, heartbeat=heartbeat or now()))


def ended_process() -> str:
    """The name of a process of this machine that has ended."""
    said = "from pipeline.jobs.processes import this_process; print(this_process())"
    return subprocess.run([sys.executable, "-c", said], check=True, capture_output=True, text=True).stdout.strip()


def test_a_workspace_without_jobs_has_none_and_is_not_made(queue: JobQueue, tmp_path: Path) -> None:
    assert (queue.jobs(), queue.counts(), queue.claim(KINDS), queue.release_lost()) == ([], {}, None, 0)
    assert not (tmp_path / "workspace").exists()
    with pytest.raises(WorkspaceError, match="no job is called 'ab'; turntone jobs list"):
        queue.get("ab")


def test_jobs_are_claimed_in_order_and_each_once(queue: JobQueue) -> None:
    first, second = submitted(queue, "a.wav", "b.wav")
    assert [queue.claim(KINDS).id for _ in range(2)] == [first, second]  # type: ignore[union-attr]
    assert queue.claim(KINDS) is None
    assert queue.counts() == {"running": 2}


def test_who_waits_comes_before_the_archive(queue: JobQueue) -> None:
    archive = submitted(queue, "old-1.wav", "old-2.wav", lane="archive")
    (call,) = submitted(queue, "call.wav")
    assert [queue.claim(KINDS).id for _ in range(3)] == [call, *archive]  # type: ignore[union-attr]


def test_only_the_kinds_asked_for_are_claimed(queue: JobQueue) -> None:
    submitted(queue, "a.wav")
    assert queue.claim(("other",)) is None


def test_many_claim_at_once_and_no_job_is_given_twice(queue: JobQueue) -> None:
    ids = submitted(queue, *(f"{number}.wav" for number in range(20)))
    with ThreadPoolExecutor(4) as pool:
        claimed = list(pool.map(lambda _: queue.claim(KINDS), range(24)))
    assert sorted(job.id for job in claimed if job) == sorted(ids)


def test_the_same_work_is_not_queued_twice_while_it_is_open(queue: JobQueue) -> None:
    assert submitted(queue, "a.wav") == submitted(queue, "a.wav")
    job = queue.claim(KINDS)
    assert job and submitted(queue, "a.wav") == [job.id]
    queue.finish(job.id, "abc")
    assert submitted(queue, "a.wav") != [job.id]


def test_a_job_goes_its_way_to_done(queue: JobQueue) -> None:
    (job_id,) = submitted(queue, "a.wav")
    assert queue.claim(KINDS)
    assert queue.report(job_id, "diarize", 0.4)
    running = queue.get(job_id[:5])
    assert (running.state, running.stage, running.progress, running.attempts) == ("running", "diarize", 0.4, 1)
    done = queue.finish(job_id, "0123456789ab")
    assert (done.state, done.session, done.progress, done.ended) == ("done", "0123456789ab", 1.0, True)
    assert done.to_json()["finished"].endswith("+00:00")
    assert "payload" not in done.to_json()


def test_what_fails_with_a_reason_stays_failed_until_it_is_retried(queue: JobQueue) -> None:
    (job_id,) = submitted(queue, "a.wav")
    queue.claim(KINDS)
    assert queue.fail(job_id, "a.wav: empty").state == "failed"
    assert queue.claim(KINDS) is None
    assert queue.retry(job_id).state == "queued"
    again = queue.claim(KINDS)
    assert again and (again.id, again.attempts, again.reason) == (job_id, 1, None)


def test_what_fails_unexpectedly_is_tried_three_times(queue: JobQueue) -> None:
    (job_id,) = submitted(queue, "a.wav")
    states = []
    for _ in range(MAX_ATTEMPTS):
        assert queue.claim(KINDS)
        states.append(queue.fail(job_id, "boom", again=True).state)
    assert states == ["queued", "queued", "failed"]
    assert queue.claim(KINDS) is None


def test_a_queued_job_is_cancelled_at_once_and_a_running_one_is_asked(queue: JobQueue) -> None:
    queued, running = submitted(queue, "a.wav", "b.wav")
    assert queue.cancel(queued).state == "cancelled"
    assert queue.claim(KINDS)
    assert queue.cancel(running).state == "running"
    assert not queue.report(running)
    assert queue.cancelled(running).state == "cancelled"
    assert queue.cancel(running).state == "cancelled"


def test_a_job_whose_process_is_gone_is_queued_again_and_given_up_after_three(queue: JobQueue) -> None:
    (job_id,) = submitted(queue, "poison.wav")
    (other,) = submitted(queue, "good.wav", lane="archive")
    gone = ended_process()
    for attempt in range(1, MAX_ATTEMPTS + 1):
        job = queue.claim(KINDS)
        assert job and (job.id, job.attempts) == (job_id, attempt)
        taken_over(queue, job_id, gone)
    after = queue.claim(KINDS)
    assert after and after.id == other  # a poison recording does not block what comes after it
    poison = queue.get(job_id)
    assert poison.state == "failed"
    assert poison.reason and poison.reason.startswith("given up after 3 attempts: the process ended each time")


def test_a_process_elsewhere_is_trusted_as_long_as_it_is_heard_of(queue: JobQueue) -> None:
    (job_id,) = submitted(queue, "a.wav")
    queue.claim(KINDS)
    taken_over(queue, job_id, "elsewhere:12:1.00")
    assert queue.release_lost() == 0
    taken_over(queue, job_id, "elsewhere:12:1.00", now() - datetime.timedelta(seconds=LOST_AFTER + 1))
    assert queue.release_lost() == 1
    assert queue.get(job_id).state == "queued"


def test_what_was_taken_from_a_process_is_not_ended_by_it(queue: JobQueue) -> None:
    (job_id,) = submitted(queue, "a.wav")
    queue.claim(KINDS)
    taken_over(queue, job_id, "elsewhere:12:1.00")
    assert not queue.report(job_id)
    assert queue.finish(job_id, "abc").state == "running"
    assert queue.give_back(job_id).state == "running"


def test_a_job_given_back_does_not_count_as_tried(queue: JobQueue) -> None:
    (job_id,) = submitted(queue, "a.wav")
    queue.claim(KINDS)
    back = queue.give_back(job_id)
    assert (back.state, back.attempts) == ("queued", 0)


def test_jobs_that_ended_can_be_forgotten_others_not(queue: JobQueue) -> None:
    (job_id,) = submitted(queue, "a.wav")
    with pytest.raises(WorkspaceError, match="is queued; cancel it first"):
        queue.forget(job_id)
    queue.cancel(job_id)
    assert queue.forget(job_id).id == job_id
    assert queue.jobs() == []


def test_lists_are_by_state_and_batch(queue: JobQueue) -> None:
    submitted(queue, "a.wav", "b.wav", batch="monday")
    (other,) = submitted(queue, "c.wav")
    queue.cancel(other)
    assert [job.title for job in queue.jobs(batch="monday")] == ["a.wav", "b.wav"]
    assert [job.title for job in queue.jobs(state="cancelled")] == ["c.wav"]
    assert [job.title for job in queue.jobs(limit=2)] == ["b.wav", "c.wav"]
    assert queue.counts("monday") == {"queued": 2}


def test_this_process_lives_and_its_number_alone_does_not_make_it_so() -> None:
    host, pid, _ = this_process().rsplit(":", 2)
    assert lives(this_process(), now(), LOST_AFTER)
    assert not lives(f"{host}:{pid}:1.00", now(), LOST_AFTER)
    assert not lives(None, now(), LOST_AFTER)
