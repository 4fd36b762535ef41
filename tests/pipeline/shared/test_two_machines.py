"""What one machine stores, another one has; what one removes, the other one has no longer."""

from __future__ import annotations

import datetime
import os
import time
from dataclasses import replace
from pathlib import Path
from threading import Thread

import numpy as np
import pytest
from starlette.testclient import TestClient

from dashboard.app import make_app
from dashboard.pages import page_at
from dashboard.sessions import Library
from diarization.errors import ConfigError, WorkspaceError
from pipeline.access.trail import Trail
from pipeline.access.visitors import Visitor, visiting
from pipeline.analysis import analyze_recording
from pipeline.checkup import find_faults, repair
from pipeline.jobs.analyses import ANALYZE, analysis_payload, share_upload
from pipeline.jobs.queue import JobQueue
from pipeline.jobs.worker import Worker
from pipeline.participants import Participants
from pipeline.store.shared import keep_shared, shared_of
from pipeline.workspace import Workspace
from tests.dashboard.workspaces import FIRST, fill, hum
from tests.fakes import BASELINE_FAKES, CPU, FAKES, write_tone
from tests.pipeline.test_recalibrating import calibration
from tests.services import Services
from tests.sessions import make_session

from .conftest import Machines


def copies(workspace: Workspace) -> set[str]:
    """The files of sessions and stages in a machine's folder."""
    files = [path for top in ("artifacts", "audio", "cache") for path in (workspace.path / top).rglob("*")]
    return {path.relative_to(workspace.path).as_posix() for path in files if path.is_file()}


def test_a_session_comes_to_another_machine_as_it_was_stored(machines: Machines) -> None:
    session = make_session(case="Müller")
    stored = machines.here.save(session, hum(session.recording.duration))
    found = machines.there.session(stored.id)
    assert found.turns.equals(stored.turns)
    np.testing.assert_array_equal(found.arrays.embeddings, stored.arrays.embeddings)
    kept = machines.there.kept_audio(stored.id)
    assert kept.path.is_relative_to(machines.there.path)
    assert kept.path.read_bytes() == machines.here.audio(stored.id).read_bytes()
    assert machines.there.sessions() == machines.here.sessions()
    assert find_faults(machines.there) == []


def test_a_damaged_copy_is_brought_again_and_a_missing_file_is_said(machines: Machines) -> None:
    stored = machines.here.save(make_session())
    for file in (machines.here.path / "artifacts").rglob("*.npz"):
        file.write_bytes(b"x" * file.stat().st_size)
    assert machines.here.session(stored.id).turns.equals(machines.there.session(stored.id).turns)
    (gone, *_) = sorted(machines.stored())
    machines.store.remove([gone])
    (machines.here.path / gone).unlink()
    with pytest.raises(WorkspaceError, match=f"{gone}: missing; analyse the recording again"):
        machines.here.session(stored.id)
    (fault,) = find_faults(machines.there)
    assert gone in fault.sentence and fault.session == stored.id


def test_copies_beyond_what_a_folder_keeps_go_least_recently_used_first_and_come_again(machines: Machines) -> None:
    made = [make_session(seed=seed) for seed in range(3)]
    first, second, third = (machines.here.save(each, hum(each.recording.duration)) for each in made)
    sounds = [machines.there.kept_audio(each.id).path for each in (first, second, third)]
    shared = shared_of(machines.there.path)
    assert shared is not None
    keep_shared(machines.there.path, replace(shared, copies_gb=1.5 * sounds[0].stat().st_size / 1e9))
    machines.there.sweep()
    assert all(each.exists() for each in sounds), "what was used within the hour stays"

    for hours, path in zip((3, 4, 5), sounds, strict=True):
        os.utime(path, (time.time() - hours * 3600,) * 2)
    assert machines.there.kept_audio(second.id).path == sounds[1], "which uses it"
    gone = machines.there.sweep()
    assert gone == [sounds[2], sounds[0]] and sounds[1].exists()
    assert machines.there.sweep() == []
    assert machines.there.kept_audio(first.id).path.read_bytes() == machines.here.audio(first.id).read_bytes()
    assert find_faults(machines.there) == []


