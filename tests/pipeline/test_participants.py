from __future__ import annotations

import datetime
import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from diarization.errors import WorkspaceError
from diarization.identity import IdentityConfig, Voice, VoiceEncoder
from diarization.identity_calibration import Calibration
from pipeline.participants import HeardVoice, Participants
from pipeline.sessions import Session, speakers_table
from pipeline.store.loading import Analysis
from pipeline.workspace import Workspace
from tests.sessions import make_session

ENCODER = VoiceEncoder("ear", "1")
MODELS: dict[str, Any] = {
    "diarizer": {"backend": "fake", "model": None, "uses": [["ear", "1"]]},
    "recognizer": {"backend": "fake", "model": None, "uses": [["fake-recognizer", "1"]]},
}
OTHER_EAR: dict[str, Any] = MODELS | {"diarizer": MODELS["diarizer"] | {"uses": [["ear", "2"]]}}
SURE = Calibration(-10.0, 20.0, origin="a test")  # a cosine of 1 is e^10 to one

ANNA, BEN, CLARA = np.eye(8, dtype=np.float32)[:3]
VAGUE = np.array([0.59, 0, 0, 0.8074, 0, 0, 0, 0], np.float32)  # e^1.8 to one that it is Anna: 86 % of two strangers


@pytest.fixture
def people(workspace: Workspace) -> Participants:
    participants = Participants(workspace)
    participants.calibrate(ENCODER, SURE)
    return participants


def keep(
    people: Participants,
    seed: int,
    *voices: np.ndarray,
    case: str | None = "Demo",
    models: dict[str, Any] = MODELS,
    seconds: float = 30.0,
    identity: IdentityConfig | None = None,
) -> Session:
    """Store a session whose speakers have these voices and no names."""
    nobody, date = (None,) * len(voices), datetime.date(2026, 3, 1 + seed)
    session = make_session(seed=seed, case=case, date=date, participants=nobody, roles=nobody)
    speakers = speakers_table([{"label": f"SPEAKER_{row:02d}", "talk_time": seconds} for row in range(len(voices))])
    arrays = replace(session.arrays, speaker_embeddings=np.stack(voices).astype(np.float32))
    analysis = Analysis(models, f"{seed}", f"{seed}")
    return people.workspace.save(replace(session, speakers=speakers, arrays=arrays), None, analysis, identity=identity)


def who(people: Participants, session: Session) -> list[str | None]:
    return people.workspace.session(session.id).speakers["participant"].tolist()


def test_the_voices_of_later_sessions_are_recognised(people: Participants) -> None:
    first = keep(people, 0, ANNA, BEN)
    people.workspace.assign(first.id, {"SPEAKER_00": ("Anna", "client"), "SPEAKER_01": ("Ben", "counsellor")})
    found = keep(people, 1, BEN, ANNA)
    assert found.speakers["participant"].tolist() == ["Ben", "Anna"]
    assert found.speakers["role"].tolist() == ["counsellor", "client"]
    match = found.speakers["match"][0]
    assert (match["participant"], match["confirmed"]) == ("Ben", False)
    assert 0.99 < match["probability"] < 1
    assert found.who_is("SPEAKER_00") == "Ben (voice, 99 %)"
    assert any("Known by voice alone: SPEAKER_00 = Ben, 99 %; SPEAKER_01 = Anna" in note for note in found.notes)


def test_a_stranger_stays_unknown(people: Participants) -> None:
    people.workspace.assign(keep(people, 0, ANNA, BEN).id, {"SPEAKER_00": ("Anna", None)})
    found = keep(people, 1, CLARA, ANNA)
    assert found.speakers["participant"].tolist() == [None, "Anna"]
    assert found.speakers["match"].tolist()[0] is None


def test_naming_somebody_recognises_them_in_sessions_that_are_there_already(people: Participants) -> None:
    sessions = [keep(people, seed, ANNA, BEN) for seed in range(3)]
    changed = people.workspace.assign(sessions[1].id, {"SPEAKER_00": ("Anna", "client")})
    assert [each.id for each in changed] == [sessions[1].id, sessions[0].id, sessions[2].id]
    assert [who(people, each) for each in sessions] == [["Anna", None]] * 3


def test_one_participant_is_one_speaker(people: Participants) -> None:
    people.workspace.assign(keep(people, 0, ANNA).id, {"SPEAKER_00": ("Anna", None)})
    near = np.array([0.8, 0.0, 0.6, 0, 0, 0, 0, 0])
    assert who(people, keep(people, 1, near, ANNA)) == [None, "Anna"]


