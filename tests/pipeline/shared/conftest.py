"""Two machines that share a workspace."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from pipeline.store.objects import Store, store_of
from pipeline.store.shared import shared_of
from pipeline.workspace import Workspace
from tests.services import Fault, Services


class Machines(NamedTuple):
    """The same workspace, as two machines have it."""

    here: Workspace
    there: Workspace

    @property
    def store(self) -> Store:
        """Where its files are."""
        shared = shared_of(self.here.path)
        assert shared is not None
        return store_of(shared.artifacts)

    def stored(self) -> set[str]:
        """The names of the files in the store, but for the one that says whose it is."""
        return set(self.store.names()) - {"turntone-workspace"}


@pytest.fixture
def machines(services: Services, tmp_path: Path) -> Machines:
    here = services.workspace(tmp_path / "here")
    return Machines(Workspace(here), Workspace(services.machine(here, tmp_path / "there")))


@pytest.fixture
def fault(services: Services, monkeypatch: pytest.MonkeyPatch) -> Iterator[Fault]:
    """The way to the S3 server, which can be made to fail."""
    found = Fault(services.objects.port)
    monkeypatch.setenv("AWS_ENDPOINT_URL", found.endpoint)
    yield found
    found.close()
