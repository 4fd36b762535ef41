from __future__ import annotations

import datetime
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import linregress

from pipeline.sessions import Session
from reports.between.simulation import share_below, trend_p_values
from reports.between.trends import NUMBING, case_trends, trend
from tests.sessions import make_session

from ..tables import session_of, turn

DAYS = [datetime.date(2026, 1, 1) + datetime.timedelta(30 * at) for at in range(12)]


def by_scores(*neutral: float) -> list[Session]:
    """A session a month with these shares of neutral speech, the rest sad."""
    kept = []
    for at, share in enumerate(neutral):
        moved = [share + step for step in (-0.02, 0.01, 0.0, 0.01)]
        rows = [turn(5 * index, 5 * index + 3, scores={"neutral": each, "sad": 1 - each}) for index, each in
                enumerate(moved)]  # fmt: skip
        kept.append(replace(session_of(rows), id=f"{at:012x}", date=DAYS[at]))
    return kept


def test_equal_sessions_lie_on_the_line_of_least_squares() -> None:
    means = np.array([0.1, 0.3, 0.2, 0.5, 0.4])
    turns = [mean + np.array([-0.1, 0.0, 0.1]) for mean in means]
    found = trend("valence", turns, [np.full(3, 2.0)] * 5, DAYS[:5])
    expected = linregress(np.arange(5), means)
    assert found.slope == pytest.approx(expected.slope)  # a step is 30 days
    assert found.p == pytest.approx(expected.pvalue)
    assert found.effect == pytest.approx(expected.rvalue)
    assert (found.first, found.last) == (pytest.approx(0.14), pytest.approx(0.46))
    assert (found.num_sessions, found.num_turns) == (5, 15)


def test_many_turns_of_few_sessions_prove_nothing() -> None:
    random = np.random.default_rng(0)
    levels = [0.3, -0.2, 0.25, 0.1]
    few, many = ([level + random.normal(size=size) / 10 for level in levels] for size in (40, 4000))
    found = [trend("valence", turns, [np.ones(len(each)) for each in turns], DAYS[:4]) for turns in (few, many)]
    assert found[1].p == pytest.approx(found[0].p, abs=0.05)
    assert found[1].p > 0.3


def test_a_rising_neutral_share_is_called_possible_numbing() -> None:
    rising = {each.key: each for each in case_trends(by_scores(0.2, 0.31, 0.4, 0.52, 0.6), "A")}
    assert rising["neutral"].rising and rising["neutral"].note == NUMBING
    assert "or numbing" in NUMBING
    assert rising["sad"].note is None
    falling = {each.key: each for each in case_trends(by_scores(0.6, 0.52, 0.4, 0.31, 0.2), "A")}
    flat = {each.key: each for each in case_trends(by_scores(0.3, 0.5, 0.2, 0.4, 0.35), "A")}
    assert falling["neutral"].note is None and flat["neutral"].note is None


def test_p_is_corrected_among_all_quantities_of_the_participant() -> None:
    found = case_trends(by_scores(0.2, 0.31, 0.4, 0.52, 0.6), "A", "holm")
    assert [each.key for each in found] == ["valence", "arousal", "angry", "happy", "neutral", "sad"]
    neutral = next(each for each in found if each.key == "neutral")
    assert neutral.p_corrected == pytest.approx(6 * neutral.p)


def test_three_dates_are_not_enough() -> None:
    found = case_trends(by_scores(0.2, 0.4, 0.6), "A")
    assert not any(each.enough or each.rising for each in found)
    assert found[0].note == (
        "not enough data: 4 dated sessions with 4 turns with valence on 3 days are needed, there are 3 on 3 days"
    )


def test_sessions_of_one_day_and_without_date_have_no_trend() -> None:
    together = [replace(each, date=DAYS[0]) for each in by_scores(0.2, 0.4, 0.6, 0.8)]
    undated = [replace(each, date=None) for each in together]
    assert "there are 4 on 1 day" in str(case_trends(together, "A")[0].note)
    assert "there are 0 on 0 days" in str(case_trends(undated, "A")[0].note)


def test_a_stranger_and_a_masked_speaker_have_no_trends() -> None:
    masked = [session_of([turn(5 * at, 5 * at + 2, reason="masked") for at in range(8)], date=day) for day in DAYS[:5]]
    assert case_trends(masked, "A") == ()
    assert case_trends([make_session()], "Nobody") == ()


def test_p_is_uniform_where_there_is_no_trend() -> None:
    p_values = trend_p_values(300, num_sessions=6)
    assert share_below(p_values, 0.05) == pytest.approx(0.05, abs=0.035)
    assert share_below(p_values, 0.5) == pytest.approx(0.5, abs=0.08)
