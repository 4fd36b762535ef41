"""Groups from a table that somebody chooses on the page Compare."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path

import pytest
from dash.development.base_component import Component

from dashboard.pages.compare import found_sessions
from dashboard.pages.groups import own_columns, own_groups
from dashboard.sessions import Library
from pipeline.workspace import Workspace
from reports.language import speaking
from tests.sessions import make_session

PEOPLE = ("Anna", "Cem", "Dora", "Eva")
TABLE = "participant;therapy;age\nAnna;yes;30\nCem;no;31\nDora;yes;32\nEva;no;33\n"


@pytest.fixture(scope="module")
def clients(tmp_path_factory: pytest.TempPathFactory) -> Library:
    own = Workspace(tmp_path_factory.mktemp("groups") / "own")
    for seed, name in enumerate(PEOPLE):
        own.save(make_session(24, seed=seed, case=f"case {name}", participants=(name, "Ben")))
    return Library(own)


def given(text: str) -> str:
    return f"data:text/csv;base64,{b64encode(text.encode()).decode()}"


def words(content: object) -> str:
    if isinstance(content, Component):
        return words(getattr(content, "children", None))
    return " ".join(map(words, content)) if isinstance(content, list | tuple) else str(content or "")


def test_a_table_says_which_groups_can_be_made() -> None:
    assert own_columns("people.csv", given(TABLE)) == (["therapy", "age"], "people.csv: 4 rows")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "This file cannot be taken; a CSV file of at most 2 MB can."),
        (given("name,age\nAnna,3\n"), "people.csv: it has neither a column 'session' nor 'participant'"),
        (given("participant\nAnna\n"), "people.csv: there is no column 'to compare by'; it has none to compare by."),
        ("data:text/csv;base64,*", "this file cannot be read; choose it again."),
        (f"data:text/csv;base64,{b64encode(bytes([0xFF, 0xFE, 0x41])).decode()}", "people.csv: not UTF-8 text"),
    ],
)
def test_a_table_that_says_nothing_is_refused_with_a_sentence(content: str | None, said: str) -> None:
    columns, sentence = own_columns("people.csv", content)
    assert (columns, sentence.startswith(said)) == ([], True)


def test_the_groups_of_a_table_are_compared(clients: Library) -> None:
    said = words(own_groups(clients, "?groups=role&measure=affect_mean", "people.csv", given(TABLE), "therapy"))
    assert "no: 2 people, 2 sessions" in said
    assert "yes: 2 people, 2 sessions" in said
    assert "Groups were compared by linear mixed models" in said


def test_only_the_case_that_is_chosen_is_compared(clients: Library) -> None:
    said = words(own_groups(clients, "?of=case+Anna", "people.csv", given(TABLE), "therapy"))
    assert "yes: 2 people" not in said


def test_what_is_wrong_with_a_table_is_said_in_the_readers_language(clients: Library) -> None:
    with speaking("zh"):
        said = words(own_groups(clients, "", "people.csv", given(TABLE), "height"))
    assert said == "people.csv：没有名为「height」的列；现有 therapy, age。"


def test_sessions_are_found_by_typing_only_where_there_are_too_many(clients: Library, tmp_path: Path) -> None:
    assert found_sessions(clients, "Anna", None) is None


def test_of_many_sessions_typing_finds_some_and_keeps_what_is_chosen(
    clients: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dashboard.pages.compare._MOST_OFFERED", 2)
    found = found_sessions(clients, "case Cem · session-1", "0" * 12)
    assert found is not None
    assert [each["value"] for each in found] == ["0" * 12, f"{1:012x}"]
