from __future__ import annotations

import datetime
from dataclasses import replace

import numpy as np
import pytest

from reports.measures import (
    affect,
    case_affect,
    case_shares,
    emotion_shares,
    participants_of,
    smoothed_scores,
    speaker_names,
    talk_time,
    trajectory,
)
from tests.sessions import make_session

from ..tables import NINE, renamed, session_of, turn


def test_talk_time_counts_seconds_turns_and_shares() -> None:
    session = session_of([turn(0, 6), turn(6, 8, "B"), turn(8, 10, reason="too short")])
    assert talk_time(session).to_dict("records") == [
        {"speaker": "A", "name": "A", "role": None, "talk_time": 8.0, "share": 0.8, "num_turns": 2, "num_scored": 1,
         "mean_turn": 4.0},
        {"speaker": "B", "name": "B", "role": None, "talk_time": 2.0, "share": 0.2, "num_turns": 1, "num_scored": 1,
         "mean_turn": 2.0},
    ]  # fmt: skip


def test_talk_time_keeps_a_speaker_without_turns() -> None:
    session = make_session(1)
    assert talk_time(session)["num_turns"].tolist() == [1, 0]
    assert np.isnan(talk_time(session)["mean_turn"].iloc[1])


def test_talk_time_of_an_empty_session_has_its_columns() -> None:
    table = talk_time(session_of([]))
    assert len(table) == 0
    assert "share" in table


def test_emotion_shares_weigh_turns_by_their_duration() -> None:
    glad, sad = {"happy": 1.0}, {"sad": 0.5, "neutral": 0.5}
    shares = emotion_shares(session_of([turn(0, 1, scores=glad), turn(1, 4, scores=sad), turn(4, 9, reason="noise")]))
    assert shares["emotion"].tolist() == ["angry", "happy", "neutral", "sad"]
    assert shares["share"].tolist() == [0.0, 0.25, 0.375, 0.375]
    assert shares["seconds"].tolist() == [0.0, 1.0, 1.5, 1.5]


def test_emotion_shares_leave_out_speakers_without_scored_turns() -> None:
    session = session_of([turn(0, 1), turn(1, 2, "B", reason="too short")])
    assert set(emotion_shares(session)["speaker"]) == {"A"}


def test_affect_is_weighted_by_duration_and_needs_four_turns() -> None:
    rows = [turn(0, 3, valence=0.5), turn(3, 4, valence=-0.5), turn(4, 5, valence=-0.5), turn(5, 6, valence=0.0)]
    table = affect(session_of([*rows, turn(6, 7, "B", valence=0.9)]))
    assert table["valence"].iloc[0] == pytest.approx((1.5 - 0.5 - 0.5) / 6)
    assert np.isnan(table["valence"].iloc[1])
    assert table["num_turns"].tolist() == [4, 1]


def test_a_trajectory_of_equal_turns_is_flat() -> None:
    course = trajectory(session_of([turn(5 * at, 5 * at + 2, valence=0.25) for at in range(8)]), "A")
    assert course["mean"].to_numpy() == pytest.approx(np.full(160, 0.25))
    assert (course["time"].iloc[0], course["time"].iloc[-1]) == (1.0, 36.0)


def test_a_trajectorys_band_widens_where_there_are_no_turns() -> None:
    starts = [0, 4, 8, 12, 16, 84, 88, 92, 96]
    rows = [turn(at, at + 2, valence=(-1) ** index * 0.2) for index, at in enumerate(starts)]
    course = trajectory(session_of(rows, duration=100), "A").set_index("time")
    width = course["high"] - course["low"]
    assert width[(width.index > 45) & (width.index < 55)].min() > 3 * width[width.index < 15].max()
    assert width.max() == 2.0  # nothing is known half way


def test_a_trajectory_stays_finite_hours_away_from_any_turn() -> None:
    starts = [0, 5, 10, 15, 20_000, 20_005]
    rows = [turn(at, at + 2, valence=0.1 * index) for index, at in enumerate(starts)]
    course = trajectory(session_of(rows, duration=20_010), "A")
    assert np.isfinite(course.to_numpy()).all()


