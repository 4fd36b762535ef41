"""A case as one file, to be put away and brought back: its rows as JSON, and its files with their checksums."""

from __future__ import annotations

import base64
import datetime
import hashlib
import json
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from secrets import token_hex
from typing import Any

from sqlalchemy import Connection, Table, insert, select

from diarization.errors import FormatError, WorkspaceError

from .store.artifacts import Artifact, Staging, file_of
from .store.database import REVISION, as_sentences
from .store.models import (
    ARTIFACTS,
    CASES,
    CORRECTIONS,
    ENROLMENTS,
    PARTICIPANTS,
    REFUSALS,
    SESSIONS,
    SPEAKERS,
    TURNS,
)
from .store.people import clean_name
from .store.trail import forget_session, record
from .store.writing import delete_sessions, tidy
from .workspace import Workspace

_MARK = "turntone case 1"
_CONTENT = "case.json"
_READ = ("0009_text", REVISION)
"""Revisions whose tables hold the same of a case; findings are made anew where it is brought back."""

_OF_SESSIONS = (SPEAKERS, TURNS, ARTIFACTS, REFUSALS, CORRECTIONS)


def archive_case(workspace: Workspace, case: str, file: Path, remove: bool = False) -> list[str]:
    """Write a case into a ZIP file; gives the ids of its sessions.

    Audio that is encrypted stays so: whoever brings it back needs the key.

    Parameters
    ----------
    remove : bool
        Whether the case is taken out of the workspace once the file is whole and on disk.

    Raises
    ------
    WorkspaceError
        Where there is no such case, one of its files is damaged, or the archive is there already or cannot be written.
    """
    case = clean_name(case, "case")
    ids = [each.id for each in workspace.sessions(case)]
    if file.exists():
        raise WorkspaceError(f"{file}: there already; choose another name for the archive")
    with workspace.reading() as connection:
        assert connection is not None
        rows = _rows(connection, case)
    draft = file.with_name(f".{file.name}.{token_hex(4)}.part")
    try:
        _write(draft, workspace.path, rows)
        draft.rename(file)
    except OSError as error:
        raise WorkspaceError(f"{file}: cannot be written ({error.strerror}); choose another place") from error
    finally:
        draft.unlink(missing_ok=True)
    for each in ids:
        workspace.note("exported", "session", each, "archive")
    if remove:
        remove_case(workspace, ids)
    return ids


def remove_case(workspace: Workspace, ids: Sequence[str]) -> None:
    """Take sessions out with all that is kept of them."""
    with workspace.writing() as connection:
        statement = select(SESSIONS.c.recording_id).where(SESSIONS.c.id.in_(ids))
        recordings = list(connection.execute(statement).scalars())
        cases = select(SESSIONS.c.case_id).where(SESSIONS.c.id.in_(ids))
        people = PARTICIPANTS.c.case_id.in_(cases)
        keys = list(connection.execute(select(PARTICIPANTS.c.id).where(people)).scalars())
        for each in ids:
            record(connection, "deleted", "session", each, "archived")
        delete_sessions(connection, ids)
        for each in ids:
            forget_session(connection, each)
        connection.execute(ENROLMENTS.delete().where(ENROLMENTS.c.participant_id.in_(keys)))
        tidy(connection)
    workspace.wipe(recordings)


def restore_case(workspace: Workspace, file: Path) -> list[str]:
    """Bring a case back that ``archive_case`` wrote; gives the ids of its sessions.

    Raises
    ------
    FormatError
        Where the file is no such archive, or damaged.
    WorkspaceError
        Where the workspace has a case of that name or one of its recordings; nothing is changed then.
    """
    rows, content = _read(file)
    with as_sentences(workspace.path), Staging(workspace.path) as staging:
        for name, data in content.items():
            staging.file(name, _writer(data), exactly=True)
        with workspace.writing() as connection:
            _check_new(connection, rows)
            _insert_all(connection, rows)
            for each in rows["sessions"]:
                record(connection, "analysed", "session", each["id"], "restored")
            staging.publish()
    return [each["id"] for each in rows["sessions"]]


def _rows(connection: Connection, case: str) -> dict[str, list[dict[str, Any]]]:
    of_case = select(CASES).where(CASES.c.name == case)
    case_id = select(CASES.c.id).where(CASES.c.name == case).scalar_subquery()
    ids = select(SESSIONS.c.id).where(SESSIONS.c.case_id == case_id)
    people = select(PARTICIPANTS.c.id).where(PARTICIPANTS.c.case_id == case_id)
    found = {
        "cases": _all(connection, of_case),
        "participants": _all(connection, select(PARTICIPANTS).where(PARTICIPANTS.c.case_id == case_id)),
        "enrolments": _all(connection, select(ENROLMENTS).where(ENROLMENTS.c.participant_id.in_(people))),
        "sessions": _all(connection, select(SESSIONS).where(SESSIONS.c.case_id == case_id)),
    }
    return found | {
        each.name: _all(connection, select(each).where(each.c.session_id.in_(ids))) for each in _OF_SESSIONS
    }


def _all(connection: Connection, statement: Any) -> list[dict[str, Any]]:
    return [dict(row) for row in connection.execute(statement).mappings()]


