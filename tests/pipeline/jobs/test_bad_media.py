"""Bad and odd files through the job table: a session or one clear sentence for each, and the queue goes on."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import pytest

from diarization import audio
from pipeline.jobs.batches import submit_batch, work_batch
from pipeline.jobs.manifest import Planned
from pipeline.workspace import Workspace
from tests.bad_media import EITHER, READ, REFUSED, BadFile, make_bad_media
from tests.fakes import CPU, FAKES

LONG = bool(os.environ.get("TURNTONE_LONG"))
"""``make soak`` takes all files; every day the cheap ones go through."""


@pytest.fixture(scope="module")
def bad_files(tmp_path_factory: pytest.TempPathFactory) -> list[BadFile]:
    return make_bad_media(tmp_path_factory.mktemp("bad"))


def test_there_are_two_hundred_and_more_of_all_families(bad_files: list[BadFile]) -> None:
    counts = Counter(each.family for each in bad_files)
    assert len(bad_files) > 200 and len(counts) == 9 and min(counts.values()) >= 10
    assert Counter(each.becomes for each in bad_files).keys() == {READ, REFUSED, EITHER}
    assert 40 <= sum(each.cheap for each in bad_files) <= 70


def test_every_bad_file_ends_as_a_session_or_as_one_clear_sentence(
    workspace: Workspace, bad_files: list[BadFile]
) -> None:
    files = [each for each in bad_files if LONG or each.cheap]
    batch = submit_batch(workspace, [Planned(each.path) for each in files], FAKES, CPU)
    copies = {path for path, _ in batch.copies}
    jobs = {job.payload["path"]: job for job in work_batch(workspace, batch)}
    assert len(jobs) + len(copies) == len(files)
    for each in files:
        if each.path in copies:
            continue
        job = jobs[str(each.path)]
        assert job.state in {READ: ("done",), REFUSED: ("failed",), EITHER: ("done", "failed")}[each.becomes], job
        if job.state == "failed":
            folder, _, said = (job.reason or "").rpartition(": ")
            assert str(each.path.parent) in folder, job.reason
            assert "unexpectedly" not in folder + said and "Traceback" not in said
            assert "\n" not in said and 20 < len(said) < 400, job.reason
    assert workspace.check() == []
    assert len(workspace.sessions()) == sum(job.state == "done" for job in jobs.values())


def test_sound_without_end_in_few_bytes_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import numpy as np

    if not LONG:
        monkeypatch.setattr(audio, "LONGEST", 3600.0)
    seconds = audio.LONGEST + 600
    path = tmp_path / "bomb.flac"
    from soundfile import SoundFile

    with SoundFile(str(path), "w", 1000, 1, "PCM_16", format="FLAC") as file:
        for _ in range(int(seconds) // 600):
            file.write(np.zeros(600_000, np.float32))
    assert path.stat().st_size < 1_000_000
    with pytest.raises(audio.AudioError, match=r"bomb\.flac: more than \d+ hours of sound in it, which is more than"):
        audio.read(path)
