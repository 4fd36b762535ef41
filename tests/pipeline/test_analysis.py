from __future__ import annotations

import datetime
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile

import pipeline.analysis
from diarization.diarizers import DiarizationConfig
from diarization.errors import AudioError, TurntoneError
from diarization.turns import TurnRules
from pipeline.analysis import STAGES, analyze_many, analyze_recording, distinct_recordings
from pipeline.config import Config
from pipeline.sessions import TURN_COLUMNS, Session
from pipeline.workspace import Workspace
from tests.fakes import BASELINE_FAKES, CALLS, CPU, FAKES, REVISIONS, FakeDiarizer, write_silence, write_tone

DAY = datetime.date(2026, 3, 2)


def analyze(path: Path, workspace: Workspace, config: Config = FAKES, **options: object) -> Session:
    return analyze_recording(path, workspace, config, CPU, **options)  # type: ignore[arg-type]


def settings(**turns: float) -> Config:
    return FAKES.model_copy(update={"turns": TurnRules(**turns)})


def test_a_recording_becomes_a_session_with_turns_and_scores(workspace: Workspace, tone: Path) -> None:
    session = analyze(tone, workspace, case="Anna", date=DAY)
    assert (session.case, session.date, session.recording.path) == ("Anna", DAY, tone)
    assert (session.recording.duration, session.recording.sampling_rate) == (15.0, 16_000)
    assert session.turns["start"].tolist() == [0.0, 3.0, 6.0, 9.0, 12.0]
    assert session.turns["speaker"].tolist() == ["SPEAKER_00", "SPEAKER_01"] * 2 + ["SPEAKER_00"]
    assert list(session.turns.columns[: len(TURN_COLUMNS)]) == list(TURN_COLUMNS)
    assert session.turns["scored"].all()
    assert np.allclose(session.turns[session.score_columns].sum(axis=1), 1)
    assert session.turns["valence"].between(-1, 1).all()
    assert session.speakers["talk_time"].round(1).tolist() == [7.5, 5.0]
    assert len(session.segments) == 5


def test_how_sure_the_speakers_and_their_number_are_is_kept(workspace: Workspace, tone: Path) -> None:
    session = analyze(tone, workspace)
    for kept in (session, workspace.session(session.id), analyze(tone, workspace, settings(max_pause=0.5))):
        assert kept.turns["speaker_confidence"].tolist() == [0.75] * 5
        assert kept.to_json()["turns"][0]["speaker_confidence"] == 0.75
        assert kept.to_json()["speaker_count"] == {"found": 2, "forced": None, "confidence": 0.5}


def test_arrays_stand_in_the_order_of_turns_and_speakers(workspace: Workspace, tone: Path) -> None:
    session = analyze(tone, workspace)
    assert session.arrays.embeddings.shape == (5, 2)
    assert session.arrays.speaker_embeddings.shape == (2, 8)
    assert session.arrays.peaks.shape == (2000, 2)
    times, scores = session.frames_of(1)
    assert times.tolist() == pytest.approx([3.25, 3.75, 4.25, 4.75, 5.25])
    assert scores.shape == (5, 4)


def test_provenance_says_what_ran_and_what_it_stood_on(workspace: Workspace, tone: Path) -> None:
    provenance = analyze(tone, workspace, BASELINE_FAKES).provenance
    assert provenance["diarizer"]["models"][0]["revision"] == "1"
    assert provenance["recognizer"]["name"] == "fake-baseline"
    assert provenance["config"]["turns"]["max_pause"] == 1.0
    assert provenance["device"] == "cpu"
    assert set(provenance["seconds"]) == {"read", "diarize", "turns", "recognize"}
    assert provenance["real_time_factor"] > 0
    assert provenance["baselines"][0] == {
        "speaker": "SPEAKER_00",
        "participant": None,
        "scope": "session",
        "num_turns": 3,
        "note": "relative to this session",
    }
    assert {"turntone", "python", "numpy"} <= set(provenance["versions"])


