"""Many recordings on the command line: what is meant, the run with its progress, and what became of each."""

from __future__ import annotations

import datetime
import glob
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from diarization.errors import AudioError, TurntoneError

from .terminal import progress_bar, say, say_error

if TYPE_CHECKING:
    from pipeline.jobs.batches import Batch
    from pipeline.jobs.job import Job
    from pipeline.jobs.manifest import Planned
    from pipeline.sessions import Session
    from pipeline.workspace import Workspace


@dataclass(frozen=True)
class Plan:
    """What is to be analysed.

    Parameters
    ----------
    recordings : list of Planned
        Each once.
    errors : list of TurntoneError
        What is wrong with folders and patterns that mean none.
    is_batch : bool
        Whether it is worked off as jobs: there are several, or a manifest named them.
    """

    recordings: list[Planned]
    errors: list[TurntoneError]
    is_batch: bool


def planned_recordings(
    given: Sequence[str],
    case: str | None,
    date: datetime.date | None,
    roles: Mapping[str, str] | None,
    consent: str | None = None,
) -> Plan:
    """The recordings that files, folders, patterns (``calls/**/*.wav``) and manifests mean.

    Parameters
    ----------
    given : sequence of str
    case, date, roles, consent
        For recordings of which a manifest says nothing else.

    Raises
    ------
    FormatError
        Where a manifest breaks the rules.
    """
    from pipeline.jobs.manifest import Planned, is_manifest, read_manifest

    found: dict[Path, Planned] = {}
    errors: list[TurntoneError] = []
    for each in given:
        if is_manifest(Path(each)):
            rows = [_with_case(row, case, consent) for row in read_manifest(Path(each))]
        else:
            try:
                rows = [Planned(path, case, date, dict(roles or {}), consent=consent) for path in _files(each)]
            except TurntoneError as error:
                errors.append(error)
                continue
        for row in rows:
            found.setdefault(row.path, row)
    manifests = any(is_manifest(Path(each)) for each in given)
    return Plan(list(found.values()), errors, manifests or len(found) > 1)


def run_batch(workspace: Workspace, batch: Batch, work: Callable[..., list[Job]]) -> list[Job]:
    """Have the batch worked off with one bar for all, a line a recording, and what failed with its reasons at the end.

    ``work`` does it or waits for it: ``work_batch`` or ``follow_batch``.
    """
    if batch.ended:
        say(f"going on: {batch.ended} of {batch.size} recordings were done before")
    for path, first in batch.copies:
        say(f"{path} has the same bytes as {first}: one recording, one session")
    with progress_bar("Analysing") as update:
        following = _Following(batch, update)
        jobs = work(workspace, batch, following.ended, following.moved if update else None)
    failed = [job for job in jobs if job.state == "failed"]
    if len(jobs) > 1 and failed:
        say(f"{len(failed)} of {len(jobs)} failed; turntone analyze --retry-failed tries them again:")
        for job in failed:
            say(f"  {job.id}  {job.reason}")
    return jobs


def sessions_of(workspace: Workspace, jobs: Sequence[Job]) -> list[Session]:
    """The sessions that the jobs made, in order; those deleted meanwhile are left out."""
    known = {each.id for each in workspace.sessions()}
    made = dict.fromkeys(job.session for job in jobs if job.state == "done" and job.session in known)
    return [workspace.session(each) for each in made if each]


class _Following:
    """Tells the person what happens in a batch; its methods are called from several threads."""

    def __init__(self, batch: Batch, update: Any) -> None:
        self._size, self._done = batch.size, batch.ended
        self._update = update
        self._shares: dict[str, float] = {}
        self._lock = Lock()

    def moved(self, job: Job, stage: str, share: float) -> None:
        with self._lock:
            self._shares[job.id] = share
            done = (self._done + sum(self._shares.values())) / max(self._size, 1)
            self._update(f"{self._done} of {self._size} · {job.title}: {stage}", min(done, 1.0))

    def ended(self, job: Job) -> None:
        with self._lock:
            if job.state == "queued":  # to be tried again
                return
            self._done += 1
            self._shares.pop(job.id, None)
            if job.state == "failed":
                say_error(str(job.reason))
            else:
                say(
                    f"[{self._done} of {self._size}] {job.title}: {job.state}" + f" · {job.session}" * bool(job.session)
                )


def _with_case(row: Planned, case: str | None, consent: str | None) -> Planned:
    own = row.consent or row.consents
    return replace(row, case=row.case or case, consent=row.consent if own else consent)


def _files(given: str) -> list[Path]:
    from diarization.audio import find_recordings

    if any(mark in given for mark in "*?[") and not Path(given).exists():
        matches = sorted(Path(each) for each in glob.glob(given, recursive=True))  # noqa: PTH207 - Path.glob takes no absolute pattern
        if not matches:
            raise AudioError(f"{given}: no file matches this pattern")
        return find_recordings([each for each in matches if each.is_file()] or matches)
    return find_recordings([Path(given)])
