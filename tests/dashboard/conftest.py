"""A filled workspace and its application, made once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from dashboard.app import make_app
from dashboard.sessions import Library
from pipeline.workspace import Workspace

from .workspaces import fill


@pytest.fixture(scope="session")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return fill(tmp_path_factory.mktemp("pages") / "workspace")


@pytest.fixture(scope="session")
def library(workspace: Workspace) -> Library:
    return Library(workspace)


@pytest.fixture(scope="session")
def client(workspace: Workspace) -> Iterator[TestClient]:
    with TestClient(make_app(workspace.path), base_url="http://127.0.0.1:8050") as open_client:
        yield open_client


@pytest.fixture
def empty_client(tmp_path: Path) -> TestClient:
    return TestClient(make_app(tmp_path / "none"), base_url="http://127.0.0.1:8050")
