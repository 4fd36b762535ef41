from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile

from diarization.errors import ConfigError, FormatError, TurntoneError
from reports.simulation.conversations import SimulatedConversation, simulate
from reports.simulation.plans import CONDITIONS, Plan
from reports.simulation.timing import Timing
from reports.truth import read_truth, recordings_with_truth
from tests.reports.simulation.corpora import write_corpus, write_rows


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_corpus(tmp_path_factory.mktemp("corpus") / "corpus.csv", angry="Enough!")


@pytest.fixture(scope="module")
def folder(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("made") / "conversations"
    simulate(corpus, out, Plan(conversations=4, minutes=0.5, conditions=CONDITIONS, seed=3))
    return out


def made(corpus: Path, out: Path, **changes: object) -> list[SimulatedConversation]:
    plan = {"conversations": 2, "minutes": 0.4} | changes
    return simulate(corpus, out, Plan(**plan))  # type: ignore[arg-type]


def test_the_truth_is_read_back_as_it_was_written(folder: Path) -> None:
    pairs = recordings_with_truth(folder)
    assert [audio.name for audio, _ in pairs] == [f"conversation-00{number}.flac" for number in (1, 2, 3, 4)]
    for audio, rttm in pairs:
        facts, truth = json.loads(audio.with_suffix(".json").read_text()), read_truth(rttm)
        assert truth.condition == facts["condition"]
        turns = [(each["start"], each["end"], each["speaker"], each["emotion"]) for each in facts["turns"]]
        assert [(each.start, each.end, who, emotion) for each, who, emotion in truth.emotions] == turns
        spoken = [
            (round(each.segment.start, 3), round(each.segment.end, 3), each.speaker)
            for each in truth.diarization.segments
        ]
        assert spoken == [turn[:3] for turn in turns]
        assert facts["duration"] == pytest.approx(soundfile.info(audio).duration, abs=1e-3)


def test_the_sound_is_where_the_truth_says(folder: Path) -> None:
    sound, rate = soundfile.read(folder / "conversation-001.flac")
    turns = json.loads((folder / "conversation-001.json").read_text())["turns"]
    spoken = np.zeros(len(sound), bool)
    for turn in turns:
        spoken[round(turn["start"] * rate) : round(turn["end"] * rate)] = True
    assert np.std(sound[spoken]) > 10 * np.std(sound[~spoken])  # the room's noise is 30 dB below the speech
    first = sound[round(turns[0]["start"] * rate) :][: rate // 10]
    assert np.std(first) > 3 * np.std(sound[: round(turns[0]["start"] * rate)])


def test_conversations_take_the_conditions_in_turn(folder: Path) -> None:
    facts = [json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))]
    assert [each["condition"] for each in facts] == ["clean", "noisy", "telephone", "reverberant"]
    rates = [soundfile.info(path).samplerate for path in sorted(folder.glob("*.flac"))]
    assert rates == [16_000, 16_000, 8_000, 16_000]
    telephone, rate = soundfile.read(folder / "conversation-003.flac")
    power = np.abs(np.fft.rfft(telephone)) ** 2
    assert power[: 200 * len(telephone) // rate].sum() < 0.02 * power.sum()  # nothing below 200 Hz passes the line


def test_the_same_seed_gives_the_same_files_and_another_does_not(corpus: Path, folder: Path, tmp_path: Path) -> None:
    plan = Plan(conversations=2, minutes=0.5, conditions=CONDITIONS, seed=3)
    simulate(corpus, tmp_path / "again", plan)
    for path in sorted((tmp_path / "again").iterdir()):
        assert path.read_bytes() == (folder / path.name).read_bytes()
    made(corpus, tmp_path / "other", seed=4)
    assert (tmp_path / "other" / "conversation-001.rttm").read_text() != (folder / "conversation-001.rttm").read_text()


def test_a_speaker_has_one_voice_and_never_speaks_twice_at_once(corpus: Path, tmp_path: Path) -> None:
    lines = corpus.read_text().splitlines()[1:]
    voice_of = {}
    for path, start, end, speaker, *_ in (line.split(",") for line in lines):
        voice_of[f"{path} {float(start):g}-{float(end):g} s"] = speaker
    for conversation in made(corpus, tmp_path / "out", speakers=3, course="mixed"):
        assert len(conversation.truth["talk_time"]) == 3
        assert all(spent > 0 for spent in conversation.truth["talk_time"].values())
        turns = conversation.truth["turns"]
        assert all(voice_of[source] == turn["speaker"] for turn in turns for source in turn["sources"])
        assert all(one["speaker"] != two["speaker"] for one, two in pairwise(turns))
        for turn in turns:
            later = [each for each in turns if each["speaker"] == turn["speaker"] and each["start"] > turn["start"]]
            assert all(each["start"] >= turn["end"] for each in later)


def test_overlaps_and_gaps_are_as_asked(corpus: Path, tmp_path: Path) -> None:
    apart = made(corpus, tmp_path / "apart", timing=Timing(gap=1.0, overlap=0.0))
    over = made(corpus, tmp_path / "over", timing=Timing(overlap=1.0))
    assert [each.overlap for each in apart] == [0.0, 0.0]
    assert all(each.overlap > 0 for each in over)
    assert not any(turn["overlap_with_previous"] for each in apart for turn in each.truth["turns"])
    assert all(turn["overlap_with_previous"] for each in over for turn in each.truth["turns"][1:])


def test_a_course_is_the_first_speakers(corpus: Path, tmp_path: Path) -> None:
    for conversation in made(corpus, tmp_path / "out", course="calming", minutes=1.0):
        (first,) = conversation.truth["course"]
        own = [turn["emotion"] for turn in conversation.truth["turns"] if turn["speaker"] == first]
        assert (own[0], own[-1]) == ("angry", "neutral")


def test_a_flat_trend_is_upset_and_happy_from_the_first_session_to_the_last(corpus: Path, tmp_path: Path) -> None:
    found = made(corpus, tmp_path / "out", conversations=3, trend="flat", course="flat", minutes=2.0)
    assert {each.truth["case"] for each in found} == {"simulated, flat, seed 0"}
    first = next(iter(found[0].truth["talk_time"]))
    for each in found:
        times = each.truth["emotion_time"][first]
        assert times["angry"] > 0 < times["happy"]


def test_a_trend_is_a_case_of_the_same_people_week_by_week(corpus: Path, tmp_path: Path) -> None:
    found = made(corpus, tmp_path / "out", conversations=3, trend="improving", course="flat", minutes=0.8)
    assert [each.truth["date"] for each in found] == ["2025-01-06", "2025-01-13", "2025-01-20"]
    assert {each.truth["case"] for each in found} == {"simulated, improving, seed 0"}
    assert len({tuple(each.truth["talk_time"]) for each in found}) == 1
    first = next(iter(found[0].truth["talk_time"]))
    times = [each.truth["emotion_time"][first] for each in found]
    assert times[0].get("happy", 0) == 0 == times[-1].get("angry", 0)
    assert times[0]["angry"] > 0 < times[-1]["happy"]


def test_what_is_said_is_kept_where_it_is_known(corpus: Path, tmp_path: Path) -> None:
    (found,) = made(corpus, tmp_path / "out", conversations=1, course="escalating", minutes=0.6)
    said = {turn["emotion"]: turn.get("text", "nothing").split()[0] for turn in found.truth["turns"]}
    assert (said["angry"], said["neutral"]) == ("Enough!", "nothing")


def test_only_the_wanted_emotions_are_heard(corpus: Path, tmp_path: Path) -> None:
    found = simulate(corpus, tmp_path / "out", Plan(conversations=1, minutes=0.4), emotions=["anger", "neutral"])
    assert {turn["emotion"] for turn in found[0].truth["turns"]} <= {"angry", "neutral"}


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (["nowhere.wav,ann,angry"], r"line 2: there is no file"),
        (["corpus.csv,ann,cheery"], r"line 2: 'cheery' is not an emotion label; known are angry"),
        (["corpus.csv,,angry"], r"line 2: no speaker; who speaks must be known"),
        (["corpus.csv,ann,angry"], r"too few utterances: 1 speaker whose course it is, with at least 3"),
        ([], r"no labels below the heading"),
    ],
)
def test_a_corpus_that_will_not_do_is_said_and_nothing_is_written(
    tmp_path: Path, rows: list[str], message: str
) -> None:
    table = write_rows(tmp_path / "corpus.csv", *rows)
    with pytest.raises(FormatError, match=message):
        made(table, tmp_path / "out", course="calming")
    assert [path.name for path in tmp_path.iterdir()] == ["corpus.csv"]


