"""A workspace is copied whole, in every direction, and compared; or nothing is."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from diarization.errors import WorkspaceError
from pipeline import copying
from pipeline.access.accounts import Accounts
from pipeline.access.trail import Trail
from pipeline.analysis import analyze_recording
from pipeline.config import Config
from pipeline.copying import copy_workspace
from pipeline.corrections import Corrections
from pipeline.jobs.queue import JobQueue
from pipeline.masking import PrivacyConfig
from pipeline.store.encryption import KEY_VARIABLE, new_key
from pipeline.workspace import Workspace
from tests.command_line import CommandLine
from tests.dashboard.workspaces import FIRST, fill
from tests.fakes import BASELINE_FAKES, CPU
from tests.pipeline.test_recalibrating import calibration
from tests.services import Services
from tests.sessions import make_session


@pytest.fixture
def full(tmp_path: Path, tone: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A folder with something in every table, and encrypted audio."""
    monkeypatch.setenv(KEY_VARIABLE, new_key())
    workspace = fill(tmp_path / "full")
    private = Config(**vars(BASELINE_FAKES) | {"privacy": PrivacyConfig(encrypt_audio=True, pseudonyms=True)})
    analyze_recording(tone, workspace, private, CPU, case="Private")
    accounts = Accounts(workspace.path)
    accounts.add("olga", "admin", "nine brown hens")
    accounts.add("ben", "editor", "ten brown hens!")
    accounts.grant("ben", "Demo")
    accounts.make_token("ben", "mine")
    accounts.sign_in("olga", "nine brown hens")
    queue = JobQueue(workspace.path)
    queue.cancel(queue.submit("x", {"path": "a\udcff.wav", "case": "Demo"}, "a").id)
    queue.submit("x", {"path": "b.wav", "case": None}, "b", "archive", "batch-1")
    Corrections(workspace).answer(FIRST, [2], emotion="sad")
    workspace.own.keep_calibration(calibration(2.0))
    return workspace


def rows_of(workspace: Workspace) -> list[str]:
    """All that the tables of a folder hold, as SQL."""
    with sqlite3.connect(workspace.path / "workspace.db") as connection:
        return sorted(line for line in connection.iterdump() if line.startswith("INSERT"))


def files_of(workspace: Workspace) -> dict[str, bytes]:
    found = [path for top in ("artifacts", "audio", "calibration") for path in (workspace.path / top).rglob("*")]
    return {str(path.relative_to(workspace.path)): path.read_bytes() for path in found if path.is_file()}


def test_there_and_back_it_is_the_same(
    full: Workspace, services: Services, tmp_path: Path, command_line: CommandLine
) -> None:
    shared = services.workspace(tmp_path / "shared")
    there = command_line("workspace", "copy", full.path, shared, "--format", "json")
    assert there.code == 0, there.err
    assert (there.json["sessions"], there.json["files"]) == (5, len(files_of(full)))
    assert {"users", "audit", "jobs", "corrections", "grants", "tokens", "sign_ins", "audit_names"} <= {
        name for name, count in there.json["rows"].items() if count
    }
    back = command_line("workspace", "copy", shared, tmp_path / "back")
    assert back.code == 0 and "every row and byte was compared" in back.err
    again = Workspace(tmp_path / "back")
    assert rows_of(again) == rows_of(full)
    assert files_of(again) == files_of(full)


def test_between_shared_workspaces_and_between_folders(full: Workspace, services: Services, tmp_path: Path) -> None:
    one, two = (services.workspace(tmp_path / name) for name in ("one", "two"))
    first = copy_workspace(full.path, one)
    assert copy_workspace(one, two) == first
    assert copy_workspace(full.path, tmp_path / "folder") == first
    assert rows_of(Workspace(tmp_path / "folder")) == rows_of(full)


def test_the_copy_is_gone_on_with(full: Workspace, services: Services, tmp_path: Path) -> None:
    shared = Workspace(services.workspace(tmp_path / "shared"))
    copy_workspace(full.path, shared.path)
    shared.save(make_session(5, seed=77, case="Later"))
    JobQueue(shared.path).submit("x", {"n": 1}, "later")
    Corrections(shared).answer(FIRST, [4], emotion="happy")
    assert Trail(shared.path).broken() is None
    assert shared.check() == []
    assert Accounts(shared.path).sign_in("olga", "nine brown hens") is not None
    private = next(each for each in shared.sessions() if each.case == "Private")
    assert len(shared.kept_audio(private.id).waveform()) > 0
    assert [each.name for each in shared.own.calibrations()] == ["fake"]


def test_a_target_that_holds_something_is_left_as_it_is(full: Workspace, services: Services, tmp_path: Path) -> None:
    shared = Workspace(services.workspace(tmp_path / "shared"))
    shared.save(make_session(5, seed=9))
    folder = Workspace(tmp_path / "folder")
    folder.save(make_session(5, seed=9))
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "a.txt").write_text("dear")
    for target, said in (
        (shared.path, "not empty, it has"),
        (folder.path, "not empty, it has"),
        (tmp_path / "letters", "holds a.txt, which is no workspace's"),
        (full.path, "the same workspace as"),
    ):
        with pytest.raises(WorkspaceError, match=said):
            copy_workspace(full.path, target)
    assert len(shared.sessions()) == len(folder.sessions()) == 1
    with pytest.raises(WorkspaceError, match="this workspace is empty; there is nothing to copy"):
        copy_workspace(tmp_path / "nowhere", tmp_path / "new")


@pytest.mark.parametrize("kind", ["folder", "shared"])
def test_a_damaged_source_or_a_copy_that_is_not_the_same_leaves_nothing(
    full: Workspace, services: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    target = services.workspace(tmp_path / "t") if kind == "shared" else tmp_path / "t"
    file = next((full.path / "artifacts").rglob("*.npz"))
    whole = file.read_bytes()
    file.write_bytes(whole[:-1])
    with pytest.raises(WorkspaceError, match="is missing or damaged; turntone workspace check --repair mends it"):
        copy_workspace(full.path, target)
    file.write_bytes(whole)
    number = copying._number_on

    def change(writer: Any) -> None:
        number(writer)
        writer.exec_driver_sql("UPDATE turns SET valence = valence + 0.000001 WHERE position = 1")

    monkeypatch.setattr(copying, "_number_on", change)
    with pytest.raises(WorkspaceError, match="turns: row 2 is not the same in the copy; nothing was kept of it"):
        copy_workspace(full.path, target)
    assert Workspace(target).sessions() == []

    def killed(_writer: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(copying, "_number_on", killed)
    with pytest.raises(KeyboardInterrupt):
        copy_workspace(full.path, target)
    assert Workspace(target).sessions() == []
    monkeypatch.setattr(copying, "_number_on", number)
    assert copy_workspace(full.path, target).sessions == 5
