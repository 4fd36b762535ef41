from __future__ import annotations

from math import isnan

import pytest

from reports.changes import chance_of_course, change_between, change_within

from .tables import session_of, turn


def valences(*values: float, **changes: object) -> list[dict[str, object]]:
    return [turn(5 * at, 5 * at + 2, valence=value, **changes) for at, value in enumerate(values)]


def test_a_change_within_a_session_compares_the_halves() -> None:
    # Sixteen turns and one left out after each: eight blocks, 2 of 70 ways to part them are as extreme.
    change = change_within(session_of(valences(*8 * [-0.4], *8 * [0.4])), "A")
    assert change is not None
    assert (change.before, change.after) == (pytest.approx(-0.4), pytest.approx(0.4))
    assert change.chance == pytest.approx(2 / 70, abs=0.012)
    assert change.judged


def test_halves_of_few_turns_are_not_held_against_chance() -> None:
    change = change_within(session_of(valences(-0.5, -0.4, -0.5, -0.4, 0.4, 0.5, 0.4, 0.5)), "A")
    assert change is not None
    assert change.before == pytest.approx(-0.45)
    assert not change.judged


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
    sessions = [session_of(valences(*(level + 0.01 * (step % 5) for step in range(20)))) for level in (-0.5, 0, 0.5)]
    assert chance_of_course(sessions, "A") == pytest.approx(0.0005)
    assert chance_of_course([sessions[0]] * 3, "A") > 0.9
    assert isnan(chance_of_course([session_of(valences(0, 0, 0, 0, 0))] * 3, "A"))
