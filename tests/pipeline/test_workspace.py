from __future__ import annotations

import datetime
import os
import sqlite3
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile

from diarization.errors import WorkspaceError
from emotion.schemes import EmotionScheme
from pipeline.analysis import analyze_recording
from pipeline.sessions import Session
from pipeline.workspace import Workspace, default_workspace, session_id
from tests.fakes import BASELINE_FAKES, CALLS, CPU, FAKES, REVISIONS, write_tone
from tests.sessions import make_session

ANNA = {"SPEAKER_00": ("Anna", "client"), "SPEAKER_01": ("Ben", "counsellor")}


def analyzed(workspace: Workspace, path: Path, case: str | None = "Anna", **options: object) -> Session:
    return analyze_recording(path, workspace, BASELINE_FAKES, CPU, case, **options)  # type: ignore[arg-type]


@pytest.fixture
def two(workspace: Workspace, tmp_path: Path) -> list[str]:
    """The ids of two sessions of the case Anna, in which nobody is known yet."""
    return [analyzed(workspace, write_tone(tmp_path / f"{pitch}.wav", pitch=pitch)).id for pitch in (200.0, 300.0)]


def test_a_session_comes_back_as_it_was_stored(workspace: Workspace) -> None:
    session = make_session()
    workspace.save(session)
    found = workspace.session(session.id)
    for table in ("turns", "speakers", "segments"):
        pd.testing.assert_frame_equal(getattr(found, table), getattr(session, table))
    for name, array in vars(session.arrays).items():
        np.testing.assert_array_equal(getattr(found.arrays, name), array)
        assert getattr(found.arrays, name).dtype == array.dtype
    assert (found.case, found.date, found.scheme) == ("Demo", session.date, session.scheme)
    assert found.quality == session.quality
    assert found.recording.path == session.recording.path.absolute()


@pytest.mark.parametrize("num_turns", [0, 1, 300])
def test_sessions_of_any_length_come_back(workspace: Workspace, num_turns: int) -> None:
    session = make_session(num_turns, case=None, date=None)
    workspace.save(session)
    found = workspace.session(session.id)
    pd.testing.assert_frame_equal(found.turns, session.turns)
    assert (found.case, found.date) == (None, None)


def test_what_json_cannot_say_is_stored_as_nothing(workspace: Workspace) -> None:
    session = replace(make_session(), quality={"snr_db": float("nan"), "level": np.float32(2), "path": Path("a")})
    assert workspace.save(session).quality == {"snr_db": None, "level": 2.0, "path": "a"}


def test_other_emotion_schemes_keep_their_order(workspace: Workspace) -> None:
    scheme = EmotionScheme(("sad", "other", "angry"))
    workspace.save(make_session(scheme=scheme))
    assert workspace.session("0" * 12).score_columns == ["score_sad", "score_other", "score_angry"]


@pytest.mark.local
def test_a_workspace_that_does_not_exist_is_an_empty_one_and_stays_so(workspace: Workspace) -> None:
    assert workspace.sessions() == []
    assert workspace.cases() == []
    assert workspace.check() == []
    assert workspace.sweep() == []
    with pytest.raises(WorkspaceError, match=r"no session is called 'abc'; the workspace .* is empty"):
        workspace.session("abc")
    with pytest.raises(WorkspaceError, match=r"no case is called 'Anna'; the workspace .* has no cases yet"):
        workspace.case("Anna")
    assert not workspace.path.exists()


def test_lists_show_sessions_by_case_and_date(workspace: Workspace) -> None:
    days = [datetime.date(2026, 3, 9), datetime.date(2026, 3, 2), None, datetime.date(2026, 1, 1)]
    for seed, day in enumerate(days):
        workspace.save(make_session(seed=seed, date=day, case=None if seed == 3 else "Demo"))
    assert [each.id[-1] for each in workspace.sessions()] == ["1", "0", "2", "3"]
    assert [each.id[-1] for each in workspace.sessions("Demo")] == ["1", "0", "2"]
    assert [each.id[-1] for each in workspace.case("Demo")] == ["1", "0", "2"]
    first = workspace.sessions()[0]
    assert first.speakers == [("SPEAKER_00", "Anna", "client"), ("SPEAKER_01", "Ben", "counsellor")]
    assert (first.num_turns, first.num_scored, first.duration, first.comparable) == (12, 11, 42.0, True)
    assert first.to_json()["speakers"][0] == {"label": "SPEAKER_00", "participant": "Anna", "role": "client"}


