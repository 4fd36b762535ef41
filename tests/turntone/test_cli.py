"""The commands, with quick fake models in place of the real ones."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from pipeline.workspace import Workspace
from tests.command_line import CommandLine
from tests.fakes import write_silence, write_tone
from tests.sessions import make_session

ROOT = Path(__file__).parent.parent.parent
FAKE = ("--set", "diarization.backend=fake", "--set", "emotion.backend=fake")
RUN = [sys.executable, "-c", "import tests.fakes; from turntone.cli import main; main()"]


@pytest.fixture(autouse=True)
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty workspace, the default of this test's commands."""
    monkeypatch.setenv("TURNTONE_WORKSPACE", str(tmp_path / "workspace"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "workspace"


def test_analyze_prints_the_fields_that_users_build_on(command_line: CommandLine, tmp_path: Path) -> None:
    call = write_tone(tmp_path / "call.wav")
    shown = command_line("analyze", call, "--case", "Calls", "--date", "2026-03-02", "--format", "json", *FAKE)
    (found,) = shown.json
    assert shown.code == 0
    assert list(found) == [
        "session", "recording", "speakers", "speaker_count", "segments", "turns", "quality", "provenance", "notes",
    ]  # fmt: skip
    assert found["session"]["case"] == "Calls"
    assert found["session"]["date"] == "2026-03-02"
    assert found["recording"]["duration"] == 15.0
    assert list(found["recording"]) == ["id", "path", "duration", "sampling_rate", "channels"]
    assert list(found["speakers"][0]) == ["label", "participant", "role", "talk_time", "match", "channel"]
    assert list(found["segments"][0]) == ["start", "end", "speaker"]
    assert list(found["turns"][0]) == [
        "start", "end", "speaker", "speaker_confidence", "emotion", "confidence", "scores", "valence", "arousal",
        "overlap", "scored", "reason", "text", "reviewed", "machine",
    ]  # fmt: skip
    assert sum(found["turns"][0]["scores"].values()) == pytest.approx(1, abs=1e-5)
    assert [turn["speaker"] for turn in found["turns"]] == ["SPEAKER_00", "SPEAKER_01"] * 2 + ["SPEAKER_00"]


def test_analyze_prints_a_table_of_turns(command_line: CommandLine, tmp_path: Path) -> None:
    shown = command_line("analyze", write_tone(tmp_path / "call.wav"), *FAKE)
    assert shown.code == 0
    assert "SPEAKER_01" in shown.out
    assert "0:03.0" in shown.out
    assert "confidence" in shown.out


def test_a_second_run_says_that_nothing_was_to_do(command_line: CommandLine, tmp_path: Path) -> None:
    call = write_tone(tmp_path / "call.wav")
    first = command_line("analyze", call, "--format", "json", *FAKE).json
    again = command_line("analyze", call, "--format", "json", *FAKE)
    assert "nothing to do" in again.err.lower()
    assert again.json[0]["turns"] == first[0]["turns"]


def test_one_bad_recording_does_not_keep_the_others(command_line: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "empty.wav").write_bytes(b"")
    good = write_tone(tmp_path / "good.wav")
    shown = command_line("analyze", tmp_path / "empty.wav", tmp_path / "missing.wav", good, "--format", "json", *FAKE)
    assert shown.code == 1
    assert [Path(each["recording"]["path"]).name for each in shown.json] == ["good.wav"]
    errors = [line for line in shown.err.splitlines() if line.startswith("error: ")]
    assert len(errors) == 2
    assert any("empty.wav" in each for each in errors)
    assert any("missing.wav" in each for each in errors)


def test_a_folder_without_audio_is_said_and_the_others_analysed(command_line: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "notes").mkdir()
    shown = command_line("analyze", tmp_path / "notes", write_tone(tmp_path / "a.wav"), "--format", "json", *FAKE)
    assert shown.code == 1
    assert len(shown.json) == 1
    assert "notes" in shown.err


def test_silence_is_a_session_without_turns(command_line: CommandLine, tmp_path: Path) -> None:
    silence = write_silence(tmp_path / "silence.wav", 0.1)
    assert command_line("analyze", silence, "--format", "json", *FAKE).json[0]["turns"] == []
    assert "No speech was found" in command_line("sessions", "show", _only_id(command_line)).out


def test_same_bytes_under_two_names_are_one_recording(command_line: CommandLine, tmp_path: Path) -> None:
    first = write_tone(tmp_path / "a.wav")
    (tmp_path / "b.wav").write_bytes(first.read_bytes())
    assert len(command_line("analyze", first, tmp_path / "b.wav", "--format", "json", *FAKE).json) == 1


def test_two_files_with_one_name_are_two_recordings(command_line: CommandLine, tmp_path: Path) -> None:
    for folder, pitch in (("x", 200), ("y", 300)):
        (tmp_path / folder).mkdir()
        write_tone(tmp_path / folder / "call.wav", pitch=pitch)
    found = command_line("analyze", tmp_path / "x", tmp_path / "y" / "call.wav", "--format", "json", *FAKE).json
    assert len({each["session"]["id"] for each in found}) == 2


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--date", "yesterday"), "not a day; write it as 2026-03-02"),
        (("--num-speakers", "0"), "num_speakers"),
        (("--set", "turns.max_puase=2"), "did you mean 'max_pause'"),
        (("--set", "diarization.backend=pyanote"), "pyannote"),
        (("--config", "nowhere.yaml"), "nowhere.yaml"),
        (("--device", "abacus"), "abacus"),
        (("--min-speakers", "4", "--max-speakers", "2"), "min_speakers (4) is above max_speakers (2)"),
    ],
)
def test_a_wrong_setting_is_one_sentence(
    command_line: CommandLine, tmp_path: Path, workspace: Path, options: tuple[str, ...], said: str
) -> None:
    shown = command_line("analyze", write_tone(tmp_path / "call.wav"), *options)
    assert shown.code == 1
    assert shown.out == ""
    assert said in shown.err
    assert shown.err.startswith("error: ")
    assert shown.err.count("\n") == 1
    assert not workspace.exists()


