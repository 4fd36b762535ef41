"""A workspace and short recordings for the pipeline's tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.workspace import Workspace
from tests.fakes import CALLS, PAUSE, REVISIONS, write_tone


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """One that does not exist yet."""
    return Workspace(tmp_path / "workspace")


@pytest.fixture
def tone(tmp_path: Path) -> Path:
    """A recording of five turns of two speakers."""
    return write_tone(tmp_path / "tone.wav")


@pytest.fixture(autouse=True)
def fresh_fakes() -> None:
    """No calls counted yet, first revisions, no pauses."""
    CALLS.clear()
    PAUSE[0] = 0.0
    REVISIONS.update(dict.fromkeys(REVISIONS, "1"))