def test_whom_a_person_named_no_voice_renames(people: Participants) -> None:
    people.workspace.assign(keep(people, 0, ANNA, BEN).id, {"SPEAKER_00": ("Anna", None), "SPEAKER_01": ("Ben", None)})
    second = keep(people, 1, ANNA, BEN)
    people.workspace.assign(second.id, {"SPEAKER_00": ("Clara", None)})
    assert who(people, second) == ["Clara", "Ben"]
    third = keep(people, 2, ANNA)  # the voice is Anna's as much as Clara's now, so neither is sure
    assert third.speakers["participant"].tolist() == [None]


def test_what_is_too_unsure_to_count_is_a_suggestion(people: Participants) -> None:
    people.workspace.assign(keep(people, 0, ANNA).id, {"SPEAKER_00": ("Anna", "client")})
    found = keep(people, 1, VAGUE)
    assert (found.speakers["participant"].tolist(), found.speakers["role"].tolist()) == ([None], [None])
    assert found.who_is("SPEAKER_00") == "perhaps Anna (voice, 85 %)"
    assert found.shown_name("SPEAKER_00") == "SPEAKER_00"
    people.confirm(found.id)
    assert people.workspace.session(found.id).speakers["match"].tolist() == [
        {"participant": "Anna", "probability": None, "confirmed": True}
    ]
    assert people.show("Anna").role == "client"


def test_a_match_that_was_taken_back_does_not_return(people: Participants) -> None:
    first = keep(people, 0, ANNA, BEN)
    people.workspace.assign(first.id, {"SPEAKER_00": ("Anna", None), "SPEAKER_01": ("Ben", None)})
    second = keep(people, 1, ANNA, BEN)
    people.unmatch(second.id, "SPEAKER_00")
    assert who(people, second) == [None, "Ben"]
    people.workspace.assign(first.id, {"SPEAKER_01": ("Ben", "other")})
    second = people.workspace.refile(second.id, date=datetime.date(2026, 5, 1))
    assert who(people, second) == [None, "Ben"]
    people.workspace.assign(second.id, {"SPEAKER_00": ("Anna", None)})  # and may be said again by a person
    assert who(people, second) == ["Anna", "Ben"]
    with pytest.raises(WorkspaceError, match="SPEAKER_00 is nobody yet, so there is nothing to take back"):
        people.unmatch(keep(people, 3, CLARA).id, "SPEAKER_00")


def test_a_name_that_a_person_takes_back_is_not_given_again_by_the_voice(people: Participants) -> None:
    sessions = [keep(people, seed, ANNA) for seed in range(2)]
    for each in sessions:
        people.workspace.assign(each.id, {"SPEAKER_00": ("Anna", None)})
    people.workspace.assign(sessions[1].id, {"SPEAKER_00": (None, None)})
    assert who(people, sessions[1]) == [None]


def test_voices_of_another_encoder_are_not_compared_and_that_is_said(people: Participants) -> None:
    people.workspace.assign(keep(people, 0, ANNA).id, {"SPEAKER_00": ("Anna", None)})
    found = keep(people, 1, ANNA, models=OTHER_EAR)
    assert found.speakers["participant"].tolist() == [None]
    assert any(
        note.startswith("Voices heard by ear are not compared with those of this session") for note in found.notes
    )


def test_an_encoder_nobody_measured_suggests_and_decides_nothing(workspace: Workspace) -> None:
    people = Participants(workspace)
    workspace.assign(keep(people, 0, ANNA).id, {"SPEAKER_00": ("Anna", None)})
    second = keep(people, 1, ANNA)
    assert second.speakers["participant"].tolist() == [None]
    assert second.speakers["match"][0]["participant"] == "Anna"
    assert [each.id for each in people.calibrate(ENCODER, SURE)] == [second.id]
    assert who(people, second) == ["Anna"]


def test_too_little_speech_is_not_matched(people: Participants) -> None:
    people.workspace.assign(keep(people, 0, ANNA).id, {"SPEAKER_00": ("Anna", None)})
    assert who(people, keep(people, 1, ANNA, seconds=2.9)) == [None]


def test_matching_can_be_turned_off_and_on_for_a_case(people: Participants) -> None:
    people.workspace.assign(keep(people, 0, ANNA).id, {"SPEAKER_00": ("Anna", None)})
    second = keep(people, 1, ANNA)
    third = keep(people, 2, ANNA, identity=IdentityConfig(enabled=False))
    assert [who(people, each) for each in (second, third)] == [[None], [None]]
    people.workspace.assign(third.id, {"SPEAKER_00": ("Anna", None)})
    assert who(people, second) == [None]
    assert [each.id for each in people.workspace.match_again("Demo", IdentityConfig())] == [second.id]