def test_cases_say_how_many_sessions_and_who(workspace: Workspace) -> None:
    for seed, day in enumerate((9, 2)):
        workspace.save(make_session(seed=seed, date=datetime.date(2026, 3, day)))
    (case,) = workspace.cases()
    assert (case.name, case.num_sessions, case.participants) == ("Demo", 2, ["Anna", "Ben"])
    assert (case.first, case.last) == (datetime.date(2026, 3, 2), datetime.date(2026, 3, 9))


def test_an_unknown_case_hints_at_the_one_meant(workspace: Workspace) -> None:
    workspace.save(make_session())
    with pytest.raises(WorkspaceError, match="no case is called 'Dmo', did you mean 'Demo'"):
        workspace.sessions("Dmo")
    with pytest.raises(WorkspaceError, match="no case is called 'Xyz'; known are Demo"):
        workspace.case("Xyz")


def test_the_first_digits_of_an_id_are_enough_where_they_tell_it_apart(workspace: Workspace) -> None:
    for seed in (0x1A, 0x1B):
        workspace.save(replace(make_session(seed=seed), id=f"{seed:x}0000000000"))
    assert workspace.session("1A").id == "1a0000000000"
    with pytest.raises(WorkspaceError, match="'1' begins the ids of 2 sessions: 1a0000000000, 1b0000000000; give more"):
        workspace.session("1")
    with pytest.raises(WorkspaceError, match="no session is called '1a0000000001'; did you mean 1a0000000000"):
        workspace.session("1a0000000001")
    with pytest.raises(WorkspaceError, match="no session is called ''"):
        workspace.session("")
    with pytest.raises(WorkspaceError, match="no session is called '%'; turntone sessions list shows those there are"):
        workspace.session("%")


def test_ids_follow_from_the_recording_and_the_case() -> None:
    assert session_id("a" * 64, None) == session_id("a" * 64, "")
    assert len({session_id("a" * 64, None), session_id("b" * 64, None), session_id("a" * 64, "Anna")}) == 3
    assert len(session_id("a" * 64, "Anna")) == 12


def test_the_default_place_can_be_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TURNTONE_WORKSPACE", raising=False)
    assert default_workspace() == Path("turntone-workspace")
    monkeypatch.setenv("TURNTONE_WORKSPACE", "/somewhere/else")
    assert Workspace().path == Path("/somewhere/else")


@pytest.mark.local
def test_audio_is_kept_at_16_khz_for_playing(workspace: Workspace, tone: Path) -> None:
    session = analyzed(workspace, tone)
    audio = workspace.audio(session.id)
    assert audio == workspace.path / "audio" / f"{session.recording.id}.flac"
    facts = soundfile.info(audio)
    assert (facts.samplerate, facts.channels, facts.frames) == (16_000, 1, 240_000)


def test_a_session_without_audio_says_so(workspace: Workspace) -> None:
    workspace.save(make_session())
    with pytest.raises(WorkspaceError, match="no copy of its audio is kept; analyse the recording again"):
        workspace.audio("0")


# Who is who


def test_naming_speakers_relates_their_scores_to_the_whole_case(workspace: Workspace, two: list[str]) -> None:
    before = workspace.session(two[0]).turns
    assert [each.id for each in workspace.assign(two[0], ANNA)] == [two[0]]
    changed = workspace.assign(two[1], ANNA)
    assert [each.id for each in changed] == [two[1], two[0]]
    for session in changed:
        baselines = session.provenance["baselines"]
        assert [(each["participant"], each["scope"], each["num_turns"]) for each in baselines] == [
            ("Anna", "case", 6),
            ("Ben", "case", 4),
        ]
        assert not any("relative to this session" in note for note in session.notes)
    after = changed[1].turns
    assert after["confidence"].tolist() != before["confidence"].tolist()
    assert np.allclose(after[changed[1].score_columns].sum(axis=1), 1)
    assert after["start"].tolist() == before["start"].tolist()


def test_scores_after_naming_are_those_of_the_pooled_baseline(workspace: Workspace, two: list[str]) -> None:
    for each in two:
        workspace.assign(each, ANNA)
    embeddings = [workspace.session(each).arrays.embeddings[[0, 2, 4]] for each in two]
    assert np.abs(np.concatenate(embeddings).mean(axis=0)).max() < 1e-5  # the fake's embedding: features less the mean
    assert np.abs(embeddings[0].mean(axis=0)).max() > 0.01


