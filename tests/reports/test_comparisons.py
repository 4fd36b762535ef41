from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from reports.comparisons import comparison, session_titles
from tests.sessions import make_session

from .tables import NINE


def test_sessions_with_few_scored_turns_are_left_out_with_the_reason() -> None:
    found = comparison([make_session(12), make_session(7, seed=1, unscored=0)], "Anna")
    assert [session.id for session in found.sessions] == ["000000000000"]
    assert found.left_out == {"000000000001": "3 scored turns of Anna, at least 4 are needed"}


def test_sessions_without_the_participant_are_not_spoken_of() -> None:
    other = make_session(12, seed=1, participants=("Cem", "Ben"))
    assert comparison([make_session(12), other], "Anna").left_out == {}


def test_the_models_of_most_sessions_decide() -> None:
    odd = make_session(12, scheme=NINE)
    found = comparison([odd, make_session(12, seed=1), make_session(12, seed=2)], "Anna")
    assert [session.id for session in found.sessions] == ["000000000001", "000000000002"]
    assert "analysed with other models" in found.left_out[odd.id]


def test_a_session_marked_as_not_comparable_is_left_out() -> None:
    marked = replace(make_session(12), provenance=make_session(12).provenance | {"comparable": False})
    assert list(comparison([marked, make_session(12, seed=1)], "Anna").left_out) == [marked.id]


def test_scores_relative_to_one_session_take_no_part() -> None:
    baselines = [{"participant": "Anna", "scope": "session"}, {"participant": "Ben", "scope": "case"}]
    own = replace(make_session(12), provenance=make_session(12).provenance | {"baselines": baselines})
    rest = make_session(12, seed=1)
    assert comparison([own, rest], "Anna").left_out == {
        own.id: "scored relative to that session alone, not to the case"
    }
    assert comparison([own, rest], "Ben").left_out == {}
    assert comparison([own], "Anna").left_out == {}  # nothing it is compared with


def test_sessions_are_called_by_date_or_file_and_numbered_where_that_is_the_same() -> None:
    sessions = [make_session(4, seed=0), make_session(4, seed=1), make_session(4, seed=2, date=None)]
    assert list(session_titles(sessions).values()) == ["2026-03-02 (1)", "2026-03-02 (2)", "session-2.wav"]
    undated = [make_session(4, seed=seed, date=None) for seed in (3, 4)]
    undated = [replace(each, recording=replace(each.recording, path=Path("a.wav"))) for each in undated]
    assert list(session_titles(undated).values()) == ["a.wav (1)", "a.wav (2)"]
