from __future__ import annotations

import pytest

from reports.changes import chance_of_course, change_between, change_within

from .tables import session_of, turn


def valences(*values: float, **changes: object) -> list[dict[str, object]]:
    return [turn(5 * at, 5 * at + 2, valence=value, **changes) for at, value in enumerate(values)]


def test_a_change_within_a_session_compares_the_halves() -> None:
    change = change_within(session_of(valences(-0.5, -0.4, -0.5, -0.4, 0.4, 0.5, 0.4, 0.5)), "A")
    assert change is not None
    assert (change.before, change.after) == (pytest.approx(-0.45), pytest.approx(0.45))
    assert change.chance < 0.05  # 2 of 70 ways to choose the halves


def test_halves_with_three_turns_are_not_compared() -> None:
    assert change_within(session_of(valences(0, 0, 0, 0, 1, 1, 1)), "A") is None
    assert change_within(session_of(valences(0)), "B") is None


def test_a_change_between_sessions_weighs_turns_by_duration() -> None:
    earlier = session_of([turn(0, 3, valence=0.4), *(turn(3 + at, 4 + at, valence=0.0) for at in range(3))])
    later = session_of(valences(0.1, 0.1, 0.1, 0.1))
    change = change_between(earlier, later, "A")
    assert change is not None
    assert (change.before, change.after) == (pytest.approx(0.2), pytest.approx(0.1))


def test_a_course_over_sessions_that_differ_is_unlikely_by_chance() -> None:
    sessions = [
        session_of(valences(*(level + step for step in (0, 0.01, 0.02, 0.03, 0.04)))) for level in (-0.5, 0, 0.5)
    ]
    assert chance_of_course(sessions, "A") == pytest.approx(0.0005)
    assert chance_of_course([sessions[0]] * 3, "A") == 1.0
