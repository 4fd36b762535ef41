"""The audit trail: what stands in it, that nothing changes it, and that it names nobody."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from pipeline.access.accounts import Accounts
from pipeline.access.trail import Trail, as_csv, as_json_lines
from pipeline.access.visitors import Visitor, visiting
from pipeline.corrections import Corrections
from pipeline.participants import Participants
from pipeline.workspace import Workspace, session_id
from tests.sessions import make_session

ID = "000000000000"


@pytest.fixture
def workspace(workspace: Workspace) -> Workspace:
    found = workspace
    found.save(make_session(6))
    return found


def did(workspace: Workspace) -> list[tuple[str, str | None, str | None]]:
    return [(each.action, each.kind, each.what) for each in Trail(workspace.path).entries()]


def test_what_is_changed_stands_in_the_trail(workspace: Workspace) -> None:
    corrections = Corrections(workspace)
    corrections.answer(ID, [2], emotion="happy")
    corrections.undo(ID)
    workspace.assign(ID, {"SPEAKER_01": ("Cem", "counsellor")})
    Participants(workspace).rename("Anna", "Anne")
    workspace.mask(["counsellor"], session=ID)
    assert did(workspace) == [
        ("analysed", "session", ID), ("corrected", "session", ID), ("corrected", "session", ID),
        ("assigned", "session", ID), ("renamed", "participant", "Anne"), ("masked", "session", ID),
    ]  # fmt: skip


def test_what_fails_leaves_no_line(workspace: Workspace) -> None:
    from diarization.errors import WorkspaceError

    with pytest.raises(WorkspaceError):
        workspace.assign(ID, {"SPEAKER_99": ("Cem", None)})
    assert did(workspace) == [("analysed", "session", ID)]


def test_who_did_it_is_the_visitor_else_the_account_that_runs_the_program(workspace: Workspace) -> None:
    user = Accounts(workspace.path).add("ada", "admin", "nine brown hens")
    with visiting(user.visitor("page")):
        workspace.note("opened", "session", ID)
    first, *_, last = Trail(workspace.path).entries()
    assert (first.via, last.actor, last.via, last.who, last.what) == ("command line", user.id, "page", "ada", ID)
    assert first.actor not in (None, user.id)


@pytest.mark.local
@pytest.mark.parametrize(
    "change",
    [
        "UPDATE audit SET action = 'opened'",
        "DELETE FROM audit",
        "INSERT OR REPLACE INTO audit SELECT number, time, actor, via, 'x', kind, subject, detail, digest FROM audit",
        "INSERT INTO audit (number, time, via, action, digest) VALUES (0, '2026-01-01', 'x', 'x', 'x')",
    ],
)
def test_the_database_refuses_to_change_a_line(workspace: Workspace, change: str) -> None:
    refused = pytest.raises(sqlite3.IntegrityError, match="append-only")
    with sqlite3.connect(workspace.path / "workspace.db") as raw, refused:
        raw.execute(change)
    assert did(workspace) == [("analysed", "session", ID)]


@pytest.mark.local
def test_a_line_changed_behind_the_programs_back_is_found(workspace: Workspace) -> None:
    for _ in range(3):
        workspace.note("opened", "session", ID)
    assert Trail(workspace.path).broken() is None
    with sqlite3.connect(workspace.path / "workspace.db") as raw:
        raw.execute("DROP TRIGGER audit_no_update")
        raw.execute("UPDATE audit SET actor = 'somebody' WHERE number = 2")
    assert Trail(workspace.path).broken() == 2


@pytest.mark.local
def test_a_line_taken_out_is_found(workspace: Workspace) -> None:
    for _ in range(3):
        workspace.note("opened", "session", ID)
    with sqlite3.connect(workspace.path / "workspace.db") as raw:
        raw.execute("DROP TRIGGER audit_no_delete")
        raw.execute("DELETE FROM audit WHERE number = 2")
    assert Trail(workspace.path).broken() == 3


@pytest.mark.local
def test_nothing_of_a_forgotten_person_is_in_the_trail(workspace: Workspace) -> None:
    people = Participants(workspace)
    people.rename("Anna", "Annabella")
    before = Trail(workspace.path).entries()
    people.forget("Annabella")
    entries = Trail(workspace.path).entries()
    assert [each.what for each in before if each.action == "renamed"] == ["Annabella"]
    renamed, forgotten = (next(each for each in entries if each.action == did) for did in ("renamed", "forgotten"))
    assert renamed.what is None and renamed.subject == forgotten.subject
    assert b"Anna" not in (workspace.path / "workspace.db").read_bytes()
    assert Trail(workspace.path).broken() is None


def test_somebody_new_is_not_taken_for_the_forgotten(workspace: Workspace) -> None:
    people = Participants(workspace)
    people.rename("Ben", "Bo")
    people.forget("Bo")
    workspace.assign(ID, {"SPEAKER_00": ("Cem", None)})
    people.rename("Cem", "Cemal")
    subjects = {each.subject for each in Trail(workspace.path).entries() if each.action == "renamed"}
    assert len(subjects) == 2


def test_a_session_stays_the_same_one_when_it_is_refiled_and_nobody_knows_it_when_it_is_deleted(
    workspace: Workspace,
) -> None:
    moved = workspace.refile(ID, case="Other")
    assert moved.id == session_id(moved.recording.id, "Other")
    assert [each.what for each in Trail(workspace.path).entries()] == [moved.id, moved.id]
    workspace.delete(moved.id)
    entries = Trail(workspace.path).entries()
    assert {each.what for each in entries} == {None}
    assert len({each.subject for each in entries}) == 1
    assert entries[-1].action == "deleted"


def test_an_export_has_ids_and_no_names(workspace: Workspace) -> None:
    Accounts(workspace.path).add("olga", "admin", "nine brown hens")
    Participants(workspace).rename("Anna", "Anne")
    entries = Trail(workspace.path).entries()
    for text in (as_csv(entries), as_json_lines(entries)):
        assert [each for each in ("olga", "Ann", "Demo", ID, "session-0") if each in text] == []
    assert as_csv(entries).splitlines()[0] == "number,time,actor,via,action,kind,subject,detail"
    assert json.loads(as_json_lines(entries).splitlines()[-1])["action"] == "renamed"


def test_a_workspace_of_one_person_is_read_although_the_trail_cannot_be_written(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from diarization.errors import WorkspaceError

    def full(*_: object) -> None:
        raise WorkspaceError("no space left on the disk")

    monkeypatch.setattr("pipeline.workspace.record", full)
    workspace.note("opened", "session", ID)
    assert "not in the audit trail" in caplog.text
    with visiting(Visitor("0" * 16, "page", "viewer", None, "vera")), pytest.raises(WorkspaceError):
        workspace.note("opened", "session", ID)


def test_sessions_that_go_with_a_person_or_a_case_are_told_and_then_unknown(
    workspace: Workspace, tmp_path: Path
) -> None:
    from pipeline.archives import archive_case, restore_case

    workspace.save(make_session(6, seed=1, case="Alone", participants=("Zoe",), roles=("client",)))
    Participants(workspace).forget("Zoe")
    archive_case(workspace, "Demo", tmp_path / "demo.zip", remove=True)
    restore_case(workspace, tmp_path / "demo.zip")
    entries = Trail(workspace.path).entries()[2:]
    assert [(each.action, each.kind, each.detail, each.what) for each in entries] == [
        ("deleted", "session", "forgotten", None), ("forgotten", "participant", None, None),
        ("exported", "session", "archive", None), ("deleted", "session", "archived", None),
        ("analysed", "session", "restored", ID),
    ]  # fmt: skip