def test_a_date_is_for_one_recording(command_line: CommandLine, tmp_path: Path) -> None:
    pair = write_tone(tmp_path / "a.wav"), write_tone(tmp_path / "b.wav", pitch=300)
    shown = command_line("analyze", *pair, "--date", "2026-03-02", *FAKE)
    assert shown.code == 1
    assert "one recording" in shown.err


def test_sessions_of_a_workspace_that_does_not_exist_are_none(command_line: CommandLine, workspace: Path) -> None:
    assert command_line("sessions", "list", "--format", "json").json == []
    assert "no sessions yet" in command_line("sessions", "list").err
    assert not workspace.exists()


def test_list_shows_each_session_once(command_line: CommandLine, tmp_path: Path) -> None:
    command_line("analyze", write_tone(tmp_path / "call.wav"), "--case", "Calls", *FAKE)
    (listed,) = command_line("sessions", "list", "--format", "json").json
    assert listed["case"] == "Calls"
    assert listed["num_turns"] == 5
    assert "call.wav" in command_line("sessions", "list").out


def test_list_is_chosen_by_what_is_found_once_it_is_looked_through(
    command_line: CommandLine, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = Workspace(workspace)
    own.save(make_session(40))
    own.save(make_session(4, seed=1))
    with monkeypatch.context() as patch:
        patch.setattr("turntone.commands.sessions._LOOK_SECONDS", -1.0)
        shown = command_line("sessions", "list", "--shape", "flat")
    assert "no session is so" in shown.err
    assert "2 sessions are not looked through for flags and shapes yet" in shown.err
    shown = command_line("sessions", "list", "--shape", "flat")
    assert "Anna flat" in shown.out and "looked through" not in shown.err
    (listed,) = command_line("sessions", "list", "--shape", "flat", "--format", "json").json
    assert (listed["id"], listed["shapes"]["SPEAKER_00"]) == ("0" * 12, "flat")
    wrong = command_line("sessions", "list", "--flag", "silense")
    assert (wrong.code, "did you mean 'silence'?" in wrong.err) == (1, True)


def test_assign_says_who_is_who(command_line: CommandLine, tmp_path: Path) -> None:
    command_line("analyze", write_tone(tmp_path / "call.wav"), "--case", "Anna", *FAKE)
    shown = command_line("sessions", "assign", _only_id(command_line)[:6], "SPEAKER_00=Anna:client", "SPEAKER_01=Ben")
    assert shown.code == 0
    speakers = command_line("sessions", "show", _only_id(command_line), "--format", "json").json["speakers"]
    assert [(each["participant"], each["role"]) for each in speakers] == [("Anna", "client"), ("Ben", None)]


@pytest.mark.parametrize(
    ("who", "said"),
    [
        ("SPEAKER_00", "SPEAKER=PARTICIPANT"),
        ("SPEAKER_00=", "SPEAKER=PARTICIPANT"),
        ("SPEAKER_00=Anna:", "SPEAKER=PARTICIPANT"),
        ("SPEAKER_00=Anna:boss", "boss"),
        ("SPEAKER_07=Anna", "SPEAKER_07"),
    ],
)
def test_a_wrong_assignment_is_one_sentence(command_line: CommandLine, tmp_path: Path, who: str, said: str) -> None:
    command_line("analyze", write_tone(tmp_path / "call.wav"), *FAKE)
    shown = command_line("sessions", "assign", _only_id(command_line), who)
    assert shown.code == 1
    assert said in shown.err


def test_delete_removes_the_session_and_leaves_the_recording(command_line: CommandLine, tmp_path: Path) -> None:
    call = write_tone(tmp_path / "call.wav")
    command_line("analyze", call, *FAKE)
    deleted = command_line("sessions", "delete", _only_id(command_line), "--format", "json").json
    assert list(deleted) == ["deleted"]
    assert command_line("sessions", "list", "--format", "json").json == []
    assert call.exists()


@pytest.mark.parametrize("command", [("show", "abc"), ("delete", "abc"), ("assign", "abc", "SPEAKER_00=Anna")])
def test_an_unknown_session_is_one_sentence(command_line: CommandLine, command: tuple[str, ...]) -> None:
    shown = command_line("sessions", *command)
    assert shown.code == 1
    assert "'abc'" in shown.err


def test_report_writes_one_file(command_line: CommandLine, tmp_path: Path) -> None:
    command_line("analyze", write_tone(tmp_path / "call.wav"), "--case", "A. B./2026", *FAKE)
    assert command_line("report", _only_id(command_line)).code == 0
    assert command_line("report", "--case", "A. B./2026").code == 0
    names = sorted(path.name for path in tmp_path.glob("turntone-*.html"))
    assert names == ["turntone-case-A-B-2026.html", f"turntone-session-{_only_id(command_line)}.html"]


def test_report_needs_a_session_or_a_case(command_line: CommandLine) -> None:
    shown = command_line("report")
    assert shown.code == 1
    assert "either one SESSION or one --case NAME" in shown.err


def test_config_show_reads_back(command_line: CommandLine, tmp_path: Path) -> None:
    shown = command_line("config", "show", "--set", "turns.max_pause=0.25")
    (tmp_path / "mine.yaml").write_text(shown.out, encoding="utf-8")
    again = command_line("config", "show", "--config", tmp_path / "mine.yaml", "--format", "json").json
    assert again["turns"]["max_pause"] == 0.25


def test_models_list_names_licence_and_credit_of_every_model(command_line: CommandLine) -> None:
    listed = command_line("models", "list", "--format", "json").json
    assert {"embedded-segmentation", "embedded-speaker", "pyannote-community-1", "emotion2vec-plus-large"} <= {
        each["name"] for each in listed
    }
    assert all(each["licence"] and each["credit"] and each["purpose"] for each in listed)


def test_models_check_names_a_damaged_model(
    command_line: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, embedded_models: None
) -> None:
    packed = tmp_path / "models.tar"
    assert command_line("models", "pack", packed, "embedded-speaker").code == 0
    monkeypatch.setenv("TURNTONE_HOME", str(tmp_path / "home"))
    assert command_line("models", "unpack", packed).code == 0
    assert command_line("models", "check", "--format", "json").json[0]["ok"]
    (weights,) = (tmp_path / "home").rglob("model.safetensors")
    weights.write_bytes(weights.read_bytes()[:-1] + b"?")
    shown = command_line("models", "check")
    assert shown.code == 1
    assert "models fetch --force embedded-speaker" in shown.err


def test_doctor_says_what_is_missing(
    command_line: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TURNTONE_HOME", str(tmp_path / "home"))
    shown = command_line("doctor", "--format", "json")
    states = {each["what"]: each for each in shown.json}
    assert shown.code == 1
    assert states["model embedded-speaker"]["state"] == "missing"
    assert "turntone models fetch embedded-speaker" in states["model embedded-speaker"]["advice"]
    assert states["torch"]["state"] == "ok"


def test_version(command_line: CommandLine) -> None:
    assert command_line("--version").out.startswith("turntone 0.")


@pytest.mark.parametrize("pause", [0.5, 2.0, 3.5])
def test_ctrl_c_ends_with_130_and_leaves_the_workspace_as_it_was(tmp_path: Path, workspace: Path, pause: float) -> None:
    call = write_tone(tmp_path / "call.wav")
    code = "import tests.fakes; tests.fakes.PAUSE[0] = 1.5; from turntone.cli import main; main()"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", code, "analyze", str(call), *FAKE]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment)
    time.sleep(pause)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    if process.returncode == 0:
        pytest.skip("the analysis was over before the interrupt")
    assert process.returncode in (130, -signal.SIGINT)
    if process.returncode == 130:
        assert said.splitlines()[-1].startswith("error: stopped")
    listed = subprocess.run(
        [*RUN, "sessions", "list", "--format", "json"], capture_output=True, text=True, check=True, env=environment
    )
    assert json.loads(listed.stdout) == []


def _only_id(command_line: CommandLine) -> str:
    (listed,) = command_line("sessions", "list", "--format", "json").json
    return str(listed["id"])


def test_a_port_in_use_is_one_sentence(command_line: CommandLine) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        shown = command_line("dashboard", "--port", taken.getsockname()[1])
    assert shown.code == 1
    assert "--port" in shown.err
    assert shown.err.count("\n") == 1


def test_the_dashboard_answers_and_ends_with_ctrl_c(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [*RUN, "dashboard", "--port", str(port)],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert process.stderr is not None
    assert process.stderr.readline() == f"Turntone is at http://127.0.0.1:{port} (Ctrl-C ends it)\n"
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=30) as answer:
        assert answer.status == 200
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=30) == 0


def test_analyze_takes_turns_from_a_file(command_line: CommandLine, tmp_path: Path) -> None:
    call, turns = write_tone(tmp_path / "call.wav"), tmp_path / "my turns: #1.csv"
    turns.write_text("start,end,speaker\n0,2.5,Anna\n3,5.5,Ben\n")
    shown = command_line("analyze", call, "--turns", turns, "--set", "emotion.backend=fake", "--format", "json")
    assert [turn["speaker"] for turn in shown.json[0]["turns"]] == ["Anna", "Ben"]
    shown = command_line("analyze", call, "--turns", tmp_path / "no.rttm", "--set", "emotion.backend=fake")
    assert shown.code == 1
    assert shown.err.startswith("error: ") and "no such file or folder of turns" in shown.err


def test_export_writes_a_session_and_says_where(command_line: CommandLine, tmp_path: Path) -> None:
    command_line("analyze", write_tone(tmp_path / "call.wav"), "--case", "A. B.", *FAKE)
    shown = command_line("export", _only_id(command_line)[:6], "--to", "textgrid", "-o", tmp_path / "call.TextGrid")
    assert shown.code == 0
    assert shown.err == f"wrote {tmp_path / 'call.TextGrid'}\n"
    exported = command_line("export", "--case", "A. B.", "--to", "rttm", "--format", "json").json["exported"]
    assert exported == ["turntone-case-A-B.rttm", "turntone-case-A-B.uem"]
    again = command_line("export", "--case", "A. B.", "--to", "rttm")
    assert again.code == 1
    assert "there already" in again.err
    assert command_line("export", "--case", "A. B.", "--to", "rttm", "--force").code == 0


def test_export_of_clips_takes_the_sound_that_the_workspace_keeps(command_line: CommandLine, tmp_path: Path) -> None:
    call = write_tone(tmp_path / "call.wav")
    command_line("analyze", call, *FAKE)
    call.unlink()
    assert command_line("export", _only_id(command_line), "--to", "clips", "-o", "clips").code == 0
    assert len(list((tmp_path / "clips" / "call").iterdir())) == 5


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--to", "csv"), "either SESSION... or one --case NAME"),
        (("abc", "--to", "csv"), "'abc'"),
        (("--case", "Nobody", "--to", "csv"), "Nobody"),
    ],
)
def test_a_wrong_export_is_one_sentence(command_line: CommandLine, arguments: tuple[str, ...], said: str) -> None:
    shown = command_line("export", *arguments)
    assert shown.code == 1
    assert said in shown.err
    assert shown.err.count("\n") == 1


