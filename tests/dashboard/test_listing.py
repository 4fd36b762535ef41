"""What the table of sessions asks for, in the terms of the store."""

from __future__ import annotations

import datetime

import pytest

from dashboard.listing import block_of, wanted_by
from pipeline.store.listing import Either, Order, Term, Wanted, Word
from reports.language import speaking

DAY = datetime.date(2026, 3, 2)


def text(value: str, kind: str = "contains") -> dict[str, object]:
    return {"filterType": "text", "type": kind, "filter": value}


def test_a_table_just_opened_wants_everything_in_its_usual_order() -> None:
    assert wanted_by({"startRow": 0, "endRow": 100, "filterModel": {}, "sortModel": []}) == Wanted()
    assert wanted_by({}) == Wanted()


def test_what_is_chosen_above_the_table_is_read() -> None:
    model = {
        "words": text("anna 3"), "only": text("Demo"), "participant": text("Ben"), "role": text("client"),
        "voices": text("2"), "from": text("2026-03-02"), "to": text("never"),
    }  # fmt: skip
    assert wanted_by({"filterModel": model}) == Wanted(
        (Word("anna"), Word("3")), case="Demo", participant="Ben", role="client", first=DAY, voices=2
    )


def test_flags_and_shapes_are_those_of_todays_rules() -> None:
    assert wanted_by({"filterModel": {"flag": text("silence"), "shape": text("flat")}}, "today") == Wanted(
        flag="silence", shape="flat", revision="today"
    )
    assert wanted_by({"filterModel": {"role": text("client")}}, "today").revision == ""


def test_a_word_means_the_roles_that_are_called_so_in_the_language_spoken() -> None:
    assert wanted_by({"filterModel": {"words": text("counsel")}}).words == (Word("counsel", ("counsellor",)),)
    with speaking("zh"):
        assert wanted_by({"filterModel": {"words": text("咨询师")}}).words[0].roles == ("counsellor",)


@pytest.mark.parametrize(
    ("field", "model", "term"),
    [
        ("recording", text("a"), Term("recording", "contains", "a")),
        ("case", text("b", "startsWith"), Term("case", "begins", "b")),
        ("duration", {"type": "inRange", "filter": 1, "filterTo": 9}, Term("duration", "between", 1.0, 9.0)),
        ("turns", {"type": "greaterThanOrEqual", "filter": 4}, Term("turns", "at least", 4.0)),
        ("date", {"type": "lessThan", "dateFrom": "2026-03-02 00:00:00"}, Term("date", "less", DAY)),
        ("date", {"type": "blank"}, Term("date", "empty")),
        (
            "scored",
            {"operator": "OR", "conditions": [{"type": "lessThan", "filter": 2}, {"type": "equals", "filter": 5}]},
            Either((Term("scored", "less", 2.0), Term("scored", "equals", 5.0))),
        ),
    ],
)
def test_a_columns_filter_is_read(field: str, model: dict[str, object], term: object) -> None:
    assert wanted_by({"filterModel": {field: model}}).terms == (term,)


@pytest.mark.parametrize(
    "model",
    [{"type": "contains"}, {"type": "like", "filter": "a"}, {"type": "equals", "filter": "x"}, {"type": "lessThan"}],
)
def test_what_makes_no_sense_is_left_out(model: dict[str, object]) -> None:
    assert wanted_by({"filterModel": {"turns": model, "colour": text("red")}}).terms == ()


def test_the_order_is_that_of_the_columns_asked_for() -> None:
    model = [{"colId": "duration", "sort": "desc"}, {"colId": "course", "sort": "asc"}, {"colId": "case"}]
    assert wanted_by({"sortModel": model}).order == (Order("duration", True), Order("case"))


def test_a_block_has_at_most_five_hundred_rows() -> None:
    assert block_of({"startRow": 100, "endRow": 200}) == (100, 100)
    assert block_of({"startRow": 0, "endRow": 1_000_000}) == (0, 500)
    assert block_of({"startRow": -5}) == (0, 100)
