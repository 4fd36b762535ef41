"""A workspace and short recordings for the pipeline's tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.workspace import Workspace
from tests.fakes import CALLS, PAUSE, REVISIONS, write_tone

ON_BOTH = (
    "test_corrections", "test_forgetting", "test_masking", "test_participants", "test_queue", "test_trail",
    "test_workspace",
)  # fmt: skip
"""The tests that run on a folder as well as on a shared workspace, in PostgreSQL and S3."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Both kinds of workspace for the tests that run on both, but for those that look into a folder's own files."""
    if "workspace" in metafunc.fixturenames and metafunc.module.__name__.rpartition(".")[2] in ON_BOTH:
        kinds = ["folder"] if metafunc.definition.get_closest_marker("local") else ["folder", "shared"]
        metafunc.parametrize("workspace", kinds, indirect=True)


@pytest.fixture
def workspace(request: pytest.FixtureRequest, tmp_path: Path) -> Workspace:
    """An empty one: a folder that does not exist yet, or one that several machines share."""
    folder = tmp_path / "workspace"
    if getattr(request, "param", "folder") == "shared":
        request.getfixturevalue("services").workspace(folder)
    return Workspace(folder)


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
