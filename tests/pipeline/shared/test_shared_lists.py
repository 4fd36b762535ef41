"""Lists of sessions come from a PostgreSQL server in the same order, and by the same choice, as from a folder."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import update

from pipeline.corrections import Corrections
from pipeline.findings import FindingsOfSessions, Looking
from pipeline.store.findings import TRIED_AGAIN
from pipeline.store.listing import ANY_FLAG, Wanted
from pipeline.store.models import LOOKS, SPEAKERS
from pipeline.workspace import Workspace
from tests.pipeline.test_findings import Fixed
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


def test_two_versions_of_the_program_do_not_undo_each_others_findings(machines: Machines) -> None:
    shared = five_sessions(machines.here)
    assert Looking(shared, Fixed("new")).go_on() == 5
    assert Looking(machines.there, Fixed("old")).go_on() == 0
    assert not FindingsOfSessions(machines.there, "old").waiting()
    with shared.writing() as connection:  # long ago
        connection.execute(update(LOOKS).values(made=LOOKS.c.made - 2 * TRIED_AGAIN))
    assert Looking(machines.there, Fixed("old")).go_on() == 5
    assert Looking(shared, Fixed("new")).go_on() == 0


def test_findings_are_kept_and_go_as_in_a_folder(machines: Machines) -> None:
    shared = five_sessions(machines.here)
    found = FindingsOfSessions(shared, "one")
    assert (found.missing(), found.waiting()) == (5, True)
    assert Looking(shared, Fixed()).go_on() == 5
    assert (found.missing(), found.waiting()) == (0, False)
    every = shared.listed(Wanted())
    assert shared.listed(Wanted(flag=ANY_FLAG, shape="flat", revision="one")) == every
    one, other = "0" * 12, f"{1:012x}"
    Corrections(shared).answer(one, [0], emotion="angry")
    assert found.of(every).keys() == set(every) - {one}
    with shared.writing() as connection:  # the voice alone says that it is Anna; a person says her role elsewhere
        own = (SPEAKERS.c.session_id == other) & (SPEAKERS.c.label == "SPEAKER_00")
        connection.execute(update(SPEAKERS).where(own).values(confirmed=False, role=None))
    assert Looking(shared, Fixed()).go_on() == 2
    shared.assign(one, {"SPEAKER_00": ("Anna", "customer")})
    assert found.of(every).keys() == set(every) - {one, other}
    shared.mask(["client"], case="Ash")
    shared.delete(other)
    assert found.missing() == 3
    Looking(shared, Fixed()).go_on()
    assert [each.name for each in found.of([f"{3:012x}"])[f"{3:012x}"]] == ["silence"]