def test_enrolled_voices_are_recognised(people: Participants) -> None:
    session = keep(people, 0, ANNA, BEN)
    heard = HeardVoice("anna.wav", Voice(ANNA, 12.0), ENCODER)
    assert [each.id for each in people.enroll("Anna", [heard], role="client")] == [session.id]
    assert who(people, session) == ["Anna", None]
    assert people.show("Anna").to_json()["enrolments"] == [{"source": "anna.wav", "seconds": 12.0, "encoder": "ear"}]
    assert people.workspace.session(session.id).speakers["role"].tolist() == ["client", None]


def test_somebody_can_be_enrolled_before_the_case_has_sessions(people: Participants) -> None:
    people.enroll("Anna", [HeardVoice("anna.wav", Voice(ANNA, 12.0), ENCODER)], case="New", role="client")
    assert [(each.name, each.case, each.confirmed) for each in people.all()] == [("Anna", "New", 0)]
    assert people.workspace.cases() == []
    found = keep(people, 0, ANNA, case="New")
    assert found.speakers["participant"].tolist() == ["Anna"]
    assert people.workspace.pinned("New") == MODELS
    people.workspace.delete(found.id)
    assert [each.name for each in people.all()] == ["Anna"]


def test_enrolling_needs_to_know_the_case(people: Participants) -> None:
    heard = [HeardVoice("anna.wav", Voice(ANNA, 12.0), ENCODER)]
    with pytest.raises(WorkspaceError, match="the workspace has none yet; say which one with --case"):
        people.enroll("Anna", heard)
    for seed, case in enumerate(("A", "B")):
        keep(people, seed, ANNA, case=case)
    with pytest.raises(WorkspaceError, match="there are A, B; say which one with --case"):
        people.enroll("Anna", heard)


def test_one_name_in_two_cases_is_two_people(people: Participants) -> None:
    for seed, (case, voice) in enumerate((("A", ANNA), ("B", BEN))):
        people.workspace.assign(keep(people, seed, voice, case=case).id, {"SPEAKER_00": ("Kim", None)})
    assert who(people, keep(people, 2, ANNA, case="B")) == [None]
    assert who(people, keep(people, 3, BEN, case="B")) == ["Kim"]
    with pytest.raises(
        WorkspaceError, match=r"2 participants are called 'Kim': in the case A; in the case B; say which"
    ):
        people.show("Kim")
    people.rename("Kim", "Kim B", case="B")
    assert [(each.name, each.case) for each in people.all()] == [("Kim", "A"), ("Kim B", "B")]


@pytest.mark.parametrize("name", ["Zoë O'Brien; DROP TABLE participants", "李 小龙", "a:b=c/\\%_*", "🙂"])
def test_names_of_any_letters_go_through_everything(people: Participants, name: str) -> None:
    session = keep(people, 0, ANNA)
    people.workspace.assign(session.id, {"SPEAKER_00": (name, None)})
    assert who(people, keep(people, 1, ANNA)) == [name]
    people.rename(name, f"{name}2")
    assert who(people, session) == [f"{name}2"]
    people.forget(f"{name}2")
    assert people.all() == []


def test_merging_makes_two_one(people: Participants) -> None:
    sessions = [keep(people, seed, ANNA) for seed in range(2)]
    for session, name in zip(sessions, ("Anna", "Ana"), strict=True):
        people.workspace.assign(session.id, {"SPEAKER_00": (name, None)})
    people.merge("Anna", ["Ana"])
    assert [who(people, each) for each in sessions] == [["Anna"], ["Anna"]]
    assert [(each.name, each.confirmed) for each in people.all()] == [("Anna", 2)]


def test_two_who_speak_together_are_not_merged(people: Participants) -> None:
    session = keep(people, 0, ANNA, BEN)
    people.workspace.assign(session.id, {"SPEAKER_00": ("Anna", None), "SPEAKER_01": ("Ben", None)})
    with pytest.raises(WorkspaceError, match="both speak there, and Anna cannot be two speakers of a session"):
        people.merge("Anna", ["Ben"])
    assert who(people, session) == ["Anna", "Ben"]


def test_splitting_takes_sessions_out_of_a_participant(people: Participants) -> None:
    sessions = [keep(people, seed, voice) for seed, voice in enumerate((ANNA, BEN, BEN))]
    for each in sessions[:2]:
        people.workspace.assign(each.id, {"SPEAKER_00": ("Anna", None)})
    people.split("Anna", "Ben", [(sessions[1].id, None)])
    assert [who(people, each) for each in sessions] == [["Anna"], ["Ben"], ["Ben"]]
    with pytest.raises(WorkspaceError, match="nobody is Anna there; nothing was changed"):
        people.split("Anna", "Ben", [(sessions[2].id, None)])


