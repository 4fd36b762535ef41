"""Lets a folder stand for a workspace that several machines share, once database and store answer."""

from __future__ import annotations

import secrets
from pathlib import Path

from sqlalchemy import text

from diarization.errors import WorkspaceError

from .store.database import Database, as_sentences
from .store.files import make_folder
from .store.objects import Store, store_of
from .store.shared import FILE, Shared, checked, keep_shared, shared_of

_MARK = "turntone-workspace"  # the file of the store that says to which database it belongs


def connect_workspace(folder: Path, database: str, artifacts: str, copies_gb: float | None = None) -> Shared:
    """Write ``shared.yaml`` into a folder, after database and store were reached, written and read.

    The tables are made where there are none; a database and a store that belong to two workspaces are refused.

    Parameters
    ----------
    folder : Path
        A new or empty one, or one that stands for the same two already.
    database, artifacts, copies_gb
        As ``Shared`` says.

    Raises
    ------
    WorkspaceError
        Where the folder holds something, an address is none, or one of the two cannot be used; nothing is changed in
        the folder then.
    """
    shared = checked(database, artifacts, copies_gb)
    before = shared_of(folder)
    _check_folder(folder, shared)
    store = store_of(shared.artifacts)
    store.check()
    with as_sentences(folder):
        make_folder(folder)
        keep_shared(folder, shared)
    try:
        _check_belong_together(Database(folder / "workspace.db"), store)
    except BaseException:
        (folder / FILE).unlink(missing_ok=True)
        if before is not None:
            keep_shared(folder, before)
        raise
    return shared


def _check_folder(folder: Path, shared: Shared) -> None:
    if folder.exists() and not folder.is_dir():
        raise WorkspaceError(f"{folder}: a file, not a folder; choose another one")
    now = shared_of(folder)
    if now is not None and not now.is_same_place(shared):
        raise WorkspaceError(f"{folder}: stands for another workspace already; choose a new folder")
    held = [each.name for each in folder.iterdir() if not each.name.startswith(".")] if folder.exists() else []
    if now is None and held:
        raise WorkspaceError(
            f"{folder}: not empty, it holds {held[0]}; choose a new folder, and turntone workspace copy brings what an "
            "old one holds into it"
        )


def _check_belong_together(database: Database, store: Store) -> None:
    with database.writing() as connection:
        own = connection.execute(text("SELECT value FROM about WHERE name = 'id'")).scalar()
        there = store.read(_MARK)
        if own is None and there is None:
            own = secrets.token_hex(16)
            connection.execute(text("INSERT INTO about (name, value) VALUES ('id', :id)"), {"id": own})
            store.write(_MARK, own.encode())
        elif own is None or there is None or there.decode("utf-8", "replace") != own:
            whose = "another workspace's" if own and there else "a workspace's" if there else "not this database's"
            raise WorkspaceError(
                f"{store.url}: {whose}; a database and a store belong together, take those of one workspace or two new "
                "ones"
            )
