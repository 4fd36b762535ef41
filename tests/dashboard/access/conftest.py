"""People who sign in to a filled workspace, made once for what changes nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from .people import People, people_of


@pytest.fixture(scope="session")
def people(tmp_path_factory: pytest.TempPathFactory) -> People:
    return people_of(tmp_path_factory.mktemp("people") / "workspace")


@pytest.fixture
def own_people(tmp_path: Path) -> People:
    return people_of(tmp_path / "workspace")
