"""Which sessions a list shows, and in which order."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest

from pipeline.access.visitors import Visitor, visiting
from pipeline.corrections import Corrections
from pipeline.store.listing import Either, Order, Term, Totals, Wanted, Word
from pipeline.workspace import Workspace
from tests.sessions import make_session

MARCH = datetime.date(2026, 3, 2)
NAMES = {f"{seed:012x}": seed for seed in range(5)}
"""By id, which session it is."""


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return five_sessions(Workspace(tmp_path_factory.mktemp("listing") / "own"))


def five_sessions(own: Workspace) -> Workspace:
    """Two of Anna and Ben (30 and 20 turns), one of Cem alone, one of three, one without anything."""
    own.save(make_session(30, seed=0, case="Beech", date=MARCH + datetime.timedelta(7)))
    own.save(make_session(20, seed=1, case="Beech", date=MARCH))
    own.save(make_session(12, seed=2, case="Ash", date=MARCH, participants=("Cem",), roles=("customer",)))
    three = {"participants": ("Anna", "Dora", None), "roles": ("client", "counsellor", None)}
    own.save(make_session(40, seed=3, case="Ash", date=None, **three))
    own.save(make_session(4, seed=4, case=None, date=None, participants=(None, None), roles=(None, None)))
    return own


def found(workspace: Workspace, **wanted: object) -> list[int]:
    return [NAMES[each] for each in workspace.listed(Wanted(**wanted))]  # type: ignore[arg-type]


def test_without_an_order_sessions_stand_by_case_and_date_as_in_all_lists(workspace: Workspace) -> None:
    assert found(workspace) == [2, 3, 1, 0, 4]
    assert workspace.listed(Wanted()) == [each.id for each in workspace.sessions()]


ORDERS = [
    (Order("recording"), [0, 1, 2, 3, 4]),
    (Order("recording", True), [4, 3, 2, 1, 0]),
    (Order("date"), [2, 1, 0, 3, 4]),
    (Order("duration", True), [3, 0, 1, 2, 4]),
    (Order("turns"), [4, 2, 1, 0, 3]),
    (Order("speakers"), [3, 1, 0, 2, 4]),
    (Order("case", True), [1, 0, 2, 3, 4]),
]
"""An order, and how the sessions stand in it."""


@pytest.mark.parametrize(("order", "shown"), ORDERS)
def test_sessions_are_sorted_and_what_is_unknown_comes_last(
    workspace: Workspace, order: Order, shown: list[int]
) -> None:
    assert found(workspace, order=(order,)) == shown


CHOICES = [
    ({"case": "Ash"}, [2, 3]),
    ({"participant": "Anna"}, [3, 1, 0]),
    ({"role": "customer"}, [2]),
    ({"first": MARCH + datetime.timedelta(1)}, [0]),
    ({"last": MARCH}, [2, 1]),
    ({"voices": 1}, [2]),
    ({"voices": 3}, [3]),
    ({"voices": 4}, []),
    ({"words": (Word("anna"),)}, [3, 1, 0]),
    ({"words": (Word("BEECH"), Word("session-0"))}, [0]),
    ({"words": (Word("2026-03-09"),)}, [0]),
    ({"words": (Word("SPEAKER_00"),)}, [4]),
    ({"words": (Word("%"),)}, []),
    ({"words": (Word("顾客", ("customer",)),)}, [2]),
    ({"terms": (Term("turns", "between", 12, 20),)}, [2, 1]),
    ({"terms": (Either((Term("turns", "less", 10), Term("turns", "at least", 40))),)}, [3, 4]),
    ({"terms": (Term("date", "empty"),)}, [3, 4]),
    ({"terms": (Term("speakers", "not contains", "ann"),)}, [2, 4]),
    ({"terms": (Term("recording", "ends", "2.WAV"),)}, [2]),
    ({"terms": (Term("case", "not equal", "ash"),)}, [1, 0, 4]),
]
"""What is wanted, and which sessions are found."""


@pytest.mark.parametrize(("wanted", "shown"), CHOICES)
def test_sessions_are_chosen(workspace: Workspace, wanted: dict[str, object], shown: list[int]) -> None:
    assert found(workspace, **wanted) == shown


def test_summaries_come_in_the_order_asked_for(workspace: Workspace) -> None:
    ids = workspace.listed(Wanted(order=(Order("turns"),)))
    assert [each.num_turns for each in workspace.summaries([*ids, "f" * 12])] == [4, 12, 20, 30, 40]


def test_whoever_sees_one_case_finds_nothing_of_another(workspace: Workspace) -> None:
    with visiting(Visitor("a", "page", "viewer", frozenset({"Ash"}))):
        assert found(workspace) == [2, 3]
        assert found(workspace, words=(Word("Ben"),)) == []
        assert workspace.summaries(["0" * 12]) == []
        assert workspace.totals().sessions == 2
        assert workspace.names().cases == ["Ash"]
        assert workspace.names().participants == ["Anna", "Cem", "Dora"]
        assert workspace.names().roles == ["client", "counsellor", "customer"]


def test_totals_and_names_are_of_everything(workspace: Workspace) -> None:
    totals = workspace.totals()
    assert (totals.sessions, totals.cases) == (5, 2)
    assert totals.duration == pytest.approx(sum(each.duration for each in workspace.sessions()))
    assert workspace.names() == (
        ["Ash", "Beech"], ["Anna", "Ben", "Cem", "Dora"], ["client", "counsellor", "customer"]
    )  # fmt: skip


def test_of_many_cases_those_come_in_which_something_changed_last(workspace: Workspace) -> None:
    assert [each.name for each in workspace.cases(1)] == ["Ash"]
    assert [each.name for each in workspace.cases(2)] == ["Ash", "Beech"]


def test_sessions_with_somebody_unknown_are_found(workspace: Workspace) -> None:
    assert [NAMES[each.id] for each in workspace.with_strangers(10)] == [3, 4]
    assert [NAMES[each.id] for each in workspace.with_strangers(1)] == [3]
    with visiting(Visitor("a", "page", "viewer", frozenset({"Beech"}))):
        assert workspace.with_strangers(10) == []


def test_half_of_the_dated_sessions_took_place_before_the_middle_day(workspace: Workspace, tmp_path: Path) -> None:
    assert workspace.middle_day() == MARCH
    assert Workspace(tmp_path / "none").middle_day() is None


def test_turns_are_counted_as_a_person_cut_them(tmp_path: Path) -> None:
    own = Workspace(tmp_path / "own")
    for seed, turns in ((0, 6), (1, 6)):
        own.save(make_session(turns, seed=seed))
    Corrections(own).split("0" * 12, 0, 1.0)
    assert found(own, terms=(Term("turns", "greater", 6),)) == [0]
    assert found(own, order=(Order("turns", True),)) == [0, 1]


def test_an_empty_workspace_lists_nothing(tmp_path: Path) -> None:
    none = Workspace(tmp_path / "none")
    assert none.listed(Wanted()) == []
    assert none.totals() == Totals(0, 0, 0.0)
    assert none.names() == ([], [], [])