def test_naming_runs_no_model_over_audio(workspace: Workspace, two: list[str]) -> None:
    CALLS.clear()
    for each in two:
        workspace.assign(each, ANNA)
    assert set(CALLS) == {"score"}


def test_until_a_case_says_who_speaks_scores_are_relative_to_the_session(workspace: Workspace, two: list[str]) -> None:
    session = workspace.session(two[0])
    assert [each["scope"] for each in session.provenance["baselines"]] == ["session", "session"]
    assert any("SPEAKER_00 and SPEAKER_01 are relative to this session" in note for note in session.notes)
    named = workspace.assign(two[0], ANNA)[0]
    assert any("Anna and Ben are relative to this session" in note for note in named.notes)


def test_taking_a_name_back_scores_everyone_concerned_again(workspace: Workspace, two: list[str]) -> None:
    alone = workspace.session(two[0]).turns
    for each in two:
        workspace.assign(each, ANNA)
    changed = workspace.assign(two[1], {"SPEAKER_00": (None, None), "SPEAKER_01": (None, None)})
    assert [each.id for each in changed] == [two[1], two[0]]
    assert changed[0].speakers["participant"].tolist() == [None, None]
    found = changed[1]  # alone with Anna and Ben again
    assert [each["scope"] for each in found.provenance["baselines"]] == ["session", "session"]
    pd.testing.assert_frame_equal(found.turns, alone)


def test_speakers_can_change_places(workspace: Workspace, two: list[str]) -> None:
    workspace.assign(two[0], ANNA)
    swapped = {"SPEAKER_00": ANNA["SPEAKER_01"], "SPEAKER_01": ANNA["SPEAKER_00"]}
    assert workspace.assign(two[0], swapped)[0].speakers["participant"].tolist() == ["Ben", "Anna"]


def test_a_role_not_given_is_the_one_the_participant_has(workspace: Workspace, two: list[str]) -> None:
    workspace.assign(two[0], ANNA)
    session = workspace.assign(two[1], {"SPEAKER_01": ("Anna", None), "SPEAKER_00": ("Carl", None)})[0]
    assert session.speakers["role"].tolist() == [None, "client"]
    kept = workspace.assign(two[0], {"SPEAKER_00": ("Anna", None)})[0]
    assert kept.speakers["role"].tolist() == ["client", "counsellor"]


def test_participants_of_two_cases_are_two_people(workspace: Workspace, tmp_path: Path) -> None:
    ids = [
        analyzed(workspace, write_tone(tmp_path / f"{case}.wav", pitch=pitch), case).id
        for case, pitch in (("one", 200.0), ("two", 300.0), (None, 400.0))
    ]
    for each in ids:
        session = workspace.assign(each, ANNA)[0]
        assert [baseline["scope"] for baseline in session.provenance["baselines"]] == ["session", "session"]


@pytest.mark.parametrize(
    ("people", "message"),
    [
        ({"SPEAKER_07": ("Anna", None)}, r"session \w+ has no speaker 'SPEAKER_07'; it has SPEAKER_00, SPEAKER_01"),
        ({"SPEAKER_00": ("Anna", "clinet")}, "'clinet' is not a role, did you mean 'client'"),
        ({"SPEAKER_00": ("Anna", "boss")}, "'boss' is not a role; accepted are client, counsellor, customer, agent"),
        ({"SPEAKER_00": (" ", None)}, "the participant's name is empty"),
        ({"SPEAKER_00": ("A\nB", None)}, "the participant's name .* is not accepted; up to 200 characters on one line"),
        (
            {"SPEAKER_00": ("Anna", None), "SPEAKER_01": ("Anna", None)},
            "Anna cannot be both SPEAKER_00 and SPEAKER_01; a participant is one speaker",
        ),
    ],
)
def test_what_cannot_be_assigned_is_said_and_changes_nothing(
    workspace: Workspace, two: list[str], people: dict[str, tuple[str, str | None]], message: str
) -> None:
    before = workspace.sessions()
    with pytest.raises(WorkspaceError, match=message):
        workspace.assign(two[0], people)
    assert workspace.sessions() == before


def test_one_spelling_of_a_name_is_one_participant(workspace: Workspace, two: list[str]) -> None:
    workspace.assign(two[0], {"SPEAKER_00": ("José", "client")})
    workspace.assign(two[1], {"SPEAKER_00": (" Jose\u0301 ", "client")})
    assert workspace.cases()[0].participants == ["José"]


