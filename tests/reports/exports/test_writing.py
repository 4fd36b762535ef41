"""Exports are there as a whole or not at all, and never over what is there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from diarization.errors import TurntoneError
from diarization.recordings import SAMPLING_RATE, Waveform
from pipeline.sessions import Session
from reports.exports.formats import EXPORTS, export_names
from reports.exports.writing import MARK, export_sessions
from tests.sessions import make_session

ONE, TWO = make_session(6), make_session(6, seed=1)


def sound_of(_session: Session) -> Waveform:
    """Silence as long as the sessions are."""
    return np.zeros(21 * SAMPLING_RATE, np.float32)


def export(sessions: Sequence[Session], name: str, output: Path, **options: bool) -> list[Path]:
    return export_sessions(sessions, name, output, sound_of=sound_of, **options)


def content(path: Path) -> dict[str, bytes]:
    """Every file at or below a path."""
    files = [path] if path.is_file() else sorted(each for each in path.rglob("*") if each.is_file())
    return {each.relative_to(path.parent).as_posix(): each.read_bytes() for each in files}


@pytest.mark.parametrize("name", export_names())
@pytest.mark.parametrize("sessions", [[ONE], [ONE, TWO]], ids=["one", "two"])
def test_every_format_writes_and_never_overwrites(tmp_path: Path, name: str, sessions: list[Session]) -> None:
    target = tmp_path / "out"
    written = export(sessions, name, target)
    before = content(target)
    assert target in written
    assert all(path.exists() for path in written)
    with pytest.raises(TurntoneError, match=r"out: there already; choose another --output, or --force"):
        export(list(reversed(sessions)), name, target)
    assert content(target) == before
    assert [path.name for path in tmp_path.iterdir() if ".part" in path.name or path.suffix == ".tmp"] == []


@pytest.mark.parametrize("name", export_names())
def test_with_force_the_later_export_takes_its_place(tmp_path: Path, name: str) -> None:
    target = tmp_path / "out"
    export([ONE], name, target)
    export([TWO], name, target, force=True)
    again = export([TWO], name, tmp_path / "again" / "out")
    ours, theirs = content(target), content(again[0])
    volatile = {"eaf"}  # says when it was written
    assert list(ours) == list(theirs)
    assert ours == theirs or name in volatile


@pytest.mark.parametrize("name", export_names())
def test_a_session_in_which_nobody_speaks_is_exported(tmp_path: Path, name: str) -> None:
    empty = make_session(0, participants=(), roles=())
    assert all(path.exists() for path in export([empty], name, tmp_path / "out"))


@pytest.mark.parametrize("name", export_names())
def test_an_emotion_that_the_recogniser_abstains_from_goes_along(tmp_path: Path, name: str) -> None:
    turns = ONE.turns.copy()
    turns.loc[0, "emotion"] = "uncertain"
    turns["speaker_confidence"] = 0.5
    assert all(path.exists() for path in export([replace(ONE, turns=turns)], name, tmp_path / "out"))


def test_columns_that_come_later_go_along(tmp_path: Path) -> None:
    turns = ONE.turns.copy()
    turns["speaker_confidence"] = 0.5
    export([replace(ONE, turns=turns)], "csv", tmp_path / "a.csv")
    assert "speaker_confidence" in (tmp_path / "a.csv").read_text().splitlines()[0]


def test_a_folder_that_no_export_made_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    (written,) = export_sessions([ONE], "lhotse", tmp_path / "mine", force=True)
    assert written == tmp_path / "mine" / f"turntone-session-{ONE.id}-lhotse"
    assert (tmp_path / "mine" / "thesis.txt").read_text() == "years of work"
    with pytest.raises(TurntoneError, match=r"thesis\.txt: not a folder that an export made"):
        export_sessions([ONE], "lhotse", tmp_path / "mine" / "thesis.txt", force=True)
    assert (tmp_path / "mine" / "thesis.txt").read_text() == "years of work"


def test_a_failure_half_way_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("reports.exports.clips.npy_of", fails)
    with pytest.raises(TurntoneError, match=r"out: the export cannot be written \(No space left on device\)"):
        export([ONE], "clips", tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_a_failure_leaves_what_force_would_have_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    export([ONE], "clips", tmp_path / "out")
    before = content(tmp_path / "out")

    def fails(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("reports.exports.clips.npy_of", fails)
    with pytest.raises(TurntoneError):
        export([TWO], "clips", tmp_path / "out", force=True)
    assert content(tmp_path / "out") == before
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_the_second_file_in_the_way_keeps_the_first_from_being_written(tmp_path: Path) -> None:
    (tmp_path / "call.uem").write_text("mine")
    with pytest.raises(TurntoneError, match=r"call\.uem: there already"):
        export([ONE], "rttm", tmp_path / "call.rttm")
    assert [path.name for path in tmp_path.iterdir()] == ["call.uem"]


def test_an_unknown_format_and_no_session_are_sentences(tmp_path: Path) -> None:
    with pytest.raises(TurntoneError, match="no format is called 'text-grid', did you mean 'textgrid'"):
        export([ONE], "text-grid", tmp_path / "a")
    with pytest.raises(TurntoneError, match="no sessions are given"):
        export([], "csv", tmp_path / "a")


def test_recordings_of_one_name_keep_apart(tmp_path: Path) -> None:
    same = replace(TWO, recording=replace(TWO.recording, path=Path("elsewhere/session-0.wav")))
    export([ONE, same], "textgrid", tmp_path / "out")
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == [f"session-0-{ONE.id}.TextGrid", f"session-0-{TWO.id}.TextGrid", MARK]
    export([ONE, same], "rttm", tmp_path / "all.rttm")
    uris = {line.split()[1] for line in (tmp_path / "all.rttm").read_text().splitlines()}
    assert uris == {f"session-0-{ONE.id}", f"session-0-{TWO.id}"}


def test_every_export_is_files_or_a_folder() -> None:
    assert all((each.files is None) != (each.fill is None) for each in EXPORTS.values())
