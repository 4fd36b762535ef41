"""A network between a program and a server that tests can make slow, or break."""

from __future__ import annotations

import socket
import time
from contextlib import suppress
from threading import Thread


class Proxy:
    """Passes on what comes, to a port of this machine.

    Parameters
    ----------
    port : int
        Of the server.
    """

    def __init__(self, port: int) -> None:
        self._target = port
        self.delay = 0.0
        """Seconds that each piece waits."""
        self.broken = False
        """Whether connections are closed as soon as they are opened, and those there are at once."""
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listening.getsockname()[1])
        Thread(target=self._accept, daemon=True).start()

    def end(self) -> None:
        """Listen no more."""
        self._listening.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, suppress(OSError):
            if self.broken:
                return
            with socket.create_connection(("127.0.0.1", self._target)) as server:
                back = Thread(target=self._pass, args=(server, client), daemon=True)
                back.start()
                self._pass(client, server)
                back.join()

    def _pass(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while (piece := source.recv(1 << 16)) and not self.broken:
                time.sleep(self.delay)
                target.sendall(piece)
        for each in (source, target):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
