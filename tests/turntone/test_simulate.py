from __future__ import annotations

from pathlib import Path

import tests.fakes  # noqa: F401  registers the quick models
from reports.simulation.courses import COURSES, TRENDS
from reports.simulation.plans import CONDITIONS
from tests.command_line import CommandLine
from tests.reports.simulation.corpora import write_corpus
from turntone.commands.simulate import Condition, Course, Trend


def test_the_command_offers_all_there_is() -> None:
    assert {each.value for each in Condition} == set(CONDITIONS)
    assert {each.value for each in Course} == set(COURSES)
    assert {each.value for each in Trend} == set(TRENDS)


def test_simulate_makes_a_folder_that_evaluate_reads(command_line: CommandLine, tmp_path: Path) -> None:
    corpus, out = write_corpus(tmp_path / "corpus.csv"), tmp_path / "out"
    options = ("--conversations", 2, "--minutes", 0.3, "--course", "escalating", "--condition", "telephone")
    shown = command_line("simulate", corpus, "--out", out, *options, "--format", "json")
    assert shown.code == 0, shown.err
    assert [each["name"] for each in shown.json["conversations"]] == ["conversation-001", "conversation-002"]
    assert {each["condition"] for each in shown.json["conversations"]} == {"telephone"}
    quick = ("--set", "diarization.backend=fake", "--set", "emotion.backend=fake")
    measured = command_line("evaluate", out, "--format", "json", *quick)
    assert measured.code == 0, measured.err
    assert [each["name"] for each in measured.json["recordings"]] == ["conversation-001.flac", "conversation-002.flac"]
    assert measured.json["pooled"]["emotion_true_turns"] is not None


def test_what_is_wrong_is_one_sentence(command_line: CommandLine, tmp_path: Path) -> None:
    shown = command_line("simulate", tmp_path / "none.csv", "--out", tmp_path / "out")
    assert (shown.code, shown.out) == (1, "")
    assert "none.csv: no such file; a CSV file with the columns path, speaker and emotion is needed" in shown.err
