from __future__ import annotations

import datetime
from dataclasses import replace

import pytest

from pipeline.sessions import Session
from reports.between.pre_post import pre_post
from tests.sessions import make_session

from ..tables import session_of, turn

DAY = datetime.date(2026, 3, 1)


def by_valence(*levels: float, late: float = 0.0) -> list[Session]:
    """A session a week; ``late`` is added in the second half of each recording from the fifth on."""
    kept = []
    for at, level in enumerate(levels):
        steps = [0.01 * (7 * index % 4) + (late if index >= 5 and at >= 4 else 0) for index in range(10)]
        rows = [turn(6 * index, 6 * index + 3, valence=level + step) for index, step in enumerate(steps)]
        kept.append(replace(session_of(rows), id=f"{at:012x}", date=DAY + datetime.timedelta(7 * at)))
    return kept


def test_earlier_and_later_sessions_are_compared_with_the_session_as_unit() -> None:
    found = pre_post(by_valence(-0.3, -0.2, -0.25, -0.35, 0.2, 0.1, 0.3, 0.25), "A")
    assert (found.before, found.after) == (pytest.approx(-0.26), pytest.approx(0.2275))
    assert found.difference == pytest.approx(0.4875)
    assert found.low < 0.4875 < found.high
    assert found.p < 0.001 and found.effect > 2
    assert (found.num_before, found.num_after, found.num_turns, found.since) == (4, 4, 80, datetime.date(2026, 3, 29))


def test_the_part_of_the_session_that_changed_is_found() -> None:
    found = pre_post(by_valence(0.1, 0.0, -0.1, 0.05, 0.02, -0.05, 0.08, 0.0, late=0.6), "A")
    assert found.course is not None
    assert [(each.start, each.stop) for each in found.course.clusters] == [(5, 10)]
    assert found.course.p == pytest.approx(2 / 70)  # as they are, and turned round, of 70 ways to choose four of eight


def test_a_day_parts_the_sessions() -> None:
    sessions = by_valence(*[0.0, 0.1] * 5)
    found = pre_post(sessions, "A", since=DAY + datetime.timedelta(28))
    assert (found.num_before, found.num_after) == (4, 6)
    undated = [replace(each, date=None) for each in sessions]
    assert pre_post(undated, "A", since=DAY).num_after == 0
    assert pre_post(undated, "A").enough


def test_too_few_sessions_say_what_would_be_enough() -> None:
    found = pre_post(by_valence(0.1, 0.2, 0.3), "A")
    assert not found.enough
    assert found.note == "not enough data: 4 sessions on either side are needed, there are 1 before and 2 after"
    assert pre_post([make_session()], "Nobody").num_turns == 0
