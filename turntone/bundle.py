"""What somebody who helps needs to know of an installation, in one file, without anything of the people in it."""

from __future__ import annotations

import getpass
import json
import os
import platform
import re
import socket
import zipfile
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from importlib.metadata import distributions
from pathlib import Path
from typing import TYPE_CHECKING, Any

from diarization.errors import TurntoneError, WorkspaceError

from .doctor import examine
from .logs import without_secrets

if TYPE_CHECKING:
    from pipeline.jobs.job import Job
    from pipeline.workspace import Workspace

_PATH = re.compile(r"(?:(?<![\w.])~?/|\b[A-Za-z]:\\)[^\s:;,'\"]+")
_README = """What is in this file, for whoever sends it: read it before you send it.

findings.json   what turntone doctor prints
packages.json   versions of what is installed
machine.json    system, processor cores, memory, disk
workspace.json  how many sessions, jobs and lines of the audit trail, and why jobs failed
settings.json   the settings as the program has them by default

Names of people, cases, files and folders, passwords and tokens are left out or stand as <...>.
"""


def write_bundle(path: Path, workspace: str | None = None) -> Path:
    """Write the bundle as a ZIP archive.

    Raises
    ------
    WorkspaceError
        Where there is such a file already, or it cannot be written.
    """
    if path.exists():
        raise WorkspaceError(f"{path}: there is such a file already; choose another name")
    parts = bundle_parts(workspace)
    try:
        with zipfile.ZipFile(path, "x", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("README.txt", _README)
            for name, part in parts.items():
                archive.writestr(f"{name}.json", json.dumps(part, indent=2, ensure_ascii=False))
    except OSError as error:
        raise WorkspaceError(f"{path}: {error.strerror}") from error
    return path


def bundle_parts(workspace: str | None = None) -> dict[str, Any]:
    """What goes into the bundle, by the names of its files."""
    from pipeline.config import Config

    from .api import open_workspace

    opened = open_workspace(workspace)
    private = private_words(opened)
    parts = {
        "findings": [each.to_json() for each in examine(workspace)],
        "packages": dict(sorted((each.metadata["Name"], each.version) for each in distributions())),
        "machine": _machine(),
        "workspace": _workspace(opened),
        "settings": Config().model_dump(mode="json"),
    }
    return {name: _cleaned(part, private) for name, part in parts.items()}


def private_words(workspace: Workspace) -> list[str]:
    """Everything in a workspace, and of whoever runs the program, that may say who somebody is; the longest first."""
    from pipeline.access.accounts import Accounts
    from pipeline.jobs.queue import JobQueue
    from pipeline.participants import Participants

    words = {str(Path.home()), str(workspace.path), str(workspace.path.resolve()), socket.gethostname()}
    with suppress(KeyError, OSError):
        words.add(getpass.getuser())
    with suppress(TurntoneError):
        for session in workspace.sessions():
            words |= {session.id, session.recording_id, session.case or "", *_of_path(session.path)}
        for person in Participants(workspace).all():
            words |= {person.name, *(name for each in person.enrolments for name in _of_path(Path(each.source)))}
        for job in JobQueue(workspace.path).jobs():
            words |= {job.id, job.title, str(job.payload.get("case") or "")}
            words |= set(_of_path(Path(str(job.payload.get("path", "")))))
        for user in Accounts(workspace.path).users():
            words |= {user.id, user.name, *user.cases}
    return sorted((word for word in words if len(word) > 1), key=len, reverse=True)


def _of_path(path: Path) -> Iterable[str]:
    return str(path), path.name, path.stem


def _machine() -> dict[str, Any]:
    import psutil

    memory, disk = psutil.virtual_memory(), psutil.disk_usage(".")
    return {
        "system": platform.system(), "release": platform.release(), "processor": platform.machine(),
        "python": platform.python_version(), "cores": os.cpu_count(), "memory_gb": round(memory.total / 1e9, 1),
        "memory_free_gb": round(memory.available / 1e9, 1), "disk_free_gb": round(disk.free / 1e9, 1),
    }  # fmt: skip


def _workspace(workspace: Workspace) -> dict[str, Any]:
    from pipeline.access.accounts import Accounts
    from pipeline.access.trail import Trail
    from pipeline.jobs.queue import JobQueue
    from pipeline.store.database import REVISION

    try:
        sessions, jobs = workspace.sessions(), JobQueue(workspace.path).jobs()
        trail = Trail(workspace.path)
        return {
            "tables": REVISION,
            "sessions": len(sessions),
            "cases": len({each.case for each in sessions}),
            "hours": round(sum(each.duration for each in sessions) / 3600, 2),
            "damaged": len(workspace.check()),
            "jobs": dict(Counter(each.state for each in jobs)),
            "failures": Counter(_reason(each) for each in jobs if each.state == "failed"),
            "roles": dict(Counter(each.role for each in Accounts(workspace.path).users())),
            "audit": dict(Counter(each.action for each in trail.entries())),
            "audit_broken_at": trail.broken(),
        }
    except TurntoneError as error:
        return {"problem": str(error)}


def _reason(job: Job) -> str:
    """Why a job failed, without the name of its recording, which stands before the first colon."""
    reason = job.reason or ""
    return reason.partition(": ")[2] or reason


def _cleaned(part: Any, private: list[str]) -> Any:
    if isinstance(part, dict):
        return {_cleaned(key, private): _cleaned(value, private) for key, value in part.items()}
    if isinstance(part, list):
        return [_cleaned(each, private) for each in part]
    if not isinstance(part, str):
        return part
    for word in private:
        part = re.sub(rf"(?<!\w){re.escape(word)}(?!\w)", "<private>", part)
    return without_secrets(_PATH.sub("<path>", part))
