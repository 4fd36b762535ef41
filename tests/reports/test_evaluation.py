from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from diarization.diarizations import diarization_of
from diarization.errors import FormatError
from diarization.segments import Segment
from pipeline.config import Config
from pipeline.engines import Engines
from reports.diarization_errors import error_seconds, pairing
from reports.evaluation import evaluate_folder, right_seconds
from reports.evaluation_results import EmotionTime, RecordingResult, pooled
from reports.evaluation_tables import COLUMNS, Evaluation
from reports.recording_results import with_interval
from reports.recovery import SpeakerCourse
from tests.fakes import BASELINE_FAKES, CPU, FAKES, write_silence, write_tone

TURNS = [
    {"start": 0.0, "end": 2.5, "speaker": "ann", "emotion": "anger"},
    {"start": 3.0, "end": 5.5, "speaker": "ben", "emotion": "sad"},
    {"start": 6.0, "end": 8.5, "speaker": "ann", "emotion": "boredom"},
]


def engines_of(config: Config) -> Engines:
    return Engines(config, CPU)


def rttm(*segments: tuple[float, float, str]) -> str:
    lines = [f"SPEAKER x 1 {start} {end - start} <NA> <NA> {who} <NA> <NA>\n" for start, end, who in segments]
    return "".join(lines)


def write_truth(audio: Path, *segments: tuple[float, float, str], facts: Any = None) -> None:
    audio.with_suffix(".rttm").write_text(rttm(*segments))
    if facts is not None:
        audio.with_suffix(".json").write_text(facts if isinstance(facts, str) else json.dumps(facts))


def result(name: str, *, missed: float = 0.0, speech: float = 10.0, found: int = 2, **changes: Any) -> RecordingResult:
    errors = {"missed": missed, "false_alarm": 1.0, "confusion": 0.5}
    known: dict[str, Any] = {"duration": 20.0, "num_speakers": 2, "seconds": 4.0} | changes
    return RecordingResult(name=name, speech=speech, errors=errors, num_found=found, **known)


def test_errors_in_seconds_follow_the_definition() -> None:
    # Of A 0-10 and B 10-15: 1 s of A is missed, 2 s of B are called A, 1 s after the end is a false alarm.
    reference = diarization_of([(0, 10, "A"), (10, 15, "B")])
    found = diarization_of([(1, 12, "x"), (12, 16, "y")])
    assert error_seconds(reference, found, 20) == {"missed": 1.0, "false_alarm": 1.0, "confusion": 2.0}


def test_overlap_counts_once_for_each_speaker() -> None:
    reference = diarization_of([(0, 10, "A"), (5, 10, "B")])
    assert error_seconds(reference, diarization_of([(0, 10, "x")]), 10)["missed"] == 5.0


def test_no_collar_forgives_small_errors() -> None:
    reference, found = diarization_of([(1, 2, "A")]), diarization_of([(1.1, 2.1, "x")])
    errors = error_seconds(reference, found, 3)
    assert errors == {"missed": pytest.approx(0.1), "false_alarm": pytest.approx(0.1), "confusion": 0.0}


def test_nobody_found_misses_everything_and_silence_found_right_is_no_error() -> None:
    nobody = diarization_of([])
    assert error_seconds(diarization_of([(0, 4, "A")]), nobody, 5)["missed"] == 4.0
    assert sum(error_seconds(nobody, nobody, 5).values()) == 0.0


def test_speakers_are_paired_by_shared_time() -> None:
    reference = diarization_of([(0, 10, "A"), (10, 15, "B")])
    assert pairing(reference, diarization_of([(0, 9, "x"), (9, 15, "y"), (16, 17, "z")])) == {"x": "A", "y": "B"}


def test_right_seconds_need_speaker_and_emotion() -> None:
    truth = [(Segment(0, 4), "A", "angry"), (Segment(4, 6), "B", "sad"), (Segment(6, 7), "A", "angry")]
    said = [(Segment(1, 6), "A", "angry"), (Segment(4, 5.5), "B", "sad"), (Segment(6, 7), "B", "angry")]
    assert right_seconds(truth, said) == {"angry": 3, "sad": 1.5}


