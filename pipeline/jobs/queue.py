"""The queue of jobs in a workspace's database: submit, claim, report, end, retry."""

from __future__ import annotations

import datetime
import os
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, case, func, insert, select, update

from diarization.errors import WorkspaceError

from ..cache import key_of
from ..store.database import Database, asked_again
from ..store.jsons import said_in
from ..store.models import JOBS
from ..store.pseudonyms import without_names
from ..store.seen import seen_jobs
from ..store.trail import record
from ..store.writing import now
from .job import CLUSTER, LANES, MAX_ATTEMPTS, Job
from .processes import lives, this_process

LOST_AFTER = 120.0
"""Seconds without a heartbeat after which a job's process counts as gone, where it cannot be asked."""

_GIVEN_UP = (
    f"given up after {MAX_ATTEMPTS} attempts: the process ended each time while it worked on this; "
    "look at the recording, then turntone jobs retry"
)
_CANCELLED = {"state": "cancelled", "reason": None, "worker": None}


@dataclass(frozen=True)
class Waiting:
    """Jobs that are queued: in which lane, what they need next, whether for a cluster, how many, and for how long the
    oldest has been, in seconds."""

    lane: str
    needs: str
    for_cluster: bool
    count: int
    oldest: float

    @property
    def queue(self) -> str:
        """The name of the queue in which a cluster has them."""
        return f"{self.needs}.{self.lane}"


