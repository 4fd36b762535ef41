"""Lists of sessions come from a PostgreSQL server in the same order, and by the same choice, as from a folder."""

from __future__ import annotations

from pathlib import Path

from pipeline.store.listing import Wanted
from pipeline.workspace import Workspace
from tests.pipeline.test_listing import CHOICES, ORDERS, five_sessions, found

from .conftest import Machines


def test_sessions_are_chosen_and_sorted_as_in_a_folder(machines: Machines, tmp_path: Path) -> None:
    shared, own = five_sessions(machines.here), five_sessions(Workspace(tmp_path / "own"))
    assert [found(shared, order=(order,)) for order, _ in ORDERS] == [shown for _, shown in ORDERS]
    assert [found(shared, **wanted) for wanted, _ in CHOICES] == [shown for _, shown in CHOICES]
    assert shared.listed(Wanted()) == own.listed(Wanted())
    assert (shared.totals(), shared.names()) == (own.totals(), own.names())
    assert shared.middle_day() == own.middle_day()
    assert [each.name for each in shared.cases(1)] == [each.name for each in own.cases(1)]
    assert [each.id for each in shared.with_strangers(10)] == [each.id for each in own.with_strangers(10)]
    ids = own.listed(Wanted())
    assert [each.id for each in shared.summaries(ids)] == ids
