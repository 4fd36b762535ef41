"""The speech that ships is small, sound, credited and true to its labels."""

from __future__ import annotations

import datetime
import json
import os
import subprocess
import sys
from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile

from turntone.speech import DemoRecording, demo_call, demo_case, demo_meetings, demo_recordings, speech_folder

ROOT = Path(__file__).parents[2]
CORPORA = Path(os.environ.get("TURNTONE_CORPORA", ROOT.parent / "shared" / "data"))
RECORDINGS = demo_recordings()
SIMULATED = (*demo_case().sessions, demo_call())

each_recording = pytest.mark.parametrize("recording", RECORDINGS, ids=lambda recording: recording.path.stem)
each_simulated = pytest.mark.parametrize("recording", SIMULATED, ids=lambda recording: recording.path.stem)


def rttm_rows(path: Path) -> list[tuple[str, float, float, str]]:
    """Recording, start, end and speaker of every line."""
    fields = [line.split() for line in path.read_text(encoding="utf-8").splitlines()]
    return [(row[1], float(row[3]), float(row[3]) + float(row[4]), row[7]) for row in fields]


def level(samples: np.ndarray) -> float:
    """Root mean square in dBFS."""
    return float(10 * np.log10(np.mean(samples**2)))


def courses() -> list[Counter[str]]:
    """Seconds of the client's emotions, session by session."""
    shares = []
    for session in demo_case().sessions:
        (client,) = (speaker.label for speaker in session.speakers if speaker.role == "client")
        seconds: Counter[str] = Counter()
        for turn in session.turns:
            if turn.speaker == client:
                seconds[str(turn.emotion)] += turn.end - turn.start
        shares.append(seconds)
    return shares


def test_everything_together_stays_under_eight_megabytes() -> None:
    assert sum(path.stat().st_size for path in speech_folder().glob("*.*")) < 8_000_000


def test_every_sound_in_the_folder_is_one_of_the_recordings() -> None:
    assert {path.name for path in speech_folder().glob("*.flac")} == {item.path.name for item in RECORDINGS}
    assert len(RECORDINGS) == 7


def test_every_recording_is_credited_with_its_licence() -> None:
    rows = [line for line in (speech_folder() / "CREDITS.md").read_text(encoding="utf-8").splitlines() if "|" in line]
    for recording in RECORDINGS:
        (row,) = (row for row in rows if f"`{recording.path.name}`" in row)
        assert ("CC BY 4.0" if recording.path.stem.startswith("meeting") else "CC0-1.0") in row


@pytest.mark.parametrize(
    ("recordings", "rate", "shortest", "longest"),
    [(demo_case().sessions, 16_000, 75, 100), ([demo_call()], 8_000, 75, 100), (demo_meetings(), 16_000, 30, 30.1)],
    ids=["case", "call", "meetings"],
)
def test_rates_and_durations(recordings: list[DemoRecording], rate: int, shortest: float, longest: float) -> None:
    for recording in recordings:
        facts = soundfile.info(recording.path)
        assert (facts.samplerate, facts.channels, facts.subtype) == (rate, 1, "PCM_16")
        assert shortest <= facts.duration <= longest


@each_recording
def test_nothing_clips(recording: DemoRecording) -> None:
    samples, _ = soundfile.read(recording.path)
    assert 0.05 < np.abs(samples).max() < 0.99


@each_simulated
def test_conversations_are_as_loud_as_speech_usually_is(recording: DemoRecording) -> None:
    samples, _ = soundfile.read(recording.path)
    assert level(samples) == pytest.approx(-23, abs=0.5)


@each_recording
def test_turns_lie_in_the_recording_and_in_order(recording: DemoRecording) -> None:
    duration = soundfile.info(recording.path).duration
    assert [turn.start for turn in recording.turns] == sorted(turn.start for turn in recording.turns)
    assert all(0 <= turn.start < turn.end <= duration for turn in recording.turns)
    assert {turn.speaker for turn in recording.turns} == {speaker.label for speaker in recording.speakers}


@each_recording
def test_rttm_says_what_the_turns_say(recording: DemoRecording) -> None:
    rows = rttm_rows(recording.rttm)
    assert {row[0] for row in rows} == {recording.path.stem}
    assert [row[3] for row in rows] == [turn.speaker for turn in recording.turns]
    times = [(turn.start, turn.end) for turn in recording.turns]
    np.testing.assert_allclose([row[1:3] for row in rows], times, atol=1e-6)


@each_simulated
def test_speech_is_where_the_turns_are(recording: DemoRecording) -> None:
    samples, rate = soundfile.read(recording.path)
    spoken = np.zeros(len(samples), dtype=bool)
    for turn in recording.turns:
        spoken[round(turn.start * rate) : round((turn.end + 0.3) * rate)] = True  # echoes outlast the turn
    assert level(samples[spoken]) - level(samples[~spoken]) > 15


@each_simulated
def test_turns_begin_without_a_click(recording: DemoRecording) -> None:
    """A turn that follows a pause fades in: its first 2 ms are far below its loudest 2 ms."""
    samples, rate = soundfile.read(recording.path)
    width = rate // 500
    silent_until = 0.0
    for turn in recording.turns:
        first = round(turn.start * rate)
        if turn.start > silent_until + 0.1:
            peak = np.abs(samples[first : round(turn.end * rate)]).max()
            assert np.abs(samples[first - width : first + width]).max() < 0.2 * peak
        silent_until = max(silent_until, turn.end)


