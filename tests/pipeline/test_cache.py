from __future__ import annotations

import errno
from pathlib import Path

import numpy as np
import pytest

from pipeline.cache import StageCache, key_of
from pipeline.store import files

ARRAYS = {"times": np.array([[0.0, 1.5]]), "who": np.array(["SPEAKER_00"])}


def test_what_was_put_is_found_by_its_recording_stage_and_key(tmp_path: Path) -> None:
    cache = StageCache(tmp_path)
    cache.put("r", "diarize", "k", ARRAYS)
    found = cache.get("r", "diarize", "k")
    assert found is not None
    assert found["times"].tolist() == [[0.0, 1.5]]
    assert found["who"].tolist() == ["SPEAKER_00"]
    assert cache.get("r", "diarize", "other") is None
    assert cache.get("r", "recognize", "k") is None
    assert cache.get("other", "diarize", "k") is None


@pytest.mark.parametrize("damage", ["cut", "flip", "empty"])
def test_a_damaged_entry_counts_as_absent(tmp_path: Path, damage: str) -> None:
    cache = StageCache(tmp_path)
    cache.put("r", "diarize", "k", ARRAYS)
    (file,) = (tmp_path / "r").iterdir()
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes({"cut": bytes(content[:-40]), "flip": bytes(content), "empty": b""}[damage])
    assert cache.get("r", "diarize", "k") is None


def test_a_full_disk_costs_the_entry_and_not_the_analysis(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full)
    cache = StageCache(tmp_path)
    cache.put("r", "diarize", "k", ARRAYS)
    assert cache.get("r", "diarize", "k") is None
    assert list((tmp_path / "r").iterdir()) == []


def test_forgetting_a_recording_leaves_the_others(tmp_path: Path) -> None:
    cache = StageCache(tmp_path)
    cache.put("r", "diarize", "k", ARRAYS)
    cache.put("s", "diarize", "k", ARRAYS)
    cache.forget("r")
    assert cache.get("r", "diarize", "k") is None
    assert cache.get("s", "diarize", "k") is not None


def test_nothing_is_created_by_looking(tmp_path: Path) -> None:
    assert StageCache(tmp_path / "cache").get("r", "diarize", "k") is None
    assert not (tmp_path / "cache").exists()


def test_keys_tell_settings_apart_and_not_their_order() -> None:
    assert key_of({"a": 1, "b": None}) == key_of({"b": None, "a": 1})
    assert key_of({"a": 1}) != key_of({"a": 1.5})