def test_a_damaged_utterance_leaves_nothing_behind(corpus: Path, tmp_path: Path) -> None:
    silent = tmp_path / "silent.wav"
    soundfile.write(silent, np.zeros(16_000), 16_000)
    names = [f"{silent.name},ann,neutral"]
    for number in range(2):
        soundfile.write(tmp_path / f"{number}.wav", np.zeros(16_000), 16_000)
        names.append(f"{number}.wav,ann,neutral")
    names += [name.replace(",ann,", ",ben,").replace(".wav", "b.wav") for name in names]
    for name in names[3:]:
        soundfile.write(tmp_path / name.split(",")[0], np.zeros(16_000), 16_000)
    with pytest.raises(FormatError, match=r"line \d: 0\.00 s of speech; an utterance needs 0\.2 s"):
        made(write_rows(tmp_path / "corpus.csv", *names), tmp_path / "out")
    assert not [path for path in tmp_path.iterdir() if path.is_dir()]


def test_more_speakers_than_the_corpus_has_are_said(corpus: Path, tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=r"9 speakers beside the first, .* needed, \d found"):
        made(corpus, tmp_path / "out", speakers=10)


def test_a_folder_with_something_in_it_is_left_alone(corpus: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(TurntoneError, match="there already, and not an empty folder; choose another --out"):
        made(corpus, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"speakers": 1}, "speakers: 1 is out of range; 2 to 10"),
        ({"minutes": 0}, "minutes: 0 is out of range"),
        ({"conversations": 0}, "conversations: 0 is out of range"),
        ({"seed": -1}, "seed: -1 is out of range"),
        ({"conditions": ("loud",)}, "condition 'loud' is unknown; known are clean"),
        ({"conditions": ()}, "no condition"),
        ({"course": "flat", "trend": "improving", "conversations": 2}, "a trend needs at least 3 conversations, got 2"),
    ],
)
def test_a_plan_out_of_range_is_said(changes: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Plan(**changes)  # type: ignore[arg-type]
