"""Which files were written of which sessions, so that forgetting a person finds them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path

from sqlalchemy import delete, insert, select

from .store.models import EXPORTED
from .store.writing import now
from .workspace import Workspace


def note_exports(workspace: Workspace, session_ids: Sequence[str], written: Iterable[Path]) -> None:
    """Remember files, and those in folders, as written of sessions."""
    files = [file for path in written for file in (path.rglob("*") if path.is_dir() else [path]) if file.is_file()]
    rows = [
        {"session_id": each, "path": str(file.absolute()), "sha256": _hash(file), "created": now()}
        for file in files
        for each in session_ids
    ]
    if rows:
        with workspace.writing() as connection:
            connection.execute(insert(EXPORTED), rows)


def remove_exports(workspace: Workspace, session_ids: Iterable[str]) -> tuple[list[Path], list[Path]]:
    """Remove what was written of sessions; gives what went, and what was changed since and therefore stays."""
    own = EXPORTED.c.session_id.in_(list(session_ids))
    with workspace.reading() as connection:
        rows = [] if connection is None else connection.execute(select(EXPORTED).where(own)).mappings().all()
    gone: dict[Path, None] = {}
    changed: dict[Path, None] = {}
    for row in rows:
        file = Path(row["path"])
        if file.is_file() and _hash(file) == row["sha256"]:
            file.unlink()
            gone[file] = None
        elif file.is_file():
            changed[file] = None
    if rows:
        with workspace.writing() as connection:
            connection.execute(delete(EXPORTED).where(own))
    return list(gone), [file for file in changed if file not in gone]


def _hash(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