def test_pooled_errors_are_seconds_over_seconds() -> None:
    figures = pooled([result("a", missed=3.0), result("b", speech=30.0, found=5)])
    assert figures["der"] == 0.15  # (3 + 1 + 0.5 + 1 + 0.5) / 40
    assert (figures["missed"], figures["false_alarm"], figures["confusion"]) == (0.075, 0.05, 0.025)
    assert figures["speaker_count_error"] == 1.5
    assert figures["real_time_factor"] == 0.2
    assert (figures["der_low"], figures["emotion_found_turns"]) == (None, None)


def test_recall_is_averaged_over_emotions_not_over_time() -> None:
    emotions = {"angry": EmotionTime(90, 45, 9), "sad": EmotionTime(10, 10, 5)}
    figures = pooled([result("a", emotions=emotions)])
    assert figures["emotion_true_turns"] == 0.75  # of 0.5 and 1.0
    assert figures["emotion_found_turns"] == 0.3  # of 0.1 and 0.5
    assert figures["recall"]["angry"] == {"true_turns": 0.5, "found_turns": 0.1, "seconds": 90}


def test_the_interval_of_three_recordings_lies_around_their_rate() -> None:
    figures = pooled([result("a", missed=0.0), result("b", missed=2.0), result("c", missed=4.0)])
    assert figures["der"] == 0.35
    assert 0.15 <= figures["der_low"] < 0.35 < figures["der_high"] <= 0.55


def test_a_folder_is_evaluated_with_what_is_known_of_each_recording(tmp_path: Path) -> None:
    talk, call = write_tone(tmp_path / "a.wav", 9), write_tone(tmp_path / "b.wav", 6)
    write_truth(talk, (0, 2.5, "ann"), (3, 5.5, "ben"), (6, 8.5, "ann"), facts={"turns": TURNS, "condition": "clean"})
    write_truth(call, (0, 2.5, "ann"), (3, 5.5, "ann"))
    write_tone(tmp_path / "unknown.wav", 3)
    watched: list[tuple[str, float]] = []
    found = evaluate_folder(tmp_path, FAKES, engines_of, watch=lambda name, share: watched.append((name, share)))
    assert watched == [("a.wav", 0.0), ("b.wav", 0.5)]
    first, second = found.recordings
    assert (first.name, first.condition, first.num_speakers, first.num_found) == ("a.wav", "clean", 2, 2)
    assert sum(first.errors.values()) == pytest.approx(0, abs=0.01)
    assert second.errors["confusion"] == pytest.approx(2.5, abs=0.01)  # one speaker, of whom the fake makes two
    assert {emotion: each.spoken for emotion, each in first.emotions.items()} == {"angry": 2.5, "sad": 2.5}
    assert all(0 <= each.found_turns <= each.spoken for each in first.emotions.values())
    assert second.emotions == {}


def test_the_number_of_speakers_can_be_given(tmp_path: Path) -> None:
    write_truth(write_tone(tmp_path / "b.wav", 6), (0, 2.5, "ann"), (3, 5.5, "ann"))
    found = evaluate_folder(tmp_path, FAKES, engines_of, count_given=True)
    assert found.recordings[0].num_found == 1
    assert sum(found.recordings[0].errors.values()) == pytest.approx(0, abs=0.01)
    assert found.to_json()["count_given"] is True


def test_a_found_emotion_counts_where_it_is_the_true_one(tmp_path: Path) -> None:
    audio = write_tone(tmp_path / "a.wav", 3)
    segments = ((0.0, 2.5, "ann"),)
    recalls = {}
    for emotion in ("angry", "happy", "neutral", "sad"):
        write_truth(audio, *segments, facts={"turns": [TURNS[0] | {"emotion": emotion}]})
        recalls[emotion] = evaluate_folder(tmp_path, FAKES, engines_of, True).to_json()["pooled"]["emotion_found_turns"]
    assert sorted(recalls.values()) == [0, 0, 0, pytest.approx(1.0, abs=0.05)]


