"""People who sign in to a filled workspace, made once for what changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from pipeline.access import passwords

from .people import People, people_of


@pytest.fixture(scope="package", autouse=True)
def quick_hashes() -> Iterator[None]:
    """Argon2 with little care: these tests sign in hundreds of times, and tests of accounts try the real one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_hasher", lambda: PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
        yield


@pytest.fixture(scope="session")
def people(tmp_path_factory: pytest.TempPathFactory) -> People:
    return people_of(tmp_path_factory.mktemp("people") / "workspace")


@pytest.fixture
def own_people(tmp_path: Path) -> People:
    return people_of(tmp_path / "workspace")
