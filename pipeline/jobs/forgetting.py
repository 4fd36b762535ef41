"""Removes jobs, uploads and log lines that speak of a person or of their sessions."""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path
from typing import Any

from sqlalchemy import RowMapping, delete, select

from ..store.files import write_whole
from ..store.models import JOBS
from ..workspace import Workspace
from .analyses import remove_recording


def forget_in_jobs(workspace: Workspace, name: str, sessions: Collection[str], paths: Collection[str]) -> None:
    """Take away every job that made one of the sessions, read one of the recordings, or names the person.

    One that runs meanwhile finds its row gone and stores nothing more of its own.
    """
    with workspace.writing() as connection:
        rows = connection.execute(select(JOBS)).mappings().all()
        own = [row for row in rows if _speaks_of(row, name, sessions, paths)]
        connection.execute(delete(JOBS).where(JOBS.c.id.in_([row["id"] for row in own])))
    for row in own:
        remove_recording(workspace.path, row["payload"])
    for log in (workspace.path / "logs").glob("*.jsonl"):
        _forget_in_log(log, name, sessions, paths)


def _speaks_of(row: RowMapping | dict[str, Any], name: str, sessions: Collection[str], paths: Collection[str]) -> bool:
    said = json.dumps([row["payload"], row["title"], row["reason"]], ensure_ascii=False)
    return row["session"] in sessions or row["payload"].get("path") in paths or _written(name) in said


def _written(name: str) -> str:
    """A name as it stands in JSON."""
    return json.dumps(name, ensure_ascii=False)[1:-1]


def _forget_in_log(log: Path, name: str, sessions: Collection[str], paths: Collection[str]) -> None:
    lines = log.read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if not _tells(line, name, sessions, paths)]
    if len(kept) < len(lines):
        write_whole(log, "".join(f"{line}\n" for line in kept).encode())


def _tells(line: str, name: str, sessions: Collection[str], paths: Collection[str]) -> bool:
    try:
        facts = json.loads(line)
    except ValueError:
        return name in line
    return facts.get("session") in sessions or facts.get("path") in paths or _written(name) in line
