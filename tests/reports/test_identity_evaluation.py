from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile

import diarization.diarizers
from diarization.diarizations import Diarization, diarization_of
from diarization.diarizers import DiarizationConfig, ModelUse, Progress
from diarization.errors import FormatError
from diarization.identity import IdentityConfig, Voice, VoiceEncoder
from diarization.identity_calibration import Calibration
from diarization.recordings import SAMPLING_RATE, Waveform
from pipeline.config import Config
from pipeline.engines import Engines
from reports.identity_errors import cost_of_own_calibration, open_set_rates, pair_rates, with_intervals
from reports.identity_evaluation import COLUMNS, IdentityEvaluation, evaluate_identity
from reports.identity_trials import DRAWS, Protocol, try_voices
from reports.known_voices import KnownVoice, read_known
from tests.command_line import CommandLine
from tests.fakes import CPU
from tests.reports.test_evaluation import rttm

BLOCK = 3 * SAMPLING_RATE
SURE = Calibration(-10.0, 20.0, origin="a test")
PITCHES = {"anna": 300, "ben": 600, "clara": 900, "dora": 1200}


class PitchEar:
    """A diarizer whose voices are pitches; who it is changes every 3 s."""

    name = "fake-pitch"

    @property
    def uses(self) -> list[ModelUse]:
        """One model that needs no files."""
        return [ModelUse("pitch-ear", "1", "CC0", "nobody")]

    def diarize(self, waveform: Waveform, config: DiarizationConfig, progress: Progress | None = None) -> Diarization:
        """Each block of 3 s is one speaker's; a pitch that was heard before is the same speaker's."""
        heard: dict[int, str] = {}
        found, voices = [], []
        for start in range(0, len(waveform), BLOCK):
            block = waveform[start : start + BLOCK]
            pitch = round(np.abs(np.fft.rfft(block)).argmax() * SAMPLING_RATE / len(block) / 300)
            if pitch not in heard:
                heard[pitch] = f"SPEAKER_{len(heard):02d}"
                voices.append(np.eye(8)[pitch])
            found.append((start / SAMPLING_RATE, (start + len(block)) / SAMPLING_RATE, heard[pitch]))
        return diarization_of(found, np.array(voices, np.float32))


diarization.diarizers.register("fake-pitch", lambda _config, _device: PitchEar())
ENGINES = Engines(Config(diarization=DiarizationConfig(backend="fake-pitch")), CPU)


def write_people(path: Path, *people: str) -> Path:
    """A recording in which these people speak 3 s each."""
    path.parent.mkdir(parents=True, exist_ok=True)
    times = np.arange(BLOCK) / SAMPLING_RATE
    sound = np.concatenate([0.3 * np.sin(2 * np.pi * PITCHES[person] * times) for person in people])
    soundfile.write(path, sound.astype(np.float32), SAMPLING_RATE)
    return path


def write_conversation(path: Path, *people: str) -> Path:
    """The same, with the RTTM file of who speaks when."""
    write_people(path, *people).with_suffix(".rttm").write_text(
        rttm(*((3.0 * at, 3.0 * at + 3, person) for at, person in enumerate(people)))
    )
    return path


def measure(folder: Path, enroll: int = 1, test: int = 1, participants: int = 2) -> IdentityEvaluation:
    return evaluate_identity(folder, ENGINES, lambda _encoder: SURE, Protocol(enroll, test, participants))


def voices_of(random: np.random.Generator, spread: float, people: int = 4, each: int = 5) -> list[KnownVoice]:
    """Clips of people whose voices scatter around directions of their own."""
    return [
        KnownVoice(
            f"p{person}", person * each + clip, Voice(np.eye(16)[person] + spread * random.normal(size=16), 10.0)
        )
        for person in range(people)
        for clip in range(each)
    ]


def test_clear_voices_are_all_known_and_strangers_stay_strangers(tmp_path: Path) -> None:
    for person in PITCHES:
        for clip in range(3):
            write_people(tmp_path / person / f"{clip}.wav", person)
    found = measure(tmp_path)
    assert (found.people, found.enrolled, found.num_voices, found.num_short) == (tuple(PITCHES), 4, 12, 0)
    assert len(found.trials) == DRAWS * 4 * 2  # of each person's three clips one is enrolled
    assert int(found.trials["known"].sum()) == DRAWS * 2 * 2
    figures = found.figures()
    assert [figures[name].value for name in ("eer", "false_accept", "false_reject", "open_set_error")] == [0, 0, 0, 0]


