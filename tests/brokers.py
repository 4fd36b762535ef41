"""Servers that tests start on this machine alone, on ports and in folders of their own, and end by their process."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.ports import free_port


class Redis:
    """A Redis server that keeps nothing: stopped and started again it is empty.

    Parameters
    ----------
    folder : Path
        For its log.
    """

    def __init__(self, folder: Path) -> None:
        if not shutil.which("redis-server"):
            pytest.skip("redis-server is not installed")
        self._folder = folder
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    @property
    def url(self) -> str:
        """What ``TURNTONE_BROKER`` takes."""
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        command = ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        with (self._folder / "redis.log").open("ab") as log:
            self._process = subprocess.Popen([*command, "--dir", str(self._folder)], stdout=log, stderr=log)
        wait_until(lambda: answers(self.port), 30, "redis-server does not answer")

    def stop(self) -> None:
        """End it at once."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


def answers(port: int) -> bool:
    """Whether somebody listens on a port of this machine."""
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


def wait_until(happened: Callable[[], object], seconds: float = 60.0, otherwise: str = "it did not happen") -> None:
    """Until it is so; fails where it never is."""
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end, otherwise
        time.sleep(0.05)


class Rabbit:
    """A RabbitMQ server with a node, a port mapper and a folder of its own; what waits there outlasts a restart.

    Parameters
    ----------
    folder : Path
        For all it keeps.
    """

    _SERVER = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")

    def __init__(self, folder: Path) -> None:
        if not self._SERVER.exists():
            pytest.skip("rabbitmq-server is not installed")
        self.port, self._names, distribution = free_port(), free_port(), free_port()
        (folder / "rabbitmq.conf").write_text("loopback_users.guest = true\n", encoding="utf-8")
        (folder / "plugins").write_text("[].\n", encoding="utf-8")
        self._folder = folder
        self._environment = os.environ | {
            "HOME": str(folder),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_EPMD_PORT": str(self._names),
            "RABBITMQ_NODENAME": f"turntone{self.port}@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_DIST_PORT": str(distribution),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1} +S 1:1 +A 4",
            "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
            "RABBITMQ_LOG_BASE": str(folder / "logs"),
            "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
        }
        # Its own, as one that a server starts by itself would stay behind.
        self._mapper = subprocess.Popen(["epmd", "-port", str(self._names), "-address", "127.0.0.1"])
        wait_until(lambda: answers(self._names), 30, "epmd does not answer")
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    @property
    def url(self) -> str:
        """What ``TURNTONE_BROKER`` takes."""
        return f"amqp://guest:guest@127.0.0.1:{self.port}//"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        with (self._folder / "out.log").open("ab") as log:
            self._process = subprocess.Popen(
                [str(self._SERVER)], stdout=log, stderr=log, env=self._environment, start_new_session=True
            )
        wait_until(lambda: answers(self.port), 90, "rabbitmq-server does not answer")

    def stop(self) -> None:
        """End its processes at once."""
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None

    def end(self) -> None:
        """End it, and its port mapper."""
        self.stop()
        self._mapper.kill()
        self._mapper.wait()
