"""The broker: what it is called, what is wrong with it, and that one machine knows nothing of it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from diarization.errors import ConfigError
from pipeline.cluster.broker import VARIABLE, Broker, BrokerError, broker_named, check_broker, needed_broker
from pipeline.cluster.lanes import QUEUES, parse_queues
from tests.ports import free_port
from turntone.doctor import examine

ROOT = Path(__file__).parents[3]


def test_an_address_is_shown_without_its_password() -> None:
    for url, name in (
        ("redis://:secret@keeper:6379/1", "redis://keeper:6379/1"),
        ("amqp://ann:sec%40ret@rabbit:5672/calls", "amqp://rabbit:5672/calls"),
        ("redis://keeper:6379/0", "redis://keeper:6379/0"),
    ):
        assert Broker(url).name == name
        assert "sec" not in repr(Broker(url))


@pytest.mark.parametrize("url", ["redis://:secret@127.0.0.1:{port}/0", "amqp://ann:secret@127.0.0.1:{port}//"])
def test_a_broker_that_is_away_is_said_without_the_password(url: str) -> None:
    port = free_port()
    with pytest.raises(
        BrokerError, match=rf"127.0.0.1:{port}/.*: the broker does not answer .*TURNTONE_BROKER"
    ) as said:
        check_broker(Broker(url.format(port=port)))
    assert "secret" not in str(said.value)


def test_the_log_shows_no_password_of_a_broker() -> None:
    from turntone.logs import without_secrets

    assert without_secrets("lost redis://:secret@keeper:6379/1") == "lost redis://…@keeper:6379/1"


def test_the_broker_is_named_by_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    assert broker_named() is None
    with pytest.raises(ConfigError, match="no broker is named; set TURNTONE_BROKER"):
        needed_broker()
    monkeypatch.setenv(VARIABLE, "amqp://rabbit//")
    assert broker_named() == needed_broker() == Broker("amqp://rabbit//")
    monkeypatch.setenv(VARIABLE, "http://keeper:secret@host/")
    with pytest.raises(ConfigError, match=r"http://host/: not a broker's address"):
        broker_named()


def test_queues_are_named_whole_or_by_what_they_are_for() -> None:
    assert parse_queues("decode,gpu") == QUEUES
    with pytest.raises(ConfigError, match="no queue is called 'cpu'; accepted are decode, gpu,"):
        parse_queues("gpu,cpu")
    with pytest.raises(ConfigError, match="no queue is called ''"):
        parse_queues(" ")


def test_the_doctor_says_whether_the_broker_answers(broker: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
    assert [(each.state, each.found) for each in examine() if each.what == "broker"] == [("ok", broker.name)]
    monkeypatch.setenv(VARIABLE, f"redis://127.0.0.1:{free_port()}/0")
    (found,) = (each for each in examine() if each.what == "broker")
    assert (found.state, found.found) == ("missing", "cannot be used")
    assert "the broker does not answer" in found.advice


_LOOK = """
import sys
from pathlib import Path
from turntone.cli import app
import dashboard.app, turntone.doctor, turntone.api
from dashboard.app import make_app
from pipeline.jobs.batches import submit_batch, work_batch
from pipeline.jobs.manifest import Planned
from pipeline.workspace import Workspace
from tests.fakes import BASELINE_FAKES, CPU, write_tone
folder = Path(sys.argv[1])
workspace = Workspace(folder / "workspace")
make_app(workspace.path)
batch = submit_batch(workspace, [Planned(write_tone(folder / "tone.wav"))], BASELINE_FAKES, CPU)
assert [job.state for job in work_batch(workspace, batch)] == ["done"]
clusters = ("celery", "kombu", "redis", "amqp", "prometheus_client", "pipeline.cluster")
print([each for each in sys.modules if each.startswith(clusters)])
"""


def test_one_machine_imports_nothing_of_a_cluster(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _LOOK, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip().splitlines()[-1] == "[]"


_WITHOUT = """
import sys
sys.modules["celery"] = None
sys.argv = ["turntone", *sys.argv[1:]]
from turntone.cli import main
main()
"""


def test_without_the_extra_it_is_said_how_to_install_it(tmp_path: Path) -> None:
    command = [sys.executable, "-c", _WITHOUT, "worker", "--queues", "gpu", "--workspace", str(tmp_path / "new")]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, env={VARIABLE: "redis://keeper/0"}
    )
    assert done.returncode == 1
    assert done.stderr.strip().endswith(
        "several machines need more than is installed here: pip install '.[cluster]' in Turntone's folder"
    )
