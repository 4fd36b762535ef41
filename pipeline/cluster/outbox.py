"""What a cluster is told: a message a job, sent after its row is there.

The rows are the truth: where a message is lost, it is sent again; where it comes twice, the row says that there is
nothing left to do.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from diarization.errors import TurntoneError

from ..jobs.job import Job
from .broker import TASK, Broker, broker_named, reaching
from .lanes import QUEUES, queue_of

if TYPE_CHECKING:
    from celery import Celery

    from ..jobs.queue import JobQueue

_LOG = logging.getLogger(__name__)

OVERDUE = 15.0
"""Seconds that a job may wait beside an empty queue before its message counts as lost."""


def send(jobs: Sequence[Job]) -> bool:
    """Tell the cluster of jobs that are queued; gives whether it was told.

    Where no broker is named here, or it does not answer, the rows stay, and a worker sends what is missing later.
    """
    try:
        broker = broker_named()
        if broker is None:
            return False
        _send(broker, jobs)
    except TurntoneError as error:
        _LOG.warning("%s; %d jobs wait until it does", error, len(jobs))
        return False
    return True


def send_again(queue: JobQueue, queues: Sequence[str], overdue: float = OVERDUE) -> int:
    """Send what was lost: jobs that wait in these queues, in which the broker has nothing; gives how many.

    Raises
    ------
    TurntoneError
        Where the broker or the database does not answer.
    """
    broker = broker_named()
    if broker is None:
        return 0
    lost: list[Job] = []
    for name in queues:
        stage, lane = name.split(".")
        waiting = queue.waiting_for_cluster(lane, (stage,), overdue)
        if waiting and not depths(broker, (name,))[name]:
            lost += waiting
    if lost:
        _LOG.info("messages were lost and are sent again", extra={"facts": {"jobs": len(lost)}})
        _send(broker, lost)
    return len(lost)


def depths(broker: Broker, queues: Sequence[str] = QUEUES) -> dict[str, int]:
    """How many messages wait in each queue at the broker; those that a worker has at hand do not count.

    Raises
    ------
    BrokerError
        Where the broker does not answer.
    """
    app = _app(broker)
    with reaching(broker), app.connection_for_write() as connection:
        connection.ensure_connection(max_retries=1, interval_start=0.1)
        channel = connection.default_channel
        known = app.amqp.queues
        return {name: int(known[name](channel).queue_declare().message_count) for name in queues}


def _send(broker: Broker, jobs: Sequence[Job]) -> None:
    app = _app(broker)
    with reaching(broker), app.connection_for_write() as connection:
        connection.ensure_connection(max_retries=1, interval_start=0.1)
        with app.amqp.Producer(connection) as producer:
            for job in jobs:
                app.send_task(TASK, (job.id, job.kind), queue=queue_of(job), producer=producer, ignore_result=True)


@lru_cache(4)
def _app(broker: Broker) -> Celery:
    return broker.app()