class JobQueue:
    """The jobs of one workspace; any number of processes may use it at once.

    Parameters
    ----------
    folder : Path
        The workspace's. It is made with the first job.
    guarded : bool
        As for a Workspace. Whoever is at work finds the jobs of cases that they see.
    """

    def __init__(self, folder: Path, guarded: bool = False) -> None:
        self._database = Database(Path(folder) / "workspace.db", guarded)

    # What there is

    @asked_again
    def get(self, prefix: str) -> Job:
        """One job, by its id or by as many first digits as tell it from the others.

        Raises
        ------
        WorkspaceError
            Where no job or several are meant.
        """
        with self._database.reading_if_any() as connection:
            return _job_like(connection, prefix)

    @asked_again
    def find(self, job_id: str) -> Job | None:
        """The job of exactly that id; None where there is none."""
        with self._database.reading_if_any() as connection:
            if connection is None:
                return None
            row = connection.execute(select(JOBS).where(JOBS.c.id == job_id, *seen_jobs())).mappings().first()
            return _job(row) if row else None

    @asked_again
    def jobs(self, state: str | None = None, batch: str | None = None, limit: int | None = None) -> list[Job]:
        """Jobs in the order of their submission, of a state or batch where one is given; the newest ``limit``."""
        with self._database.reading_if_any() as connection:
            if connection is None:
                return []
            statement = (
                _wanted(select(JOBS), state, batch).where(*seen_jobs()).order_by(JOBS.c.number.desc()).limit(limit)
            )
            return [_job(row) for row in reversed(connection.execute(statement).mappings().all())]

    @asked_again
    def counts(self, batch: str | None = None) -> dict[str, int]:
        """How many jobs are in each state; states without jobs are left out."""
        with self._database.reading_if_any() as connection:
            if connection is None:
                return {}
            statement = (
                _wanted(select(JOBS.c.state, func.count()), None, batch).where(*seen_jobs()).group_by(JOBS.c.state)
            )
            return {row[0]: row[1] for row in connection.execute(statement)}

    @asked_again
    def states(self, batch: str) -> dict[str, str]:
        """The state of each job of a batch, by id."""
        with self._database.reading_if_any() as connection:
            if connection is None:
                return {}
            found = select(JOBS.c.id, JOBS.c.state).where(JOBS.c.batch == batch, *seen_jobs())
            return {row[0]: row[1] for row in connection.execute(found)}

    @asked_again
    def batches(self, prefix: str) -> list[str]:
        """The batches whose name begins so, the newest last."""
        with self._database.reading_if_any() as connection:
            if connection is None:
                return []
            newest = func.max(JOBS.c.number)
            named = select(JOBS.c.batch).where(JOBS.c.batch.startswith(prefix, autoescape=True))
            return list(connection.execute(named.group_by(JOBS.c.batch).order_by(newest)).scalars())

    @asked_again
    def ended_keys(self, batch: str) -> set[str]:
        """Keys of a batch's jobs that are done, or were given up after ``MAX_ATTEMPTS``."""
        with self._database.reading_if_any() as connection:
            if connection is None:
                return set()
            given_up = (JOBS.c.state == "failed") & (JOBS.c.attempts >= MAX_ATTEMPTS)
            ended = select(JOBS.c.key).where(JOBS.c.batch == batch, (JOBS.c.state == "done") | given_up)
            return set(connection.execute(ended).scalars())

    # What becomes of them

    def submit(
        self,
        kind: str,
        payload: Mapping[str, Any],
        title: str,
        lane: str = "interactive",
        batch: str | None = None,
    ) -> Job:
        """Queue a job. The same work that is still queued or running is not queued again: it is given instead.

        Parameters
        ----------
        kind, payload, title, lane, batch
            As ``Job`` says.

        Raises
        ------
        WorkspaceError
            Where the workspace cannot be written.
        """
        (job,) = self.submit_many(kind, [(title, payload)], lane, batch)
        return job

    @asked_again
    def submit_many(
        self,
        kind: str,
        works: Sequence[tuple[str, Mapping[str, Any]]],
        lane: str = "interactive",
        batch: str | None = None,
    ) -> list[Job]:
        """Queue jobs, all or none, as ``submit`` does; ``works`` are titles with payloads."""
        assert lane in LANES
        with self._database.writing() as connection:
            jobs = [_submitted(connection, kind, title, dict(payload), lane, batch) for title, payload in works]
            for job in jobs:
                record(connection, "submitted", "job", job.id)
        self._announce(jobs)
        return jobs

    @asked_again
    def claim(self, kinds: tuple[str, ...], batch: str | None = None) -> Job | None:
        """The next job of these kinds, of a batch where one is named, now this process's; None where none is queued.

        Jobs whose process is gone come back first: queued again, or failed after ``MAX_ATTEMPTS``. Those that are meant
        for a cluster are left to it.
        """
        if not self._database.exists() or not self._anything_to_do():
            return None
        with self._database.writing() as connection:
            released = _release_lost(connection)
            queued = _wanted(select(JOBS.c.id).where(JOBS.c.kind.in_(kinds), ~_for_cluster()), "queued", batch)
            job = _begun(connection, _first(connection, queued))
        self._announce(released)
        return job

    @asked_again
    def claim_one(self, job_id: str, kinds: tuple[str, ...]) -> Job | None:
        """Exactly that job, now this process's; None where it has ended, is gone, or another process is at work on it.

        So a job is done once, however often it was asked for. One whose process is gone is taken over, or fails after
        ``MAX_ATTEMPTS``.
        """
        with self._database_of_jobs() as connection:
            if connection is None:
                return None
            named = select(JOBS).where(JOBS.c.id == job_id, JOBS.c.kind.in_(kinds))
            row = connection.execute(named).mappings().first()
            if row is not None and row["state"] == "running" and not _lives(row, _clock(connection)):
                _release(connection, row)
            return _begun(connection, job_id) if row is not None else None

    @asked_again
    def claim_waited_for(self, kinds: tuple[str, ...], stages: tuple[str, ...]) -> Job | None:
        """The next job of a cluster that somebody waits for, now this process's; None where none is queued.

        Parameters
        ----------
        kinds, stages
            Of these kinds alone, and that are at one of these stages (``pipeline.cluster.lanes``).
        """
        from ..cluster.lanes import at_stages

        wanted = select(JOBS.c.id).where(JOBS.c.kind.in_(kinds), JOBS.c.lane == LANES[0], _for_cluster())
        wanted = wanted.where(JOBS.c.state == "queued", at_stages(stages))
        with self._database.reading_if_any() as connection:
            if connection is None or _first(connection, wanted) is None:
                return None
        with self._database.writing() as connection:
            return _begun(connection, _first(connection, wanted))

    @asked_again
    def report(self, job_id: str, stage: str | None = None, progress: float | None = None) -> bool:
        """Say that a running job is alive, and how far it is; gives whether it may go on."""
        said = {"stage": stage, "progress": progress}
        changes: dict[str, Any] = {name: value for name, value in said.items() if value is not None}
        mine = (JOBS.c.id == job_id) & (JOBS.c.state == "running") & (JOBS.c.worker == this_process())
        with self._database.writing() as connection:
            changes["heartbeat"] = _clock(connection)
            alive = connection.execute(update(JOBS).where(mine).values(**changes)).rowcount
            wanted = connection.execute(select(JOBS.c.cancel_wanted).where(mine)).scalar()
        return bool(alive) and not wanted

    def finish(self, job_id: str, session: str | None) -> Job:
        """The job is done; ``session`` is what it made. Where names are not to be kept, it forgets them."""
        done = {"state": "done", "session": session, "progress": 1.0, "reason": None}
        return self._end(job_id, done | _nameless(self.get(job_id)))

    def fail(self, job_id: str, reason: str, again: bool = False) -> Job:
        """The job failed; where ``again``, it is queued once more unless it had its ``MAX_ATTEMPTS``."""
        reason = os.fsencode(reason).decode("utf-8", "replace")
        again = again and self.get(job_id).attempts < MAX_ATTEMPTS
        return self._end(job_id, {"state": "queued" if again else "failed", "reason": reason})

    def cancelled(self, job_id: str) -> Job:
        """The job stopped because somebody cancelled it."""
        return self._end(job_id, _CANCELLED)

    def give_back(self, job_id: str) -> Job:
        """The process stops before the job is done: it is queued again, and this attempt is not counted."""
        return self._end(job_id, {"state": "queued", "attempts": JOBS.c.attempts - 1, "progress": 0.0, "stage": None})

    def hand_on(self, job_id: str, needs: str) -> Job:
        """The job's first part is done, and another worker does the rest: it is queued for what it needs next."""
        payload = self.get(job_id).payload | {"needs": needs}
        again = {"state": "queued", "attempts": JOBS.c.attempts - 1, "progress": 0.0, "payload": payload}
        return self._end(job_id, again)

    @asked_again
    def is_open(self, key: str) -> bool:
        """Whether work with this key is queued or running."""
        with self._database.reading_if_any() as connection:
            if connection is None:
                return False
            same = select(JOBS.c.id).where(JOBS.c.key == key, JOBS.c.state.in_(("queued", "running")))
            return connection.execute(same).first() is not None

    @asked_again
    def cancel(self, prefix: str) -> Job:
        """Take a queued job out, or ask a running one to stop at its next step; one that has ended stays as it is.

        Raises
        ------
        WorkspaceError
            Where no job or several are meant.
        """
        with self._database_of_jobs() as connection:
            job = _job_like(connection, prefix)
            assert connection is not None
            if not job.ended:
                record(connection, "cancelled", "job", job.id)
            if job.state == "queued":
                return _changed(connection, job.id, _CANCELLED | {"finished": _clock(connection)})
            if job.state == "running":
                return _changed(connection, job.id, {"cancel_wanted": True})
            return job

    @asked_again
    def retry(self, prefix: str, batch: str | None = None) -> Job:
        """Queue a failed or cancelled job again, with all its attempts; a job in another state stays as it is.

        Where a batch is named, the job belongs to that from now on.

        Raises
        ------
        WorkspaceError
            Where no job or several are meant.
        """
        with self._database_of_jobs() as connection:
            job = _job_like(connection, prefix)
            if job.state not in ("failed", "cancelled"):
                return job
            assert connection is not None
            record(connection, "retried", "job", job.id)
            again = {"state": "queued", "attempts": 0, "cancel_wanted": False, "finished": None, "progress": 0.0}
            job = _changed(connection, job.id, again | ({"batch": batch} if batch else {}))
        self._announce([job])
        return job

    def forget(self, prefix: str) -> Job:
        """Remove a job that has ended from the list; its session stays.

        Raises
        ------
        WorkspaceError
            Where no job or several are meant, or it has not ended yet.
        """
        with self._database_of_jobs() as connection:
            job = _job_like(connection, prefix)
            if not job.ended:
                raise WorkspaceError(f"job {job.id} is {job.state}; cancel it first: turntone jobs cancel {job.id}")
            assert connection is not None
            connection.execute(JOBS.delete().where(JOBS.c.id == job.id))
            return job

    @asked_again
    def release_lost(self) -> int:
        """Queue the jobs again whose process is gone; those with all attempts used up fail. Gives how many."""
        if not self.lost():
            return 0
        with self._database.writing() as connection:
            released = _release_lost(connection)
        self._announce(released)
        return len(released)

    @asked_again
    def waiting_for_cluster(self, lane: str, stages: tuple[str, ...], seconds: float) -> list[Job]:
        """Jobs of a cluster that have been queued in a lane, at one of these stages, for so many seconds."""
        from ..cluster.lanes import at_stages

        with self._database.reading_if_any() as connection:
            if connection is None:
                return []
            before = _clock(connection) - datetime.timedelta(seconds=seconds)
            queued = select(JOBS).where(JOBS.c.state == "queued", JOBS.c.lane == lane, _for_cluster())
            queued = queued.where(JOBS.c.created < before, at_stages(stages)).order_by(JOBS.c.number)
            return [_job(row) for row in connection.execute(queued).mappings().all()]

    @asked_again
    def waiting(self) -> list[Waiting]:
        """What is queued, a line for each lane and what its jobs need next; for a cluster or for this machine."""
        needs = func.coalesce(said_in(JOBS.c.payload, "needs"), "gpu").label("needs")
        queued = select(JOBS.c.lane, needs, _for_cluster().label("cluster"), JOBS.c.created)
        of = queued.where(JOBS.c.state == "queued", *seen_jobs()).subquery()
        kinds = (of.c.lane, of.c.needs, of.c.cluster)
        lines = select(*kinds, func.count(), func.min(of.c.created)).group_by(*kinds)
        with self._database.reading_if_any() as connection:
            if connection is None:
                return []
            at = _clock(connection)
            return [
                Waiting(lane, stage, bool(cluster), count, max((at - oldest).total_seconds(), 0.0))
                for lane, stage, cluster, count, oldest in connection.execute(lines)
            ]

    @asked_again
    def handed(self) -> dict[str, bool]:
        """The names in the store of all recordings that were handed over for jobs, and whether their job is done."""
        with self._database.reading_if_any() as connection:
            if connection is None:
                return {}
            names = select(said_in(JOBS.c.payload, "handed"), JOBS.c.state)
            return {name: state == "done" for name, state in connection.execute(names) if name}

    @asked_again
    def silence(self) -> float | None:
        """Seconds since the last sign of life of the running job that has been silent longest; None where none runs."""
        with self._database.reading_if_any() as connection:
            if connection is None:
                return None
            oldest = connection.execute(select(func.min(JOBS.c.heartbeat)).where(JOBS.c.state == "running")).scalar()
            return None if oldest is None else max((_clock(connection) - oldest).total_seconds(), 0.0)

    @asked_again
    def lost(self) -> list[Job]:
        """The jobs that are running as their rows say, and whose process is gone."""
        with self._database.reading_if_any() as connection:
            rows = [] if connection is None else _lost(connection)
            return [_job(row) for row in rows]

    def _anything_to_do(self) -> bool:
        """Whether a claim is worth a lock: idle workers ask every second."""
        with self._database.reading() as connection:
            open_jobs = select(JOBS.c.id).where(JOBS.c.state.in_(("queued", "running"))).limit(1)
            return connection.execute(open_jobs).first() is not None

    @asked_again
    def _end(self, job_id: str, changes: Mapping[str, Any]) -> Job:
        """Change a job that this process works on; one that was taken from it meanwhile stays as it is."""
        mine = (JOBS.c.id == job_id) & (JOBS.c.state == "running") & (JOBS.c.worker == this_process())
        again = changes["state"] == "queued"
        with self._database.writing() as connection:
            finished = None if again else _clock(connection)
            ended = update(JOBS).where(mine).values(**{**changes, "worker": None, "finished": finished})
            was_mine = connection.execute(ended).rowcount
            job = _changed(connection, job_id, {})
        if again and was_mine:
            self._announce([job])
        return job

    def _announce(self, jobs: Sequence[Job]) -> None:
        """Tell a cluster of the jobs that wait for it; those of one machine are found by whoever looks."""
        meant = [job for job in jobs if job.state == "queued" and job.for_cluster]
        if meant:
            from ..cluster.outbox import send  # and with it what a cluster needs, which one machine does not

            send(meant)

    @contextmanager
    def _database_of_jobs(self) -> Iterator[Connection | None]:
        if not self._database.exists():
            yield None
            return
        with self._database.writing() as connection:
            yield connection