def test_a_trajectory_passes_over_turns_whose_valence_is_not_known() -> None:
    rows = [turn(5 * at, 5 * at + 2, valence=0.25) for at in range(5)]
    course = trajectory(session_of([*rows, turn(30, 32, valence=np.nan)]), "A")
    assert course["mean"].to_numpy() == pytest.approx(np.full(160, 0.25))


def test_one_long_turn_does_not_narrow_the_band() -> None:
    rows = [turn(at, at + 1, valence=0.3 * (-1) ** at) for at in range(10)]
    even = trajectory(session_of(rows), "A")
    uneven = trajectory(session_of([*rows[:5], turn(5, 25, valence=-0.3), *rows[6:]]), "A")
    middle = uneven.iloc[80]
    assert middle["high"] - middle["low"] > even.iloc[80]["high"] - even.iloc[80]["low"]


def test_three_turns_are_too_few_for_a_trajectory() -> None:
    assert trajectory(session_of([turn(0, 1), turn(1, 2), turn(2, 3)]), "A").empty
    assert smoothed_scores(session_of([turn(0, 1)]), "A").empty


def test_smoothed_scores_sum_to_one() -> None:
    scores = smoothed_scores(make_session(40, scheme=NINE), "SPEAKER_00").drop(columns="time")
    assert scores.sum(axis=1).to_numpy() == pytest.approx(np.ones(160))


def test_participants_are_those_known_heard_longest_first() -> None:
    first = session_of([turn(0, 2), turn(2, 9, "B")])
    second = renamed(session_of([turn(0, 50), turn(50, 51, "B")]), None, "C")
    assert participants_of([first, second]) == ["B", "A", "C"]


def test_participants_written_as_nan_are_nobody() -> None:
    session = make_session(4)
    speakers = session.speakers.assign(participant=[float("nan"), "Ben"])
    assert participants_of([replace(session, speakers=speakers)]) == ["Ben"]


def test_two_labels_of_one_participant_are_told_apart() -> None:
    assert speaker_names(make_session(4, participants=("Anna", "Anna"))) == {
        "SPEAKER_00": "Anna (1)",
        "SPEAKER_01": "Anna (2)",
    }


def test_case_shares_have_their_intervals_around_them() -> None:
    sessions = [make_session(24, seed=seed, date=datetime.date(2026, 3, 2 + seed)) for seed in range(3)]
    shares = case_shares(sessions, "Anna")
    assert shares["session"].unique().tolist() == [session.id for session in sessions]
    assert (shares["low"] < shares["share"]).all() and (shares["share"] < shares["high"]).all()
    assert (shares["low"] >= 0).all() and (shares["high"] <= 1).all()
    assert shares.groupby("session")["share"].sum().to_numpy() == pytest.approx(np.ones(3))


def test_case_shares_leave_out_sessions_with_few_turns() -> None:
    shares = case_shares([make_session(24), make_session(6, seed=1)], "Anna")
    assert shares["session"].unique().tolist() == [make_session(24).id]


def test_case_shares_of_a_stranger_are_empty() -> None:
    assert case_shares([make_session(24)], "Nobody").empty


def test_case_affect_is_weighted_by_duration() -> None:
    rows = [turn(0, 3, valence=0.5), turn(3, 4, valence=-0.5), turn(4, 5, valence=-0.5), turn(5, 6, valence=0.0)]
    table = case_affect([session_of(rows)], "A")
    assert table["mean"].tolist() == [pytest.approx(0.5 / 6)]
    assert table["low"].item() <= table["mean"].item() <= table["high"].item()


def test_the_band_of_a_trajectory_holds_the_true_course() -> None:
    random = np.random.default_rng(0)
    inside = []
    for phase in random.uniform(0, 6, 15):
        starts, lengths = np.sort(random.uniform(0, 1190, 40)), random.exponential(4, 40) + 0.6
        true = 0.3 * np.sin(2 * np.pi * (starts + lengths / 2) / 1200 + phase)
        values = np.clip(true + 0.25 * random.normal(size=40), -1, 1)
        rows = [turn(at, at + length, valence=value) for at, length, value in zip(starts, lengths, values, strict=True)]
        course = trajectory(session_of(rows, 1200), "A", points=40)
        expected = 0.3 * np.sin(2 * np.pi * course["time"] / 1200 + phase)
        inside.append(((course["low"] <= expected) & (expected <= course["high"])).mean())
    assert 0.95 <= np.mean(inside) <= 1.0
