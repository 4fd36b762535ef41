"""Jobs: recordings to analyse, their progress, and what became of them."""

from __future__ import annotations

import asyncio
import datetime
import json
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path as FilePath
from typing import Annotated, Any

from fastapi import APIRouter, File, Form, HTTPException, Path, Query, Response, UploadFile
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from diarization.errors import ConfigError
from pipeline.access.visitors import check_sees
from pipeline.jobs.analyses import remove_recording, remove_upload
from pipeline.jobs.job import STATES, Job
from pipeline.jobs.queue import JobQueue

from ..sessions import Library
from .uploads import Uploads

JobId = Annotated[str, Path(pattern="^[0-9a-f]{12}$", description="id of the job")]

_LONGEST = 300.0  # seconds after which whoever follows is asked again who they are; browsers come back by themselves
_POLL = 0.5  # seconds between two looks at a job that somebody follows
_PIECE = 2**20
_PLACES = ("diarization.reference", "reports.flags", "diarization.model", "emotion.model", "emotion.head")
"""Settings that may name a place on the disk; the first two name nothing else."""

_LISTED = 200  # jobs that pages show


class NewJob(BaseModel):
    """An uploaded recording to analyse."""

    model_config = ConfigDict(extra="forbid")

    upload: str = Field(pattern="^[0-9a-f]{16}$", description="id of a whole upload")
    case: str | None = Field(None, max_length=200, description="name of the case the session belongs to")
    date: datetime.date | None = Field(None, description="day of the conversation")
    num_speakers: int | None = Field(None, ge=1, le=100, description="exact number of speakers, where known")
    preset: str | None = Field(None, max_length=100, description="name of a preset of settings")
    consent: str | None = Field(
        None, pattern="^(yes|analysis|no)$", description="what those who speak consent to: yes, analysis or no"
    )
    settings: list[str] = Field([], max_length=100, description="single settings, each as turns.max_pause=0.8")


def job_routes(library: Library, uploads: Uploads, executor: str | None = None) -> APIRouter:
    """Everything below ``/jobs``, and ``/recordings``, which uploads and submits at once.

    ``executor`` is who works on them, as for ``make_app``.
    """
    routes = APIRouter(tags=["jobs"])
    queue = JobQueue(library.path, guarded=True)

    @routes.post("/jobs", status_code=201)
    def submit(new: NewJob) -> dict[str, Any]:
        """Analyse an uploaded recording; it is worked on in the background."""
        return submit_upload(library, queue, uploads, new, executor).to_json()

    @routes.post("/recordings", status_code=201)
    async def recording(
        file: Annotated[UploadFile, File(description="the recording")],
        case: Annotated[str | None, Form(max_length=200)] = None,
        date: Annotated[datetime.date | None, Form()] = None,
        num_speakers: Annotated[int | None, Form(ge=1, le=100)] = None,
        preset: Annotated[str | None, Form(max_length=100)] = None,
        consent: Annotated[str | None, Form(pattern="^(yes|analysis|no)$")] = None,
    ) -> dict[str, Any]:
        """Upload a recording and analyse it, in one request."""
        check_sees(case)
        upload = uploads.begin(file.filename or "recording", max(file.size or 0, 1))
        await uploads.append(upload.id, 0, _pieces(file))
        new = NewJob(upload=upload.id, case=case, date=date, num_speakers=num_speakers, preset=preset, consent=consent)
        job = await asyncio.to_thread(submit_upload, library, queue, uploads, new, executor)
        return job.to_json()

    @routes.get("/jobs")
    def jobs(
        state: Annotated[str | None, Query(pattern=f"^({'|'.join(STATES)})$")] = None,
        limit: Annotated[int, Query(ge=1, le=10_000)] = 1000,
    ) -> list[dict[str, Any]]:
        """The jobs in the order of their submission, the newest ``limit``."""
        return [job.to_json() for job in queue.jobs(state, limit=limit)]

    @routes.get("/jobs/events", response_class=StreamingResponse)
    async def all_events() -> StreamingResponse:
        """The newest 200 jobs as server-sent events, whenever one of them changes; after 5 minutes ask again."""
        return StreamingResponse(_all_events(queue), media_type="text/event-stream")

    @routes.get("/jobs/{job_id}")
    def job(job_id: JobId) -> dict[str, Any]:
        """One job as it stands."""
        return _found(queue, job_id).to_json()

    @routes.get("/jobs/{job_id}/events", response_class=StreamingResponse)
    async def events(job_id: JobId) -> StreamingResponse:
        """A job's progress as server-sent events, one whenever it changes, until it ends; after 5 minutes ask again."""
        await asyncio.to_thread(_found, queue, job_id)
        return StreamingResponse(_events(queue, job_id), media_type="text/event-stream")

    @routes.post("/jobs/{job_id}/cancel")
    def cancel(job_id: JobId) -> dict[str, Any]:
        """Take a queued job out, or ask a running one to stop at its next step."""
        _found(queue, job_id)
        return queue.cancel(job_id).to_json()

    @routes.post("/jobs/{job_id}/retry")
    def retry(job_id: JobId) -> dict[str, Any]:
        """Queue a failed or cancelled job again."""
        _found(queue, job_id)
        return queue.retry(job_id).to_json()

    @routes.delete("/jobs/{job_id}", status_code=204, response_class=Response)
    def forget(job_id: JobId) -> Response:
        """Take a job that has ended off the list, with its upload where one is left; its session stays."""
        _found(queue, job_id)
        gone = queue.forget(job_id)
        remove_recording(library.path, gone.payload)
        return Response(status_code=204)

    return routes