def test_a_recognizer_that_is_not_here_any_more_leaves_the_scores_and_says_so(
    workspace: Workspace, two: list[str]
) -> None:
    before = workspace.session(two[0]).turns
    REVISIONS["fake-baseline"] = "2"
    (session,) = workspace.assign(two[0], ANNA)
    assert session.speakers["participant"].tolist() == ["Anna", "Ben"]
    assert any("stand on an earlier choice of who is who" in note for note in session.notes)
    pd.testing.assert_frame_equal(session.turns, before)


# Deleting


@pytest.mark.local
def test_deleting_the_only_session_leaves_nothing_of_it(workspace: Workspace, tone: Path) -> None:
    session = analyzed(workspace, tone)
    assert workspace.delete(session.id[:6]) == session.id
    assert workspace.sessions() == []
    assert workspace.cases() == []
    left = {path.name for path in workspace.path.rglob("*") if path.is_file()}
    assert left == {"workspace.db"}
    with sqlite3.connect(workspace.path / "workspace.db") as connection:
        for table in ("sessions", "turns", "speakers", "participants", "artifacts", "cases"):
            assert connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)
    assert tone.exists()


def test_deleting_a_session_scores_its_participants_others_again(workspace: Workspace, two: list[str]) -> None:
    alone = workspace.session(two[0]).turns
    for each in two:
        workspace.assign(each, ANNA)
    workspace.delete(two[1])
    found = workspace.session(two[0])
    pd.testing.assert_frame_equal(found.turns, alone)
    assert workspace.audio(two[0]).is_file()
    assert workspace.check() == []


def test_what_cannot_be_deleted_is_said(workspace: Workspace) -> None:
    with pytest.raises(WorkspaceError, match="no session is called 'abc'"):
        workspace.delete("abc")


# The models of a case


def test_a_case_keeps_the_models_it_was_begun_with(workspace: Workspace, two: list[str]) -> None:
    pinned = workspace.pinned("Anna")
    assert pinned is not None
    assert pinned["recognizer"]["backend"] == "fake-baseline"
    assert workspace.pinned("Ben") is None


def test_a_session_of_other_models_is_kept_and_marked(workspace: Workspace, tmp_path: Path, two: list[str]) -> None:
    path = write_tone(tmp_path / "third.wav", pitch=400)
    other = analyze_recording(path, workspace, FAKES, CPU, "Anna")
    assert other.provenance["comparable"] is False
    (note,) = [each for each in other.notes if "not compared" in each]
    assert "Analysed with fake (fake-diarizer 1) and fake (fake-recognizer 1)" in note
    assert note.endswith(
        "analyse it again: turntone analyze RECORDING... --case Anna --set diarization.backend=fake "
        "--set emotion.backend=fake-baseline"
    )
    assert [each.comparable for each in workspace.sessions()] == [True, True, False]


def test_a_newer_revision_of_the_same_models_asks_for_the_others(
    workspace: Workspace, tmp_path: Path, two: list[str]
) -> None:
    REVISIONS["fake-baseline"] = "2"
    session = analyzed(workspace, write_tone(tmp_path / "third.wav", pitch=400))
    assert any("analyse the others again" in note for note in session.notes)


def test_a_case_analysed_anew_with_other_models_is_pinned_to_them(
    workspace: Workspace, tmp_path: Path, two: list[str]
) -> None:
    paths = [tmp_path / "200.0.wav", tmp_path / "300.0.wav"]
    analyze_recording(paths[0], workspace, FAKES, CPU)
    assert sorted(each.comparable for each in workspace.sessions()) == [False, True]
    analyze_recording(paths[1], workspace, FAKES, CPU)
    assert [each.comparable for each in workspace.sessions()] == [True, True]
    pinned = workspace.pinned("Anna")
    assert pinned is not None
    assert pinned["recognizer"]["backend"] == "fake"


def test_baselines_are_not_pooled_over_recognizers(workspace: Workspace, tmp_path: Path, two: list[str]) -> None:
    workspace.assign(two[0], ANNA)
    REVISIONS["fake-baseline"] = "2"
    third = analyzed(workspace, write_tone(tmp_path / "third.wav", pitch=400))
    session = workspace.assign(third.id, ANNA)[0]
    assert [each["scope"] for each in session.provenance["baselines"]] == ["session", "session"]


# Folders that are something else