def test_progress_goes_through_the_stages_in_order_and_never_back(workspace: Workspace, tone: Path) -> None:
    told: list[tuple[str, float]] = []
    analyze(tone, workspace, progress=lambda stage, share: told.append((stage, share)))
    assert list(dict.fromkeys(stage for stage, _ in told)) == list(STAGES)
    for stage in STAGES:
        shares = [share for name, share in told if name == stage]
        assert shares == sorted(shares)
        assert shares[-1] == 1.0


def test_a_turn_that_cannot_be_scored_has_the_reason(workspace: Workspace, tmp_path: Path) -> None:
    session = analyze(write_tone(tmp_path / "short.wav", seconds=6.3), workspace)
    assert session.turns["scored"].tolist() == [True, True, False]
    last = session.turns.iloc[2]
    assert last["reason"].endswith("s of clean speech; at least 0.5 s are needed")
    assert last["emotion"] is None
    assert np.isnan(session.arrays.embeddings[2]).all()
    assert len(session.frames_of(2)[0]) == 0


@pytest.mark.parametrize("config", [FAKES, BASELINE_FAKES])
@pytest.mark.parametrize("seconds", [0.1, 2.0])
def test_silence_is_a_session_without_turns(
    workspace: Workspace, tmp_path: Path, config: Config, seconds: float
) -> None:
    session = analyze(write_silence(tmp_path / "silence.wav", seconds), workspace, config)
    assert (len(session.turns), len(session.speakers), len(session.segments)) == (0, 0, 0)
    assert session.turns.columns[0] == "start"
    assert any("silent" in note for note in session.notes)


def test_a_turn_longer_than_a_window_is_scored_as_one(workspace: Workspace, tmp_path: Path) -> None:
    path = tmp_path / "long.wav"
    soundfile.write(path, 0.1 * np.sin(np.arange(16_000 * 100) / 5).astype(np.float32), 16_000)
    config = FAKES.model_copy(update={"diarization": DiarizationConfig(backend="fake", num_speakers=1)})
    session = analyze(path, workspace, config)
    assert session.turns["end"].tolist() == [100.0]
    assert session.arrays.frame_offsets[-1] >= 200


def test_the_same_again_runs_nothing_and_says_so(workspace: Workspace, tone: Path) -> None:
    first = analyze(tone, workspace, case="Anna", date=DAY)
    CALLS.clear()
    again = analyze(tone, workspace, case="Anna")
    assert not CALLS
    assert again.notes[-1] == "Nothing to do: tone.wav was analysed before with the same settings and models."
    assert (again.id, again.date) == (first.id, DAY)
    pd.testing.assert_frame_equal(again.turns, first.turns)


def test_what_is_not_said_again_stays(workspace: Workspace, tone: Path) -> None:
    first = analyze(tone, workspace, case="Anna", date=DAY)
    again = analyze(tone, workspace, settings(max_pause=0.3))
    assert (again.id, again.case, again.date) == (first.id, "Anna", DAY)


def test_other_turn_rules_use_the_diarization_again(workspace: Workspace, tone: Path) -> None:
    analyze(tone, workspace)
    CALLS.clear()
    session = analyze(tone, workspace, settings(min_duration=2.6))
    assert len(session.turns) == 0
    assert not CALLS
    assert session.provenance["cached"] == ["diarize"]


def test_other_rules_that_make_the_same_windows_use_the_scores_again(workspace: Workspace, tone: Path) -> None:
    analyze(tone, workspace)
    CALLS.clear()
    session = analyze(tone, workspace, settings(max_pause=0.9))
    assert not CALLS
    assert session.provenance["cached"] == ["diarize", "recognize"]
    assert session.provenance["real_time_factor"] is None


def test_another_number_of_speakers_is_diarized_anew(workspace: Workspace, tone: Path) -> None:
    analyze(tone, workspace)
    CALLS.clear()
    three = FAKES.model_copy(update={"diarization": DiarizationConfig(backend="fake", num_speakers=3)})
    assert len(analyze(tone, workspace, three).speakers) == 3
    assert CALLS["diarize"] == 1
    assert len(workspace.sessions()) == 1


