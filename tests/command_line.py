"""Runs the command line in this process, as a person would type it."""

from __future__ import annotations

import json
import signal
import sys
from dataclasses import dataclass
from typing import Any

import pytest


@dataclass(frozen=True)
class Shown:
    """How a command ended, and what it printed."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Its standard output as JSON."""
        return json.loads(self.out)


class CommandLine:
    """``command_line("sessions", "list")`` runs ``turntone sessions list``."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch, self._capsys = monkeypatch, capsys

    def __call__(self, *arguments: object) -> Shown:
        """Run it to its end."""
        from turntone.cli import main

        self._monkeypatch.setattr(sys, "argv", ["turntone", *map(str, arguments)])
        self._capsys.readouterr()
        code, handler = 0, signal.getsignal(signal.SIGINT)
        try:
            main()
        except SystemExit as ended:
            code = int(ended.code or 0)
        finally:
            signal.signal(signal.SIGINT, handler)
        shown = self._capsys.readouterr()
        return Shown(code, shown.out, shown.err)
