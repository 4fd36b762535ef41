"""The command and the function that give a session's measures."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import turntone
from pipeline.workspace import Workspace
from tests.command_line import CommandLine
from tests.sessions import make_session

DOCS = Path(__file__).parent.parent.parent / "docs"
IDS = [make_session(seed=seed).id for seed in range(2)]


@pytest.fixture(autouse=True)
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A workspace with a case of two sessions, the default of this test's commands."""
    monkeypatch.setenv("TURNTONE_WORKSPACE", str(tmp_path / "workspace"))
    kept = Workspace(tmp_path / "workspace")
    for seed in range(2):
        kept.save(make_session(24, seed=seed))
    return kept


def test_measures_are_printed_with_the_speakers_names(command_line: CommandLine) -> None:
    shown = command_line("measures", IDS[0])
    assert shown.code == 0
    assert re.search(r"talk_share\s+Anna\s+–\s+session", shown.out)
    assert "quarter 1" not in shown.out
    assert "by quarter" in shown.err


def test_a_measure_asked_for_is_printed_by_quarter_too(command_line: CommandLine) -> None:
    shown = command_line("measures", IDS[0], "--measure", "balance")
    assert [line.split()[3:5] for line in shown.out.splitlines()[2:]] == [["quarter", str(at)] for at in range(1, 5)]


def test_the_json_of_measures_has_the_documented_fields(command_line: CommandLine) -> None:
    found = command_line("measures", "--case", "Demo", "--format", "json").json
    page = (DOCS / "json.md").read_text(encoding="utf-8")
    assert found["case"] == "Demo"
    assert {f"measures[].{key}" for key in found["measures"][0]} <= set(re.findall(r"`([a-z_\[\].]+)`", page))
    assert {row["session"] for row in found["measures"]} == {*IDS, None}  # None: of the case as a whole
    assert {row["measure"] for row in found["measures"]} >= {"talk_time", "case_affect"}


def test_measures_need_a_session_or_a_case(command_line: CommandLine) -> None:
    shown = command_line("measures")
    assert (shown.code, shown.err) == (1, "error: measures: name either one SESSION or one --case NAME\n")


def test_a_misspelt_measure_is_an_error(command_line: CommandLine) -> None:
    shown = command_line("measures", IDS[0], "--measure", "silence")
    assert shown.code == 1
    assert "did you mean 'silence_share'?" in shown.err


def test_the_measures_of_a_session_and_of_several_are_tables(workspace: Workspace) -> None:
    sessions = workspace.case("Demo")
    one = turntone.measures(sessions[0], ["talk_share"])
    assert one.loc[one["part"] == "session", "value"].sum() == pytest.approx(1)
    assert set(turntone.measures(sessions)["session"]) == {*IDS, None}
