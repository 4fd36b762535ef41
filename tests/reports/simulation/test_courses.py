from __future__ import annotations

import pytest
from numpy.random import RandomState

from diarization.errors import ConfigError
from reports.simulation.courses import COURSES, check_course, emotion_at, trend_emotion

OWN = ("angry", "happy", "neutral", "sad")


def drawn(course: str, over: float, is_first: bool = True, emotions: tuple[str, ...] = OWN) -> dict[str, float]:
    random = RandomState(0)
    said = [emotion_at(COURSES[course], over, is_first, emotions, random) for _ in range(2000)]
    return {emotion: said.count(emotion) / len(said) for emotion in sorted(set(said))}


@pytest.mark.parametrize(
    ("course", "begin", "end"),
    [
        ("calming", "angry", "neutral"),
        ("escalating", "neutral", "angry"),
        ("brightening", "neutral", "happy"),
        ("saddening", "neutral", "sad"),
        ("flat", "neutral", "neutral"),
        ("recovering", "neutral", "neutral"),
    ],
)
def test_a_course_begins_and_ends_as_it_says(course: str, begin: str, end: str) -> None:
    assert (drawn(course, 0.05), drawn(course, 0.95)) == ({begin: 1.0}, {end: 1.0})


def test_half_way_both_are_as_likely() -> None:
    assert drawn("calming", 0.5)["angry"] == pytest.approx(0.5, abs=0.04)
    assert drawn("recovering", 0.5) == {"angry": 1.0}


def test_the_others_are_mostly_neutral() -> None:
    shares = drawn("escalating", 0.95, is_first=False)
    assert shares["neutral"] == pytest.approx(0.85, abs=0.03)  # 0.8, and a quarter of the stray 0.2
    assert set(shares) == set(OWN)


def test_a_mixed_course_draws_any_emotion_alike() -> None:
    assert drawn("mixed", 0.3) == {emotion: pytest.approx(0.25, abs=0.03) for emotion in OWN}


def test_whoever_has_no_anger_is_upset_in_another_way() -> None:
    assert drawn("calming", 0.05, emotions=("neutral", "sad")) == {"sad": 1.0}


def test_a_trend_goes_from_upset_to_happy() -> None:
    random = RandomState(0)
    worst, best = ([trend_emotion(share, OWN, random) for _ in range(2000)] for share in (0.0, 1.0))
    assert worst.count("angry") / 2000 == pytest.approx(0.8, abs=0.03)
    assert best.count("happy") / 2000 == pytest.approx(0.8, abs=0.03)
    assert "happy" not in worst
    assert "angry" not in best


@pytest.mark.parametrize(
    ("course", "trend", "message"),
    [
        ("calm", "none", "course 'calm' is unknown; known are calming"),
        ("flat", "better", "trend 'better' is unknown"),
        ("calming", "improving", "a trend decides every session's emotions; leave the course 'calming' out"),
    ],
)
def test_courses_and_trends_that_do_not_exist_are_said(course: str, trend: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        check_course(course, trend)