def _write(draft: Path, folder: Path, rows: Mapping[str, list[dict[str, Any]]]) -> None:
    content = {"format": _MARK, "revision": REVISION, "rows": rows}
    with zipfile.ZipFile(draft, "x", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(_CONTENT, json.dumps(content, default=_as_json, ensure_ascii=True, indent=1))
        for row in _files(rows):
            path = file_of(folder, Artifact(row["file"], row["sha256"], row["size"]))
            data = path.read_bytes() if path.is_file() else b""
            if hashlib.sha256(data).hexdigest() != row["sha256"]:
                raise WorkspaceError(
                    f"{row['file']} is missing or damaged; turntone workspace check --repair mends it first"
                )
            archive.writestr(row["file"], data)


def _files(rows: Mapping[str, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """The artifact rows, each file once."""
    return list({row["file"]: row for row in rows["artifacts"]}.values())


def _read(file: Path) -> tuple[dict[str, list[dict[str, Any]]], dict[str, bytes]]:
    try:
        with zipfile.ZipFile(file) as archive:
            known = json.loads(archive.read(_CONTENT), object_hook=_from_json)
            if known.get("format") != _MARK:
                raise KeyError(_CONTENT)
            rows = known["rows"]
            content = {row["file"]: archive.read(row["file"]) for row in _files(rows)}
    except OSError as error:
        raise FormatError(f"{file}: cannot be read ({error.strerror}); check the path") from error
    except (zipfile.BadZipFile, KeyError, ValueError, AttributeError, TypeError) as error:
        raise FormatError(f"{file}: no archive of a case, or damaged; take another copy") from error
    if known["revision"] not in _READ:
        raise FormatError(
            f"{file}: written by another version of the program ({known['revision']}); restore it with that"
        )
    for row in _files(rows):
        _check_file(file, row, content[row["file"]])
    return rows, content


def _check_file(file: Path, row: Mapping[str, Any], data: bytes) -> None:
    parts = Path(row["file"]).parts
    if parts[0] not in ("artifacts", "audio") or ".." in parts or Path(row["file"]).is_absolute():
        raise FormatError(f"{file}: names a file outside a workspace ({row['file']}); nothing was restored")
    if hashlib.sha256(data).hexdigest() != row["sha256"]:
        raise FormatError(f"{file}: {row['file']} in it is damaged; take another copy")


def _check_new(connection: Connection, rows: Mapping[str, list[dict[str, Any]]]) -> None:
    (case,) = rows["cases"]
    if connection.execute(select(CASES.c.id).where(CASES.c.name == case["name"])).first():
        raise WorkspaceError(f"the workspace has a case '{case['name']}' already; restore it into another workspace")
    recordings = [row["recording_id"] for row in rows["sessions"]]
    known = connection.execute(select(SESSIONS.c.id).where(SESSIONS.c.recording_id.in_(recordings))).scalars().all()
    if known:
        raise WorkspaceError(
            f"recordings of the case are here already, in session {', '.join(known)}; delete them first"
        )


def _insert_all(connection: Connection, rows: Mapping[str, list[dict[str, Any]]]) -> None:
    """The rows with keys of this workspace in the place of those of the other."""
    (case,) = rows["cases"]
    case_id = _insert(connection, CASES, case | {"id": None})
    own: dict[str, Any] = {"id": None, "case_id": case_id}
    people = {each["id"]: _insert(connection, PARTICIPANTS, each | own) for each in rows["participants"]}
    for each in rows["enrolments"]:
        _insert(connection, ENROLMENTS, each | {"id": None, "participant_id": people[each["participant_id"]]})
    for each in rows["sessions"]:
        _insert(connection, SESSIONS, each | {"case_id": case_id})
    for table in _OF_SESSIONS:
        for each in rows[table.name]:
            known = {name: people.get(each[name]) for name in ("participant_id", "match_id") if name in each}
            _insert(connection, table, each | known | ({"number": None} if "number" in each else {}))


def _insert(connection: Connection, table: Table, row: Mapping[str, Any]) -> int:
    values = {name: value for name, value in row.items() if not (name in ("id", "number") and value is None)}
    done = connection.execute(insert(table).values(**values))
    return int(done.inserted_primary_key[0]) if table in (CASES, PARTICIPANTS) and done.inserted_primary_key else 0


def _writer(data: bytes) -> Any:
    return lambda path: path.write_bytes(data)


def _as_json(value: Any) -> dict[str, str]:
    if isinstance(value, datetime.datetime):
        return {"$time": value.isoformat()}
    if isinstance(value, datetime.date):
        return {"$date": value.isoformat()}
    if isinstance(value, bytes):
        return {"$bytes": base64.b64encode(value).decode()}
    raise TypeError(type(value).__name__)


def _from_json(value: dict[str, Any]) -> Any:
    if len(value) != 1:
        return value
    ((kind, text),) = value.items()
    known: dict[str, Callable[[str], Any]] = {
        "$time": datetime.datetime.fromisoformat,
        "$date": datetime.date.fromisoformat,
        "$bytes": base64.b64decode,
    }
    return known[kind](text) if kind in known else value
