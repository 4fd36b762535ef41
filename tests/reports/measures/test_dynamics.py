"""The measures of dynamics and coupling, over sessions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from pipeline.sessions import Session
from reports.measures import measure_session
from reports.measures.conversation import Conversation
from reports.measures.coupling import segments_of
from tests.sessions import make_session

from ..tables import session_of, turn


def table(session: Session, name: str) -> pd.DataFrame:
    """The values of one measure over the whole session, by key."""
    found = measure_session(session, [name])
    return found[found["part"] == "session"].set_index("key")


def course(values: list[float], emotion: dict[str, float] | None = None, **known: Any) -> Session:
    """A session of one speaker with turns of 4 s every 10 s."""
    scores = {} if emotion is None else {"scores": emotion}
    rows = [turn(10.0 * at, 10.0 * at + 4, valence=value, **scores, **known) for at, value in enumerate(values)]
    return session_of(rows, 10.0 * len(values))


def dialogue(num_turns: int, answer: float, seed: int) -> Session:
    """Turns of 4 s, B's valence that of A's last turn by the share ``answer``, the rest noise."""
    random = np.random.default_rng(seed)
    rows, last = [], 0.0
    for at in range(num_turns):
        noise = 0.4 * random.normal()
        last = answer * last + (1 - answer) * noise if at % 2 else noise
        rows.append(turn(5.0 * at, 5.0 * at + 4, "AB"[at % 2], valence=float(np.clip(last, -1, 1))))
    return session_of(rows, 5.0 * num_turns)


def test_emotion_shares_weigh_turns_by_their_duration() -> None:
    rows = [turn(0, 1, scores={"happy": 1.0}), *(turn(at, at + 1, scores={"sad": 1.0}) for at in (2, 4, 6))]
    shares = table(session_of(rows), "emotion_share")
    assert shares["value"].to_dict() == {"angry": 0.0, "happy": 0.25, "neutral": 0.0, "sad": 0.75}
    assert (shares["low"] <= shares["value"]).all() and (shares["value"] <= shares["high"]).all()


def test_an_average_has_its_values_by_quarter() -> None:
    found = measure_session(course([-0.5] * 8 + [0.5] * 8), ["affect_mean"])
    by_part = found[found["key"] == "valence"].set_index("part")["value"].to_dict()
    assert by_part == pytest.approx(
        {"session": 0, "quarter 1": -0.5, "quarter 2": -0.5, "quarter 3": 0.5, "quarter 4": 0.5}
    )


def test_spread_and_instability_by_hand() -> None:
    session = course([0.0, 0.4] * 6)
    assert table(session, "affect_deviation").loc["valence", "value"] == pytest.approx(0.2 * np.sqrt(12 / 11))
    assert table(session, "affect_instability").loc["valence", "value"] == pytest.approx(0.16)


def test_variety_is_entropy_over_its_largest() -> None:
    assert table(course([0.0] * 4, {"angry": 0.5, "sad": 0.5}), "emotion_entropy")["value"].item() == pytest.approx(0.5)
    assert table(course([0.0] * 4, {"angry": 1.0}), "emotion_entropy")["value"].item() == 0.0


def test_over_bins_the_scores_over_time_are_averaged() -> None:
    session = make_session(200, unscored=None)
    binned = Conversation(session).binned("SPEAKER_00", "valence")
    first = session.arrays.frame_times[session.arrays.frame_times < 10]
    rows = [row for row in range(len(first)) if row // 6 % 2 == 0]  # six rows a turn, turns alternate
    expected = np.mean([session.scheme.valence_arousal(session.arrays.frame_scores[row])[0] for row in rows])
    assert binned.values[0] == pytest.approx(expected, abs=1e-6)
    assert binned.weights[0] == len(rows)
    assert np.isfinite(table(session, "affect_inertia")["value"]).all()


def test_a_session_without_scores_over_time_has_no_values_over_bins() -> None:
    found = table(course([0.1, 0.3] * 10), "affect_deviation")
    assert np.isfinite(found.loc["valence", "value"])
    assert found.loc["valence, bins of 10 s", "n"] == 0


def test_transitions_have_a_value_for_each_pair_of_emotions() -> None:
    found = table(make_session(80), "emotion_transition")
    one = found[found["speaker"] == "SPEAKER_00"]
    assert len(one) == 16
    assert one["value"].groupby(lambda key: key.split(" > ")[0]).sum().to_numpy() == pytest.approx(np.ones(4))


def test_uncertain_turns_are_passed_over_where_labels_are_counted() -> None:
    sure = [turn(5.0 * at, 5.0 * at + 2, scores={("sad", "happy")[at // 10]: 1.0}) for at in range(20)]
    unsure = [turn(5.0 * at + 3, 5.0 * at + 4, emotion="uncertain") for at in range(20)]
    found = table(session_of(sorted(sure + unsure, key=lambda row: row["start"]), 100), "dwell_time")
    assert found["value"].to_dict() == {"happy": 20.0, "sad": 20.0}
    assert set(found["n"]) == {20}


def test_the_shape_is_a_word_with_its_change() -> None:
    values = np.concatenate([np.full(10, -0.4), np.zeros(10), np.full(10, 0.4)]) + np.tile([0.05, -0.05], 15)
    found = table(course(values.tolist()), "call_shape")
    assert list(found.index) == ["improving"]
    assert found["value"].item() == pytest.approx(0.8)
    assert found["p"].item() <= 0.05


def test_a_turning_point_names_its_turn() -> None:
    found = table(course(([0.4, 0.5] * 10) + ([-0.5, -0.4] * 10)), "change_points")
    assert found.loc["valence", "value"] == 1
    change = found.loc["valence 1"]
    assert (change["value"], change["turn"], change["at"]) == (pytest.approx(-0.9), 20, 202.0)


def test_peaks_point_at_their_turns_and_leave_short_ones_out() -> None:
    rows = [turn(10.0 * at, 10.0 * at + 2, valence=value) for at, value in enumerate([0.1, -0.6, 0.7, 0.0])]
    found = table(session_of([*rows, turn(50, 50.5, valence=-1.0)]), "peak")
    assert found.loc["lowest valence", ["value", "at", "turn"]].tolist() == [-0.6, 10.0, 1]
    assert found.loc["highest valence", ["value", "at", "turn"]].tolist() == [0.7, 20.0, 2]


def test_segments_hold_what_both_speakers_say() -> None:
    ours, theirs = segments_of(Conversation(dialogue(120, 0.0, 1)), "A", "B", "valence")
    assert ours.shape == theirs.shape == (9, 30)


def test_one_who_answers_in_kind_is_found_to_follow() -> None:
    session = dialogue(400, 0.8, 2)
    echo = measure_session(session, ["affect_echo"]).set_index(["speaker", "key"])
    assert echo.loc[("B", "valence"), "value"] > 0.9
    assert echo.loc[("B", "valence"), "p"] < 0.01
    assert abs(echo.loc[("A", "valence"), "value"]) < 0.2
    lead = measure_session(session, ["lead"]).set_index(["speaker", "key"])["value"]
    assert lead["A", "valence"] == -lead["B", "valence"] > 0
    synchrony = measure_session(session, ["synchrony"]).set_index("key")
    assert synchrony.loc["valence", "value"] > synchrony.loc["valence", "chance"]
    assert synchrony.loc["valence", "p"] < 0.01


def test_coupling_by_lag_has_a_value_for_each_lag() -> None:
    found = table(dialogue(400, 0.8, 3), "coupling_by_lag")
    lags = [key for key in found.index if key.startswith("valence")]
    assert (lags[0], lags[10], lags[-1]) == ("valence, -20 s", "valence, +0 s", "valence, +20 s")
    assert found.loc[lags, "value"].to_numpy().argmax() > 10  # A is earlier


def test_without_an_answer_p_is_uniform() -> None:
    from scipy.stats import kstest

    found = [measure_session(dialogue(120, 0.0, seed), ["affect_echo"]) for seed in range(60)]
    ps = [each.loc[(each["speaker"] == "B") & (each["key"] == "valence"), "p"].item() for each in found]
    assert kstest(ps, "uniform").pvalue > 0.01


def test_an_emotion_is_answered_with_another() -> None:
    random = np.random.default_rng(0)
    rows = []
    for at in range(80):
        emotion = ("angry", "sad")[random.integers(2)]
        answer = {"angry": "neutral", "sad": "happy"}[emotion]
        rows += [turn(10.0 * at, 10.0 * at + 4, scores={emotion: 1.0})]
        rows += [turn(10.0 * at + 5, 10.0 * at + 8, "B", scores={answer: 1.0})]
    found = measure_session(session_of(rows, 800), ["emotion_after"])
    found = found[found["speaker"] == "B"].set_index("key")
    assert found.loc["angry > neutral", "value"] == 1.0
    assert found.loc["angry > neutral", "chance"] == pytest.approx(0.5, abs=0.1)
    assert found.loc["angry > neutral", "p"] < 0.05
