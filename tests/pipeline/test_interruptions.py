"""What is left when a process is killed, the disk fills up, or two processes do the same at once."""

from __future__ import annotations

import errno
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

from diarization.errors import WorkspaceError
from pipeline.analysis import analyze_many, analyze_recording
from pipeline.sessions import Session
from pipeline.store import artifacts
from pipeline.workspace import Workspace
from tests.fakes import BASELINE_FAKES, CALLS, CPU, write_tone
from tests.sessions import make_session

ROOT = Path(__file__).parents[2]
KILLS = int(os.environ.get("TURNTONE_KILLS", "10"))
"""How often an analysis is killed; ``make soak`` kills a hundred times."""

ANNA = {"SPEAKER_00": ("Anna", "client"), "SPEAKER_01": ("Ben", "counsellor")}

# Analyses recordings into a case for ever, each time with other settings, and names the speakers.
WORKER = """
import sys
from itertools import count
from pathlib import Path
from diarization.turns import TurnRules
from pipeline.analysis import analyze_recording
from pipeline.workspace import Workspace
from tests.fakes import BASELINE_FAKES, CPU, PAUSE
PAUSE[0] = float(sys.argv[2])
workspace = Workspace(Path(sys.argv[1]))
for step in count() if sys.argv[3] == "forever" else [0]:
    config = BASELINE_FAKES.model_copy(update={"turns": TurnRules(max_pause=0.9 + step % 7 / 100)})
    for path in sys.argv[4:]:
        session = analyze_recording(path, workspace, config, CPU, "Anna")
        workspace.assign(session.id, {"SPEAKER_00": ("Anna", "client"), "SPEAKER_01": ("Ben", "counsellor")})
        print(session.id, flush=True)
"""


def worker(workspace: Workspace, paths: list[Path], pause: float = 0.0, how: str = "forever") -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WORKER, str(workspace.path), str(pause), how, *map(str, paths)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def assert_whole(workspace: Workspace) -> None:
    """Every session has all its turns and files, and every file that is not whole belongs to no session."""
    assert workspace.check() == []
    for summary in workspace.sessions():
        session = workspace.session(summary.id)
        assert len(session.turns) == summary.num_turns == 5
        assert int(session.turns["scored"].sum()) == summary.num_scored
        assert len(session.arrays.embeddings) == 5
        assert workspace.audio(summary.id).is_file()
        named = session.speakers["participant"].notna().tolist()
        assert named in ([True, True], [False, False])


def test_a_killed_analysis_leaves_the_workspace_as_it_was_or_complete(workspace: Workspace, tmp_path: Path) -> None:
    chance = random.Random(7)
    paths = [write_tone(tmp_path / f"{pitch}.wav", pitch=pitch) for pitch in (200.0, 300.0)]
    for _ in range(KILLS):
        process = worker(workspace, paths)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(chance.uniform(0.0, 0.3))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert_whole(workspace)
    workspace.sweep()
    assert_whole(workspace)
    outcomes = list(analyze_many(paths, workspace, BASELINE_FAKES, CPU, "Anna"))
    assert [type(each) for each in outcomes] == [Session, Session]


def test_a_killed_archive_run_goes_on_where_it_was(workspace: Workspace, tone: Path) -> None:
    process = worker(workspace, [tone], pause=1.0)
    while not list((workspace.path / "cache").rglob("diarize-*.npz")):
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert workspace.sessions() == []
    CALLS.clear()
    analyze_recording(tone, workspace, BASELINE_FAKES, CPU)
    assert CALLS["diarize"] == 0


def test_two_processes_at_once_on_one_recording_give_one_session(workspace: Workspace, tone: Path) -> None:
    both = [worker(workspace, [tone], pause=0.2, how="once") for _ in range(2)]
    results = [process.communicate(timeout=60) for process in both]
    assert [process.returncode for process in both] == [0, 0], results
    assert results[0][0] == results[1][0]
    assert len(workspace.sessions()) == 1
    assert_whole(workspace)


def test_a_reader_sees_whole_sessions_while_another_process_writes(workspace: Workspace, tone: Path) -> None:
    process = worker(workspace, [tone])
    assert process.stdout is not None
    process.stdout.readline()
    try:
        for _ in range(10):
            (summary,) = workspace.sessions()
            assert len(workspace.session(summary.id).turns) == 5
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("number", range(1, 6))
def test_a_full_disk_is_said_and_changes_nothing(
    workspace: Workspace, tmp_path: Path, tone: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """The disk fills up at each of the files that a session has, and at the names they get."""
    first = analyze_recording(write_tone(tmp_path / "first.wav", pitch=300), workspace, BASELINE_FAKES, CPU, "Anna")
    workspace.assign(first.id, ANNA)
    before, files = workspace.sessions(), _files(workspace)
    _fill_disk_at(number, monkeypatch)
    with pytest.raises(WorkspaceError, match=r"workspace: no space left on the disk; nothing was stored"):
        analyze_recording(tone, workspace, BASELINE_FAKES, CPU, "Anna")
    monkeypatch.undo()
    assert workspace.sessions() == before
    workspace.sweep()
    assert _files(workspace) == files
    assert len(analyze_recording(tone, workspace, BASELINE_FAKES, CPU, "Anna").turns) == 5


def test_a_full_disk_while_naming_speakers_changes_nothing(
    workspace: Workspace, tone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = analyze_recording(tone, workspace, BASELINE_FAKES, CPU, "Anna")
    _fill_disk_at(1, monkeypatch)
    with pytest.raises(WorkspaceError, match="no space left on the disk; nothing was stored"):
        workspace.assign(session.id, ANNA)
    monkeypatch.undo()
    found = workspace.session(session.id)
    assert found.speakers["participant"].tolist() == [None, None]
    pd.testing.assert_frame_equal(found.turns, session.turns)


def test_a_full_disk_of_its_own_is_said_and_changes_nothing(tmp_path: Path, tone: Path) -> None:
    place = tmp_path / "small"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=500k", "none", str(place)], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip("a small disk cannot be mounted here")
    try:
        workspace = Workspace(place)
        workspace.save(make_session())
        before = workspace.sessions()
        with pytest.raises(WorkspaceError, match="no space left on the disk; nothing was stored"):
            for seed in range(1, 20):
                workspace.save(make_session(300, seed=seed))
                before = workspace.sessions()
        assert workspace.sessions() == before
        assert workspace.check() == []
    finally:
        subprocess.run(["umount", str(place)], check=False)


def test_ctrl_c_while_saving_changes_nothing(workspace: Workspace, tone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace.save(make_session())
    before, files = workspace.sessions(), _files(workspace)

    def press(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(artifacts.Staging, "publish", press)
    with pytest.raises(KeyboardInterrupt):
        analyze_recording(tone, workspace, BASELINE_FAKES, CPU)
    monkeypatch.undo()
    assert workspace.sessions() == before
    assert _files(workspace) == files


def _files(workspace: Workspace) -> set[str]:
    """All files but the database and the cache."""
    inside = (path.relative_to(workspace.path) for path in workspace.path.rglob("*") if path.is_file())
    return {str(path) for path in inside if path.parts[0] in ("artifacts", "audio")}


def _fill_disk_at(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the ``number``-th file that is put on disk, or named, be the one that no longer fits."""
    left = [number]
    put_on_disk = artifacts.put_on_disk

    def put(path: Path) -> None:
        left[0] -= 1
        if left[0] <= 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        put_on_disk(path)

    monkeypatch.setattr(artifacts, "put_on_disk", put)
    monkeypatch.setattr(artifacts, "sync_folder", put)