def test_a_new_revision_of_a_model_runs_again_and_the_other_one_does_not(workspace: Workspace, tone: Path) -> None:
    analyze(tone, workspace)
    CALLS.clear()
    REVISIONS["fake-recognizer"] = "2"
    session = analyze(tone, workspace)
    assert CALLS == {"recognize": 1}
    assert session.provenance["recognizer"]["models"][0]["revision"] == "2"


def test_a_damaged_cache_entry_is_worked_out_again(workspace: Workspace, tone: Path) -> None:
    first = analyze(tone, workspace)
    for file in (workspace.path / "cache").rglob("diarize-*.npz"):
        file.write_bytes(file.read_bytes()[:-50])
    CALLS.clear()
    again = analyze(tone, workspace, settings(max_pause=0.9))
    assert CALLS["diarize"] == 1
    pd.testing.assert_frame_equal(again.turns, first.turns)


def test_a_session_with_a_damaged_file_is_analysed_again(workspace: Workspace, tone: Path) -> None:
    first = analyze(tone, workspace)
    for file in (workspace.path / "artifacts").rglob("*.npz"):
        file.write_bytes(b"damaged")
    again = analyze(tone, workspace)
    pd.testing.assert_frame_equal(again.turns, first.turns)
    assert workspace.check() == []


def test_a_recording_moves_to_the_case_and_date_given(workspace: Workspace, tone: Path) -> None:
    first = analyze(tone, workspace)
    workspace.assign(first.id, {"SPEAKER_00": ("Anna", "client")})
    CALLS.clear()
    moved = analyze(tone, workspace, case="Anna", date=DAY)
    assert not CALLS
    assert (moved.case, moved.date, moved.speakers["participant"].tolist()) == ("Anna", DAY, ["Anna", None])
    assert moved.id != first.id
    assert [each.id for each in workspace.sessions()] == [moved.id]
    assert workspace.audio(moved.id).is_file()


def test_a_recording_that_was_renamed_is_found_again(workspace: Workspace, tmp_path: Path, tone: Path) -> None:
    copy = tmp_path / "copy.wav"
    copy.write_bytes(tone.read_bytes())
    analyze(tone, workspace)
    again = analyze(copy, workspace)
    assert again.recording.path == tone
    assert again.notes[-1].startswith("Nothing to do: copy.wav was analysed before as tone.wav with")
    tone.unlink()
    assert analyze(copy, workspace).recording.path == copy


def test_participants_hold_while_the_speakers_are_the_same(workspace: Workspace, tone: Path) -> None:
    session = analyze(tone, workspace, case="Anna")
    workspace.assign(session.id, {"SPEAKER_00": ("Anna", "client")})
    again = analyze(tone, workspace, settings(min_duration=0.1))
    assert again.speakers["participant"].tolist() == ["Anna", None]


def test_participants_are_dropped_with_a_note_where_speakers_are_found_anew(workspace: Workspace, tone: Path) -> None:
    session = analyze(tone, workspace, case="Anna")
    workspace.assign(session.id, {"SPEAKER_00": ("Anna", "client")})
    REVISIONS["fake-diarizer"] = "2"
    again = analyze(tone, workspace)
    assert again.speakers["participant"].tolist() == [None, None]
    assert any("it must be said again who Anna are" in note for note in again.notes)


def test_two_files_of_one_name_are_two_recordings(workspace: Workspace, tmp_path: Path) -> None:
    for folder, pitch in (("a", 200.0), ("b", 300.0)):
        (tmp_path / folder).mkdir()
        analyze(write_tone(tmp_path / folder / "tone.wav", pitch=pitch), workspace)
    assert len(workspace.sessions()) == 2


def test_the_same_bytes_under_two_names_are_one_recording(workspace: Workspace, tmp_path: Path, tone: Path) -> None:
    copy = tmp_path / "copy.wav"
    copy.write_bytes(tone.read_bytes())
    other = write_tone(tmp_path / "other.wav", pitch=300)
    first, second = analyze_many([tone, other, copy], workspace, FAKES, CPU)
    assert isinstance(first, Session)
    assert isinstance(second, Session)
    assert (first.recording.path, second.recording.path) == (tone, other)
    assert first.notes[-1] == f"{copy} has the same bytes as tone.wav: one recording, one session."
    assert len(workspace.sessions()) == 2


