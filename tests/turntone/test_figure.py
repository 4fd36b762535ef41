"""``turntone figure`` on a workspace."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.workspace import Workspace
from tests.command_line import CommandLine
from tests.sessions import make_session


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    own = Workspace(tmp_path / "workspace")
    for seed in range(2):
        own.save(make_session(24, seed=seed))
    return tmp_path / "workspace"


def test_a_figure_of_a_session_and_of_a_participant_is_written(
    command_line: CommandLine, workspace: Path, tmp_path: Path
) -> None:
    path = tmp_path / "map.json"
    options = ("--theme", "dark", "--workspace", workspace, "--format", "json")
    shown = command_line("figure", "session-map", "000000000000", "-o", path, *options)
    assert shown.json == {"figure": str(path)} and "#171C22" in path.read_text()
    whose = ("--case", "Demo", "--participant", "Ben", "--workspace", workspace)
    assert command_line("figure", "case-valence", *whose, "-o", tmp_path / "ben.html").code == 0
    assert (tmp_path / "ben.html").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["session-map"], "figure 'session-map': it is of a session; name one SESSION and nothing else"),
        (["session-mop", "000"], "did you mean 'session-map'"),
        (["similarity", "000"], "it is of a participant over a case; name --case NAME"),
        (["similarity", "--case", "Demo"], "name one with --participant; they are Anna, Ben"),
        (["similarity", "--case", "Demo", "--participant", "Cem"], "nobody is called 'Cem'; they are Anna, Ben"),
    ],
)
def test_what_is_missing_is_said(command_line: CommandLine, workspace: Path, words: list[str], said: str) -> None:
    shown = command_line("figure", *words, "--workspace", workspace)
    assert shown.code == 1 and said in shown.err


def test_the_figures_are_listed(command_line: CommandLine) -> None:
    names = [each["name"] for each in command_line("figure", "list", "--format", "json").json]
    assert names[0] == "session-map" and "similarity" in names