def _nameless(job: Job) -> dict[str, Any]:
    """What a job is called where file names and participants are not to be kept, and what stays of what was asked."""
    if not (job.payload.get("config", {}).get("privacy") or {}).get("pseudonyms"):
        return {}
    called = f"recording-{job.id[:8]}"
    hidden = {"path": called, "roles": {}, "consents": {}, "config": without_names(job.payload["config"])}
    return {"title": called, "payload": job.payload | hidden}


def work_key(kind: str, payload: Mapping[str, Any]) -> str:
    """What tells one piece of work from another: the same work is not queued twice.

    A recording whose bytes are known (``recording``, their SHA-256) is the same wherever it lies.
    """
    left_out = ("path", "file", "handed", "needs", "upload") if payload.get("recording") else ()
    return key_of(kind, {name: value for name, value in payload.items() if name not in left_out})


def _wanted(statement: Select[Any], state: str | None, batch: str | None) -> Select[Any]:
    if state is not None:
        statement = statement.where(JOBS.c.state == state)
    return statement if batch is None else statement.where(JOBS.c.batch == batch)


def _submitted(
    connection: Connection, kind: str, title: str, payload: dict[str, Any], lane: str, batch: str | None
) -> Job:
    key = work_key(kind, payload)
    same = select(JOBS.c.id).where(JOBS.c.key == key, JOBS.c.state.in_(("queued", "running")))
    known = connection.execute(same).scalar()
    if known is not None:
        return _changed(connection, known, {"batch": batch} if batch else {})
    title = os.fsencode(title).decode("utf-8", "replace")  # a file name need not be UTF-8, a column is
    row = {"id": secrets.token_hex(6), "kind": kind, "state": "queued", "lane": lane, "title": title, "key": key}
    connection.execute(insert(JOBS).values(**row, payload=payload, batch=batch, created=_clock(connection)))
    return _changed(connection, row["id"], {})