def test_import_makes_a_session_with_the_turns_of_a_file(command_line: CommandLine, tmp_path: Path) -> None:
    write_tone(tmp_path / "call.wav")
    (tmp_path / "call.srt").write_text("1\n00:00:00,000 --> 00:00:02,500\nAnna: hello\n")
    scored = ("--set", "emotion.backend=fake")
    shown = command_line("import", tmp_path / "call.srt", "--case", "A", "--format", "json", *scored)
    assert shown.code == 0
    assert [turn["speaker"] for turn in shown.json["sessions"][0]["turns"]] == ["Anna"]
    assert shown.json["notes"] == []
    assert shown.json["sessions"][0]["turns"][0]["text"] == "hello"
    (tmp_path / "call.srt").rename(tmp_path / "other.srt")
    assert "--recording" in command_line("import", tmp_path / "other.srt", *scored).err
    named = command_line("import", tmp_path / "other.srt", "--recording", tmp_path / "call.wav", *scored)
    assert named.code == 0


def test_an_export_comes_back_as_the_same_turns(command_line: CommandLine, tmp_path: Path) -> None:
    call = write_tone(tmp_path / "call.wav")
    (before,) = command_line("analyze", call, "--format", "json", *FAKE).json
    command_line("export", before["session"]["id"], "--to", "json", "-o", tmp_path / "call.json")
    shown = command_line("import", tmp_path / "call.json", "--set", "emotion.backend=fake", "--format", "json")
    (after,) = shown.json["sessions"]
    assert after["segments"] == before["segments"]
    assert [turn["scores"] for turn in after["turns"]] == [turn["scores"] for turn in before["turns"]]


