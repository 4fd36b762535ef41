"""The job that analyses one recording."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..analysis import analyze_recording
from ..config import Config, Runtime
from ..stages.running import Progress
from ..workspace import Workspace
from .job import Job

ANALYZE = "analyze"
"""The kind of these jobs."""


def analysis_payload(
    path: Path,
    config: Config | None = None,
    runtime: Runtime | None = None,
    case: str | None = None,
    date: datetime.date | None = None,
    upload: bool = False,
    roles: Mapping[str, str] | None = None,
    language: str | None = None,
    consent: str | None = None,
) -> dict[str, Any]:
    """What the job needs to know, as JSON values.

    Parameters
    ----------
    path : Path
        The recording.
    config, runtime, case, date, roles, language, consent
        As for ``analyze_recording``. A token is never kept with a job: workers read it from ``HF_TOKEN``.
    upload : bool
        Whether the file was handed over for this job alone, and goes when the job is done.
    """
    at_once = (runtime or Runtime()).seconds_at_once
    return ({"seconds_at_once": at_once} if at_once else {}) | {
        "path": str(path.absolute()),
        "config": (config or Config()).model_dump(mode="json"),
        "device": (runtime or Runtime()).device,
        "case": case,
        "date": date.isoformat() if date else None,
        "upload": upload,
        "roles": dict(roles or {}),
        "language": language,
        "consent": consent,
        "file": _fingerprint(path),
    }


def analyze_job(job: Job, workspace: Workspace, progress: Progress) -> str:
    """Analyse the recording that the job names; gives the session's id.

    Raises
    ------
    TurntoneError
        As ``analyze_recording``.
    """
    asked = job.payload
    path = Path(asked["path"])
    session = analyze_recording(
        path,
        workspace,
        Config.model_validate(asked["config"]),
        Runtime(device=asked["device"], seconds_at_once=asked.get("seconds_at_once")),
        asked["case"],
        datetime.date.fromisoformat(asked["date"]) if asked["date"] else None,
        progress,
        asked.get("roles"),
        {name: asked[name] for name in ("language", "consent") if asked.get(name)},
    )
    if asked["upload"]:
        remove_upload(path)
    return session.id


def _fingerprint(path: Path) -> list[int] | None:
    """Size and time of change: a file that was replaced is other work. None where there is no file."""
    try:
        status = path.stat()
    except OSError:
        return None
    return [status.st_size, status.st_mtime_ns]


def remove_upload(path: Path) -> None:
    """Take away a file that was uploaded, with the folder it came in."""
    with suppress(OSError):
        path.unlink(missing_ok=True)
        (path.parent / "upload.json").unlink(missing_ok=True)
        path.parent.rmdir()