def test_silence_without_speech_is_no_error(tmp_path: Path) -> None:
    write_truth(write_silence(tmp_path / "quiet.wav"))
    found = evaluate_folder(tmp_path, FAKES, engines_of)
    assert found.to_json()["pooled"]["der"] == 0.0


def test_results_are_json_and_rows_for_the_terminal() -> None:
    found = Evaluation("here", False, (result("a", condition="noisy"), result("b", num_speakers=3)))
    assert json.loads(json.dumps(found.to_json()))["by_num_speakers"].keys() == {"2", "3"}
    assert [row[0] for row in found.table()] == ["a", "b", "2 speakers", "3 speakers", "noisy", "all"]
    assert {len(row) for row in found.table()} == {len(COLUMNS)}
    assert found.table()[0][:2] == ("a", "0.150")


def test_emotions_and_courses_are_shown_where_they_are_known(tmp_path: Path) -> None:
    audio = write_tone(tmp_path / "a.wav", 9)
    write_truth(audio, (0, 2.5, "ann"), (3, 5.5, "ben"), (6, 8.5, "ann"), facts={"turns": TURNS, "condition": "clean"})
    found = evaluate_folder(tmp_path, FAKES, engines_of)
    (first,) = found.recordings
    # Ann's boredom is no emotion of the recogniser's: 6-8.5 takes no part. Who speaks is found all but exactly.
    assert first.attributed["speech"] == pytest.approx(5.0)
    assert first.attributed["missed"] + first.attributed["false_alarm"] == pytest.approx(0, abs=0.02)
    assert {emotion: sum(row.values()) for emotion, row in first.turns.items()} == {"angry": 1, "sad": 1}
    assert first.courses == ()  # one turn a speaker
    tables = found.tables()
    assert [len(columns) for _, columns, rows in tables for _ in rows] == [
        len(row) for *_, rows in tables for row in rows
    ]
    assert [title for title, *_ in tables] == [None, "Who said what how", "Turns and courses"]


def test_rates_of_attribution_and_turns_are_over_all_recordings() -> None:
    first = result(
        "a",
        attributed={"missed": 1.0, "emotion_wrong": 2.0, "speech": 10.0},
        turns={"angry": {"angry": 3, "happy": 1}, "sad": {"not found": 1}},
        courses=(
            SpeakerCourse("A", 0.8, 0.2, 0.4),
            SpeakerCourse("B", None, 0.4, 0.5),
            SpeakerCourse("C", None, None, 9.0),
        ),
    )
    second = result(
        "b",
        attributed={"not_scored": 3.0, "speech": 20.0},
        turns={"sad": {"sad": 2, "not scored": 1}},
        courses=(SpeakerCourse("A", 0.2, 0.3, 0.6),),
    )
    figures = pooled([first, second, result("no emotions known")])
    assert figures["attributed_error"] == 0.2
    assert figures["attributed"] == {
        "missed": 0.0333,
        "false_alarm": 0.0,
        "speaker_wrong": 0.0,
        "emotion_wrong": 0.0667,
        "not_scored": 0.1,
        "seconds": 30.0,
    }
    assert figures["turn_recall"] == 0.625  # of 3/4 and 2/4
    assert figures["turn_accuracy"] == 0.8333  # 5 of 6
    assert (figures["num_turns"], figures["turns_found"]) == (8, 0.875)
    assert figures["trajectory_correlation"] == 0.5
    assert (figures["trajectory_error"], figures["trajectory_neutral_error"]) == (0.3, 0.5)
    assert (figures["num_courses"], figures["num_courses_found"]) == (4, 3)
    assert figures["attributed_error_low"] is None  # two recordings with emotions are too few


def test_samples_without_a_whole_do_not_pull_an_interval_to_zero() -> None:
    figures = with_interval("rate", [0.5, 0.5, 0.5, 0, 0, 0], [1.0, 1.0, 1.0, 0, 0, 0])
    assert figures == {"rate": 0.5, "rate_low": 0.5, "rate_high": 0.5}


