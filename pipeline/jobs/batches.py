"""Many recordings at once: submitted as jobs of one batch, worked off here, and gone on with where a run stopped."""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..analysis import distinct_recordings
from ..config import Config, Runtime
from ..store.database import as_json
from ..store.shared import shared_of
from ..workspace import Workspace
from .analyses import ANALYZE, analysis_payload
from .job import Job
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
    """

    id: str
    size: int
    ended: int
    copies: list[tuple[Path, Path]]
    refused: list[str]


def submit_batch(
    workspace: Workspace, planned: Sequence[Planned], config: Config, runtime: Runtime | None = None
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

    Raises
    ------
    WorkspaceError
        Where the workspace cannot be written.
    """
    refused = [f"{each.path}: not analysed, as there is no consent to it" for each in planned if _refuses(each)]
    by_path = {each.path: each for each in planned if not _refuses(each)}
    groups = distinct_recordings(list(by_path))
    copies = [(path, first) for first, *others in groups for path in others]
    works = [_work(by_path[first], config, runtime) for first, *_ in groups]
    keys = [work_key(ANALYZE, payload) for _, payload in works]
    queue = JobQueue(workspace.path)
    batch = _batch_of(queue, keys)
    ended = queue.ended_keys(batch)
    queue.submit_many(
        ANALYZE, [work for key, work in zip(keys, works, strict=True) if key not in ended], "archive", batch
    )
    return Batch(batch, len(works), len(ended & set(keys)), copies, refused)


def retry_failed(workspace: Workspace) -> Batch:
    """Queue every analysis again that failed, with all its attempts, as one batch; it may have none."""
    queue = JobQueue(workspace.path)
    failed = [job for job in queue.jobs("failed") if job.kind == ANALYZE]
    batch = f"retry-{secrets.token_hex(4)}"
    for job in failed:
        queue.retry(job.id, batch)
    return Batch(batch, len(failed), 0, [], [])


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
    queue = JobQueue(workspace.path)
    log = workspace.path / "logs" / f"{batch.id}.jsonl"

    def noted(job: Job) -> None:
        _note(log, job)
        if ended:
            ended(job)

    while _open_jobs(queue, batch):
        Worker(workspace, threads, noted, moved, batch.id).run(until_empty=True)
        if _open_jobs(queue, batch):
            time.sleep(_POLL)
    last = {job.payload["path"]: job for job in queue.jobs(batch=batch.id)}  # what failed and was submitted again
    return list(last.values())


def _refuses(planned: Planned) -> bool:
    return "no" in (planned.consent, *planned.consents.values())


def _work(planned: Planned, config: Config, runtime: Runtime | None) -> tuple[str, dict[str, Any]]:
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
