"""Many recordings at once: submitted as jobs of one batch, worked off here, and gone on with where a run stopped."""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from diarization.errors import TurntoneError

from ..analysis import distinct_recordings
from ..config import Config, Runtime
from ..store.database import as_json
from ..store.shared import shared_of
from ..workspace import Workspace
from .analyses import ANALYZE, analysis_payload
from .job import CLUSTER, ENDS, Job
from .manifest import Planned
from .queue import JobQueue, work_key
from .worker import Moved, Worker

_LOG = logging.getLogger(__name__)

_POLL = 1.0  # seconds between two looks at jobs of the batch that another process works on


@dataclass(frozen=True)
class Batch:
    """Jobs that were submitted together.

    Parameters
    ----------
    id : str
        What ``turntone jobs list --batch`` takes.
    size : int
        Its jobs, those that have ended included.
    ended : int
        Those that an earlier run was through with.
    copies : list of tuple of Path
        Recordings whose bytes another of the batch has, with that one.
    refused : list of str
        Why recordings were not submitted, a sentence each.
    jobs : frozenset of str
        Ids of those that were queued now.
    """

    id: str
    size: int
    ended: int
    copies: list[tuple[Path, Path]]
    refused: list[str]
    jobs: frozenset[str] = frozenset()


def submit_batch(
    workspace: Workspace,
    planned: Sequence[Planned],
    config: Config,
    runtime: Runtime | None = None,
    executor: str | None = None,
    lane: str = "archive",
    in_place: bool = False,
) -> Batch:
    """Queue the analysis of recordings, behind those that somebody waits for.

    The same recordings with the same settings, while a run of them is not finished, are that run gone on with: what is
    done or was given up is not submitted again.

    Parameters
    ----------
    workspace : Workspace
    planned : sequence of Planned
        Those with the same bytes are one recording, under the first of their names.
    config, runtime : Config and Runtime
        As for ``analyze_recording``.
    executor : str, optional
        As for ``analysis_payload``.
    lane : str
        Of ``LANES``.
    in_place : bool
        Whether a cluster's workers find recordings under the same paths; otherwise they are handed over where the
        workspace has a store.

    Raises
    ------
    WorkspaceError
        Where the workspace cannot be written.
    """
    refused = [f"{each.path}: not analysed, as there is no consent to it" for each in planned if _refuses(each)]
    by_path = {each.path: each for each in planned if not _refuses(each)}
    groups = distinct_recordings(list(by_path))
    copies = [(path, first) for first, *others in groups for path in others]
    works = [_work(by_path[first], config, runtime, executor) for first, *_ in groups]
    handed = executor == CLUSTER and not in_place and _hands_over(workspace)
    if handed:
        works = [(title, payload | _facts_of(payload)) for title, payload in works]
    keys = [work_key(ANALYZE, payload) for _, payload in works]
    queue = JobQueue(workspace.path)
    batch = _batch_of(queue, keys)
    ended = queue.ended_keys(batch)
    left = [work for key, work in zip(keys, works, strict=True) if key not in ended]
    jobs = (
        _handed_over(workspace, queue, left, lane, batch) if handed else queue.submit_many(ANALYZE, left, lane, batch)
    )
    return Batch(batch, len(works), len(ended & set(keys)), copies, refused, frozenset(job.id for job in jobs))


def _hands_over(workspace: Workspace) -> bool:
    from ..cluster.recordings import hands_over

    return hands_over(workspace.path)


def _facts_of(payload: Mapping[str, Any]) -> dict[str, Any]:
    """What is known of a recording's bytes; nothing of one that is not there, which its job will say."""
    from ..cluster.recordings import facts_of

    try:
        return facts_of(Path(payload["path"]))
    except TurntoneError:
        return {}


def _handed_over(
    workspace: Workspace, queue: JobQueue, works: Sequence[tuple[str, dict[str, Any]]], lane: str, batch: str
) -> list[Job]:
    """Put each recording into the store and queue it at once, so that workers begin while others are on their way."""
    from ..cluster.recordings import hand_over

    jobs = []
    for title, payload in works:
        if payload.get("recording") and not queue.is_open(work_key(ANALYZE, payload)):
            payload = payload | hand_over(workspace.path, Path(payload["path"]))
        jobs.append(queue.submit(ANALYZE, payload, title, lane, batch))
    return jobs


def retry_failed(workspace: Workspace, executor: str | None = None) -> Batch:
    """Queue every analysis again that failed, with all its attempts, as one batch; it may have none.

    Those of a cluster where ``executor`` is ``job.CLUSTER``, else those of this machine.
    """
    queue = JobQueue(workspace.path)
    failed = [job for job in queue.jobs("failed") if job.kind == ANALYZE and job.for_cluster == (executor == CLUSTER)]
    batch = f"retry-{secrets.token_hex(4)}"
    for job in failed:
        queue.retry(job.id, batch)
    return Batch(batch, len(failed), 0, [], [], frozenset(job.id for job in failed))