def _changed(connection: Connection | None, job_id: str, changes: Mapping[str, Any]) -> Job:
    assert connection is not None
    if changes:
        connection.execute(update(JOBS).where(JOBS.c.id == job_id).values(**changes))
    return _job(connection.execute(select(JOBS).where(JOBS.c.id == job_id)).mappings().one())


def _first(connection: Connection, queued: Select[Any]) -> str | None:
    """The id of the row that is next among those."""
    lane = case({name: place for place, name in enumerate(LANES)}, value=JOBS.c.lane)
    found: str | None = connection.execute(queued.order_by(lane, JOBS.c.number).limit(1)).scalar()
    return found


def _begun(connection: Connection, job_id: str | None) -> Job | None:
    """The job as it is after this process took it; None where it is not queued any more."""
    at = _clock(connection)
    begun = {
        "state": "running",
        "attempts": JOBS.c.attempts + 1,
        "worker": this_process(),
        "started": at,
        "heartbeat": at,
        "progress": 0.0,
        "stage": None,
        "reason": None,
    }
    free = update(JOBS).where(JOBS.c.id == job_id, JOBS.c.state == "queued").values(**begun)
    if job_id is None or not connection.execute(free).rowcount:
        return None
    return _changed(connection, job_id, {})


def _release_lost(connection: Connection) -> list[Job]:
    return [_release(connection, row) for row in _lost(connection)]


