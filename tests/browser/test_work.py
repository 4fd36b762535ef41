"""Adding recordings in the browser, and the work that follows."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from diarization.audio import write_flac
from pipeline.jobs.handlers import kinds
from pipeline.jobs.job import Job
from pipeline.jobs.queue import JobQueue
from pipeline.workspace import Workspace
from tests.sessions import make_session

from .conftest import eventually, serving

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page, Route

pytestmark = pytest.mark.browser


@pytest.fixture
def own(tmp_path: Path) -> Workspace:
    """A workspace of one test alone."""
    return Workspace(tmp_path / "own")


@pytest.fixture
def own_address(own: Workspace) -> Iterator[str]:
    """Where it is served, without a worker: the tests do its work step by step."""
    yield from serving(own.path)


def recordings(folder: Path, *names: str) -> list[Path]:
    paths = [folder / name for name in names]
    for number, path in enumerate(paths):
        write_flac(path, np.full(16_000, 0.01 * (number + 1), np.float32))
    return paths


def claimed(queue: JobQueue) -> Job:
    job = queue.claim(kinds())
    assert job is not None
    return job


def test_files_become_jobs_whose_stages_are_seen_until_their_sessions_open(
    own: Workspace, own_address: str, page: Page, tmp_path: Path
) -> None:
    queue = JobQueue(own.path)
    page.goto(own_address)
    page.get_by_role("heading", name="No sessions yet").wait_for()
    page.get_by_label("Case").first.fill("Anna")
    page.get_by_label("Date").fill("2026-03-02")
    page.locator("#upload-files").set_input_files(recordings(tmp_path, "one.flac", "two.flac"))
    page.get_by_text("waits for its turn").nth(1).wait_for()
    job = claimed(queue)
    assert (job.payload["case"], job.payload["date"]) == ("Anna", "2026-03-02")
    assert Path(job.payload["path"]).read_bytes() == (tmp_path / job.title).read_bytes()
    queue.report(job.id, "recognize", 0.62)
    page.get_by_text("hearing how each turn sounds, 62 % of all").wait_for()
    own.save(make_session(8, date=datetime.date(2026, 3, 2)))
    queue.finish(job.id, "000000000000")
    page.get_by_role("link", name="session-0.wav").wait_for()  # the list appears with its first session
    page.goto(f"{own_address}/jobs")
    page.get_by_role("link", name=f"Open the session of {job.title}").click()
    page.get_by_role("heading", name="session-0.wav").wait_for()


def test_jobs_are_cancelled_retried_and_removed_also_after_a_reload(
    own: Workspace, own_address: str, page: Page, tmp_path: Path
) -> None:
    queue = JobQueue(own.path)
    page.goto(own_address)
    page.locator("#upload-files").set_input_files(recordings(tmp_path, "one.flac"))
    page.get_by_role("button", name="Cancel one.flac").wait_for()
    page.get_by_text("waits for its turn").wait_for()
    page.goto(f"{own_address}/jobs")
    page.get_by_role("button", name="Cancel one.flac").click()
    page.get_by_text("cancelled").wait_for()
    assert [job.state for job in queue.jobs()] == ["cancelled"]
    page.reload()
    page.get_by_role("button", name="Retry one.flac").click()
    page.get_by_text("waits for its turn").wait_for()
    job = claimed(queue)
    queue.fail(job.id, "one.flac: no speech was found")
    page.get_by_text("one.flac: no speech was found").wait_for()
    page.get_by_role("button", name="Remove one.flac").click()
    page.get_by_text("No work yet").wait_for()
    assert queue.jobs() == []
    assert not Path(job.payload["path"]).exists()


def test_an_upload_that_broke_off_goes_on_after_a_reload(
    own: Workspace, own_address: str, page: Page, tmp_path: Path
) -> None:
    (path,) = recordings(tmp_path, "long.flac")
    path.write_bytes(path.read_bytes() + bytes(5 * 2**20))  # two pieces
    offsets: list[str] = []
    held: list[Route] = []

    def all_but_the_second_piece(route: Route) -> None:
        if route.request.method == "PATCH":
            offsets.append(route.request.headers["upload-offset"])
        if route.request.method == "PATCH" and offsets[-1] != "0":
            held.append(route)
        else:
            route.continue_()

    page.goto(own_address)
    page.route("**/api/uploads/*", all_but_the_second_piece)
    page.locator("#upload-files").set_input_files([path])
    eventually(page, "document.querySelector('#work .job-said')?.textContent.includes('uploading, 8')")
    page.reload()
    page.get_by_text("the upload broke off").wait_for()
    for route in held:  # an answer that nobody gives would be complained of in whichever test comes next
        route.abort()
    page.unroute_all(behavior="wait")
    page.on(
        "request", lambda asked: offsets.append(asked.headers["upload-offset"]) if asked.method == "PATCH" else None
    )
    page.locator("#upload-files").set_input_files([path])
    page.get_by_text("waits for its turn").wait_for()
    assert offsets[-1] == str(4 * 2**20)
    (job,) = JobQueue(own.path).jobs()
    assert Path(job.payload["path"]).read_bytes() == path.read_bytes()


def test_a_file_that_is_not_taken_says_why(own_address: str, desk: BrowserContext, tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear", encoding="utf-8")
    page = desk.new_page()  # unwatched: the browser itself reports the status 415 as an error
    page.goto(own_address)
    page.locator("#upload-files").set_input_files([tmp_path / "letter.txt"])
    page.get_by_text("not uploaded: letter.txt: not taken").wait_for()
    page.get_by_role("button", name="Remove letter.txt").click()
    page.get_by_text("not uploaded").wait_for(state="detached")
    page.close()