def test_import_of_corrections_writes_a_table(command_line: CommandLine, tmp_path: Path) -> None:
    command_line("analyze", write_tone(tmp_path / "call.wav"), *FAKE)
    command_line("export", _only_id(command_line), "--to", "label-studio", "-o", tmp_path / "tasks.json")
    tasks = json.loads((tmp_path / "tasks.json").read_text())
    tasks[0]["annotations"] = [{"id": 1, "result": tasks[0]["predictions"][0]["result"]}]
    (tmp_path / "answers.json").write_text(json.dumps(tasks))
    shown = command_line("import", tmp_path / "answers.json", "--format", "json")
    assert shown.json["labels"] == "turntone-labels.csv"
    assert shown.json["num_labels"] == 5
    head, first, *_ = (tmp_path / "turntone-labels.csv").read_text().splitlines()
    assert head == (
        "path,session,start,end,speaker,emotion,machine_speaker,machine_emotion,machine_confidence,annotator"
    )
    assert first.startswith(f"{tmp_path / 'call.wav'},{_only_id(command_line)},0.0,2.5,SPEAKER_00,")
    assert "there already" in command_line("import", tmp_path / "answers.json").err


def test_a_wrong_import_is_one_sentence_and_imports_nothing(command_line: CommandLine, tmp_path: Path) -> None:
    write_tone(tmp_path / "call.wav")
    (tmp_path / "call.rttm").write_text("SPEAKER call 1 0 2 <NA> <NA> A\n")
    (tmp_path / "bad.rttm").write_text("SPEAKER call 1 x 2 <NA> <NA> A\n")
    shown = command_line("import", tmp_path / "call.rttm", tmp_path / "bad.rttm", "--set", "emotion.backend=fake")
    assert shown.code == 1
    assert "bad.rttm: line 1: start 'x'" in shown.err
    assert command_line("sessions", "list", "--format", "json").json == []
    (tmp_path / "folder").mkdir()
    assert "result.json" in command_line("import", tmp_path / "folder").err


