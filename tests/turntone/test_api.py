"""The Python API."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest

import turntone
from tests.fakes import FAKES, write_tone


def test_analyze_gives_a_session_whose_turns_are_a_table(tmp_path: Path) -> None:
    call = write_tone(tmp_path / "call.wav")
    session = turntone.analyze(call, config=FAKES, case="Calls", date="2026-03-02", workspace=tmp_path / "workspace")
    assert isinstance(session, turntone.Session)
    assert session.date == datetime.date(2026, 3, 2)
    assert list(session.turns["speaker"]) == ["SPEAKER_00", "SPEAKER_01"] * 2 + ["SPEAKER_00"]


def test_analyze_raises_what_is_wrong(tmp_path: Path) -> None:
    with pytest.raises(turntone.TurntoneError, match=r"missing\.wav"):
        turntone.analyze(tmp_path / "missing.wav", config=FAKES, workspace=tmp_path / "workspace")


def test_analyze_many_goes_on_after_a_failure(tmp_path: Path) -> None:
    (tmp_path / "notes.wav").write_text("no audio")
    paths = [tmp_path / "notes.wav", write_tone(tmp_path / "call.wav")]
    bad, good = turntone.analyze_many(paths, config=FAKES, workspace=tmp_path / "workspace")
    assert isinstance(bad, turntone.TurntoneError)
    assert isinstance(good, turntone.Session)


def test_a_config_is_taken_whole(tmp_path: Path) -> None:
    with pytest.raises(turntone.TurntoneError, match="taken whole"):
        turntone.analyze(write_tone(tmp_path / "call.wav"), config=FAKES, num_speakers=2)


def test_the_package_names_what_it_offers() -> None:
    assert dir(turntone) == [
        "Session",
        "TurntoneError",
        "__version__",
        "analyze",
        "analyze_many",
        "compare",
        "export",
        "measures",
    ]
    with pytest.raises(AttributeError, match="no attribute 'analyse'"):
        turntone.analyse  # noqa: B018


def test_export_writes_a_session(tmp_path: Path) -> None:
    from tests.sessions import make_session

    (path,) = turntone.export(make_session(), "csv", tmp_path / "a.csv")
    assert len(path.read_text().splitlines()) == 13
