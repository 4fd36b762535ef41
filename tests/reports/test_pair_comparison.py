"""Two sessions side by side."""

from __future__ import annotations

import datetime

from reports.between.covariates import known_covariates
from reports.group_comparison import group_comparison
from reports.pair_comparison import pair_sentences, pair_tables, people_in_both, strongest_turns
from reports.similarity import session_similarity
from tests.sessions import make_session

SESSIONS = [make_session(16, seed=seed, date=datetime.date(2026, 3, 2 + seed)) for seed in (0, 1, 2)]
ONE, OTHER, _ = SESSIONS


def test_people_in_both_are_those_known_in_both() -> None:
    assert people_in_both(ONE, make_session(5, participants=("Ben", None), roles=(None, None))) == ["Ben"]
    assert people_in_both(ONE, make_session(5, participants=(None, None), roles=(None, None))) == []


def test_sentences_say_the_change_with_its_chance() -> None:
    said = pair_sentences(ONE, OTHER, "Anna", session_similarity(SESSIONS, "Anna"))
    assert said[0].startswith("Anna sounds alike by ")
    assert "sessions that do not differ would reach" in said[0]
    assert said[1].startswith("Valence of Anna goes from ")
    assert "(2026-03-02) to " in said[1] and said[1].endswith("(2026-03-03), too few turns for p.")
    longer = [make_session(48, seed=seed, date=datetime.date(2026, 3, 2 + seed)) for seed in (0, 1)]
    assert ", p = " in pair_sentences(*longer, "Anna", None)[1]


def test_sessions_of_different_cases_are_not_compared_in_how_alike_they_are() -> None:
    assert "not of one case" in pair_sentences(ONE, OTHER, "Anna", None)[0]


def test_too_few_turns_are_said() -> None:
    short = make_session(4, seed=5)
    assert "not enough data, 4 scored turns in each session" in pair_sentences(ONE, short, "Anna", None)[1]


def test_the_strongest_turns_come_first_on_each_side() -> None:
    found = strongest_turns(SESSIONS, "Anna", ONE.id, OTHER.id)
    unlike, alike = (found[found["towards"] == side]["influence"] for side in ("unlike", "alike"))
    assert (unlike < 0).all() and unlike.is_monotonic_increasing
    assert (alike > 0).all() and alike.is_monotonic_decreasing
    assert found.groupby(["session", "towards"]).size().max() <= 5


def test_tables_have_a_column_a_session() -> None:
    own, exchange = pair_tables(ONE, OTHER, "Anna")
    assert own.columns == ["2026-03-02", "2026-03-03"]
    assert own.heading == "Anna in both sessions"
    turns = next(cells for title, cells, _ in own.rows if title == "Turns")
    assert turns == ["8", "8"]
    assert exchange.heading == "The exchange"
    assert len(pair_tables(ONE, OTHER, None)) == 1


def test_groups_can_be_made_of_roles_cases_and_dates() -> None:
    roles = group_comparison(SESSIONS, known_covariates(SESSIONS, "role"), "role", ["talk_share"])
    assert set(roles.counts["level"]) == {"client", "counsellor"}
    day = datetime.date(2026, 3, 4)
    dates = group_comparison(SESSIONS, known_covariates(SESSIONS, "dates", day), "dates", ["talk_share"])
    assert dict(zip(dates.counts["level"], dates.counts["num_sessions"], strict=True)) == {"before": 2, "since": 1}
