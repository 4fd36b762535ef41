from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipeline.workspace import Workspace
from tests.command_line import CommandLine
from turntone.speech import speech_folder


@pytest.fixture(scope="module")
def calibrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with the embedded recogniser's calibration on the shipped speech."""
    from pipeline.calibrating import find_calibration
    from turntone.commands.calibrate import engines_for

    store = Workspace(tmp_path_factory.mktemp("calibrated") / "workspace")
    store.calibrate(find_calibration(speech_folder(), "demo", engines_for(store, None, None, "embedded"), store))
    return store.path


def test_the_shipped_speech_calibrates_the_embedded_recogniser(
    command_line: CommandLine, tmp_path: Path, calibrated: Path
) -> None:
    page = tmp_path / "page.html"
    shown = command_line("calibrations", "show", "demo", "-o", page, "--workspace", calibrated, "--format", "json")
    facts = shown.json["facts"]
    assert facts["num_clips"] >= 80
    assert facts["num_speakers"] == 4
    assert facts["labels_without_clips"] == []
    assert 0.1 < shown.json["temperature"] < 10
    assert facts["before"]["accuracy"] == facts["after"]["accuracy"]
    assert sum(each["count"] for each in facts["after"]["bins"]) == facts["num_clips"]
    assert "Reliability" not in facts
    assert "Only 4 speakers" in " ".join(facts["notes"])
    assert "Plotly.newPlot" in page.read_text(encoding="utf-8")
    assert "demo" in command_line("calibrations", "list", "--workspace", calibrated).out


def test_the_command_says_what_it_did(command_line: CommandLine, tmp_path: Path) -> None:
    where = tmp_path / "workspace"
    shown = command_line("calibrate", speech_folder(), "--emotion", "embedded", "--workspace", where)
    assert shown.code == 0
    assert "expected calibration error" in shown.out
    assert "kept as 'embedded'; 0 sessions were scored again" in shown.err
    known = json.loads((where / "calibration" / "embedded.json").read_text(encoding="utf-8"))
    assert known["labels"] == ["angry", "happy", "neutral", "sad"]
    assert command_line("calibrations", "delete", "embedded", "--workspace", where).code == 0
    assert list((where / "calibration").iterdir()) == []


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("path,emotion\n{audio},bored\n", "none of its emotions (bored) is one of the recogniser's"),
        ("path,emotion\n{audio},angry\n", "1 labelled clips could be scored; at least 50 are needed"),
        ("path,start,end,emotion\n{audio},1,900,angry\n", "ends at 900 s, and the recording at"),
    ],
)
def test_what_cannot_be_used_leaves_nothing(command_line: CommandLine, tmp_path: Path, rows: str, message: str) -> None:
    labels = tmp_path / "labels.csv"
    labels.write_text(rows.format(audio=speech_folder() / "counselling-1.flac"), encoding="utf-8")
    shown = command_line("calibrate", labels, "--emotion", "embedded", "--workspace", tmp_path / "workspace")
    assert shown.code == 1
    assert message in shown.err
    assert not (tmp_path / "workspace").exists()


def test_a_name_that_no_file_can_have_is_refused(command_line: CommandLine, tmp_path: Path) -> None:
    shown = command_line("calibrate", speech_folder(), "--name", "../x", "--workspace", tmp_path / "workspace")
    assert shown.code == 1
    assert "calibration name '../x': not accepted" in shown.err
