"""The job that analyses one recording."""

from __future__ import annotations

import datetime
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from diarization.errors import AccessError, StoreAway

from ..access.accounts import Accounts
from ..access.visitors import Visitor, visiting, visitor
from ..analysis import analyze_recording
from ..config import Config, Runtime
from ..sessions import Session
from ..stages.running import Progress
from ..store.artifacts import shared_files_of
from ..workspace import Workspace
from .job import Job

_LOG = logging.getLogger(__name__)

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
    consents: Mapping[str, str] | None = None,
    executor: str | None = None,
) -> dict[str, Any]:
    """What the job needs to know, as JSON values.

    Parameters
    ----------
    path : Path
        The recording.
    config, runtime, case, date, roles, language, consent, consents
        As for ``analyze_recording``. A token is never kept with a job: workers read it from ``HF_TOKEN``.
    upload : bool
        Whether the file was handed over for this job alone, and goes when the job is done.
    executor : str, optional
        ``job.CLUSTER`` where a cluster's workers do it; a process on this machine where left out.
    """
    here, running = visitor(), runtime or Runtime()
    return {
        "path": str(path.absolute()),
        "config": (config or Config()).model_dump(mode="json"),
        "device": running.device,
        "case": case,
        "date": date.isoformat() if date else None,
        "upload": upload,
        "roles": dict(roles or {}),
        "language": language,
        "consent": consent,
        "consents": dict(consents or {}),
        "file": _fingerprint(path),
        **({"seconds_at_once": running.seconds_at_once} if running.seconds_at_once else {}),
        **({"by": here.id} if here and here.name else {}),
        **({"executor": executor} if executor else {}),
    }


def analyze_job(job: Job, workspace: Workspace, progress: Progress) -> str:
    """Analyse the recording that the job names, in the name of the user who asked for it; gives the session's id.

    Raises
    ------
    TurntoneError
        As ``analyze_recording``.
    AccessError
        Where the user is gone, or may not do that any more.
    """
    with visiting(_whose(job, workspace)):
        return _analyzed(job, workspace, progress)


def _whose(job: Job, workspace: Workspace) -> Visitor | None:
    """The user who asked for a job; None where it was whoever runs the program."""
    by = job.payload.get("by")
    if by is None:
        return None
    found = Accounts(workspace.path).visitor_of(by, "worker")
    if found is None:
        raise AccessError(f"{job.title}: whoever asked for this is no user any more; submit it again")
    return found


def _analyzed(job: Job, workspace: Workspace, progress: Progress) -> str:
    with recording_of(job, workspace) as path:
        session = _session(job, path, workspace, progress)
    remove_recording(workspace.path, job.payload)
    return session.id


@contextmanager
def recording_of(job: Job, workspace: Workspace) -> Iterator[Path]:
    """A job's recording on this machine."""
    if "handed" not in job.payload:
        path = Path(job.payload["path"])
        yield upload_here(workspace.path, path) if job.payload.get("upload") else path
        return
    from ..cluster.recordings import brought

    with brought(workspace.path, job.payload) as path:
        yield path


def remove_recording(folder: Path, payload: Mapping[str, Any]) -> None:
    """Take away what was handed over for a job alone; a recording that is its owner's stays.

    Parameters
    ----------
    folder : Path
        The workspace's.
    payload : mapping
        The job's.
    """
    handed = payload.get("handed")
    try:
        if handed is not None:
            from ..cluster.recordings import take_away

            take_away(folder, payload)
        if payload.get("upload"):
            remove_upload(*((Path(payload["path"]), folder) if handed is None else (folder / handed,)))
    except StoreAway as error:  # what came of it is kept; this is swept later
        _LOG.warning("%s", error)


def _session(job: Job, path: Path, workspace: Workspace, progress: Progress) -> Session:
    asked = job.payload
    return analyze_recording(
        path,
        workspace,
        Config.model_validate(asked["config"]),
        Runtime(device=asked["device"], seconds_at_once=asked.get("seconds_at_once")),
        asked["case"],
        datetime.date.fromisoformat(asked["date"]) if asked["date"] else None,
        progress,
        asked.get("roles"),
        {name: asked[name] for name in ("language", "consent") if asked.get(name)},
        asked.get("consents"),
    )


def _fingerprint(path: Path) -> list[int] | None:
    """Size and time of change: a file that was replaced is other work. None where there is no file."""
    try:
        status = path.stat()
    except OSError:
        return None
    return [status.st_size, status.st_mtime_ns]


def upload_here(folder: Path, path: Path) -> Path:
    """Where a file that was uploaded lies on this machine: another one may have taken it, or the workspace have moved.

    Parameters
    ----------
    folder : Path
        The workspace's.
    path : Path
        As the machine that took it says.
    """
    here = folder.absolute() / _name_of(path)
    shared = shared_files_of(folder)
    if shared is not None and not here.is_file():
        shared.fetch(_name_of(path), here)
    return here if here.is_file() else path


def share_upload(folder: Path, path: Path) -> None:
    """Let other machines of a shared workspace have a file that was uploaded; nothing where there are none.

    Raises
    ------
    WorkspaceError
        Where the store cannot be reached.
    """
    shared = shared_files_of(folder)
    if shared is not None and not shared.has(_name_of(path), path.stat().st_size):
        shared.put(path, _name_of(path))


def remove_upload(path: Path, folder: Path | None = None) -> None:
    """Take away a file that was uploaded, with the folder it came in.

    Parameters
    ----------
    path : Path
        As the machine that took it says.
    folder : Path, optional
        The workspace's, where what was shared of it goes as well (``share_upload``).
    """
    for place in {path} if folder is None else {path, folder.absolute() / _name_of(path)}:
        with suppress(OSError):
            place.unlink(missing_ok=True)
            (place.parent / "upload.json").unlink(missing_ok=True)
            place.parent.rmdir()
    shared = None if folder is None else shared_files_of(folder)
    if shared is not None:
        try:
            shared.store.remove([_name_of(path)])
        except StoreAway as error:  # the session is kept all the same
            _LOG.warning("%s", error)


def _name_of(path: Path) -> str:
    return f"uploads/{path.parent.name}/{path.name}"
