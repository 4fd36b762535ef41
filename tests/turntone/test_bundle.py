"""``turntone doctor --bundle``: what helps, and nothing of the people whose workspace it is."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from pipeline.access.accounts import Accounts
from pipeline.jobs.queue import JobQueue
from tests.command_line import CommandLine
from tests.dashboard.workspaces import FIRST, HOSTILE_CASE, HOSTILE_NAME, fill
from tests.sessions import make_session

TOKEN = "hf_abcdefghijklmnop"


@pytest.fixture
def bundle(
    tmp_path: Path, command_line: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> tuple[dict[str, Any], list[str]]:
    """The parts of a bundle of a workspace full of names, and all that may not be in it."""
    home = tmp_path / "home of Rosalind"
    folder = home / "practice of Dr Bo" / "workspace"
    workspace, accounts = fill(folder), Accounts(folder)
    workspace.save(make_session(5, seed=4, case="Marriage of the Smiths", participants=("Xu", "Wilhelmina")))
    user = accounts.add("quentin", "admin", "nine brown hens")
    accounts.grant("quentin", "Case that comes")
    secret = accounts.make_token("quentin", "laptop")[1]
    queue = JobQueue(folder)
    recording = home / "recordings" / "Wilhelmina in March.wav"
    job = queue.submit("analyze", {"path": str(recording), "case": "Smiths again", "upload": False}, recording.name)
    queue.claim(("analyze",))
    queue.fail(job.id, f"{recording.name}: cannot read {recording} of Wilhelmina with {TOKEN}; no audio stream found")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    monkeypatch.setenv("TURNTONE_HOME", str(home / "models"))
    shown = command_line("doctor", "--bundle", tmp_path / "help.zip", "--workspace", folder)
    assert shown.code == 0, shown.err
    with zipfile.ZipFile(tmp_path / "help.zip") as archive:
        parts = {name: archive.read(name).decode() for name in archive.namelist()}
    private = [
        "Rosalind", "Dr Bo", str(folder), str(home), str(recording), "Wilhelmina", "Xu", "Anna", "Ben", "Demo", "Smith",
        HOSTILE_CASE, HOSTILE_NAME, "quentin", "Case that comes", user.id, secret, secret.split("_")[-1], "laptop",
        TOKEN, FIRST, "0" * 64, job.id, "session-0", "$argon2", "nine brown hens",
    ]  # fmt: skip
    return parts, private


def test_nothing_of_the_people_is_in_the_bundle(bundle: tuple[dict[str, Any], list[str]]) -> None:
    parts, private = bundle
    assert [(name, word) for name, text in parts.items() for word in private if word in text] == []


def test_the_bundle_says_what_helps(bundle: tuple[dict[str, Any], list[str]]) -> None:
    parts, _ = bundle
    assert set(parts) == {
        "README.txt", "findings.json", "packages.json", "machine.json", "workspace.json", "settings.json",
    }  # fmt: skip
    workspace = json.loads(parts["workspace.json"])
    assert (workspace["sessions"], workspace["damaged"], workspace["jobs"]) == (5, 0, {"failed": 1})
    assert [each for each in workspace["failures"] if each.endswith("no audio stream found")]
    assert workspace["audit"]["analysed"] == 5
    findings = {each["what"]: each["found"] for each in json.loads(parts["findings.json"])}
    assert findings["HF_TOKEN"] == "set"
    assert "torch" in json.loads(parts["packages.json"])


def test_a_bundle_is_never_written_over_another_file(tmp_path: Path, command_line: CommandLine) -> None:
    (tmp_path / "help.zip").write_text("mine")
    shown = command_line("doctor", "--bundle", tmp_path / "help.zip", "--workspace", tmp_path / "none")
    assert (shown.code, "there is such a file already" in shown.err) == (1, True)
    assert (tmp_path / "help.zip").read_text() == "mine"