def test_people_of_conversations_are_paired_with_the_truth(tmp_path: Path) -> None:
    for number, pair in enumerate((("anna", "ben"), ("ben", "anna"), ("anna", "clara"), ("clara", "ben"))):
        write_conversation(tmp_path / f"{number}.wav", *pair)
    found = measure(tmp_path, participants=1)
    assert (found.people, found.num_voices) == (("anna", "ben", "clara"), 8)
    assert found.figures()["open_set_error"].value == 0
    with pytest.raises(FormatError, match="several speakers; --test joins clips of one person alone"):
        measure(tmp_path, test=2)


def test_the_name_of_a_speaker_may_be_said_beside_the_recording(tmp_path: Path) -> None:
    path = write_conversation(tmp_path / "a.wav", "anna", "ben")
    turns = [{"speaker": "anna", "corpus_speaker": "7"}, {"speaker": "ben"}]
    path.with_suffix(".json").write_text(json.dumps({"turns": turns}))
    assert read_known(tmp_path)[0].people == {"anna": "7", "ben": "ben"}
    turns[1]["corpus_speaker"] = "7"
    path.with_suffix(".json").write_text(json.dumps({"turns": turns}))
    with pytest.raises(FormatError, match=r"a\.json: two speakers of one recording are the same person"):
        read_known(tmp_path)


def test_a_table_names_files_stretches_and_speakers(tmp_path: Path) -> None:
    write_people(tmp_path / "a.wav", "anna", "ben")
    (tmp_path / "t.csv").write_text("path,start,end,speaker\na.wav,0,3,anna\na.wav,3,6,ben\n")
    known = read_known(tmp_path / "t.csv")
    assert [(each.people[""], each.name) for each in known] == [("anna", "a.wav 0-3"), ("ben", "a.wav 3-6")]


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("path,emotion\na.wav,sad\n", "columns path .* and speaker are needed"),
        ("path,speaker\n", "nothing below the heading"),
        ("path,speaker\na.wav,\n", "line 2: a path and a speaker are needed"),
        ("path,speaker\nb.wav,anna\n", r"line 2: there is no file .*b\.wav"),
    ],
)
def test_a_table_that_cannot_be_read_is_said(tmp_path: Path, table: str, message: str) -> None:
    write_people(tmp_path / "a.wav", "anna")
    (tmp_path / "t.csv").write_text(table)
    with pytest.raises(FormatError, match=message):
        read_known(tmp_path / "t.csv")


def test_folders_from_which_nothing_can_be_measured_are_said(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="neither recordings with RTTM files beside them nor a folder of clips"):
        read_known(tmp_path)
    with pytest.raises(FormatError, match="no such file or folder"):
        read_known(tmp_path / "nowhere")
    for person in ("anna", "ben"):
        for clip in range(2):
            write_people(tmp_path / person / f"{clip}.wav", person)
    with pytest.raises(FormatError, match="0 people are heard in 3 recordings or more; two people and one such"):
        measure(tmp_path, enroll=2)
    with pytest.raises(FormatError, match="--participants 3, but only 2 people can be enrolled"):
        measure(tmp_path, participants=3)


def test_what_is_too_short_to_be_matched_is_not_tried() -> None:
    voices = voices_of(np.random.default_rng(0), 0.1)
    short = [KnownVoice(each.person, each.recording, Voice(each.voice.vector, 1.0)) for each in voices]
    pairs, trials = try_voices(short, Protocol(2, 1, 2), IdentityConfig(min_speech=1.5), SURE)
    assert (len(pairs), len(trials)) == (0, 0)
    pairs, trials = try_voices(short, Protocol(2, 2, 2), IdentityConfig(min_speech=1.5), SURE)
    assert len(trials) == DRAWS * 4  # the three clips that are left of each give one voice of two
    assert set(pairs["scarcity"]) == {np.log10(60 / 2.0)}


def test_nobody_is_tried_with_a_voice_that_they_were_enrolled_from() -> None:
    random = np.random.default_rng(0)
    same = random.normal(size=16)
    voices = [KnownVoice(person, number, Voice(same, 9.0)) for number in range(3) for person in ("a", "b")]
    pairs, trials = try_voices(voices, Protocol(1, 1, 1), IdentityConfig(), SURE)
    # Of three conversations each of both is enrolled from one: a voice meets prints of the other recordings alone.
    assert pairs.groupby("same").size()[True] == DRAWS * 2 * 2
    assert len(trials) == DRAWS * 2 * 2
    assert pairs.groupby("same").size()[False] < DRAWS * 2 * 2


