"""``turntone compare`` on a workspace."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import pytest

import turntone
from pipeline.workspace import Workspace
from tests.command_line import CommandLine
from tests.sessions import make_session

DOCS = Path(__file__).parent.parent.parent / "docs"


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A table of six clients in two conditions, and a workspace, the default, with a session of each."""
    monkeypatch.setenv("TURNTONE_WORKSPACE", str(tmp_path / "workspace"))
    kept = Workspace(tmp_path / "workspace")
    rows = ["participant,condition"]
    for at, name in enumerate(("Anna", "Cem", "Dora", "Eva", "Finn", "Gil")):
        kept.save(make_session(24, seed=at, case=f"case {name}", participants=(name, "Ben")))
        rows.append(f"{name},{'talking' if at % 2 else 'waiting'}")
    path = tmp_path / "groups.csv"
    path.write_text("\n".join(rows), encoding="utf-8")
    return path


def test_groups_are_compared_in_every_format(command_line: CommandLine, table: Path) -> None:
    asked = ("compare", "--groups", table, "--by", "condition", "--measure", "talk_share")
    assert "3+3 / 3+3 / 36+36" in command_line(*asked).out
    assert command_line(*asked, "--format", "markdown").out.startswith("| Outcome | Group |")
    (row,) = csv.DictReader(io.StringIO(command_line(*asked, "--format", "csv").out))
    assert (row["outcome"], row["level"], row["reference"]) == ("talk_share", "waiting", "talking")
    found = command_line(*asked, "--format", "json").json
    page = set(re.findall(r"`([a-z_\[\].]+)`", (DOCS / "json.md").read_text(encoding="utf-8")))
    assert set(found) <= page
    assert {f"contrasts[].{key}" for key in found["contrasts"][0]} <= page
    assert {f"groups[].{key}" for key in found["groups"][0]} <= page


def test_the_function_gives_the_same_comparison(table: Path) -> None:
    found = turntone.compare(table, "condition", ["talk_share"], reference="waiting", role="client")
    assert [each.level.name for each in found.contrasts] == ["talking"]
    assert turntone.compare(table, "condition", workspace=table.parent / "workspace").by == "condition"


def test_a_wrong_column_is_a_sentence(command_line: CommandLine, table: Path) -> None:
    shown = command_line("compare", "--groups", table, "--by", "clinic")
    assert shown.code == 1
    assert "there is no column 'clinic'; it has condition" in shown.err
