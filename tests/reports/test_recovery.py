from __future__ import annotations

import datetime

import numpy as np
import pytest

from diarization.diarizations import diarization_of
from diarization.segments import Segment
from diarization.turns import Turn
from reports.attribution import SaidTurn
from reports.evaluation_results import trend_figures
from reports.recovery import SessionMean, Trend, known_valences, speaker_courses, trends
from reports.truth import Labelled, Truth

ANGRY_TO_HAPPY = ["angry", "angry", "neutral", "neutral", "happy", "happy"]
VALENCES = {"angry": -0.51, "neutral": 0.0, "happy": 0.81}


def truth_of(emotions: list[str], speaker: str = "A") -> Truth:
    known: Labelled = [(Segment(20 * n, 20 * n + 5), speaker, emotion) for n, emotion in enumerate(emotions)]
    return Truth(diarization_of([(each[0].start, each[0].end, speaker) for each in known]), known, "")


def found_of(valences: list[float], speaker: str = "A") -> list[SaidTurn]:
    segments = [Segment(20 * n, 20 * n + 5) for n in range(len(valences))]
    return [
        SaidTurn(Turn(segment, speaker, (segment,)), "x", value)
        for segment, value in zip(segments, valences, strict=True)
    ]


def test_a_course_found_as_it_is_has_no_error() -> None:
    (course,) = speaker_courses(truth_of(ANGRY_TO_HAPPY), found_of([VALENCES[each] for each in ANGRY_TO_HAPPY]), 120)
    assert course.correlation == pytest.approx(1.0)
    assert course.error == pytest.approx(0.0, abs=1e-12)
    assert 0.3 < course.neutral_error < 0.6


def test_a_course_found_half_as_strong_and_lower_keeps_its_correlation() -> None:
    found = found_of([0.5 * VALENCES[each] - 0.2 for each in ANGRY_TO_HAPPY])
    (course,) = speaker_courses(truth_of(ANGRY_TO_HAPPY), found, 120)
    assert course.correlation == pytest.approx(1.0)
    assert course.error is not None and course.error > 0.2


def test_a_course_upside_down_is_minus_one() -> None:
    (course,) = speaker_courses(truth_of(ANGRY_TO_HAPPY), found_of([-VALENCES[each] for each in ANGRY_TO_HAPPY]), 120)
    assert course.correlation == pytest.approx(-1.0)


def test_a_level_course_has_an_error_but_no_correlation() -> None:
    (course,) = speaker_courses(truth_of(["angry"] * 5), found_of([-0.4] * 5), 120)
    assert course.correlation is None
    assert course.error == pytest.approx(0.11)
    assert course.neutral_error == pytest.approx(0.51)


def test_a_found_course_that_never_moves_is_not_related() -> None:
    (course,) = speaker_courses(truth_of(ANGRY_TO_HAPPY), found_of([0.1] * 6), 120)
    assert course.correlation == 0.0


def test_too_few_turns_are_no_course() -> None:
    assert speaker_courses(truth_of(["angry"] * 3), found_of([0.0] * 6), 120) == ()
    (course,) = speaker_courses(truth_of(["angry"] * 4), found_of([0.0, 0.0, 0.0, np.nan]), 120)
    assert (course.correlation, course.error) == (None, None)


def test_emotions_without_a_norm_are_left_out_of_the_true_course() -> None:
    (own,) = known_valences([(Segment(0, 2), "A", "other"), (Segment(4, 8), "A", "sad")]).values()
    np.testing.assert_allclose(own, [[6.0, 4.0, -0.63]])


def session(days: int, true: dict[str, float], found: dict[str, float], case: str = "C") -> SessionMean:
    return SessionMean(case, datetime.date(2025, 1, 1) + datetime.timedelta(days), true, found)


def test_a_trend_is_valence_in_thirty_days() -> None:
    # Truly from -0.6 to 0.0 in 60 days, found from -0.2 to 0.0; the least-squares slope of equal steps is the step.
    steps = [session(30 * n, {"A": -0.6 + 0.3 * n, "B": 0.0}, {"A": -0.2 + 0.1 * n, "B": 0.01 * n}) for n in range(3)]
    first, second = trends(steps)
    assert (first.speaker, first.num_sessions, first.days) == ("A", 3, 60)
    assert (first.true_slope, first.found_slope) == pytest.approx((0.3, 0.1))
    assert (first.true_direction, first.found_direction) == ("up", "up")
    assert (second.true_direction, second.found_direction) == ("level", "level")


@pytest.mark.parametrize(("slope", "word"), [(0.06, "up"), (0.04, "level"), (-0.04, "level"), (-0.06, "down")])
def test_a_direction_needs_a_tenth_of_valence_over_the_case(slope: float, word: str) -> None:
    assert Trend("C", "A", 3, 60, slope, -slope).true_direction == word


def test_trends_need_three_sessions_with_both_and_more_than_a_day() -> None:
    two = [session(n, {"A": 0.0}, {"A": 0.0}) for n in range(2)]
    assert trends(two) == []
    assert trends([*two, session(2, {"A": 0.0}, {})]) == []
    assert trends([session(0, {"A": 0.0}, {"A": 0.0}) for _ in range(3)]) == []
    assert trends([*two, session(2, {"A": 0.0}, {"A": 0.0}, case="D")]) == []


def judged(levels: list[float], true: list[float]) -> list[Trend]:
    """The trend over sessions a fortnight apart, each of four found turns around its level."""
    steps = []
    for number, (level, truly) in enumerate(zip(levels, true, strict=True)):
        turns = np.array([(10.0 * at, 2.0, level + 0.01 * (-1) ** at) for at in range(4)])
        day = datetime.date(2025, 1, 1) + datetime.timedelta(14 * number)
        steps.append(SessionMean("C", day, {"A": truly}, {"A": level}, {"A": turns}))
    return trends(steps)


def test_what_the_report_would_say_of_a_trend_is_told() -> None:
    (rising,) = judged([-0.4, -0.21, 0.01, 0.2, 0.41], [-0.6, -0.3, 0.0, 0.3, 0.6])
    assert rising.p is not None and rising.p < 0.001
    assert (rising.shown_direction, rising.true_direction) == ("up", "up")
    (chance,) = judged([0.1, -0.3, 0.2, -0.2, 0.1], [-0.6, -0.3, 0.0, 0.3, 0.6])
    assert chance.p is not None and chance.p > 0.05
    assert chance.shown_direction == "level"
    (short,) = judged([-0.4, 0.0, 0.4], [0.0, 0.0, 0.0])
    assert (short.p, short.shown_direction) == (None, None)  # the report says not enough data
    found = trend_figures([rising, chance, short])
    assert (found["num_moving"], found["moving_shown"]) == (2, 0.5)
    assert (found["num_level"], found["level_shown"]) == (0, None)