@pytest.mark.local
def test_forgetting_leaves_neither_name_nor_voice_in_any_file(people: Participants) -> None:
    random = np.random.default_rng(5)
    voice, enrolled = random.normal(size=(2, 8)).astype(np.float32)
    first = keep(people, 0, voice, BEN)
    people.workspace.assign(first.id, {"SPEAKER_00": ("Zerubbabel", None), "SPEAKER_01": ("Ben", None)})
    people.enroll("Zerubbabel", [HeardVoice("z.wav", Voice(enrolled, 9.0), ENCODER)])
    second = keep(people, 1, voice, BEN)
    secrets = [b"Zerubbabel", voice.tobytes(), enrolled.tobytes()]
    assert all(_holds(people.workspace.path, each) for each in secrets)
    changed = people.forget("Zerubbabel")
    assert {each.id for each in changed.changed} == {first.id, second.id}
    assert not any(_holds(people.workspace.path, each) for each in secrets)
    assert who(people, first) == ["Ben"]
    assert who(people, second) == ["Ben"]
    assert people.workspace.check() == []
    assert len(people.workspace.session(first.id).turns) == 6


def _holds(folder: Path, secret: bytes) -> bool:
    return any(secret in path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_everybody_of_a_name_can_be_forgotten_at_once(people: Participants) -> None:
    for seed, case in enumerate(("A", "B", None)):
        people.workspace.assign(keep(people, seed, ANNA, case=case).id, {"SPEAKER_00": ("Kim", None)})
    people.forget("Kim", everywhere=True)
    assert people.all() == []


def test_a_misspelt_name_is_said(people: Participants) -> None:
    people.workspace.assign(keep(people, 0, ANNA).id, {"SPEAKER_00": ("Anna", None)})
    with pytest.raises(WorkspaceError, match="no participant is called 'Ana', did you mean 'Anna'"):
        people.show("Ana")
    with pytest.raises(WorkspaceError, match="a participant called Anna already"):
        people.workspace.assign(keep(people, 1, BEN).id, {"SPEAKER_00": ("Ben", None)})
        people.rename("Ben", "Anna")


def test_deleting_the_session_a_voice_was_known_from_takes_its_matches_back(people: Participants) -> None:
    first, second = keep(people, 0, ANNA), keep(people, 1, ANNA)
    people.workspace.assign(first.id, {"SPEAKER_00": ("Anna", None)})
    people.workspace.delete(first.id)
    assert who(people, second) == [None]
    assert people.all() == []


def test_what_earlier_programs_stored_was_said_by_persons(tmp_path: Path) -> None:
    """A workspace of the first tables, as they were, is brought up to date without loss."""
    from alembic import command

    from pipeline.store.database import Database, alembic_config

    workspace = Workspace(tmp_path / "old")
    session = workspace.save(make_session(), None, Analysis(MODELS))
    with Database(workspace.path / "workspace.db").writing() as connection:
        config = alembic_config()
        config.attributes["connection"] = connection
        command.downgrade(config, "0001_initial")
    with sqlite3.connect(workspace.path / "workspace.db") as raw:
        columns = [row[1] for row in raw.execute("PRAGMA table_info(speakers)")]
        assert columns == ["session_id", "position", "label", "participant_id", "role", "talk_time"]
    again = Workspace(tmp_path / "old").session(session.id)
    assert again.speakers.to_dict("records") == session.speakers.to_dict("records")
    assert again.speakers["match"][0] == {"participant": "Anna", "probability": None, "confirmed": True}
    assert len(again.turns) == 12


def test_a_voice_lifts_no_mask_until_a_person_confirms_it(people: Participants) -> None:
    people.workspace.assign(keep(people, 0, ANNA).id, {"SPEAKER_00": ("Anna", "client")})
    people.workspace.mask(["agent"], case="Demo")
    second = keep(people, 1, ANNA)
    assert second.speakers["role"].tolist() == ["client"]
    assert people.workspace.said_roles(second.id) == {"SPEAKER_00": None}
    assert not second.turns["scored"].any()
    people.confirm(second.id)
    assert people.workspace.said_roles(second.id) == {"SPEAKER_00": "client"}


def test_refiling_confirms_no_match(people: Participants) -> None:
    people.workspace.assign(keep(people, 0, ANNA).id, {"SPEAKER_00": ("Anna", "client")})
    moved = people.workspace.refile(keep(people, 1, ANNA).id, date=datetime.date(2026, 5, 1))
    assert moved.speakers["match"][0]["confirmed"] is False
    assert moved.speakers["participant"].tolist() == ["Anna"]
