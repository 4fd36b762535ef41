"""How much of a shared workspace a folder keeps: what needs neither database nor store to be shown."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

import numpy as np
import pytest

from pipeline.cache import StageCache
from pipeline.store.shared import Shared, keep_shared, shared_of
from pipeline.store.shared_files import SharedFiles, _uses

OLD = time.time() - 10 * 3600


def shared(tmp_path: Path, copies_gb: float | None) -> Shared:
    return Shared("postgresql://turntone@127.0.0.1/turntone", f"file://{tmp_path}/store", copies_gb)


def stages(folder: Path, count: int) -> list[Path]:
    """Cached stages of so many recordings, a hundred bytes each, used hours ago, the first longest."""
    made = [folder / "cache" / f"recording-{at:02}" / "diarize-1" for at in range(count)]
    for at, file in enumerate(made):
        file.parent.mkdir(parents=True)
        file.write_bytes(bytes(100))
        os.utime(file, (OLD + at, OLD + at))
    return made


@pytest.mark.parametrize("copies_gb", [None, 1e-5, 0.5, 50, 999_999.9, 1_000_000, 1_234_567.8, 2e6])
def test_any_number_is_read_back_as_it_was_written(tmp_path: Path, copies_gb: float | None) -> None:
    keep_shared(tmp_path, shared(tmp_path, copies_gb))
    assert shared_of(tmp_path) == shared(tmp_path, copies_gb)


def test_folders_that_go_while_they_are_looked_through_are_no_error(tmp_path: Path) -> None:
    stages(tmp_path, 3)
    looked = _uses([tmp_path / "cache"])
    next(looked)
    shutil.rmtree(tmp_path / "cache")
    assert list(looked) == []


def test_two_who_trim_at_once_remove_no_more_than_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stages(tmp_path, 20)
    files = SharedFiles(tmp_path, shared(tmp_path, 1500 / 1e9))

    def listed_before_another_trimmed(tops):
        found = list(_uses(tops))
        monkeypatch.setattr("pipeline.store.shared_files._uses", _uses)
        files.trim()
        return found

    monkeypatch.setattr("pipeline.store.shared_files._uses", listed_before_another_trimmed)
    files.trim()
    left = sum(path.stat().st_size for path in (tmp_path / "cache").rglob("diarize-1"))
    assert 1200 <= left <= 1500


def test_a_stage_that_is_taken_counts_as_used(tmp_path: Path) -> None:
    cache = StageCache(tmp_path / "cache")
    cache.put("recording", "diarize", "key", {"one": np.ones(3)})
    (file,) = (each for each in (tmp_path / "cache").rglob("*") if each.is_file())
    os.utime(file, (OLD, OLD))
    assert cache.get("recording", "diarize", "key") is not None
    assert file.stat().st_atime > OLD + 3600