def _release(connection: Connection, row: RowMapping) -> Job:
    """Take a job from its process, which is gone, unless somebody else did so meanwhile."""
    as_it_was = (JOBS.c.id == row["id"]) & (JOBS.c.state == "running") & (JOBS.c.worker == row["worker"])
    connection.execute(update(JOBS).where(as_it_was).values(**_after_loss(row, _clock(connection))))
    return _changed(connection, row["id"], {})


def _lost(connection: Connection) -> list[RowMapping]:
    running = connection.execute(select(JOBS).where(JOBS.c.state == "running")).mappings().all()
    at = _clock(connection)
    return [row for row in running if not _lives(row, at)]


def _lives(row: RowMapping, at: datetime.datetime) -> bool:
    return lives(row["worker"], row["heartbeat"], LOST_AFTER, at)


def _after_loss(row: RowMapping, at: datetime.datetime) -> dict[str, Any]:
    if row["cancel_wanted"]:
        return _CANCELLED | {"finished": at}
    if row["attempts"] >= MAX_ATTEMPTS:
        return {"state": "failed", "reason": _GIVEN_UP, "worker": None, "finished": at}
    return {"state": "queued", "worker": None, "progress": 0.0}


def _for_cluster() -> ColumnElement[bool]:
    """Of ``JOBS``: those that a cluster's workers are told of."""
    return func.coalesce(said_in(JOBS.c.payload, "executor"), "") == CLUSTER


