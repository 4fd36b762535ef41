"""``turntone flags`` on a workspace."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipeline.workspace import Workspace
from tests.command_line import CommandLine
from tests.sessions import make_session


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    own = Workspace(tmp_path / "workspace")
    own.save(make_session(40))
    return tmp_path / "workspace"


def test_flags_are_shown_and_given_as_json(command_line: CommandLine, workspace: Path, tmp_path: Path) -> None:
    rules = tmp_path / "my.yaml"
    rules.write_text("flags:\n  - {name: talks, title: Talks, measure: talk_share, of: client, above: 0.4}\n")
    shown = command_line("flags", "000", "--rules", str(rules), "--workspace", str(workspace))
    assert "talks" in shown.out and "above 40%" in shown.out
    found = command_line("flags", "000", "--set", f"reports.flags={rules}", "--workspace", str(workspace),
                         "--format", "json").json  # fmt: skip
    (flag,) = found["flags"]
    assert (flag["name"], flag["speaker"], flag["p"]) == ("talks", "SPEAKER_00", None)
    assert flag["turns"][0]["end"] > flag["turns"][0]["start"]
    assert json.dumps(found, allow_nan=False)


def test_what_cannot_be_judged_is_said(command_line: CommandLine, workspace: Path) -> None:
    shown = command_line("flags", "000", "--workspace", str(workspace))
    assert (
        "not judged: client-fearful-for-long of Anna: the recogniser of this session does not know fearful" in shown.err
    )


def test_a_misspelt_preset_is_a_sentence(command_line: CommandLine, workspace: Path) -> None:
    shown = command_line("flags", "000", "--rules", "counseling", "--workspace", str(workspace))
    assert shown.code == 1
    assert "did you mean 'counselling'?" in shown.err