def test_what_is_deleted_is_gone_from_the_store_and_from_the_other_machines_folder(
    machines: Machines, tone: Path
) -> None:
    session = analyze_recording(tone, machines.here, FAKES, CPU)
    analyze_recording(tone, machines.there, FAKES, CPU, case="Demo")  # caches the stages there as well
    machines.there.kept_audio(machines.there.sessions()[0].id)
    assert len(machines.stored()) == 3 and copies(machines.there)
    machines.here.delete(machines.here.sessions()[0].id)
    assert machines.stored() == set() and copies(machines.here) == set()
    machines.there._last_sweep = -1e9
    machines.there.keep_swept()
    assert copies(machines.there) == set()
    assert session.id not in {each.id for each in machines.there.sessions()}


def test_forgetting_a_person_leaves_nothing_of_them_in_tables_store_or_folders(
    machines: Machines, services: Services, tone: Path
) -> None:
    people = {"SPEAKER_00": ("Zerubbabel", "client"), "SPEAKER_01": ("Ben", "counsellor")}
    session = analyze_recording(tone, machines.here, BASELINE_FAKES, CPU, case="Demo")
    machines.here.assign(session.id, people)
    before = machines.there.session(session.id)
    theirs = (before.turns["speaker"] == "SPEAKER_00").to_numpy()
    secrets = [b"Zerubbabel", *(row.astype("<f4").tobytes() for row in before.arrays.embeddings[theirs])]
    machines.there.kept_audio(session.id)
    Participants(machines.here).forget("Zerubbabel")
    machines.there._last_sweep = -1e9
    machines.there.keep_swept()
    held = [machines.store.read(name) or b"" for name in machines.stored()]
    folders = (machines.here.path, machines.there.path)
    held += [path.read_bytes() for folder in folders for path in folder.rglob("*") if path.is_file()]
    name = (machines.here.path / "shared.yaml").read_text().split("database: ")[1].split()[0].rpartition("/")[2]
    tables = services.postgres.sql(name, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    for (table,) in tables:
        held += [str(row).encode() for row in services.postgres.sql(name, f"SELECT t::text FROM {table} AS t")]
    assert [secret for secret in secrets if any(secret in each for each in held)] == []
    assert (machines.there.session(session.id).turns["speaker"] == "SPEAKER_01").all()


def test_files_whose_rows_never_came_are_found_by_a_repair(machines: Machines, tmp_path: Path) -> None:
    machines.here.save(make_session())
    (tmp_path / "x").write_bytes(b"x")
    machines.store.put(tmp_path / "x", "artifacts/ab/orphan.npz")
    assert [each.kind for each in find_faults(machines.there)] == ["file"]
    assert repair(machines.there) == []
    assert "artifacts/ab/orphan.npz" not in machines.stored() and len(machines.stored()) == 2


def test_an_upload_of_one_machine_is_analysed_on_another(machines: Machines) -> None:
    place = machines.here.path / "uploads" / "0123456789abcdef"
    place.mkdir(parents=True)
    file = write_tone(place / "call.wav")
    share_upload(machines.here.path, file)
    job = JobQueue(machines.here.path).submit(ANALYZE, analysis_payload(file, FAKES, CPU, upload=True), "call.wav")
    file.rename(place / "moved")  # the other machine does not have it under this path
    Worker(machines.there).run(until_empty=True)
    done = JobQueue(machines.here.path).get(job.id)
    assert (done.state, done.reason) == ("done", None)
    assert not any(name.startswith("uploads") for name in machines.stored())
    assert list((machines.there.path / "uploads").rglob("call.wav")) == []


def test_calibrations_and_their_end_reach_other_machines(machines: Machines, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.own_models._LOOK_AGAIN", 0.0)
    machines.here.calibrate(calibration(2.0))
    assert [each.temperature for each in machines.there.own.calibrations()] == [2.0]
    machines.there.calibrate(calibration(3.0))
    assert machines.here.own.calibration("fake").temperature == 3.0
    machines.here.forget_calibration("fake")
    assert machines.there.own.calibrations() == []
    with pytest.raises(ConfigError, match="no calibration is called 'fake'"):
        machines.there.own.calibration("fake")


def test_writers_wait_for_one_another_and_none_is_lost(machines: Machines) -> None:
    def save(workspace: Workspace, seeds: range) -> None:
        for seed in seeds:
            workspace.save(make_session(5, seed=seed))

    threads = [
        Thread(target=save, args=(machines.here, range(6))),
        Thread(target=save, args=(machines.there, range(6, 12))),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(machines.here.sessions()) == 12
    assert Trail(machines.there.path).broken() is None
    assert [each.number for each in Trail(machines.here.path).entries()] == list(range(1, 13))


def test_a_job_is_claimed_by_one_machine_alone(machines: Machines) -> None:
    queue = JobQueue(machines.here.path)
    jobs = {queue.submit("x", {"n": number}, "x").id for number in range(8)}
    claimed: list[str] = []

    def claim(folder: Path) -> None:
        while job := JobQueue(folder).claim(("x",)):
            claimed.append(job.id)

    threads = [Thread(target=claim, args=(each.path,)) for each in (*machines, *machines)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(claimed) == sorted(jobs)


def test_lists_are_in_the_same_order_as_in_a_folder(machines: Machines, tmp_path: Path) -> None:
    folder = Workspace(tmp_path / "folder")
    names = ("Zoe", "anna", "Äpfel", "ben", "Ben", "_x", "10", "9", "ß", "Anna", None)
    for seed, name in enumerate(names):
        date = None if seed % 3 == 0 else datetime.date(2026, 1, 1 + seed)
        for workspace in (folder, machines.here):
            workspace.save(make_session(5, seed=seed, case=name, date=date))
    assert [each.name for each in machines.there.cases()] == [each.name for each in folder.cases()]
    assert [each.id for each in machines.there.sessions()] == [each.id for each in folder.sessions()]
    assert machines.there.courses([FIRST]) == folder.courses([FIRST])


def test_the_trail_cannot_be_changed(machines: Machines) -> None:
    machines.here.save(make_session())
    for change in ("UPDATE audit SET actor = 'x'", "DELETE FROM audit", "TRUNCATE audit"):
        with (
            pytest.raises(WorkspaceError, match=r"the audit trail is append-only.*; nothing was stored"),
            machines.here.writing() as connection,
        ):
            connection.exec_driver_sql(change)
    assert Trail(machines.here.path).broken() is None


def test_the_pages_and_the_api_over_a_shared_workspace(machines: Machines) -> None:
    fill(machines.here.path)
    library = Library(machines.there)
    for address in ("/", f"/session/{FIRST}", "/case/Demo", "/jobs", "/review", "/participants", "/models", "/compare"):
        page = str(page_at(library, address))
        assert ("Anna" in page) >= (address in ("/", f"/session/{FIRST}", "/case/Demo")), address
    with TestClient(make_app(machines.there.path), base_url="http://127.0.0.1:8050") as client:
        assert client.get(f"/session/{FIRST}").status_code == 200
        assert len(client.get("/api/sessions").json()) == 4
        assert len(client.get(f"/api/sessions/{FIRST}/turns").json()) == 24
        assert "Demo" in {each["name"] for each in client.get("/api/cases").json()}
        heard = client.get(f"/audio/{FIRST}", headers={"Range": "bytes=10-19"})
        whole = client.get(f"/audio/{FIRST}").content
        assert (heard.status_code, heard.content) == (206, whole[10:20])
        report = client.get(f"/report/session/{FIRST}")
        assert report.status_code == 200 and "Anna" in report.text


def test_a_file_name_that_is_no_text_hides_no_job(machines: Machines) -> None:
    queue = JobQueue(machines.here.path)
    for path in ("a\udcff.wav", "b\\ud800.wav", "c\U0001f600.wav"):
        queue.submit("x", {"path": path, "case": "Demo"}, "call")
    with visiting(Visitor("1", "page", "viewer", frozenset({"Demo"}), "olga")):
        found = JobQueue(machines.there.path).jobs()
    assert [job.payload["path"] for job in found] == ["a\udcff.wav", "b\\ud800.wav", "c\U0001f600.wav"]
    with visiting(Visitor("1", "page", "viewer", frozenset({"Other"}), "olga")):
        assert queue.jobs() == []
    (waiting,) = queue.waiting()
    assert (waiting.needs, waiting.count) == ("gpu", 3)