@each_simulated
def test_no_utterance_is_heard_twice_in_a_recording(recording: DemoRecording) -> None:
    truth = json.loads(recording.path.with_suffix(".json").read_text(encoding="utf-8"))
    sources = [source for turn in truth["turns"] for source in turn["sources"]]
    assert len(sources) == len(set(sources))


@each_simulated
def test_voices_and_emotions_are_those_of_the_utterances(recording: DemoRecording) -> None:
    """EmoDB's file names tell both; none of the voices is in the training split."""
    truth = json.loads(recording.path.with_suffix(".json").read_text(encoding="utf-8"))
    letters = {"W": "angry", "F": "happy", "N": "neutral", "T": "sad"}
    for turn in truth["turns"]:
        names = [Path(source).name for source in turn["sources"]]
        assert {f"spk{name[:2]}" for name in names} == {turn["speaker"]}
        assert {letters[name[5]] for name in names} == {turn["emotion"]}
        assert turn["speaker"] in {"spk13", "spk14", "spk15", "spk16"}
        assert 1 <= len(names) <= 3


@each_simulated
def test_some_turns_overlap_shortly(recording: DemoRecording) -> None:
    gaps = [after.start - before.end for before, after in pairwise(recording.turns)]
    overlaps = [gap for gap in gaps if gap < 0]
    assert 2 <= len(overlaps) <= 4
    assert min(overlaps) >= -0.6
    assert all(0.199 <= gap <= 1.001 for gap in gaps if gap >= 0)


def test_the_case_is_four_sessions_of_the_same_two_people_two_weeks_apart() -> None:
    sessions = demo_case().sessions
    assert len(sessions) == 4
    assert {tuple((speaker.label, speaker.role) for speaker in session.speakers) for session in sessions} == {
        (("spk13", "client"), ("spk15", "counsellor"))
    }
    days = [session.date for session in sessions]
    assert [later - earlier for earlier, later in pairwise(days)] == [datetime.timedelta(14)] * 3


def test_the_client_goes_from_sad_and_angry_to_happy_and_neutral() -> None:
    first, second, third, fourth = courses()
    assert first["angry"] + first["sad"] > 0.8 * first.total()
    assert second["sad"] + second["neutral"] > 0.6 * second.total() and second["angry"] > 5
    assert third.most_common(1)[0][0] == "neutral"
    assert set(fourth) == {"happy", "neutral"}


def test_the_call_has_a_customer_who_grows_angry_and_a_supervisor_who_joins_late() -> None:
    call = demo_call()
    labels = {speaker.role: speaker.label for speaker in call.speakers}
    assert set(labels) == {"agent", "customer", "supervisor"}
    customer = [turn.emotion for turn in call.turns if turn.speaker == labels["customer"]]
    assert customer[:2] == ["neutral", "neutral"] and customer.count("angry") >= 4
    joins = min(turn.start for turn in call.turns if turn.speaker == labels["supervisor"])
    assert joins > 0.5 * soundfile.info(call.path).duration


def test_the_call_went_through_a_telephone() -> None:
    samples, rate = soundfile.read(demo_call().path)
    codes, _ = soundfile.read(demo_call().path, dtype="int16")
    assert len(np.unique(codes)) <= 256  # 8 bits of mu-law
    power = np.abs(np.fft.rfft(samples)) ** 2
    low = np.fft.rfftfreq(len(samples), 1 / rate) < 200
    assert power[low].sum() < 0.01 * power.sum()


def test_the_meetings_have_three_and_four_speakers_and_no_emotions() -> None:
    assert [len(meeting.speakers) for meeting in demo_meetings()] == [3, 4]
    assert {turn.emotion for meeting in demo_meetings() for turn in meeting.turns} == {None}


def test_finding_the_speech_imports_nothing_heavy() -> None:
    code = (
        "import sys, turntone.speech as speech; speech.demo_recordings();"
        "print([name for name in ('numpy', 'pandas', 'torch', 'soundfile') if name in sys.modules])"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert shown.stdout.strip() == "[]"


@pytest.mark.skipif(
    not ((CORPORA / "emodb" / "wav").is_dir() and (CORPORA / "conv_real_ami").is_dir()),
    reason="needs the folders emodb and conv_real_ami in TURNTONE_CORPORA",
)
def test_making_the_speech_again_gives_the_same(tmp_path: Path) -> None:
    script = ROOT / "scripts" / "make_demo_speech.py"
    command = [sys.executable, script, CORPORA / "emodb", CORPORA / "conv_real_ami", "--out", tmp_path]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    for recording in RECORDINGS:
        again = tmp_path / recording.path.name
        np.testing.assert_array_equal(soundfile.read(again)[0], soundfile.read(recording.path)[0])
        assert again.with_suffix(".rttm").read_text() == recording.rttm.read_text()
    for truth in speech_folder().glob("*.json"):
        assert (tmp_path / truth.name).read_text() == truth.read_text()
