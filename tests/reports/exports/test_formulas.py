"""No table that is given out has a cell that a spreadsheet takes for a formula, whatever people are called."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pipeline.sessions import Session
from pipeline.workspace import Workspace
from reports.exports.formats import export_names
from reports.exports.writing import export_sessions
from tests.command_line import CommandLine
from tests.sessions import make_session

FORMULAS = ('=HYPERLINK("http://evil.example","x")', "+1+1", "-2+3", "@SUM(1)")


def hostile() -> list[Session]:
    """Sessions whose people, cases and recordings are called like formulas."""
    made = [make_session(6, seed=seed, case=name, participants=(name, "Ben")) for seed, name in enumerate(FORMULAS)]
    return [replace(each, recording=replace(each.recording, path=Path(f"{each.case}.wav"))) for each in made]


def cells(folder: Path) -> Iterator[tuple[str, str]]:
    for file in folder.rglob("*"):
        if file.suffix in (".csv", ".tsv") and file.is_file():
            with file.open(encoding="utf-8", newline="") as text:
                for row in csv.reader(text, delimiter="\t" if file.suffix == ".tsv" else ","):
                    yield from ((file.name, cell) for cell in row)


def formulas(found: Iterator[tuple[str, str]]) -> list[tuple[str, str]]:
    def is_number(cell: str) -> bool:
        try:
            float(cell)
        except ValueError:
            return False
        return True

    return [(file, cell) for file, cell in found if cell[:1] in tuple("=+-@\t\r") and cell and not is_number(cell)]


@pytest.mark.parametrize("name", export_names())
def test_no_export_has_a_formula(name: str, tmp_path: Path) -> None:
    export_sessions(hostile(), name, tmp_path / "out", sound_of=lambda _session: np.zeros(30 * 16_000, np.float32))
    assert formulas(cells(tmp_path)) == []


def test_no_comparison_has_a_formula(tmp_path: Path, command_line: CommandLine) -> None:
    workspace = Workspace(tmp_path / "workspace")
    for seed in range(8):
        workspace.save(make_session(12, seed=seed, case=f"=c{seed}", participants=(f"=p{seed}", f"@q{seed}")))
    rows = "".join(f"=p{seed},=c{seed},{'=one' if seed % 2 else '+two'}\n" for seed in range(8))
    (tmp_path / "groups.csv").write_text("participant,case,arm\n" + rows)
    shown = command_line(
        "compare", "--groups", tmp_path / "groups.csv", "--by", "arm", "--format", "csv", "--workspace", workspace.path
    )
    assert shown.code == 0, shown.err
    (tmp_path / "out.csv").write_text(shown.out)
    found = [each for each in cells(tmp_path) if each[0] == "out.csv"]
    assert any("=one" in cell or "+two" in cell for _, cell in found)
    assert formulas(iter(found)) == []