def test_rates_by_hand() -> None:
    rows = [("a", True, "a", 0.95), ("a", True, "b", 0.95), ("b", True, "b", 0.6), ("b", True, None, 0.0)]
    rows += [("c", False, "a", 0.92), ("c", False, "b", 0.8), ("c", False, None, 0.0), ("c", False, None, 0.0)]
    trials = pd.DataFrame(rows, columns=["person", "known", "matched", "probability"])
    figures = open_set_rates(trials, ["a", "b", "c"], 0.9)
    assert {name: each.value for name, each in figures.items()} == {
        "false_accept": 0.25, "false_reject": 0.5, "wrong_person": 0.25, "open_set_error": 0.5,
    }  # fmt: skip
    assert open_set_rates(trials, ["a", "b", "c"], 2.0)["false_reject"].value == 1.0
    assert open_set_rates(trials[trials["known"]], ["a", "b"], 0.9)["false_accept"].value is None


def test_intervals_over_people_hold_what_varies_between_them() -> None:
    values = np.array([0.0, 0.5, 1.0])
    found = with_intervals(["mean"], ["a", "b", "c"], lambda counts: [counts @ values / counts.sum()])["mean"]
    assert (found.low, found.value, found.high) == (0.0, 0.5, 1.0)
    assert with_intervals(["mean"], ["a", "b"], lambda counts: [counts @ values[:2]])["mean"].low is None


def test_evidence_that_fits_these_voices_costs_least() -> None:
    voices = voices_of(np.random.default_rng(1), 0.2, people=6, each=6)
    pairs, _ = try_voices(voices, Protocol(2, 1, 3), IdentityConfig(), Calibration(5.0, 1.0, origin="misleading"))
    people = sorted(set(pairs["person"]))
    rates = pair_rates(pairs, people)
    own = cost_of_own_calibration(pairs, people)
    assert own is not None
    assert rates["cllr"].value is not None
    assert own < 0.3 < 1 < rates["cllr"].value
    assert rates["eer"].low is not None
    assert rates["eer"].high is not None
    assert rates["eer"].low <= rates["eer"].value <= rates["eer"].high < 0.3


def test_the_command_measures_and_keeps_what_it_found(
    tmp_path: Path, command_line: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TURNTONE_WORKSPACE", str(tmp_path / "workspace"))
    for person in PITCHES:
        for clip in range(3):
            write_people(tmp_path / "clips" / person / f"{clip}.wav", person)
    options = ("--enroll", 1, "--participants", 2, "--set", "diarization.backend=fake-pitch")
    shown = command_line("evaluate", "identity", tmp_path / "clips", *options)
    assert shown.code == 0
    assert "open-set error" in shown.out
    assert "Nobody has measured this encoder" in shown.out
    assert not (tmp_path / "workspace").exists()
    command_line("evaluate", "identity", tmp_path / "clips", *options, "--keep")
    found = command_line("evaluate", "identity", tmp_path / "clips", *options, "--format", "json").json
    assert found["calibration"]["origin"] == "clips, 4 people"
    assert found["figures"]["open_set_error"]["value"] == 0
    assert found["num_trials"] == {"participants": DRAWS * 4, "strangers": DRAWS * 4}
    assert sum(found["scores"]["different"]["counts"]) == found["scores"]["different"]["number"]


def test_tables_have_their_columns(tmp_path: Path) -> None:
    voices = voices_of(np.random.default_rng(0), 0.2)
    pairs, trials = try_voices(voices, Protocol(2, 1, 2), IdentityConfig(), SURE)
    people = tuple(sorted(set(pairs["person"])))
    found = IdentityEvaluation(
        "x", VoiceEncoder("ear", "1"), SURE, Protocol(2, 1, 2), IdentityConfig(), people, 4, 20, 0, pairs, trials
    )
    assert {len(row) for row in found.table()} == {len(COLUMNS)}
    assert [row[0] for row in found.bound_table()] == ["0.5", "0.7", "0.8", "0.9", "0.95", "0.99"]
    assert json.loads(json.dumps(found.to_json()))["scores"]["same"]["number"] == len(pairs[pairs["same"]])
