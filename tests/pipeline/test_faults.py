"""What is left when the disk is full, the database is locked, a file is damaged or gone, or two do the same at once.

Afterwards every session is whole or absent, ``find_faults`` finds nothing or says exactly what, ``repair`` mends it,
and every job ends as done or failed with its reason.
"""

from __future__ import annotations

import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import update

from diarization.errors import WorkspaceError
from pipeline.analysis import analyze_recording
from pipeline.checkup import find_faults, repair
from pipeline.jobs.batches import submit_batch, work_batch
from pipeline.jobs.job import Job
from pipeline.jobs.manifest import Planned
from pipeline.jobs.queue import JobQueue
from pipeline.sessions import Session
from pipeline.store import sqlite
from pipeline.store.models import JOBS, TURNS
from pipeline.workspace import Workspace
from tests.fakes import BASELINE_FAKES, CALLS, CPU, write_tone

ANNA = {"SPEAKER_00": ("Anna", "client"), "SPEAKER_01": ("Ben", "counsellor")}


@pytest.fixture
def session(workspace: Workspace, tone: Path) -> Session:
    """One of the case Anna, with names and a correction."""
    found = analyze_recording(tone, workspace, BASELINE_FAKES, CPU, "Anna")
    return workspace.assign(found.id, ANNA)[0]


def file_of(workspace: Workspace, session: Session, part: str) -> Path:
    with sqlite3.connect(workspace.path / "workspace.db") as base:
        row = base.execute(
            "SELECT file FROM artifacts WHERE session_id = ? AND name = ?", (session.id, part)
        ).fetchone()
    base.close()
    return workspace.path / str(row[0])


def flip(file: Path) -> None:
    """Change a byte in the middle."""
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 0xFF
    file.write_bytes(content)


def ended(jobs: list[Job]) -> list[tuple[str, bool]]:
    return [(job.state, bool(job.reason)) for job in jobs]


def test_a_workspace_that_is_well_has_no_faults(workspace: Workspace, session: Session) -> None:
    assert find_faults(workspace) == []
    assert find_faults(Workspace(workspace.path / "nowhere")) == []


@pytest.mark.parametrize("part", ["conversation", "emotion", "voices", "audio"])
@pytest.mark.parametrize("how", ["changed", "gone"])
def test_a_damaged_file_is_named_and_mended_from_the_recording(
    workspace: Workspace, session: Session, part: str, how: str
) -> None:
    file = file_of(workspace, session, part)
    if how == "changed":
        flip(file)
    else:
        file.unlink()
    (fault,) = find_faults(workspace)
    assert (fault.kind, fault.session, fault.parts) == ("session", session.id, (part,))
    assert fault.sentence.startswith(f"session {session.id}: {file.relative_to(workspace.path)} is missing or damaged")
    assert repair(workspace, CPU) == []
    found = workspace.session(session.id)
    assert found.turns.equals(session.turns)
    assert found.speakers["participant"].tolist() == ["Anna", "Ben"]


def test_without_the_recording_it_is_mended_from_the_kept_audio(
    workspace: Workspace, session: Session, tone: Path
) -> None:
    tone.unlink()
    flip(file_of(workspace, session, "emotion"))
    said: list[str] = []
    assert repair(workspace, CPU, said.append) == []
    assert said[0].startswith(f"session {session.id}: analysed again from the audio that is kept, as {tone} is gone")
    found = workspace.session(session.id)
    assert found.recording == session.recording
    assert found.speakers["participant"].tolist() == ["Anna", "Ben"]
    assert np.allclose(found.turns["start"], session.turns["start"])
    assert {key: found.quality[key] for key in ("level_dbfs",)} == {
        key: session.quality[key] for key in ("level_dbfs",)
    }


def test_damaged_audio_without_its_recording_is_given_up_and_the_session_stays(
    workspace: Workspace, session: Session, tone: Path
) -> None:
    tone.write_bytes(b"another file")
    file_of(workspace, session, "audio").unlink()
    said: list[str] = []
    assert repair(workspace, CPU, said.append) == []
    assert "kept without its audio, which is damaged" in said[0]
    assert workspace.session(session.id).turns.equals(session.turns)
    with pytest.raises(WorkspaceError, match="no copy of its audio is kept"):
        workspace.audio(session.id)


def test_what_cannot_be_mended_is_taken_out_whole(workspace: Workspace, session: Session, tone: Path) -> None:
    tone.unlink()
    file_of(workspace, session, "audio").unlink()
    flip(file_of(workspace, session, "conversation"))
    said: list[str] = []
    assert repair(workspace, CPU, said.append) == []
    assert f"taken out, as neither {tone} nor its audio is there any more; put the recording back" in said[0]
    assert workspace.sessions() == []
    assert [path for path in (workspace.path / "artifacts").rglob("*") if path.is_file()] == []


def test_lost_turns_are_found_and_found_again(workspace: Workspace, session: Session) -> None:
    with workspace.writing() as connection:
        connection.execute(TURNS.delete().where(TURNS.c.position == 2))
    (fault,) = find_faults(workspace)
    assert fault.parts == ("turns",)
    assert repair(workspace, CPU) == []
    assert workspace.session(session.id).turns.equals(session.turns)