def _clock(connection: Connection) -> datetime.datetime:
    """The time in UTC, by one clock for all who use the database: where machines share it, by the database's own."""
    if connection.dialect.name == "sqlite":
        return now()
    at: datetime.datetime = connection.execute(select(func.clock_timestamp())).scalar_one()
    return at.astimezone(datetime.UTC).replace(tzinfo=None)


def _job_like(connection: Connection | None, prefix: str) -> Job:
    wanted = prefix.strip().lower()
    statement = select(JOBS).where(JOBS.c.id.startswith(wanted, autoescape=True), *seen_jobs()).limit(2)
    rows = connection.execute(statement).mappings().all() if connection is not None and wanted else []
    if len(rows) == 1:
        return _job(rows[0])
    if rows:
        raise WorkspaceError(f"'{prefix}' begins the ids of several jobs; give more digits")
    raise WorkspaceError(f"no job is called '{prefix}'; turntone jobs list shows those there are")


def _job(row: RowMapping) -> Job:
    plain = ("id", "kind", "state", "lane", "title", "payload", "batch", "attempts", "stage", "progress", "reason")
    return Job(
        **{name: row[name] for name in plain},
        session=row["session"],
        created=_utc(row["created"]) or datetime.datetime.now(datetime.UTC),
        started=_utc(row["started"]),
        finished=_utc(row["finished"]),
    )


def _utc(time: datetime.datetime | None) -> datetime.datetime | None:
    return time.replace(tzinfo=datetime.UTC) if time else None
