"""Analyses whose turns come from a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from diarization.diarizers import DiarizationConfig
from diarization.errors import ConfigError, FormatError
from emotion.recognizers import EmotionConfig
from pipeline.analysis import analyze_many, analyze_recording
from pipeline.config import Config
from pipeline.workspace import Workspace
from tests.fakes import CALLS, CPU, write_tone
from turntone.api import analyze_many as analyze_paths

CONFIG = Config(diarization=DiarizationConfig(backend="reference"), emotion=EmotionConfig(backend="fake"))
RTTM = "SPEAKER {name} 1 0.0 2.5 <NA> <NA> Anna <NA> <NA>\nSPEAKER {name} 1 3.0 2.5 <NA> <NA> Ben <NA> <NA>\n"


@pytest.fixture
def turns(tone: Path) -> Path:
    """The turns of the tone, beside it."""
    file = tone.with_suffix(".rttm")
    file.write_text(RTTM.format(name="tone"))
    return file


def test_a_session_has_the_turns_of_the_file_beside_the_recording(
    tone: Path, turns: Path, workspace: Workspace
) -> None:
    session = analyze_recording(tone, workspace, CONFIG, CPU)
    assert session.turns[["start", "end", "speaker"]].values.tolist() == [[0.0, 2.5, "Anna"], [3.0, 5.5, "Ben"]]
    assert session.turns["scored"].all()
    assert CALLS["diarize"] == 0
    assert "The turns come from tone.rttm; no diarizer was run." in session.notes


def test_provenance_says_where_the_turns_come_from(tone: Path, turns: Path, workspace: Workspace) -> None:
    known = analyze_recording(tone, workspace, CONFIG, CPU).provenance
    assert known["diarizer"]["name"] == "reference"
    assert known["diarizer"]["models"][0]["credit"] == "turns from tone.rttm"
    assert len(known["diarizer"]["models"][0]["revision"]) == 64
    assert known["config"]["diarization"]["reference"] == str(turns)


def test_the_same_file_costs_nothing_and_another_is_analysed(tone: Path, turns: Path, workspace: Workspace) -> None:
    analyze_recording(tone, workspace, CONFIG, CPU)
    assert CALLS["recognize"] == 1
    assert analyze_recording(tone, workspace, CONFIG, CPU).notes[-1].startswith("Nothing to do")
    turns.write_text(RTTM.format(name="tone").replace("Ben", "Cem"))
    assert list(analyze_recording(tone, workspace, CONFIG, CPU).speakers["label"]) == ["Anna", "Cem"]


def test_the_same_turns_under_another_name_cost_nothing(tone: Path, turns: Path, workspace: Workspace) -> None:
    analyze_recording(tone, workspace, CONFIG, CPU)
    moved = turns.rename(turns.parent / "corrected.rttm")
    config = CONFIG.model_copy(update={"diarization": DiarizationConfig(backend="reference", reference=str(moved))})
    assert analyze_recording(tone, workspace, config, CPU).notes[-1].startswith("Nothing to do")


def test_sessions_of_a_case_with_files_of_their_own_are_compared(
    tmp_path: Path, tone: Path, turns: Path, workspace: Workspace
) -> None:
    other = write_tone(tmp_path / "other.wav", pitch=300)
    other.with_suffix(".rttm").write_text(RTTM.format(name="other").replace("3.0 2.5", "3.0 2.0"))
    found = [analyze_recording(path, workspace, CONFIG, CPU, case="Anna") for path in (tone, other)]
    assert [session.provenance["comparable"] for session in found] == [True, True]


def test_a_case_begun_with_files_asks_for_the_next_one(tmp_path: Path, tone: Path, workspace: Workspace) -> None:
    tone.with_suffix(".rttm").write_text(RTTM.format(name="tone"))
    analyze_recording(tone, workspace, CONFIG, CPU, case="Anna")
    other = write_tone(tmp_path / "other.wav", pitch=300)
    auto = Config(emotion=EmotionConfig(backend="fake"))
    with pytest.raises(FormatError, match=r"other\.wav: no file of its turns is in .*--turns"):
        analyze_recording(other, workspace, auto, CPU, case="Anna")


def test_a_recording_without_a_file_keeps_not_the_others(
    tmp_path: Path, tone: Path, turns: Path, workspace: Workspace
) -> None:
    other = write_tone(tmp_path / "other.wav", pitch=300)
    first, second = analyze_many([other, tone], workspace, CONFIG, CPU)
    assert isinstance(first, FormatError)
    assert len(second.turns) == 2


def test_a_broken_file_leaves_the_workspace_as_it_was(tone: Path, turns: Path, workspace: Workspace) -> None:
    turns.write_text("SPEAKER tone 1 0.0 99 <NA> <NA> Anna <NA> <NA>\n")
    with pytest.raises(FormatError, match=r"tone\.rttm: line 1: ends at 99\.000 s, but the recording at 15\.000 s"):
        analyze_recording(tone, workspace, CONFIG, CPU)
    assert workspace.sessions() == []


def test_one_file_may_speak_of_all_recordings(tmp_path: Path, tone: Path, workspace: Workspace) -> None:
    other = write_tone(tmp_path / "other.wav", pitch=300)
    file = tmp_path / "all.rttm"
    file.write_text(RTTM.format(name="tone") + RTTM.format(name="other").replace("Ben", "Cem"))
    settings = ["emotion.backend=fake"]
    found = list(analyze_paths([tone, other], turns=file, settings=settings, device="cpu", workspace=workspace))
    assert [list(session.speakers["label"]) for session in found] == [["Anna", "Ben"], ["Anna", "Cem"]]


def test_one_recordings_file_is_not_taken_for_several(tmp_path: Path, turns: Path, tone: Path) -> None:
    other = write_tone(tmp_path / "other.wav", pitch=300)
    with pytest.raises(ConfigError, match=r"it holds the turns of one recording, and 2 are given"):
        analyze_paths([tone, other], turns=turns, workspace=tmp_path / "workspace")
