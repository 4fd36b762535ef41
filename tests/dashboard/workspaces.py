"""Workspaces for tests of pages."""

from __future__ import annotations

import datetime
from pathlib import Path

import numpy as np

from diarization.recordings import SAMPLING_RATE, Waveform
from pipeline.workspace import Workspace
from tests.sessions import make_session

FIRST, SECOND = "000000000000", "000000000001"
"""The sessions of the case Demo, by date; audio is kept of both."""

SILENT = "000000000002"
"""A session without audio, case, date or names."""

HOSTILE = "000000000003"
"""A session whose case and participant are named like HTML."""

HOSTILE_CASE = "<script>alert(1)</script>/..?"
HOSTILE_NAME = "<img src=x onerror=alert(2)>"


def fill(folder: Path) -> Workspace:
    """A workspace with those sessions."""
    workspace = Workspace(folder)
    for seed in (0, 1):
        session = make_session(24, seed=seed, date=datetime.date(2026, 3, 2 + 7 * seed))
        workspace.save(session, hum(session.recording.duration))
    workspace.save(make_session(5, seed=2, case=None, date=None, participants=(None, None), roles=(None, None)))
    workspace.save(make_session(5, seed=3, case=HOSTILE_CASE, participants=(HOSTILE_NAME, "Ben")))
    return workspace


def hum(duration: float) -> Waveform:
    """A tone, in seconds."""
    times = np.arange(round(duration * SAMPLING_RATE)) / SAMPLING_RATE
    return (0.1 * np.sin(2 * np.pi * 220 * times)).astype(np.float32)
