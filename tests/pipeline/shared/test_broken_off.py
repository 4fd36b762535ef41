"""Connections that break off, servers that stop, a store that is slow or fails: all is stored, or nothing."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from diarization.errors import DatabaseLost, StoreAway, WorkspaceError
from pipeline.access.trail import Trail
from pipeline.jobs.analyses import ANALYZE, analysis_payload
from pipeline.jobs.queue import JobQueue
from pipeline.jobs.worker import Worker
from pipeline.store import objects
from pipeline.store.models import CASES, SESSIONS
from pipeline.store.postgres import engine_of
from pipeline.store.shared import shared_of
from pipeline.workspace import Workspace
from tests.fakes import CPU, FAKES
from tests.services import Fault, Services
from tests.sessions import make_session

from .conftest import Machines


def database_of(workspace: Workspace) -> str:
    shared = shared_of(workspace.path)
    assert shared is not None
    return shared.database


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Little waiting between attempts."""
    monkeypatch.setattr(objects, "_WAIT", 0.02)


def test_connections_that_broke_off_while_nobody_used_them_are_opened_again(
    machines: Machines, services: Services
) -> None:
    machines.here.save(make_session())
    assert services.postgres.end_connections(database_of(machines.here)) > 0
    assert len(machines.here.sessions()) == 1
    services.postgres.end_connections(database_of(machines.here))
    machines.here.save(make_session(seed=1))
    assert len(machines.there.sessions()) == 2


def test_a_read_that_breaks_off_is_asked_again(
    machines: Machines, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = machines.here.save(make_session())
    from pipeline import workspace as module

    load, calls = module.load_session, []

    def break_off(*arguments: Any) -> Any:
        calls.append(1)
        if len(calls) == 1:
            services.postgres.end_connections(database_of(machines.here))
        return load(*arguments)

    monkeypatch.setattr(module, "load_session", break_off)
    assert machines.here.session(stored.id).id == stored.id
    assert len(calls) == 2


def test_a_write_that_breaks_off_stores_nothing_and_says_so(machines: Machines, services: Services) -> None:
    machines.here.save(make_session())
    with (
        pytest.raises(DatabaseLost, match="the connection to the database was lost; nothing was stored"),
        machines.here.writing() as connection,
    ):
        connection.execute(SESSIONS.delete())
        services.postgres.end_connections(database_of(machines.here))
        connection.execute(select(CASES.c.id))
    assert len(machines.here.sessions()) == 1


def test_a_session_whose_storing_breaks_off_is_stored_once(
    machines: Machines, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipeline import workspace as module

    insert, calls = module.insert_session, []

    def break_off(*arguments: Any) -> None:
        insert(*arguments)
        calls.append(1)
        if len(calls) == 1:
            services.postgres.end_connections(database_of(machines.here))

    monkeypatch.setattr(module, "insert_session", break_off)
    machines.here.save(make_session())
    assert len(calls) == 2 and len(machines.there.sessions()) == 1
    assert len(Trail(machines.there.path).entries()) == 1 and machines.there.check() == []


@pytest.mark.parametrize("stored", [True, False])
def test_what_broke_off_at_its_very_end_is_asked_of_the_server(
    machines: Machines, services: Services, monkeypatch: pytest.MonkeyPatch, stored: bool
) -> None:
    machines.here.save(make_session())
    dialect = engine_of(database_of(machines.here)).dialect
    commit, broken = dialect.do_commit, []

    def break_off(connection: Any) -> None:
        if not broken:
            broken.append(1)
            if stored:
                commit(connection)
            services.postgres.end_connections(database_of(machines.here))
        connection.execute("SELECT 1") if broken == [1] else None
        broken.append(2)
        commit(connection)

    monkeypatch.setattr(dialect, "do_commit", break_off)
    queue = JobQueue(machines.here.path)
    queue.submit("x", {"n": 1}, "x")
    monkeypatch.undo()
    assert [job.title for job in queue.jobs()] == ["x"]
    assert len(Trail(machines.here.path).entries()) == 2  # not twice, whichever it was


def test_a_server_that_stops_is_said_and_one_that_starts_again_goes_on(machines: Machines, services: Services) -> None:
    machines.here.save(make_session())
    services.postgres.stop("immediate")
    try:
        with pytest.raises(WorkspaceError, match=r"127.0.0.1.*the database server does not answer .*refused"):
            machines.here.sessions()
        with pytest.raises(WorkspaceError, match="the database server does not answer"):
            machines.here.save(make_session(seed=1))
    finally:
        services.postgres.start()
    assert [each.id for each in machines.here.sessions()] == [make_session().id]
    machines.here.save(make_session(seed=1))
    assert len(machines.there.sessions()) == 2 and machines.there.check() == []


def test_a_server_that_is_being_started_is_waited_for(machines: Machines, services: Services) -> None:
    from threading import Thread

    machines.here.save(make_session())
    services.postgres.stop("fast")
    starting = Thread(target=services.postgres.start)
    starting.start()
    try:
        assert len(machines.here.sessions()) == 1
    finally:
        starting.join()


def test_a_store_that_fails_for_a_while_is_asked_again(machines: Machines, fault: Fault) -> None:
    fault.refuse = 3
    machines.here.save(make_session())
    assert fault.refuse == 0 and fault.seen > 3
    assert machines.there.check() == []


def test_a_slow_store_takes_its_time_and_keeps_nobody_from_reading(machines: Machines, fault: Fault) -> None:
    from threading import Thread

    machines.here.save(make_session())
    fault.delay = 0.3
    saving = Thread(target=machines.here.save, args=(make_session(seed=1),))
    saving.start()
    begun = time.monotonic()
    for _ in range(10):
        machines.there.sessions()
    assert time.monotonic() - begun < 1.5
    saving.join()
    fault.delay = 0.0
    assert len(machines.there.sessions()) == 2 and machines.there.check() == []


def test_with_a_store_that_stays_away_nothing_is_stored(machines: Machines, fault: Fault) -> None:
    machines.here.save(make_session())
    fault.refuse = 10_000
    with pytest.raises(StoreAway, match=r"s3://test-.*: .* cannot be (looked for|written)"):
        machines.here.save(make_session(seed=1))
    assert len(machines.there.sessions()) == 1
    fault.refuse = 0
    assert machines.here.save(make_session(seed=1)).id == make_session(seed=1).id
    assert machines.there.check() == []


def test_what_a_store_that_is_away_could_not_remove_goes_at_the_next_sweep(machines: Machines, fault: Fault) -> None:
    stored = machines.here.save(make_session())
    fault.refuse = 10_000
    with pytest.raises(StoreAway, match="files cannot be removed"):
        machines.here.delete(stored.id)
    fault.refuse = 0
    assert machines.here.sessions() == [] and len(machines.stored()) == 2
    machines.there.sweep()
    assert machines.stored() == set()


def test_a_job_that_met_a_failing_store_is_tried_again(machines: Machines, fault: Fault, tone: Path) -> None:
    queue = JobQueue(machines.here.path)
    job = queue.submit(ANALYZE, analysis_payload(tone, FAKES, CPU), tone.name)
    fault.refuse = objects.ATTEMPTS
    Worker(machines.here, threads=1).run(until_empty=True)
    done = queue.get(job.id)
    assert (done.state, done.attempts) == ("done", 2)
    assert machines.there.check() == []
