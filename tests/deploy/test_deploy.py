"""What a cluster is deployed with fits the program: commands, options, figures, units."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from pipeline.cluster.lanes import QUEUES
from pipeline.cluster.metrics import WAITING, WORKING

DEPLOY = Path(__file__).parents[2] / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))


def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
    return found


def commands() -> list[tuple[str, list[str]]]:
    """Every Turntone command line among the files, with its place."""
    found = [
        (name, [str(each) for each in service["command"]])
        for name, service in compose()["services"].items()
        if service["image"].startswith("turntone")
    ]
    for unit in UNITS:
        line = re.search(r"^ExecStart=\S+/turntone (.*)$", unit.read_text(encoding="utf-8"), re.MULTILINE)
        assert line is not None, unit
        found.append((unit.name, line.group(1).split()))
    return found


def queries() -> list[str]:
    """What the dashboard and the alerts ask Prometheus."""
    dashboard = json.loads((DEPLOY / "grafana/dashboards/turntone.json").read_text(encoding="utf-8"))
    alerts = yaml.safe_load((DEPLOY / "prometheus/alerts.yml").read_text(encoding="utf-8"))
    shown = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    return shown + [rule["expr"] for group in alerts["groups"] for rule in group["rules"]]


@pytest.mark.parametrize(("place", "words"), commands(), ids=[place for place, _ in commands()])
def test_each_command_is_one_that_there_is(place: str, words: list[str]) -> None:
    from turntone.cli import app

    command = typer.main.get_command(app).commands[words[0]]  # type: ignore[attr-defined]
    known = {flag for option in command.params for flag in option.opts}
    assert [word for word in words if word.startswith("--") and word not in known] == []


def test_each_figure_that_is_asked_for_is_one_that_is_shown() -> None:
    shown = {*WAITING, *WORKING} | {f"turntone_stage_seconds_{part}" for part in ("sum", "count", "bucket")}
    asked = {name for each in queries() for name in re.findall(r"\bturntone_\w+", each)}
    assert asked <= shown
    assert {*WAITING, *WORKING} - asked == {"turntone_stage_seconds"}  # asked for by its parts


def test_each_queue_that_is_named_is_one_that_there_is() -> None:
    named = {name for each in queries() for name in re.findall(r'queue="([^"]+)"', each)}
    assert named and named <= set(QUEUES)


def test_services_name_only_volumes_and_services_that_there_are() -> None:
    found = compose()
    for name, service in found["services"].items():
        assert set(service.get("depends_on", ())) <= set(found["services"]), name
        for volume in service.get("volumes", ()):
            source = volume.split(":")[0]
            here = DEPLOY / source
            assert source in found["volumes"] or here.exists() or source == "./prometheus/token", (name, volume)


def test_only_this_machine_reaches_what_is_published() -> None:
    ports = [port for service in compose()["services"].values() for port in service.get("ports", ())]
    assert len(ports) == 2 and all(port.startswith("127.0.0.1:") for port in ports)


def test_no_password_is_written_where_it_is_used() -> None:
    text = (DEPLOY / "compose.yaml").read_text(encoding="utf-8")
    variables = set(re.findall(r"\$\{([A-Z0-9_]+)", text)) - {"REDIS_PASSWORD}"}
    example = (DEPLOY / "example.env").read_text(encoding="utf-8")
    assert {line.split("=")[0] for line in example.splitlines() if "=" in line} >= variables
    assert "change-me" not in text


def test_the_units_are_such_as_systemd_takes(tmp_path: Path) -> None:
    if not shutil.which("systemd-analyze"):
        pytest.skip("systemd-analyze is not installed")
    for unit in UNITS:
        text = re.sub(r"/opt/turntone/bin/turntone", "/bin/true", unit.read_text(encoding="utf-8"))
        place = tmp_path / unit.name.replace("@", "@1")
        place.write_text(text, encoding="utf-8")
        done = subprocess.run(["systemd-analyze", "verify", str(place)], capture_output=True, text=True, check=False)
        said = [line for line in done.stderr.splitlines() if unit.name.split(".")[0].rstrip("@") in line]
        assert (done.returncode, said) == (0, []), done.stderr


def test_prometheus_takes_its_files() -> None:
    if not shutil.which("promtool"):
        pytest.skip("promtool is not installed")
    for words in (("config", "--syntax-only", "prometheus.yml"), ("rules", "alerts.yml")):
        command = ["promtool", "check", *words[:-1], str(DEPLOY / "prometheus" / words[-1])]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