def test_distinct_recordings_read_only_files_of_one_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    a, b, c, missing = (tmp_path / name for name in ("a", "b", "c", "missing"))
    a.write_bytes(b"same")
    b.write_bytes(b"other size")
    c.write_bytes(b"same")
    read: list[Path] = []
    hashed = pipeline.analysis.hash_file
    monkeypatch.setattr(pipeline.analysis, "hash_file", lambda path: (read.append(path), hashed(path))[1])
    assert distinct_recordings([a, b, c, missing, a]) == [[a, c], [b], [missing]]
    assert b not in read


def test_what_is_wrong_with_one_recording_does_not_keep_the_others(
    workspace: Workspace, tmp_path: Path, tone: Path
) -> None:
    (tmp_path / "empty.wav").touch()
    (tmp_path / "text.wav").write_text("no audio at all")
    paths = [tmp_path / "missing.wav", tmp_path / "empty.wav", tmp_path / "text.wav", tmp_path, tone]
    outcomes = list(analyze_many(paths, workspace, FAKES, CPU))
    assert [type(each) for each in outcomes] == [AudioError] * 4 + [Session]
    assert "there is no such file" in str(outcomes[0])
    assert len(workspace.sessions()) == 1


def test_an_unexpected_failure_is_told_and_does_not_keep_the_others(
    workspace: Workspace, tmp_path: Path, tone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail_once(*_: object) -> None:
        monkeypatch.undo()
        raise RuntimeError("CUDA out of memory\nand more")

    monkeypatch.setattr(FakeDiarizer, "diarize", fail_once)
    other = write_tone(tmp_path / "other.wav", pitch=300)
    failed, session = analyze_many([tone, other], workspace, FAKES, CPU)
    assert type(failed) is TurntoneError
    assert str(failed).endswith("failed unexpectedly (RuntimeError: CUDA out of memory); nothing was stored")
    assert isinstance(session, Session)


@pytest.mark.parametrize("stage", STAGES)
def test_ctrl_c_in_any_stage_leaves_the_sessions_as_they_were(
    workspace: Workspace, tmp_path: Path, tone: Path, stage: str
) -> None:
    def press(name: str, _share: float) -> None:
        if name == stage:
            raise KeyboardInterrupt

    analyze(write_tone(tmp_path / "first.wav", pitch=300), workspace)
    before = workspace.sessions()
    with pytest.raises(KeyboardInterrupt):
        analyze(tone, workspace, progress=press)
    assert workspace.sessions() == before
    assert workspace.check() == []
    assert len(analyze(tone, workspace).turns) == 5


@pytest.mark.local
def test_a_bad_recording_creates_no_workspace(workspace: Workspace, tmp_path: Path) -> None:
    with pytest.raises(AudioError):
        analyze(tmp_path / "missing.wav", workspace)
    assert not workspace.path.exists()


def test_many_are_analysed_one_by_one_as_they_are_asked_for(workspace: Workspace, tmp_path: Path) -> None:
    paths = [write_tone(tmp_path / f"{pitch}.wav", pitch=pitch) for pitch in (200.0, 300.0)]
    outcomes: Iterator[Session | TurntoneError] = analyze_many(paths, workspace, FAKES, CPU)
    next(outcomes)
    assert len(workspace.sessions()) == 1


def test_a_note_says_where_fewer_speakers_were_found_than_asked_for(workspace: Workspace, tmp_path: Path) -> None:
    diarization = FAKES.diarization.model_copy(update={"num_speakers": 4})
    config = FAKES.model_copy(update={"diarization": diarization})
    session = analyze_recording(write_tone(tmp_path / "short.wav", 6.0), workspace, config, CPU)
    assert "4 speakers were asked for, but only 2 could be told apart by their voices." in session.notes