@pytest.mark.parametrize("words", [["evaluate"], ["evaluate", "analysis"], ["evaluate", "diarization"]])
def test_evaluate_measures_a_folder_with_or_without_the_commands_name(
    command_line: CommandLine, tmp_path: Path, words: list[str]
) -> None:
    call = write_tone(tmp_path / "call.wav", 6)
    call.with_suffix(".rttm").write_text(
        "SPEAKER x 1 0 2.5 <NA> <NA> a <NA> <NA>\nSPEAKER x 1 3 2.5 <NA> <NA> b <NA> <NA>\n"
    )
    shown = command_line(*words, tmp_path, "--format", "json", *FAKE)
    assert shown.code == 0, shown.err
    assert shown.json["pooled"]["der"] < 0.01
    assert shown.json["pooled"]["jer"] < 0.01
    assert ("emotion_true_turns" in shown.json["pooled"]) is (words[-1] != "diarization")


def test_a_manifest_and_a_pattern_are_analysed_as_a_batch_and_failures_tried_again(
    command_line: CommandLine, tmp_path: Path
) -> None:
    (tmp_path / "calls").mkdir()
    write_tone(tmp_path / "calls" / "a.wav", pitch=200)
    (tmp_path / "calls" / "b.wav").write_bytes(b"RIFF")
    (tmp_path / "calls.csv").write_text("path,case,date\ncalls/a.wav,Anna,2026-03-02\ncalls/b.wav,Anna,\n")
    shown = command_line("analyze", tmp_path / "calls.csv", "--format", "json", *FAKE)
    assert shown.code == 1
    assert [each["session"]["case"] for each in shown.json] == ["Anna"]
    assert "1 of 2 failed; turntone analyze --retry-failed tries them again" in shown.err
    write_tone(tmp_path / "calls" / "b.wav", pitch=300)
    again = command_line("analyze", "--retry-failed", "--format", "json")
    assert (again.code, len(again.json)) == (0, 1)
    assert "nothing has failed" in command_line("analyze", "--retry-failed").err
    assert len(command_line("analyze", str(tmp_path / "calls" / "*.wav"), "--format", "json", *FAKE).json) == 2
    assert "no file matches" in command_line("analyze", str(tmp_path / "*.mp3"), *FAKE).err
    assert "name recordings, or say --retry-failed" in command_line("analyze").err


def test_evaluate_shows_who_said_what_how_where_emotions_are_known(command_line: CommandLine, tmp_path: Path) -> None:
    call = write_tone(tmp_path / "call.wav", 6)
    call.with_suffix(".rttm").write_text("SPEAKER x 1 0 2.5 <NA> <NA> a <NA> <NA>\n")
    shown = command_line("evaluate", tmp_path, *FAKE)
    assert (shown.code, "Who said what how" in shown.out) == (0, False)
    call.with_suffix(".json").write_text('{"turns": [{"start": 0, "end": 2.5, "speaker": "a", "emotion": "sad"}]}')
    shown = command_line("evaluate", tmp_path, *FAKE)
    assert "Who said what how" in shown.out and "attributed error" in shown.out
    assert "Turns and courses" in shown.out and "Trends of cases" not in shown.out
