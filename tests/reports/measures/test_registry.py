"""What every measure has to have and to give, whatever it measures."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from diarization.errors import ConfigError
from reports.measures import COLUMNS, MEASURES, Least, Measure, Value, find_measures, measure_case, measure_session
from reports.measures.conversation import Conversation
from reports.measures.registry import GROUPS, SCOPES
from scripts.write_measures_page import page
from tests.sessions import make_session

from ..tables import session_of, turn

TEXTS = ("name", "title", "unit", "definition", "source", "interpretation", "caution")
SENTENCES = ("definition", "interpretation", "caution")


def hostile_sessions() -> dict[str, object]:
    """Sessions that a measure has to bear."""
    rows = [turn(3 * at, 3 * at + 2.5, "AB"[at % 2], valence=np.nan if at % 5 == 0 else 0.1) for at in range(30)]
    return {
        "no turns": session_of([]),
        "one turn": session_of([turn(0, 1)]),
        "one speaker": session_of([turn(3 * at, 3 * at + 2) for at in range(20)]),
        "nothing scored": session_of([turn(3 * at, 3 * at + 2, "AB"[at % 2], reason="noise") for at in range(20)]),
        "unknown valence": session_of(rows, duration=90),
        "uncertain": session_of([row | {"emotion": "uncertain"} for row in rows], duration=90),
        "same times": session_of([turn(5, 8, "ABC"[at % 3]) for at in range(30)]),
        "all the same": session_of([turn(3 * at, 3 * at + 2, "AB"[at % 2]) for at in range(60)], duration=180),
        "all at once": session_of([turn(at, at + 20, "ABC"[at % 3]) for at in range(30)]),
        "no duration": session_of([turn(0, 2), turn(2, 4, "B")], duration=0.0),
        "many speakers": make_session(60, participants=tuple("abcdefghij"), roles=(None,) * 10),
        "one embedding": make_session(40),
    }


@pytest.mark.parametrize("measure", MEASURES, ids=lambda each: each.name)
def test_every_measure_says_what_it_is(measure: Measure) -> None:
    assert all(isinstance(getattr(measure, name), str) and getattr(measure, name).strip() for name in TEXTS)
    assert all(getattr(measure, name).endswith(".") for name in SENTENCES)
    assert measure.name.isidentifier() and measure.name.islower()
    assert measure.group in GROUPS and measure.scope in SCOPES
    assert measure.least.count >= 1 and measure.least.of
    assert "\n" not in "".join(getattr(measure, name) for name in TEXTS)


def test_no_two_measures_have_one_name() -> None:
    names = [measure.name for measure in MEASURES]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("kind", hostile_sessions())
def test_every_measure_bears_every_session(kind: str) -> None:
    table = measure_case([hostile_sessions()[kind]])
    assert tuple(table.columns) == COLUMNS
    assert not np.isinf(table[["value", "low", "high", "chance", "p", "at"]].to_numpy()).any()
    assert table["p"].dropna().between(0, 1).all()
    interval = table.dropna(subset=["low", "high"])
    assert (interval["low"] <= interval["high"]).all()
    too_few = table[table["n"] < table["measure"].map({each.name: each.least.count for each in MEASURES})]
    assert too_few["value"].isna().all()
    assert too_few["note"].str.startswith("not enough data").all()


def test_every_measure_names_whom_its_scope_says() -> None:
    conversation = Conversation(make_session(200, unscored=None))
    for measure in (each for each in MEASURES if each.scope != "case"):
        values = measure.values(conversation)
        assert values, measure.name
        assert all((value.speaker is not None) == (measure.scope in ("speaker", "pair")) for value in values)
        assert all((value.other is not None) == (measure.scope == "pair") for value in values)


def test_below_its_least_number_a_value_says_what_would_be_enough() -> None:
    measure = replace(MEASURES[0], least=Least(3, "pauses"), over=lambda _: [Value(0.5, 2, "A", low=0.1, at=3.0)])
    (value,) = measure.values(None)
    assert np.isnan([value.value, value.low, value.at]).all()
    assert value.note == "not enough data: 3 pauses are needed, there are 2"


def test_a_session_without_turns_has_a_table_with_the_same_columns() -> None:
    table = measure_session(session_of([]))
    assert tuple(table.columns) == COLUMNS
    assert table["value"].isna().all()


def test_a_misspelt_measure_is_named_with_what_was_meant() -> None:
    with pytest.raises(
        ConfigError, match=r"measure 'talk_tine': there is none of that name; did you mean 'talk_time'\?"
    ):
        find_measures(["talk_tine"])


def test_only_the_measures_asked_for_are_found() -> None:
    assert set(measure_session(make_session(), ["balance", "talk_time"])["measure"]) == {"balance", "talk_time"}


def test_measures_of_a_case_name_session_and_participant() -> None:
    sessions = [make_session(24, seed=seed) for seed in range(2)]
    table = measure_case(sessions, ["case_affect", "talk_time"])
    of_case = table[table["measure"] == "case_affect"]
    assert set(of_case["speaker"]) == {"Anna", "Ben"}
    assert set(table["session"]) == {session.id for session in sessions}


def test_measures_of_a_case_without_sessions_are_an_empty_table() -> None:
    assert tuple(measure_case([]).columns) == COLUMNS


def test_a_table_of_measures_has_the_same_types_with_and_without_rows() -> None:
    pd.testing.assert_series_equal(measure_session(session_of([])).dtypes, measure_session(make_session(20)).dtypes)


def test_the_page_of_measures_is_current() -> None:
    from tests.docs.test_reference import DOCS

    written = (DOCS / "measures.md").read_text(encoding="utf-8")
    assert written == page(), "run scripts/write_measures_page.py"
