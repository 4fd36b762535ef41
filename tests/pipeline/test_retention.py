"""Cases that are kept for a time, and cases that are put away."""

from __future__ import annotations

import datetime
import json
import zipfile
from pathlib import Path

import pandas as pd
import pytest

from diarization.errors import ConfigError, FormatError, WorkspaceError
from pipeline.analysis import analyze_recording
from pipeline.archives import archive_case, restore_case
from pipeline.checkup import find_faults
from pipeline.participants import Participants
from pipeline.retention import keep_case, kept_days, overdue, parse_days, prune
from pipeline.workspace import Workspace
from tests.fakes import BASELINE_FAKES, CPU, write_tone
from tests.sessions import make_session

TODAY = datetime.date(2026, 6, 30)


@pytest.fixture
def kept(workspace: Workspace, tmp_path: Path) -> Workspace:
    """Two sessions of the case Anna, one of Ben."""
    for pitch, case, day in ((200.0, "Anna", 1), (300.0, "Anna", 20), (400.0, "Ben", 1)):
        path = write_tone(tmp_path / f"{pitch}.wav", pitch=pitch)
        found = analyze_recording(path, workspace, BASELINE_FAKES, CPU, case, datetime.date(2026, 6, day))
        workspace.assign(found.id, {"SPEAKER_00": (case, "client")})
    return workspace


@pytest.mark.parametrize("text", ["", "0d", "-3d", "soon", "1 fortnight"])
def test_a_time_that_is_none_is_said(text: str) -> None:
    with pytest.raises(ConfigError, match="says no time; write it as 90d, 12w, 6m, 2y, or forever"):
        parse_days(text)


def test_only_what_is_older_than_its_case_is_kept_goes_and_all_of_it(kept: Workspace) -> None:
    keep_case(kept, "Anna", 15)
    assert kept_days(kept) == {"Anna": 15, "Ben": None}
    (late,) = overdue(kept, TODAY)
    assert (late.case, late.day) == ("Anna", datetime.date(2026, 6, 1))
    recording = kept.session(late.session).recording.id
    assert prune(kept, TODAY) == [late]
    assert [each.case for each in kept.sessions()] == ["Anna", "Ben"]
    assert [path for path in kept.path.rglob("*") if recording in str(path)] == []
    assert recording.encode() not in (kept.path / "workspace.db").read_bytes()
    assert prune(kept, TODAY) == [] and find_faults(kept) == []


def test_a_session_without_a_day_counts_from_its_analysis(workspace: Workspace) -> None:
    workspace.save(make_session(date=None))
    keep_case(workspace, "Demo", 30)
    now = datetime.datetime.now(datetime.UTC).date()
    assert overdue(workspace, now + datetime.timedelta(30)) == []
    assert len(overdue(workspace, now + datetime.timedelta(31))) == 1


def test_a_case_that_is_none_cannot_be_kept(kept: Workspace) -> None:
    with pytest.raises(WorkspaceError, match="no case is called 'Ana', did you mean 'Anna'"):
        keep_case(kept, "Ana", 90)


def test_a_case_is_put_away_and_comes_back_as_it_was(kept: Workspace, tmp_path: Path) -> None:
    before, people = kept.case("Anna"), Participants(kept).all("Anna")
    ids = archive_case(kept, "Anna", tmp_path / "anna.zip", remove=True)
    assert [each.case for each in kept.sessions()] == ["Ben"]
    assert not [path for path in kept.path.rglob("*") if before[0].recording.id in str(path)]
    assert restore_case(kept, tmp_path / "anna.zip") == ids
    for was, now in zip(before, kept.case("Anna"), strict=True):
        pd.testing.assert_frame_equal(was.turns, now.turns)
        pd.testing.assert_frame_equal(was.speakers, now.speakers)
        assert (was.recording, was.date, was.provenance) == (now.recording, now.date, now.provenance)
        assert kept.audio(now.id).is_file()
    assert [each.to_json() for each in Participants(kept).all("Anna")] == [each.to_json() for each in people]
    assert find_faults(kept) == []


def test_a_restored_case_goes_on(kept: Workspace, tmp_path: Path) -> None:
    archive_case(kept, "Anna", tmp_path / "anna.zip")
    other = Workspace(tmp_path / "other")
    restore_case(other, tmp_path / "anna.zip")
    more = analyze_recording(write_tone(tmp_path / "more.wav", pitch=500), other, BASELINE_FAKES, CPU, "Anna")
    other.assign(more.id, {"SPEAKER_00": ("Anna", "client")})
    assert len(other.case("Anna")) == 3 and all(fault.is_harmless for fault in find_faults(other))


def test_what_is_there_already_is_not_written_over(kept: Workspace, tmp_path: Path) -> None:
    archive_case(kept, "Anna", tmp_path / "anna.zip")
    with pytest.raises(WorkspaceError, match=r"anna\.zip: there already; choose another name for the archive"):
        archive_case(kept, "Anna", tmp_path / "anna.zip")
    with pytest.raises(WorkspaceError, match="the workspace has a case 'Anna' already"):
        restore_case(kept, tmp_path / "anna.zip")
    assert len(kept.sessions()) == 3


def test_a_damaged_or_hostile_archive_changes_nothing(kept: Workspace, tmp_path: Path) -> None:
    good = tmp_path / "anna.zip"
    archive_case(kept, "Anna", good)
    other = Workspace(tmp_path / "other")
    (tmp_path / "text.zip").write_text("nothing")
    with pytest.raises(FormatError, match="no archive of a case, or damaged"):
        restore_case(other, tmp_path / "text.zip")
    for name, said in (("audio", "in it is damaged; take another copy"), ("../../etc/x", "outside a workspace")):
        with zipfile.ZipFile(good) as archive, zipfile.ZipFile(tmp_path / "bad.zip", "w") as bad:
            for each in archive.namelist():
                data = archive.read(each)
                if name == "audio" and each.startswith("audio"):
                    data = b"other"
                if name != "audio" and each == "case.json":
                    content = json.loads(data)
                    content["rows"]["artifacts"][0]["file"] = name
                    data = json.dumps(content).encode()
                    bad.writestr(name, b"x")
                bad.writestr(each, data)
        with pytest.raises(FormatError, match=said):
            restore_case(other, tmp_path / "bad.zip")
    assert other.sessions() == [] and not list(other.path.rglob("*.npz"))
