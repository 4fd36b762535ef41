"""The demonstration, run once with real weights on real speech, while every connection to elsewhere is refused."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from pipeline.sessions import Session
from pipeline.workspace import Workspace


@dataclass
class Demo:
    """What the demonstration left behind."""

    workspace: Workspace
    sessions: list[Session]
    attempts: list[Any] = field(default_factory=list)

    def named(self, name: str) -> Session:
        """The session of one shipped recording."""
        return next(each for each in self.sessions if each.recording.path.name == name)


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory, embedded_models: None) -> Iterator[Demo]:
    """``turntone demo`` without its dashboard."""
    from turntone.demo import analyze_demo

    folder = tmp_path_factory.mktemp("demo") / "workspace"
    attempts: list[Any] = []

    def refuse(_socket: socket.socket, address: Any) -> None:
        attempts.append(address)
        raise ConnectionRefusedError(f"a test refuses to connect to {address}")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", refuse)
        patch.setattr(socket.socket, "connect_ex", refuse)
        sessions = list(analyze_demo(folder))
    yield Demo(Workspace(folder), sessions, attempts)
