"""What a person says of turns counts everywhere, and the machine's answer stays beside it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diarization.errors import WorkspaceError
from pipeline.corrections import Corrections
from pipeline.reviews import reviewed
from pipeline.store.loading import Analysis
from pipeline.workspace import Workspace
from tests.sessions import make_session

ID = "000000000000"


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    own = Workspace(tmp_path / "workspace")
    own.save(make_session(8))
    return own


@pytest.fixture
def corrections(workspace: Workspace) -> Corrections:
    return Corrections(workspace)


def test_an_emotion_that_a_person_gives_has_all_the_probability(workspace: Workspace, corrections: Corrections) -> None:
    before = workspace.session(ID)
    after = corrections.answer(ID, [2], emotion="happy")
    row = after.turns.loc[2]
    assert (row["emotion"], row["confidence"], row["score_happy"], row["score_sad"]) == ("happy", 1.0, 1.0, 0.0)
    assert row["valence"] == pytest.approx(after.scheme.norm_of("happy")[0])  # type: ignore[index]
    assert after.reviews[2].emotion == before.turns.at[2, "emotion"]
    assert after.reviews[2].confidence == before.turns.at[2, "confidence"]
    others = [turn for turn in after.turns.index if turn != 2]
    assert after.turns.loc[others].equals(before.turns.loc[others])


def test_a_turn_given_to_another_speaker_takes_its_time_along(workspace: Workspace, corrections: Corrections) -> None:
    before = workspace.session(ID)  # turns of 3 s, that of row 3 of 0.3 s
    after = corrections.answer(ID, [0], speaker="SPEAKER_01")
    assert after.turns["speaker"].tolist()[:3] == ["SPEAKER_01", "SPEAKER_01", "SPEAKER_00"]
    assert after.segments["speaker"].tolist()[:3] == ["SPEAKER_01", "SPEAKER_01", "SPEAKER_00"]
    assert after.speakers["talk_time"].tolist() == pytest.approx([9.0, 12.3])
    assert after.reviews[0].speaker == "SPEAKER_00"
    assert workspace.session(ID, corrected=False).turns.equals(before.turns)


def test_all_turns_of_a_speaker_become_anothers_in_one_step(corrections: Corrections) -> None:
    after = corrections.answer_all_alike(ID, "SPEAKER_00", "SPEAKER_01")
    assert set(after.turns["speaker"]) == {"SPEAKER_01"}
    assert after.speakers["talk_time"].tolist()[0] == 0.0
    assert corrections.undo(ID).reviews == {}


def test_to_confirm_the_machine_is_an_answer_too(workspace: Workspace, corrections: Corrections) -> None:
    said = workspace.session(ID).turns.at[1, "emotion"]
    after = corrections.answer(ID, [1], speaker="SPEAKER_01", emotion=said)
    assert after.reviews[1].fields == ("speaker", "emotion")
    assert after.to_json()["turns"][1]["reviewed"] == ["speaker", "emotion"]
    assert after.to_json()["turns"][1]["machine"]["emotion"] == said


def test_the_same_answer_again_is_no_step(corrections: Corrections) -> None:
    corrections.answer(ID, [2], emotion="happy")
    corrections.answer(ID, [2], emotion="happy")
    assert corrections.steps(ID).to_json() == {"done": 1, "undone": 0}


def test_what_was_taken_back_is_gone_after_a_new_answer(corrections: Corrections) -> None:
    corrections.answer(ID, [2], emotion="happy")
    corrections.undo(ID)
    corrections.answer(ID, [4], emotion="sad")
    with pytest.raises(WorkspaceError, match="no correction was taken back"):
        corrections.redo(ID)


def test_nothing_to_take_back_is_said(corrections: Corrections) -> None:
    with pytest.raises(WorkspaceError, match="there is no correction to take back"):
        corrections.undo(ID)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from([0, 1, 2, 4]), st.sampled_from(["happy", "sad", "undo", "redo"])), max_size=8)
)
def test_undo_and_redo_are_those_of_a_list_of_states(
    tmp_path_factory: pytest.TempPathFactory, acts: list[tuple[int, str]]
) -> None:
    own = Workspace(tmp_path_factory.mktemp("undo") / "workspace")
    own.save(make_session(5))
    corrections, states, place = Corrections(own), [{}], 0
    for turn, act in acts:
        if act == "undo":
            if place > 0:
                corrections.undo(ID)
                place -= 1
        elif act == "redo":
            if place < len(states) - 1:
                corrections.redo(ID)
                place += 1
        elif states[place].get(turn) != act:
            corrections.answer(ID, [turn], emotion=act)
            states = [*states[: place + 1], {**states[place], turn: act}]
            place += 1
    found = own.session(ID)
    assert {turn: found.turns.at[turn, "emotion"] for turn in found.reviews} == states[place]
    assert corrections.steps(ID).to_json() == {"done": place, "undone": len(states) - 1 - place}


@pytest.mark.parametrize(
    ("turns", "speaker", "emotion", "why"),
    [
        ([9], None, "sad", "has no turn 9; its turns are 0 to 7"),
        ([0], "SPEAKER_07", None, "has no speaker 'SPEAKER_07'; it has SPEAKER_00, SPEAKER_01"),
        ([0], None, "cross", "'cross' is no label here; known are angry, happy, neutral, sad"),
        ([0], None, "uncertain", "uncertain is what the machine says"),
        ([3], None, "sad", "turn 3 is not scored, so it has no emotion to correct"),
        ([], None, "sad", "needs turns"),
        ([0], None, None, "needs turns, and a speaker or an emotion"),
    ],
)
def test_what_cannot_be_is_refused(
    corrections: Corrections, turns: list[int], speaker: str | None, emotion: str | None, why: str
) -> None:
    with pytest.raises(WorkspaceError, match=why):
        corrections.answer(ID, turns, speaker, emotion)
    assert corrections.steps(ID).done == 0


def test_masked_speakers_are_refused_also_as_whom_a_turn_goes_to(
    workspace: Workspace, corrections: Corrections
) -> None:
    workspace.mask(["counsellor"], session=ID)
    with pytest.raises(WorkspaceError, match="turns of SPEAKER_01 cannot be corrected; masked: the role counsellor"):
        corrections.answer(ID, [1], emotion="sad")
    with pytest.raises(WorkspaceError, match="SPEAKER_01 cannot be corrected"):
        corrections.answer(ID, [0], speaker="SPEAKER_01")
    with pytest.raises(WorkspaceError, match="SPEAKER_01 cannot be corrected"):
        corrections.answer(ID, [1], speaker="SPEAKER_00")


def test_a_mask_removes_what_a_person_said_of_whom_it_hides(workspace: Workspace, corrections: Corrections) -> None:
    corrections.answer(ID, [1], emotion="sad")
    corrections.answer(ID, [5], emotion="happy")
    corrections.undo(ID)  # also what could be put again
    corrections.answer(ID, [0], speaker="SPEAKER_01")
    workspace.mask(["counsellor"], session=ID)
    after = workspace.session(ID)
    hidden = after.turns[after.turns["speaker"] == "SPEAKER_01"]
    assert set(hidden.index) == {0, 1, 3, 5, 7}
    assert not hidden["scored"].any() and hidden["emotion"].isna().all()
    assert not after.turns.at[0, "scored"]  # the machine's scores of a turn that a person gave to them
    assert np.isnan(after.arrays.embeddings[0]).all()
    with pytest.raises(WorkspaceError):
        Corrections(workspace).redo(ID)


def test_corrections_outlast_a_new_analysis_that_finds_the_same_turns(
    workspace: Workspace, corrections: Corrections
) -> None:
    corrections.answer(ID, [2], speaker="SPEAKER_01", emotion="happy")
    again = workspace.save(make_session(8), analysis=Analysis())
    assert again.turns.at[2, "emotion"] == "happy"
    assert again.turns.at[2, "speaker"] == "SPEAKER_01"
    assert not [note for note in again.notes if "corrected" in note]


def test_corrections_of_turns_that_are_found_elsewhere_are_said_to_be_gone(
    workspace: Workspace, corrections: Corrections
) -> None:
    corrections.answer(ID, [7], emotion="happy")
    fewer = workspace.save(make_session(6))
    assert any("the correction is gone" in note for note in fewer.notes)
    assert fewer.reviews == {}


def test_another_case_takes_corrections_along(workspace: Workspace, corrections: Corrections) -> None:
    corrections.answer(ID, [2], emotion="happy")
    moved = workspace.refile(ID, case="Other")
    assert (moved.id != ID, moved.turns.at[2, "emotion"], moved.reviews[2].fields) == (True, "happy", ("emotion",))
    assert workspace.session(moved.id, corrected=False).turns.at[2, "emotion"] == make_session(8).turns.at[2, "emotion"]


def test_lists_draw_the_corrected_courses(workspace: Workspace, corrections: Corrections) -> None:
    before = workspace.courses([ID])[ID]
    corrections.answer_all_alike(ID, "SPEAKER_01", "SPEAKER_00")
    after = workspace.courses([ID])[ID]
    assert sorted(before) == ["SPEAKER_00", "SPEAKER_01"]
    assert sorted(after) == ["SPEAKER_00"]
    corrections.undo(ID)
    assert workspace.courses([ID])[ID] == before


def test_answers_without_turns_change_nothing() -> None:
    session = make_session(4)
    assert reviewed(session, {}) is session
    assert reviewed(session, {9: {"emotion": "sad"}}) is session
