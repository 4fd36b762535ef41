"""What README tells people to type works."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

import pytest
import typer

from tests.fakes import write_tone

ROOT = Path(__file__).parent.parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^    \.venv/bin/turntone (.+)$", README, re.MULTILINE)


def test_the_two_commands_come_first() -> None:
    assert re.findall(r"^    (make \w+)", README, re.MULTILINE) == ["make demo", "make test"]


@pytest.mark.parametrize("target", ["demo", "demo SERVE=0", "test"])
def test_make_knows_the_target(target: str) -> None:
    shown = subprocess.run(
        ["make", "--dry-run", *target.split()], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    assert ("--no-serve" in shown) == (target == "demo SERVE=0")
    assert "turntone demo" in shown or "pytest" in shown


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_is_understood(command: str) -> None:
    from turntone.cli import app

    found, words = typer.main.get_command(app), shlex.split(command)
    while words and words[0] in getattr(found, "commands", {}):
        found = found.commands[words.pop(0)]
    assert not hasattr(found, "commands"), f"no command begins {command}"
    found.make_context("turntone", words, resilient_parsing=False)


def test_the_python_example_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, embedded_models: None) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    monkeypatch.chdir(tmp_path)
    write_tone(tmp_path / "call.wav", 4.0)
    names: dict[str, object] = {}
    exec(code, names)
    assert type(names["session"]).__name__ == "Session"


def test_links_lead_somewhere() -> None:
    links = re.findall(r"\]\(([^)#]+)", README)
    assert [link for link in links if not link.startswith("http") and not (ROOT / link).exists()] == []
