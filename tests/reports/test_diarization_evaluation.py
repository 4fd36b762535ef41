from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from reports.diarization_evaluation import COLUMNS, DiarizationEvaluation, evaluate_diarization
from reports.recording_results import DiarizationResult, diarization_figures
from tests.fakes import FAKES, write_tone
from tests.reports.test_evaluation import TURNS, engines_of, write_truth


def result(name: str, missed: float = 0.0, found: int = 2, **changes: Any) -> DiarizationResult:
    errors = {"missed": missed, "false_alarm": 1.0, "confusion": 0.5}
    known: dict[str, Any] = {"duration": 20.0, "speech": 10.0, "num_speakers": 2, "seconds": 4.0, "jaccard": 0.5}
    return DiarizationResult(name=name, errors=errors, num_found=found, **(known | changes))


def test_a_folder_is_diarized_and_compared_without_emotions(tmp_path: Path) -> None:
    talk, call = write_tone(tmp_path / "a.wav", 9), write_tone(tmp_path / "b.wav", 6)
    write_truth(talk, (0, 2.5, "ann"), (3, 5.5, "ben"), (6, 8.5, "ann"), facts={"turns": TURNS, "condition": "clean"})
    write_truth(call, (0, 2.5, "ann"), (3, 5.5, "ann"))
    first, second = evaluate_diarization(tmp_path, FAKES, engines_of).recordings
    assert (first.name, first.condition, first.num_speakers, first.num_found) == ("a.wav", "clean", 2, 2)
    assert sum(first.errors.values()) == pytest.approx(0, abs=0.01)
    assert first.jaccard == pytest.approx(0, abs=0.01)
    assert second.errors["confusion"] == pytest.approx(2.5, abs=0.01)  # one speaker, of whom the fake makes two
    assert second.jaccard == pytest.approx(0.5, abs=0.01)
    given = evaluate_diarization(tmp_path, FAKES, engines_of, count_given=True)
    assert [each.num_found for each in given.recordings] == [2, 1]
    assert given.to_json()["count_given"] is True


def test_rates_are_over_all_speech_and_all_speakers() -> None:
    recordings = [result("a", missed=3.0), result("b", found=5, num_speakers=3, speech=30.0, jaccard=1.5)]
    figures = diarization_figures(recordings)
    assert figures["der"] == pytest.approx(0.15)
    assert figures["jer"] == pytest.approx(0.4)  # 2 of 5 speakers
    assert figures["speaker_count_error"] == 1.0
    assert (figures["der_low"], figures["jer_low"], figures["speaker_count_error_high"]) == (None, None, None)


def test_intervals_lie_around_their_figures() -> None:
    figures = diarization_figures([result(name, missed=2.0 * number) for number, name in enumerate("abcd")])
    assert figures["der_low"] < figures["der"] < figures["der_high"]
    assert figures["jer_low"] == figures["jer"] == figures["jer_high"] == 0.25


def test_results_are_json_and_rows_for_the_terminal() -> None:
    found = DiarizationEvaluation("here", False, (result("a", condition="noisy"), result("b", num_speakers=3)))
    shown = json.loads(json.dumps(found.to_json()))
    assert shown["by_num_speakers"].keys() == {"2", "3"}
    assert shown["by_condition"].keys() == {"noisy"}
    assert shown["recordings"][0]["condition"] == "noisy"
    assert [row[0] for row in found.table()] == ["a", "b", "2 speakers", "3 speakers", "noisy", "all"]
    assert {len(row) for row in found.table()} == {len(COLUMNS)}
    assert found.table()[0][:2] == ("a", "0.150")