def test_leftovers_damaged_cache_entries_and_lost_jobs_are_named_and_mended(
    workspace: Workspace, session: Session, tone: Path
) -> None:
    stray = workspace.path / "artifacts" / "ab" / "stray.npz"
    stray.parent.mkdir(exist_ok=True)
    stray.write_bytes(b"left over")
    flip(next((workspace.path / "cache").rglob("diarize-*.npz")))
    queue = JobQueue(workspace.path)
    submit_batch(workspace, [Planned(tone)], BASELINE_FAKES, CPU)
    with workspace.writing() as connection:
        connection.execute(update(JOBS).values(state="running", worker="elsewhere:1:1.0", attempts=1))
    assert {fault.kind for fault in find_faults(workspace)} == {"file", "cache", "job"}
    assert repair(workspace, CPU) == []
    assert [job.state for job in queue.jobs()] == ["queued"]
    assert not stray.exists()


def test_a_damaged_database_is_said_and_nothing_is_changed(workspace: Workspace, session: Session) -> None:
    file = workspace.path / "workspace.db"
    content = bytearray(file.read_bytes())
    half = len(content) // 2
    content[half : half + 8192] = bytes(8192)
    file.write_bytes(content)
    try:
        faults = find_faults(workspace)
    except WorkspaceError as error:
        assert "damaged or not a database" in str(error)
    else:
        assert any("workspace.db: damaged" in fault.sentence for fault in faults)
    assert file.read_bytes() == bytes(content)


def test_a_locked_database_is_waited_for_and_then_said(
    workspace: Workspace, session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "BUSY_SECONDS", 0.2)
    other = sqlite3.connect(workspace.path / "workspace.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    new = write_tone(tmp_path / "new.wav", pitch=300)
    with pytest.raises(
        WorkspaceError, match=r"another program has been writing for over 0\.2 s; try again when it is done"
    ):
        analyze_recording(new, Workspace(workspace.path), BASELINE_FAKES, CPU)
    other.execute("ROLLBACK")
    other.close()
    assert [each.id for each in workspace.sessions()] == [session.id]
    assert find_faults(workspace) == []
    assert len(analyze_recording(new, workspace, BASELINE_FAKES, CPU).turns) == 5


def test_a_recording_pulled_away_fails_with_its_reason_and_the_others_go_on(
    workspace: Workspace, tmp_path: Path
) -> None:
    paths = [write_tone(tmp_path / f"{pitch}.wav", pitch=pitch) for pitch in (200.0, 300.0, 400.0)]
    batch = submit_batch(workspace, [Planned(path) for path in paths], BASELINE_FAKES, CPU)
    paths[1].unlink()
    jobs = work_batch(workspace, batch)
    assert ended(jobs) == [("done", False), ("failed", True), ("done", False)]
    assert jobs[1].reason == f"{paths[1]}: there is no such file; check the path"
    assert find_faults(workspace) == []


def test_a_recording_that_changes_while_it_is_read_is_one_session_or_none(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from diarization import audio

    path = write_tone(tmp_path / "a.wav")
    decode = audio.decode_apart

    def pulled(wanted: Path) -> object:
        found = decode(wanted)
        path.unlink()
        return found

    monkeypatch.setattr(audio, "decode_apart", pulled)
    jobs = work_batch(workspace, submit_batch(workspace, [Planned(path)], BASELINE_FAKES, CPU))
    assert ended(jobs) == [("failed", True)]
    assert workspace.sessions() == [] and find_faults(workspace) == []


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 1.5 MB of its own."""
    place = tmp_path / "small"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1500k", "none", str(place)]
    if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("a small disk cannot be mounted here")
    yield place
    subprocess.run(["umount", str(place)], check=False)


def test_a_disk_that_fills_up_under_a_batch_loses_nothing(small_disk: Path, tmp_path: Path) -> None:
    paths = [write_tone(tmp_path / f"{pitch}.wav", 60.0, pitch=float(pitch)) for pitch in range(200, 240, 10)]
    workspace = Workspace(small_disk / "workspace")
    ballast = small_disk / "ballast"
    batch = submit_batch(workspace, [Planned(path) for path in paths], BASELINE_FAKES, CPU)
    ballast.write_bytes(bytes(400_000))
    jobs = work_batch(workspace, batch)
    states = [job.state for job in jobs]
    assert "failed" in states and set(states) <= {"done", "failed"}
    assert all("no space left on the disk" in str(job.reason) for job in jobs if job.state == "failed")
    assert len(workspace.sessions()) == states.count("done")
    assert [fault for fault in find_faults(workspace) if fault.kind not in ("file", "cache")] == []
    ballast.unlink()
    assert repair(workspace, CPU) == []


def test_two_batches_of_the_same_recordings_at_once_do_each_once(workspace: Workspace, tmp_path: Path) -> None:
    from threading import Thread

    paths = [write_tone(tmp_path / f"{pitch}.wav", pitch=pitch) for pitch in (200.0, 300.0)]
    batches = [submit_batch(workspace, [Planned(path) for path in paths], BASELINE_FAKES, CPU) for _ in range(2)]
    CALLS.clear()
    threads = [Thread(target=work_batch, args=(Workspace(workspace.path), batch)) for batch in batches]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {job.state for job in JobQueue(workspace.path).jobs()} == {"done"}
    assert len(workspace.sessions()) == 2 and CALLS["diarize"] == 2
    assert find_faults(workspace) == []