def test_a_folder_of_other_files_is_no_workspace(tmp_path: Path) -> None:
    (tmp_path / "thesis.docx").touch()
    with pytest.raises(WorkspaceError, match=r"not a workspace, it holds other files and no workspace\.db; choose"):
        Workspace(tmp_path).sessions()
    with pytest.raises(WorkspaceError, match="not a workspace"):
        Workspace(tmp_path).save(make_session())
    assert [each.name for each in tmp_path.iterdir()] == ["thesis.docx"]


def test_a_file_is_no_workspace(tone: Path) -> None:
    with pytest.raises(WorkspaceError, match="a file, not a folder; choose another one with --workspace"):
        Workspace(tone).sessions()


def test_an_empty_folder_and_one_of_a_killed_first_run_are_empty_workspaces(tmp_path: Path) -> None:
    assert Workspace(tmp_path).sessions() == []
    (tmp_path / "cache").mkdir()
    (tmp_path / "workspace.db").touch()
    assert Workspace(tmp_path).sessions() == []
    Workspace(tmp_path).save(make_session())
    assert len(Workspace(tmp_path).sessions()) == 1


def test_a_damaged_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "workspace.db").write_bytes(b"no database " * 100)
    with pytest.raises(WorkspaceError, match=r"workspace\.db: damaged or not a database"):
        Workspace(tmp_path).sessions()


def test_another_programs_database_is_named(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "workspace.db") as connection:
        connection.execute("CREATE TABLE recipes (id)")
    with pytest.raises(WorkspaceError, match="a database, but not one of Turntone's"):
        Workspace(tmp_path).save(make_session())


@pytest.mark.local
def test_a_newer_programs_database_is_named(workspace: Workspace) -> None:
    workspace.save(make_session())
    with sqlite3.connect(workspace.path / "workspace.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0999_future'")
    with pytest.raises(WorkspaceError, match=r"written by a newer Turntone \(tables 0999_future\); update with pip"):
        Workspace(workspace.path).sessions()


@pytest.mark.local
def test_a_damaged_or_missing_file_is_named(workspace: Workspace) -> None:
    workspace.save(make_session())
    files = sorted((workspace.path / "artifacts").rglob("*.npz"))
    files[0].write_bytes(b"damaged")
    with pytest.raises(WorkspaceError, match="damaged, its bytes are not those that were written; analyse the"):
        workspace.session("0")
    files[0].unlink()
    with pytest.raises(WorkspaceError, match="missing; analyse the recording again"):
        workspace.session("0")
    assert len(workspace.check()) == 1
    assert len(workspace.sessions()) == 1


@pytest.mark.local
def test_a_folder_that_is_not_ours_to_write_is_named_before_anything_runs(
    workspace: Workspace, tone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)  # root, as whom tests may run, is never denied
    with pytest.raises(WorkspaceError, match=f"{workspace.path.parent}: permission denied; choose another folder"):
        analyzed(workspace, tone)
    assert not CALLS


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX systems")
def test_nobody_else_may_look_into_a_workspace(workspace: Workspace, tone: Path) -> None:
    analyzed(workspace, tone)
    assert workspace.path.stat().st_mode & 0o077 == 0


def test_paths_with_signs_of_their_own_are_only_paths(tmp_path: Path) -> None:
    place = Workspace(tmp_path / "100% mine?#ü&x=1")
    place.save(make_session())
    assert len(Workspace(place.path).sessions()) == 1


def test_a_recording_whose_name_is_not_text_is_kept(workspace: Workspace) -> None:
    session = make_session()
    recording = replace(session.recording, path=Path(os.fsdecode(b"caf\xe9.wav")))
    assert workspace.save(replace(session, recording=recording)).recording.path.name == "caf\ufffd.wav"


@pytest.mark.local
def test_files_that_no_session_names_are_swept(workspace: Workspace) -> None:
    workspace.save(make_session())
    orphan = workspace.path / "artifacts" / "ab" / "orphan.npz"
    orphan.parent.mkdir(exist_ok=True)
    orphan.touch()
    fresh, old = (workspace.path / "audio" / f".{name}.part.flac" for name in ("fresh", "old"))
    fresh.parent.mkdir()
    fresh.touch()
    written = fresh.with_name(".5f3a.tmp")  # by another thread, that is about to give it its name
    written.touch()
    old.touch()
    os.utime(old, (0, 0))
    assert sorted(workspace.sweep()) == sorted([orphan, old])
    assert fresh.exists()
    assert written.exists()
    assert workspace.check() == []
