"""Figures for Prometheus: what a worker does, and what waits."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from threading import Lock
from typing import TYPE_CHECKING, Any

from diarization.errors import ConfigError, TurntoneError

from ..jobs.job import STATES, Job
from ..jobs.queue import JobQueue
from ..workspace import Workspace
from .broker import EXTRA, broker_named
from .lanes import QUEUES
from .outbox import depths

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

_LOG = logging.getLogger(__name__)

WAITING = {
    "turntone_jobs": "Jobs by state.",
    "turntone_jobs_waiting": "Queued jobs by queue, and whether a cluster or one machine does them.",
    "turntone_oldest_waiting_seconds": "How long the oldest queued job of a queue has waited.",
    "turntone_messages_waiting": "Messages at the broker by queue; nothing where none is named.",
    "turntone_silence_seconds": "Seconds since the last sign of life of the running job that was silent longest.",
    "turntone_up": "1 where what the cluster stands on answers, by part: broker, database.",
}
"""What the dashboard's ``/metrics`` says, with its meaning."""

WORKING = {
    "turntone_jobs_ended_total": "Jobs that ended here by state; failures are those failed.",
    "turntone_stage_seconds": "Seconds that a recording was in a stage.",
    "turntone_sound_seconds_total": "Seconds of sound that were analysed.",
    "turntone_analysis_seconds_total": "Seconds that their analyses took; sound over analysis is the real-time factor.",
    "turntone_jobs_running": "Jobs at work here.",
    "turntone_heartbeat_timestamp_seconds": "When a job at work here last showed a sign of life.",
}
"""What a worker's ``--metrics-port`` says, with its meaning."""

_BUCKETS = (0.1, 0.3, 1, 3, 10, 30, 100, 300, 1000, 3000)
_NOTHING_DONE = 0.2  # seconds; a recording that was analysed before is through in less


def metrics_text(workspace: Workspace) -> bytes:
    """What waits and how jobs stand, as Prometheus reads it.

    Raises
    ------
    ConfigError
        Where the library for it is not installed.
    """
    registry = _registry()
    registry.register(_WaitingCollector(workspace))
    from prometheus_client import generate_latest

    return generate_latest(registry)


class WorkerMetrics:
    """Counts what a worker does, and serves it to Prometheus.

    ``moved`` and ``ended`` are what a Worker tells.

    Parameters
    ----------
    workspace : Workspace

    Raises
    ------
    ConfigError
        Where the library for it is not installed.
    """

    def __init__(self, workspace: Workspace) -> None:
        self.registry = _registry()
        from prometheus_client import Counter, Gauge, Histogram

        self._workspace = workspace
        self._lock = Lock()
        self._at: dict[str, dict[str, float]] = {}
        self._now: dict[str, tuple[str, float]] = {}
        ours: dict[str, Any] = {"registry": self.registry}
        told = {name.removesuffix("_total"): meaning for name, meaning in WORKING.items()}
        self._ended = Counter("turntone_jobs_ended", told["turntone_jobs_ended"], ["kind", "lane", "state"], **ours)
        self._stages = Histogram(
            "turntone_stage_seconds", told["turntone_stage_seconds"], ["stage"], buckets=_BUCKETS, **ours
        )
        self._sound = Counter("turntone_sound_seconds", told["turntone_sound_seconds"], **ours)
        self._took = Counter("turntone_analysis_seconds", told["turntone_analysis_seconds"], **ours)
        self._running = Gauge("turntone_jobs_running", told["turntone_jobs_running"], **ours)
        self._beat = Gauge("turntone_heartbeat_timestamp_seconds", told["turntone_heartbeat_timestamp_seconds"], **ours)

    def serve(self, host: str, port: int) -> int:
        """Answer at an address from now on, in a thread; gives the port.

        Raises
        ------
        ConfigError
            Where nothing can listen there.
        """
        from prometheus_client import start_http_server

        try:
            server, _ = start_http_server(port, host, self.registry)
        except OSError as error:
            why = error.strerror or str(error)
            raise ConfigError(f"--metrics-port {port}: cannot listen on {host} ({why}); choose another port") from error
        return int(server.server_port)

    def moved(self, job: Job, stage: str, _share: float) -> None:
        """A job is at a stage."""
        now = time.monotonic()
        with self._lock:
            self._pass(job, now)
            self._now[job.id] = (stage, now)
            self._running.set(len(self._now))
            self._beat.set_to_current_time()

    def ended(self, job: Job) -> None:
        """A job has ended here, or is tried again."""
        with self._lock:
            self._pass(job, time.monotonic())
            self._now.pop(job.id, None)
            seconds = self._at.pop(job.id, {})
            self._running.set(len(self._now))
        if job.state == "queued":
            return
        self._ended.labels(job.kind, job.lane, job.state).inc()
        if job.state == "done" and sum(seconds.values()) > _NOTHING_DONE:
            for stage, each in seconds.items():
                self._stages.labels(stage).observe(each)
            self._took.inc(sum(seconds.values()))
            self._sound.inc(self._duration(job))

    def _pass(self, job: Job, now: float) -> None:
        """Add the time since the last word to the stage that the job was at."""
        stage, since = self._now.get(job.id, ("", now))
        if stage:
            known = self._at.setdefault(job.id, {})
            known[stage] = known.get(stage, 0.0) + now - since

    def _duration(self, job: Job) -> float:
        try:
            found = self._workspace.summary(job.session) if job.session else None
        except TurntoneError:
            return 0.0
        return found.duration if found else 0.0


