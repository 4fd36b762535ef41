"""The broker: where it is, and the Celery application that speaks to it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

from diarization.errors import ConfigError, TurntoneError

from .lanes import QUEUES

if TYPE_CHECKING:
    from celery import Celery

VARIABLE = "TURNTONE_BROKER"
"""Names the broker."""

TASK = "turntone.work"
"""The task that every message asks for; its arguments are a job's id and kind."""

EXTRA = "pip install '.[cluster]' in Turntone's folder"

_SCHEMES = ("redis", "rediss", "amqp", "amqps", "unix")
_SECONDS = 4.0  # for a connection, or an answer; a broker of the same site needs milliseconds
_UNSEEN = 13 * 3600  # seconds after which Redis gives a message again; the longest recording has 12 hours of sound


class BrokerError(TurntoneError):
    """The broker cannot be reached, or does not take what it is given."""


@dataclass(frozen=True)
class Broker:
    """Where messages go.

    Parameters
    ----------
    url : str
        As Celery takes it: ``redis://host:6379/0``, ``amqp://user:password@host:5672/vhost``.
    """

    url: str

    def __repr__(self) -> str:
        return f"Broker({self.name!r})"

    @property
    def name(self) -> str:
        """Its address without name and password: what people are told.

        >>> Broker("amqp://ann:secret@rabbit:5672/calls").name
        'amqp://rabbit:5672/calls'
        """
        parts = urlsplit(self.url)
        return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))

    def app(self) -> Celery:
        """A Celery application of its own for this broker.

        Raises
        ------
        ConfigError
            Where Celery is not installed.
        """
        try:
            import kombu.entity
            from celery import Celery
        except ImportError as error:
            raise ConfigError(f"several machines need more than is installed here: {EXTRA}") from error
        queue: Any = kombu.entity.Queue  # which has no types
        app = Celery("turntone", broker=self.url, set_as_current=False)
        app.conf.update(
            task_queues=[queue(name, routing_key=name, durable=True) for name in QUEUES],
            task_default_queue=QUEUES[-1],
            task_create_missing_queues=False,
            task_acks_late=True,
            task_reject_on_worker_lost=True,
            task_ignore_result=True,
            task_publish_retry_policy={"max_retries": 2, "interval_start": 0.1, "interval_max": 0.5},
            worker_prefetch_multiplier=1,
            worker_hijack_root_logger=False,
            worker_send_task_events=False,
            broker_connection_timeout=_SECONDS,
            broker_connection_max_retries=None,
            broker_connection_retry_on_startup=True,
            broker_transport_options=self._options(),
            control_queue_expires=60.0,
        )
        return app

    def _options(self) -> dict[str, Any]:
        if not self.url.startswith(("redis", "unix")):
            return {"confirm_publish": True}
        # With "priority" the queues are read in the order of their names as given, those waited for first.
        return {
            "visibility_timeout": _UNSEEN,
            "queue_order_strategy": "priority",
            "socket_connect_timeout": _SECONDS,
            "socket_keepalive": True,
        }


def broker_named() -> Broker | None:
    """The broker that ``TURNTONE_BROKER`` names; None where it names none.

    Raises
    ------
    ConfigError
        Where that is no address of a broker.
    """
    url = os.environ.get(VARIABLE)
    if not url:
        return None
    broker = Broker(url.strip())
    if urlsplit(broker.url).scheme not in _SCHEMES:
        raise ConfigError(
            f"{broker.name}: not a broker's address; redis://HOST:6379/0 or amqp://USER:PASSWORD@HOST:5672/VHOST is"
        )
    return broker


def needed_broker() -> Broker:
    """The broker that ``TURNTONE_BROKER`` names.

    Raises
    ------
    ConfigError
        Where none is named, or that is no address of one.
    """
    found = broker_named()
    if found is None:
        raise ConfigError(f"no broker is named; set {VARIABLE}, as {VARIABLE}=redis://HOST:6379/0")
    return found


def check_broker(broker: Broker) -> None:
    """Nothing, where the broker answers.

    Raises
    ------
    BrokerError
        Where it does not, with what to do.
    """
    with reaching(broker), broker.app().connection_for_write() as connection:
        connection.ensure_connection(max_retries=1, interval_start=0.1)
        connection.default_channel  # noqa: B018 (an AMQP broker refuses a virtual host only here)


@contextmanager
def reaching(broker: Broker) -> Iterator[None]:
    """Turns what stands between us and the broker into a BrokerError."""
    import amqp.exceptions
    import kombu.exceptions

    lost: tuple[type[Exception], ...] = (OSError, amqp.exceptions.AMQPError, kombu.exceptions.KombuError)
    if broker.url.startswith(("redis", "unix")):
        import redis.exceptions

        lost = (*lost, redis.exceptions.RedisError)
    try:
        yield
    except lost as error:
        said = str(error).strip().replace(broker.url, broker.name).split("\n")[0] or type(error).__name__
        raise BrokerError(f"{broker.name}: the broker does not answer ({said}); start it, or set {VARIABLE}") from error
