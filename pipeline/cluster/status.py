"""How a cluster does: whether what it stands on answers, who works, and what waits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

from diarization.errors import TurntoneError

from ..jobs.queue import JobQueue
from ..store.shared_files import check_store
from ..workspace import Workspace
from .broker import Broker, check_broker, reaching
from .lanes import QUEUES
from .outbox import depths
from .worker import FACTS

_PATIENCE = 2.0  # seconds in which workers answer; they are asked all at once


@dataclass(frozen=True)
class ClusterStatus:
    """What ``turntone cluster status`` shows.

    Parameters
    ----------
    broker, database, store : str
        ``ok``, else the sentence that says what is wrong.
    workers : list of dict
        ``name``, ``machine``, ``process``, ``queues``, ``threads``, ``device`` and ``jobs``: ``id``, ``stage`` and
        ``progress`` of what it works on.
    queues : list of dict
        ``queue``, ``jobs`` that wait, ``messages`` at the broker (None where it does not answer), ``oldest`` in seconds
        (None where none waits), and how many ``workers`` take from it.
    jobs : dict
        How many are in each state.
    problems : list of str
        What somebody should see to, a sentence each.
    """

    broker: str
    database: str
    store: str
    workers: list[dict[str, Any]] = field(default_factory=list)
    queues: list[dict[str, Any]] = field(default_factory=list)
    jobs: dict[str, int] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """The same as JSON values."""
        return asdict(self)


def cluster_status(workspace: Workspace, broker: Broker) -> ClusterStatus:
    """How the cluster of a workspace does at this moment."""
    queue = JobQueue(workspace.path)
    reached = _said(lambda: check_broker(broker))
    counted = _said(queue.counts)
    kept = _said(lambda: _check_kept(workspace))
    here, there = counted == "ok", reached == "ok"
    workers = _workers(broker, queue if here else None) if there else []
    queues = _queues(queue if here else None, broker if there else None, workers)
    problems = [each for each in dict.fromkeys((reached, counted, kept)) if each != "ok"]
    if there and not workers:
        problems.append("no worker answers; start some: turntone worker --queues decode,gpu")
    problems += [_nobody(each) for each in queues if workers and each["jobs"] and not each["workers"]]
    return ClusterStatus(reached, counted, kept, workers, queues, queue.counts() if here else {}, problems)


def _check_kept(workspace: Workspace) -> None:
    workspace.check_usable()
    check_store(workspace.path)


def _nobody(waiting: dict[str, Any]) -> str:
    jobs = "1 job waits" if waiting["jobs"] == 1 else f"{waiting['jobs']} jobs wait"
    return f"{waiting['queue']}: {jobs}, and no worker takes from it; start one with --queues {waiting['queue']}"


def _said(ask: Callable[[], object]) -> str:
    try:
        ask()
    except TurntoneError as error:
        return str(error)
    return "ok"


def _workers(broker: Broker, queue: JobQueue | None) -> list[dict[str, Any]]:
    with reaching(broker):
        answers = broker.app().control.inspect(timeout=_PATIENCE)._request(FACTS) or {}
    found = [{"name": name.partition("@")[0] + "@" + facts["machine"], **facts} for name, facts in answers.items()]
    for each in found:
        each["jobs"] = [_progress(job, queue) for job in each["jobs"]]
    return sorted(found, key=lambda each: (each["machine"], each["process"]))


def _progress(job_id: str, queue: JobQueue | None) -> dict[str, Any]:
    job = queue.find(job_id) if queue else None
    return {"id": job_id, "stage": job.stage if job else None, "progress": job.progress if job else None}


def _queues(queue: JobQueue | None, broker: Broker | None, workers: list[dict[str, Any]]) -> list[dict[str, Any]]:
    messages = depths(broker) if broker else dict.fromkeys(QUEUES)
    waiting = {each.queue: each for each in (queue.waiting() if queue else ()) if each.for_cluster}
    return [
        {
            "queue": name,
            "jobs": waiting[name].count if name in waiting else 0,
            "messages": messages[name],
            "oldest": round(waiting[name].oldest, 1) if name in waiting else None,
            "workers": sum(name in each["queues"] for each in workers),
        }
        for name in QUEUES
    ]