def test_trends_of_a_case_are_found_from_truths_with_case_and_date(tmp_path: Path) -> None:
    for number, day in enumerate(("2025-03-01", "2025-03-15", "2025-03-29")):
        audio = write_tone(tmp_path / f"{number}.wav", 30, pitch=200 + 300 * number)
        blocks = [(3.0 * n, 3.0 * n + 2.5, "ab"[n % 2]) for n in range(10)]
        emotions = ["sad" if number == 0 else "happy" if number == 2 else "neutral", "neutral"]
        turns = [
            {"start": start, "end": end, "speaker": who, "emotion": emotions["ab".index(who)]}
            for start, end, who in blocks
        ]
        write_truth(audio, *blocks, facts={"turns": turns, "case": "Series", "date": day})
    for config in (FAKES, BASELINE_FAKES):
        shown = evaluate_folder(tmp_path, config, engines_of).to_json()["case_trends"]
        assert (shown["num_cases"], shown["num_trends"], shown["direction_right_low"]) == (1, 2, None)
        first, second = shown["trends"]
        assert (first["case"], first["speaker"], first["num_sessions"], first["days"]) == ("Series", "a", 3, 28)
        # sad, neutral, happy 14 days apart: (0.81 + 0.63) / 28 * 30
        assert first["true_slope"] == pytest.approx(1.5429, abs=1e-3)
        assert (first["true_direction"], second["true_direction"]) == ("up", "level")
        # Voices grow louder and higher from session to session, which the fake hears as a change.
        assert abs(first["found_slope"]) > 0.05


def test_a_case_without_a_date_has_no_trend(tmp_path: Path) -> None:
    write_truth(write_tone(tmp_path / "a.wav", 3), (0, 2.5, "ann"), facts={"turns": [TURNS[0]], "case": "Series"})
    found = evaluate_folder(tmp_path, FAKES, engines_of)
    assert (found.trends, found.to_json()["case_trends"]["direction_right"]) == ((), None)


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        ({"date": "March"}, r"a\.json: date 'March' is no day; write it as 2026-03-02"),
        ("{", r"a\.json: the truth is not JSON"),
        ("[]", r"a\.json: the truth is not an object with 'turns'"),
        ({"turns": "none"}, r"a\.json: 'turns' is str, not a list"),
        ({"turns": ["angry"]}, r"a\.json: turn 1 cannot be read"),
        ({"turns": [TURNS[0], {"emotion": "sad", "end": 2}]}, r"turn 2 cannot be read \(it has no 'start'\)"),
        ({"turns": [TURNS[0] | {"end": -1}]}, r"turn 1 cannot be read \(a segment needs 0 <= start < end"),
        ({"turns": [TURNS[0] | {"emotion": 3}]}, r"turn 1 cannot be read"),
    ],
)
def test_a_truth_that_cannot_be_read_is_said_before_anything_runs(tmp_path: Path, facts: Any, message: str) -> None:
    write_truth(write_tone(tmp_path / "a.wav", 3), (0, 2.5, "ann"), facts=facts)

    def never(_config: Config) -> Engines:
        raise AssertionError

    with pytest.raises(FormatError, match=message):
        evaluate_folder(tmp_path, FAKES, never)


def test_a_bad_rttm_line_is_named(tmp_path: Path) -> None:
    write_tone(tmp_path / "a.wav", 3).with_suffix(".rttm").write_text("SPEAKER x 1 zero 2 <NA> <NA> A <NA> <NA>\n")
    with pytest.raises(FormatError, match=r"a\.rttm.*1"):
        evaluate_folder(tmp_path, FAKES, engines_of)


def test_folders_without_truth_are_said(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="no recording has an RTTM file of the same name"):
        evaluate_folder(tmp_path, FAKES, engines_of)
    with pytest.raises(FormatError, match="no such folder"):
        evaluate_folder(tmp_path / "nowhere", FAKES, engines_of)