def submit_upload(library: Library, queue: JobQueue, uploads: Uploads, new: NewJob, executor: str | None = None) -> Job:
    """Queue the analysis of a whole upload.

    Raises
    ------
    TurntoneError
        Where a setting is wrong; the upload stays.
    HTTPException
        Where there is no such upload, or bytes of it are missing.
    """
    from pipeline.jobs.analyses import ANALYZE, analysis_payload, share_upload
    from pipeline.settings import load_config, load_runtime, preset_names

    if new.preset is not None and new.preset not in preset_names():
        raise ConfigError(f"preset '{new.preset}': there is none of that name; known are {', '.join(preset_names())}")
    check_own_settings(new.settings)
    sets = [*new.settings, *([f"diarization.num_speakers={new.num_speakers}"] if new.num_speakers else [])]
    config, runtime = load_config(new.preset, sets), load_runtime(new.preset, sets)
    library.check_usable()
    check_sees(new.case)
    file = uploads.finished(new.upload)
    payload = analysis_payload(
        file, config, runtime, new.case, new.date, upload=True, consent=new.consent, executor=executor
    )
    if executor is None:
        share_upload(library.path, file)
        return queue.submit(ANALYZE, payload, file.name)
    return _handed_over(library.path, queue, file, payload)


def _handed_over(folder: FilePath, queue: JobQueue, file: FilePath, payload: dict[str, Any]) -> Job:
    """Queue an upload for a cluster; where the same recording waits already, this copy of it goes."""
    from pipeline.cluster.recordings import hand_over, hands_over
    from pipeline.jobs.analyses import ANALYZE

    payload = payload | hand_over(folder, file)
    job = queue.submit(ANALYZE, payload, file.name)
    if job.payload.get("handed") != payload["handed"]:
        remove_recording(folder, payload)
    if job.payload.get("handed") != payload["handed"] or hands_over(folder):  # the store has it
        remove_upload(file, folder)
    return job


def check_own_settings(sets: Sequence[str]) -> None:
    """Nothing, where settings name no file or folder of the server: its files are nobody's to read from elsewhere.

    Raises
    ------
    ConfigError
        Where one does.
    """
    for each in sets:
        key, _, value = each.partition("=")
        named = value.strip().strip("'\"")
        outside = FilePath(named).is_absolute() or named.startswith(("~", ".")) or ".." in named or "\\" in named
        if key.strip() in _PLACES and (outside or key.strip() in _PLACES[:2] or FilePath(named).exists()):
            raise ConfigError(f"{key.strip()}: over the API no file or folder of the server can be named")


def _found(queue: JobQueue, job_id: str) -> Job:
    found = queue.find(job_id)
    if found is None:
        raise HTTPException(404, "there is no such job; GET /api/jobs lists those there are")
    return found


async def _events(queue: JobQueue, job_id: str) -> AsyncIterator[str]:
    said: dict[str, Any] | None = None
    end = time.monotonic() + _LONGEST
    while time.monotonic() < end:
        job = await asyncio.to_thread(queue.find, job_id)
        if job is None:
            return
        if job.to_json() != said:
            said = job.to_json()
            yield f"event: job\ndata: {json.dumps(said, ensure_ascii=False)}\n\n"
        if job.ended:
            return
        await asyncio.sleep(_POLL)


async def _all_events(queue: JobQueue) -> AsyncIterator[str]:
    said: str | None = None
    end = time.monotonic() + _LONGEST
    while time.monotonic() < end:
        jobs = await asyncio.to_thread(queue.jobs, limit=_LISTED)
        told = json.dumps([job.to_json() for job in jobs], ensure_ascii=False)
        if told != said:
            said = told
            yield f"event: jobs\ndata: {told}\n\n"
        await asyncio.sleep(_POLL)


async def _pieces(file: UploadFile) -> AsyncIterator[bytes]:
    while piece := await file.read(_PIECE):
        yield piece
