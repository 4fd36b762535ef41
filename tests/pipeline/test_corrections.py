"""What a person says of turns counts everywhere, and the machine's answer stays beside it."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from diarization.errors import WorkspaceError
from emotion.readout import UNCERTAIN
from pipeline.access.visitors import Visitor, visiting
from pipeline.corrections import SURE, Corrections, ReviewCount, ReviewQueue
from pipeline.reviews import reviewed
from pipeline.store.corrections import doubtful_turns
from pipeline.store.loading import Analysis
from pipeline.store.models import DOUBTFUL, TURNS
from pipeline.workspace import Workspace
from tests.sessions import make_session, said

ID = "000000000000"


@pytest.fixture
def workspace(workspace: Workspace) -> Workspace:
    own = workspace
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


@settings(max_examples=15, deadline=None)
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
    assert reviewed(session, []) is session
    assert reviewed(session, said({9: {"emotion": "sad"}})) is session


def test_a_split_turn_has_two_halves_scored_from_its_frames(workspace: Workspace, corrections: Corrections) -> None:
    session = make_session(8)  # turn 2 lasts from 7 to 10 s, its six frames stand 0.5 s apart
    frames = session.arrays.frame_scores.copy()
    rows = slice(*session.arrays.frame_offsets[2:4])
    frames[rows] = [[0.9, 0.0, 0.1, 0.0]] * 3 + [[0.1, 0.0, 0.9, 0.0]] * 3
    workspace.save(replace(session, arrays=replace(session.arrays, frame_scores=frames)))
    before = workspace.session(ID)
    after = corrections.split(ID, 2, 8.5)
    assert after.turns[["start", "end"]].loc[[2, 3]].to_numpy().tolist() == [[7.0, 8.5], [8.5, 10.0]]
    assert len(after.turns) == 9
    assert after.turns["speaker"].tolist()[1:5] == ["SPEAKER_01", "SPEAKER_00", "SPEAKER_00", "SPEAKER_01"]
    scores = after.turns[after.score_columns].to_numpy()
    assert scores[[2, 3]].sum(axis=1) == pytest.approx([1, 1])
    assert scores[2, 0] > before.turns.at[2, "score_angry"] > scores[3, 0]
    assert scores[3, 2] > before.turns.at[2, "score_neutral"] > scores[2, 2]
    assert [len(after.frames_of(turn)[0]) for turn in range(5)] == [6, 6, 3, 3, 0]
    assert np.isnan(after.arrays.embeddings[[2, 3]]).all()
    assert np.array_equal(after.arrays.embeddings[5:], before.arrays.embeddings[4:])
    assert after.reviews[2].spans == ((7.0, 10.0),)
    assert after.reviews[2].fields == after.reviews[3].fields == ("split",)
    assert workspace.session(ID, corrected=False).turns.equals(before.turns)
    assert corrections.undo(ID).turns.equals(before.turns)


def test_halves_of_frames_that_are_all_alike_have_the_scores_of_the_whole(
    workspace: Workspace, corrections: Corrections
) -> None:
    before = workspace.session(ID)
    after = corrections.split(ID, 4, 15.2)
    whole = before.turns.loc[4, before.score_columns].to_numpy(float)
    assert after.turns.loc[4, after.score_columns].to_numpy(float) == pytest.approx(whole, abs=1e-5)
    assert after.turns.at[4, "emotion"] == after.turns.at[5, "emotion"] == before.turns.at[4, "emotion"]


def test_a_half_goes_to_another_speaker_with_its_time(corrections: Corrections) -> None:
    corrections.split(ID, 0, 1.0)
    after = corrections.answer(ID, [1], speaker="SPEAKER_01")
    assert after.speakers["talk_time"].tolist() == pytest.approx([10.0, 11.3])
    assert list(after.segments.itertuples(index=False, name=None))[:2] == [
        (0.0, 1.0, "SPEAKER_00"),
        (1.0, 3.0, "SPEAKER_01"),
    ]
    assert (after.reviews[1].speaker, after.reviews[1].fields) == ("SPEAKER_00", ("speaker", "split"))


def test_a_half_that_is_too_short_is_not_scored(corrections: Corrections) -> None:
    after = corrections.split(ID, 0, 0.3)
    assert (after.turns.at[0, "scored"], after.turns.at[1, "scored"]) == (False, True)
    assert after.turns.at[0, "reason"] == "0.30 s of clean speech; at least 0.5 s are needed"


def test_joined_turns_have_the_mean_of_both_by_time(workspace: Workspace, corrections: Corrections) -> None:
    corrections.answer(ID, [1], speaker="SPEAKER_00")
    before = workspace.session(ID)
    after = corrections.join(ID, 0)  # 0 to 3 and 3.5 to 6.5 s
    assert (after.turns.at[0, "start"], after.turns.at[0, "end"], len(after.turns)) == (0.0, 6.5, 7)
    means = before.turns.loc[[0, 1], before.score_columns].to_numpy(float).mean(axis=0)
    assert after.turns.loc[0, after.score_columns].to_numpy(float) == pytest.approx(means)
    assert after.arrays.embeddings[0] == pytest.approx(before.arrays.embeddings[:2].mean(axis=0), abs=1e-6)
    assert len(after.frames_of(0)[0]) == 12
    assert after.reviews[0].spans == ((0.0, 3.0), (3.5, 6.5))
    assert after.speakers["talk_time"].tolist() == before.speakers["talk_time"].tolist()


def test_others_may_speak_between_turns_that_are_joined(corrections: Corrections) -> None:
    after = corrections.join(ID, 0)
    assert after.turns.loc[[0, 1], "start"].tolist() == [0.0, 3.5]
    assert after.turns["speaker"].tolist()[:3] == ["SPEAKER_00", "SPEAKER_01", "SPEAKER_01"]


def test_a_turn_that_was_split_and_joined_again_is_the_machines(workspace: Workspace, corrections: Corrections) -> None:
    before = workspace.session(ID)
    corrections.split(ID, 2, 8.0)
    after = corrections.join(ID, 2)
    columns = ["start", "end", "speaker", "emotion", "confidence", *before.score_columns]
    assert after.turns[columns].iloc[2].tolist() == pytest.approx(before.turns[columns].iloc[2].tolist())


@settings(max_examples=12, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(["split", "join", "happy", "speaker", "undo", "redo"]), st.integers(0, 4)), max_size=9
    )
)
def test_any_steps_keep_the_turns_in_order_and_undo_to_the_machines(
    tmp_path_factory: pytest.TempPathFactory, acts: list[tuple[str, int]]
) -> None:
    own = Workspace(tmp_path_factory.mktemp("cuts") / "workspace")
    own.save(make_session(5))
    machine, corrections = own.session(ID), Corrections(own)
    for act, turn in acts:
        session = own.session(ID)
        with suppress(WorkspaceError):
            if act == "split":
                middle = session.turns[["start", "end"]].mean(axis=1).get(turn, 0.0)  # joining leaves fewer turns
                corrections.split(ID, turn, float(middle))
            elif act == "join":
                corrections.join(ID, turn)
            elif act == "undo":
                corrections.undo(ID)
            elif act == "redo":
                corrections.redo(ID)
            else:
                corrections.answer(
                    ID, [turn], **({"emotion": "happy"} if act == "happy" else {"speaker": "SPEAKER_01"})
                )
        after = own.session(ID)
        starts = after.turns["start"].tolist()
        assert starts == sorted(starts)
        assert after.turns[after.turns["scored"]][after.score_columns].sum(axis=1).to_numpy() == pytest.approx(1)
        assert len(after.arrays.frame_offsets) == len(after.turns) + 1 == len(after.arrays.embeddings) + 1
        assert len(after.turns) == own.sessions()[0].num_turns
        assert (after.segments["end"] - after.segments["start"]).sum() == pytest.approx(12.3)
    while corrections.steps(ID).done:
        corrections.undo(ID)
    assert own.session(ID).turns.equals(machine.turns)


def test_cuts_that_cannot_be_are_refused(workspace: Workspace, corrections: Corrections) -> None:
    with pytest.raises(WorkspaceError, match=r"turn 0 lasts from 0.00 to 3.00 s and cannot be split at 3.50 s"):
        corrections.split(ID, 0, 3.5)
    with pytest.raises(WorkspaceError, match="has no turn 9"):
        corrections.split(ID, 9, 3.5)
    with pytest.raises(WorkspaceError, match="after turn 7 there is no other of SPEAKER_01 to join"):
        corrections.join(ID, 7)
    workspace.mask(["counsellor"], session=ID)
    with pytest.raises(WorkspaceError, match="turns of SPEAKER_01 cannot be corrected; masked"):
        corrections.split(ID, 1, 5.0)
    assert corrections.steps(ID).done == 0


def test_a_mask_hides_both_halves_and_what_was_said_of_them(workspace: Workspace, corrections: Corrections) -> None:
    corrections.split(ID, 1, 5.0)
    corrections.answer(ID, [2], emotion="sad")
    corrections.split(ID, 0, 1.0)
    corrections.answer(ID, [1], speaker="SPEAKER_01")  # half of a turn of somebody who is not masked
    workspace.mask(["counsellor"], session=ID)
    after = workspace.session(ID)
    assert not after.turns.loc[[0, 1, 2, 3], "scored"].any()  # the machine scored turn 0 as one
    assert all(review.emotion is None for turn, review in after.reviews.items() if turn <= 3)


def test_cuts_outlast_a_new_analysis_that_finds_the_same_turns(workspace: Workspace, corrections: Corrections) -> None:
    corrections.split(ID, 2, 8.5)
    corrections.answer(ID, [3], emotion="happy")
    again = workspace.save(make_session(8), analysis=Analysis())
    assert (len(again.turns), again.turns.at[3, "emotion"]) == (9, "happy")
    fewer = workspace.save(make_session(6))
    assert len(fewer.turns) == 6
    assert any("are not found in the same place any more" in note for note in fewer.notes)


def test_what_there_is_to_review_counts_the_turns_as_they_are_now(corrections: Corrections) -> None:
    before = corrections.queue(9, 1.1).counts[ID]
    corrections.split(ID, 2, 8.5)
    after = corrections.queue(9, 1.1).counts[ID]
    assert (before.unsure, before.reviewed, after.unsure, after.reviewed) == (8, 0, 9, 0)


def test_the_queue_has_the_sessions_with_most_to_look_at_and_counts_all(tmp_path: Path) -> None:
    own = Workspace(tmp_path / "own")
    for seed, turns in enumerate((4, 12, 8, 6)):
        own.save(make_session(turns, seed=seed, case="Ash" if seed == 3 else "Demo"))
    corrections, ids = Corrections(own), [f"{seed:012x}" for seed in range(4)]
    own.mask(["counsellor"], case="Ash")  # of whom every other turn is
    queue = corrections.queue(2, 1.1)
    assert list(queue.counts.items()) == [(ids[1], ReviewCount(12, 0)), (ids[2], ReviewCount(8, 0))]
    assert (queue.sessions, queue.unsure, queue.reviewed) == (4, 4 + 12 + 8 + 3, 0)
    corrections.answer(ids[1], [0, 1, 2, 4, 5], speaker="SPEAKER_00")
    queue = corrections.queue(2, 1.1)
    assert list(queue.counts.items()) == [(ids[2], ReviewCount(8, 0)), (ids[1], ReviewCount(7, 5))]
    assert (queue.unsure, queue.reviewed) == (4 + 7 + 8 + 3, 5)
    corrections.undo(ids[1])
    assert corrections.queue(2, 1.1).unsure == 4 + 12 + 8 + 3
    with visiting(Visitor("a", "page", "viewer", frozenset({"Ash"}))):
        queue = corrections.queue(9, 1.1)
    assert (queue.counts, queue.sessions, queue.unsure) == ({ids[3]: ReviewCount(3, 0)}, 1, 3)
    assert Corrections(Workspace(tmp_path / "none")).queue(9) == ReviewQueue({}, 0, 0, 0)


def test_what_there_is_to_review_is_counted_by_its_index(tmp_path: Path) -> None:
    """Or an archive's turns would all be read, each time that the page is opened."""
    own = Workspace(tmp_path / "own")
    own.save(make_session(8))
    with own.reading() as connection:
        assert connection is not None
        asked = select(TURNS.c.session_id, func.count()).where(doubtful_turns(SURE, UNCERTAIN))
        statement = asked.group_by(TURNS.c.session_id).compile(connection)
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}").all()
    assert "ix_turns_doubtful" in str(plan)
    assert str(doubtful_turns(SURE, UNCERTAIN)) == DOUBTFUL