class _WaitingCollector:
    """Asks database and broker whenever Prometheus asks."""

    def __init__(self, workspace: Workspace) -> None:
        self._queue = JobQueue(workspace.path)

    def collect(self) -> Iterable[Any]:
        """The figures as they are now."""
        from prometheus_client.core import GaugeMetricFamily as Gauge

        labels = {
            "turntone_jobs": ["state"],
            "turntone_jobs_waiting": ["queue", "executor"],
            "turntone_oldest_waiting_seconds": ["queue", "executor"],
            "turntone_messages_waiting": ["queue"],
            "turntone_silence_seconds": [],
            "turntone_up": ["part"],
        }
        found = {name: Gauge(name, WAITING[name], labels=labels[name]) for name in WAITING}
        up = found["turntone_up"]
        up.add_metric(["database"], float(self._of_database(found)))
        if broker_named() is not None:
            up.add_metric(["broker"], float(self._of_broker(found)))
        return found.values()

    def _of_database(self, found: dict[str, Any]) -> bool:
        try:
            counts, waiting, silence = self._queue.counts(), self._queue.waiting(), self._queue.silence()
        except TurntoneError as error:
            _LOG.warning("%s", error)
            return False
        for state in STATES:
            found["turntone_jobs"].add_metric([state], counts.get(state, 0))
        known = {(each.queue, each.for_cluster): each for each in waiting}
        for key in dict.fromkeys([*((name, True) for name in QUEUES), *known]):
            where = [key[0], "celery" if key[1] else "local"]
            line = known.get(key)
            found["turntone_jobs_waiting"].add_metric(where, line.count if line else 0)
            found["turntone_oldest_waiting_seconds"].add_metric(where, line.oldest if line else 0.0)
        found["turntone_silence_seconds"].add_metric([], silence or 0.0)
        return True

    def _of_broker(self, found: dict[str, Any]) -> bool:
        broker = broker_named()
        try:
            waiting = depths(broker) if broker else {}
        except TurntoneError as error:
            _LOG.warning("%s", error)
            return False
        for name, count in waiting.items():
            found["turntone_messages_waiting"].add_metric([name], count)
        return True


def _registry() -> CollectorRegistry:
    try:
        from prometheus_client import CollectorRegistry, disable_created_metrics
    except ImportError as error:
        raise ConfigError(f"figures for Prometheus need more than is installed here: {EXTRA}") from error
    disable_created_metrics()  # type: ignore[no-untyped-call]
    return CollectorRegistry()
