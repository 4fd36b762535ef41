"""``turntone workspace`` on the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.store.encryption import KEY_VARIABLE, key_from
from pipeline.workspace import Workspace
from tests.command_line import CommandLine
from tests.sessions import make_session


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.setenv("TURNTONE_WORKSPACE", str(tmp_path / "workspace"))
    found = Workspace(tmp_path / "workspace")
    found.save(make_session())
    return found


def test_check_says_what_is_wrong_and_repair_takes_out_what_cannot_be_mended(
    command_line: CommandLine, workspace: Workspace
) -> None:
    assert command_line("workspace", "check").err == "all is well: every session is whole\n"
    for file in (workspace.path / "artifacts").rglob("*.npz"):
        file.unlink()
    shown = command_line("workspace", "check")
    assert shown.code == 1 and "is missing or damaged; turntone workspace check --repair mends it" in shown.out
    assert "1 faults; turntone workspace check --repair mends what can be mended" in shown.err
    (fault,) = command_line("workspace", "check", "--format", "json").json["faults"]
    assert fault["kind"] == "session" and set(fault["parts"]) == {"conversation", "emotion"}
    mended = command_line("workspace", "check", "--repair")
    assert mended.code == 0 and "taken out, as neither" in mended.err and "all is well" in mended.err
    assert workspace.sessions() == []


def test_keep_and_prune(command_line: CommandLine, workspace: Workspace) -> None:
    assert command_line("workspace", "prune").err == "nothing is older than it may be kept\n"
    assert command_line("workspace", "keep", "Demo", "1d").err.startswith(
        "Demo: kept for 1 days; turntone workspace prune"
    )
    (row,) = command_line("workspace", "prune", "--dry-run", "--format", "json").json
    assert row == {"session": "0" * 12, "case": "Demo", "date": "2026-03-02", "keep_days": 1}
    assert len(workspace.sessions()) == 1
    assert "Demo" in command_line("workspace", "prune").out
    assert workspace.sessions() == []
    assert "says no time" in command_line("workspace", "keep", "Demo", "soon").err


def test_archive_and_restore(command_line: CommandLine, workspace: Workspace, tmp_path: Path) -> None:
    file = tmp_path / "demo.zip"
    shown = command_line("workspace", "archive", "Demo", file, "--remove")
    assert shown.err == f"wrote {file}: 1 sessions of Demo, which are no longer in the workspace\n"
    assert workspace.sessions() == []
    assert command_line("workspace", "restore", file, "--format", "json").json["sessions"] == ["0" * 12]
    assert len(workspace.session("0").turns) == 12


def test_a_key_is_made_and_not_made_twice(command_line: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(KEY_VARIABLE, raising=False)
    made = command_line("workspace", "key").out.strip()
    assert len(key_from(made)) == 32
    monkeypatch.setenv(KEY_VARIABLE, made)
    assert "there is a key already" in command_line("workspace", "key", "--keep").err