def work_batch(
    workspace: Workspace,
    batch: Batch,
    ended: Callable[[Job], None] | None = None,
    moved: Moved | None = None,
    threads: int = 2,
) -> list[Job]:
    """Work until every job of the batch has ended, here or in another process; gives the last of each recording.

    Each end is a line of ``logs/BATCH.jsonl`` in the workspace, unless that is a shared one. What interrupts this
    leaves the rest queued.

    Parameters
    ----------
    ended : callable, optional
        Told of each job that ends here, one at a time.
    moved, threads
        As for ``Worker``.
    """
    queue, noted = JobQueue(workspace.path), _noting(workspace, batch, ended)
    while _open_jobs(queue, batch):
        Worker(workspace, threads, noted, moved, batch.id).run(until_empty=True)
        if _open_jobs(queue, batch):
            time.sleep(_POLL)
    return _last_of_each(queue, batch)


def follow_batch(
    workspace: Workspace,
    batch: Batch,
    ended: Callable[[Job], None] | None = None,
    moved: Moved | None = None,
) -> list[Job]:
    """Wait until every job of the batch has ended on a cluster's workers; gives the last of each recording.

    What interrupts this leaves the cluster at work.

    Parameters
    ----------
    ended, moved
        As for ``work_batch``.
    """
    queue, noted = JobQueue(workspace.path), _noting(workspace, batch, ended)
    left = set(batch.jobs)
    while left:
        try:
            left -= _told(queue, batch, left, noted, moved)
        except TurntoneError as error:  # the database is away for a while; the cluster goes on
            _LOG.warning("%s", error)
        if left:
            time.sleep(_POLL)
    return _last_of_each(queue, batch)


def _told(queue: JobQueue, batch: Batch, left: set[str], noted: Callable[[Job], None], moved: Moved | None) -> set[str]:
    """Tell of what has happened to the jobs that are left; gives those of which nothing more is to be told."""
    states = queue.states(batch.id)
    through = {each for each in left if states.get(each, "cancelled") in ENDS}  # what was forgotten has ended too
    for job in filter(None, map(queue.find, sorted(through & states.keys()))):
        noted(job)
    for job in queue.jobs("running", batch.id) if moved else ():
        if moved and job.id in left:
            moved(job, job.stage or "read", job.progress)
    return through


def _noting(workspace: Workspace, batch: Batch, ended: Callable[[Job], None] | None) -> Callable[[Job], None]:
    log = workspace.path / "logs" / f"{batch.id}.jsonl"

    def noted(job: Job) -> None:
        _note(log, job)
        if ended:
            ended(job)

    return noted


def _last_of_each(queue: JobQueue, batch: Batch) -> list[Job]:
    last = {job.payload["path"]: job for job in queue.jobs(batch=batch.id)}  # what failed and was submitted again
    return list(last.values())


def _refuses(planned: Planned) -> bool:
    return "no" in (planned.consent, *planned.consents.values())


def _work(
    planned: Planned, config: Config, runtime: Runtime | None, executor: str | None
) -> tuple[str, dict[str, Any]]:
    if channels := planned.channels:
        diarization = config.diarization.model_copy(update={"channels": {**config.diarization.channels, **channels}})
        config = config.model_copy(update={"diarization": diarization})
    payload = analysis_payload(
        planned.path,
        config,
        runtime,
        planned.case,
        planned.date,
        roles=planned.roles,
        language=planned.language,
        consent=planned.consent,
        consents=planned.consents,
        executor=executor,
    )
    return planned.path.name, payload


def _batch_of(queue: JobQueue, keys: Sequence[str]) -> str:
    """The batch of this work that is not finished yet, else a new one."""
    begins = f"{work_key('batch', {'keys': sorted(keys)})[:8]}-"
    for batch in reversed(queue.batches(begins)):
        if _is_open(queue.counts(batch)):
            return batch
    return begins + secrets.token_hex(2)


def _open_jobs(queue: JobQueue, batch: Batch) -> bool:
    return _is_open(queue.counts(batch.id))


def _is_open(counts: dict[str, int]) -> bool:
    return bool(counts.get("queued") or counts.get("running"))


def _note(log: Path, job: Job) -> None:
    if shared_of(log.parent.parent) is not None:  # forgetting a person reaches no logs of other machines
        return
    facts = job.to_json() | {"path": job.payload["path"]}
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("a", encoding="utf-8") as lines:
            lines.write(as_json(facts) + "\n")
    except OSError as error:  # the table of jobs has it all: no reason to stop
        _LOG.warning("%s: cannot be written (%s)", log, error.strerror)
