"""The log: sentences or JSON, and no secret in either."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from dashboard.app import make_app
from pipeline.access.accounts import Accounts
from tests.command_line import CommandLine
from tests.dashboard.workspaces import fill
from tests.fakes import write_tone
from turntone.logs import LogFormat, LogLevel, start_log, without_secrets

PASSWORD = "nine brown hens"
ADDRESS = "http://127.0.0.1:8050"


@pytest.fixture(autouse=True)
def logs(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Whatever a test makes of the log is undone."""
    monkeypatch.setenv("TURNTONE_LOG_FORMAT", "text")
    monkeypatch.setenv("TURNTONE_LOG_LEVEL", "warning")
    yield
    start_log()


def test_the_log_is_a_sentence_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    start_log()
    logging.getLogger("pipeline.x").warning("the disk is %s", "full")
    logging.getLogger("pipeline.x").info("not this")
    assert capsys.readouterr().err == "warning: the disk is full\n"


def test_the_log_is_a_json_object_a_line_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    start_log(LogFormat.json, LogLevel.info)
    logging.getLogger("pipeline.x").info("job ended", extra={"facts": {"job": "3f2a", "attempts": 1}})
    try:
        raise ValueError("a\nb")
    except ValueError:
        logging.getLogger("pipeline.x").exception("unexpected")
    first, second = map(json.loads, capsys.readouterr().err.splitlines())
    assert {key: first[key] for key in ("level", "logger", "message", "job", "attempts")} == {
        "level": "info", "logger": "pipeline.x", "message": "job ended", "job": "3f2a", "attempts": 1,
    }  # fmt: skip
    assert first["time"].endswith("Z")
    assert "ValueError" in second["traceback"]


def test_the_form_is_chosen_by_option_and_by_variable(
    command_line: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import os

    assert command_line("--log-format", "json", "jobs", "list", "--workspace", tmp_path / "none").code == 0
    assert os.environ["TURNTONE_LOG_FORMAT"] == "json"  # for the worker beside a server
    monkeypatch.setenv("TURNTONE_LOG_FORMAT", "xml")
    assert command_line("jobs", "list", "--workspace", tmp_path / "none").code == 2


@pytest.mark.parametrize(
    "secret",
    [
        "turntone_0123456789abcdef_" + "A" * 43,
        "hf_" + "abcDEF123456",
        "$argon2id$v=19$m=65536,t=3,p=4$c2FsdA$aGFzaA",
    ],
)
def test_secrets_are_hidden(secret: str, capsys: pytest.CaptureFixture[str]) -> None:
    for form in LogFormat:
        start_log(form)
        logging.getLogger("turntone").warning("could not use %s here", secret)
        logging.getLogger("turntone").warning("request", extra={"facts": {"with": secret}})
        said = capsys.readouterr().err
        assert secret not in said
        assert "could not use … here" in said


def test_a_token_of_the_environment_is_hidden_whatever_it_looks_like(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "plain-looking")
    assert without_secrets("asked with plain-looking") == "asked with …"


def test_requests_are_logged_without_what_was_asked_for_and_by_whom(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    workspace, accounts = fill(tmp_path / "workspace"), Accounts(tmp_path / "workspace")
    user = accounts.add("quentin", "admin", PASSWORD)
    secret = accounts.make_token("quentin")[1]
    start_log(LogFormat.json, LogLevel.info)
    client = TestClient(make_app(workspace.path), base_url=ADDRESS, follow_redirects=False)
    client.post("/sign-in", data={"name": "quentin", "password": PASSWORD + "?"})
    client.post("/sign-in", data={"name": "quentin", "password": PASSWORD})
    bearer = {"Authorization": f"Bearer {secret}"}
    client.get("/case/Demo", headers=bearer)
    client.get("/api/participants", params={"case": "Demo"}, headers=bearer)
    client.get("/api/sessions/0000", headers=bearer)
    said = capsys.readouterr().err
    lines = [json.loads(line) for line in said.splitlines()]
    asked = [(each["method"], each["route"], each["status"], each["user"]) for each in lines if "route" in each]
    assert asked == [
        ("POST", "/sign-in", 403, None),
        ("POST", "/sign-in", 303, None),
        ("GET", "/case/{name:path}", 200, user.id),
        ("GET", "/api/participants", 200, user.id),
        ("GET", "/api/sessions/{session_id}", 422, user.id),
    ]
    for hidden in (PASSWORD, secret, "quentin", "Demo", "Anna", str(tmp_path)):
        assert hidden not in said


def test_no_token_is_in_anything_that_is_kept_or_given_out(
    tmp_path: Path, command_line: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_ofTheEnvironment")
    own = ("--workspace", tmp_path / "workspace")
    tone = write_tone(tmp_path / "a.wav")
    fake = ("--set", "diarization.backend=fake", "--set", "emotion.backend=fake")
    shown = [
        command_line("analyze", tone, "--set", "runtime.hf_token=hf_ofTheSettings", "--format", "json", *fake, *own),
        command_line("config", "show", "--set", "runtime.hf_token=hf_ofTheSettings"),
    ]
    session = shown[0].json[0]["session"]["id"]
    shown.append(command_line("report", session, "-o", tmp_path / "report.html", *own))
    shown.append(command_line("export", session, "--to", "json", "-o", tmp_path / "session.json", *own))
    assert [each.code for each in shown] == [0, 0, 0, 0], [each.err for each in shown]
    files = [each for each in tmp_path.rglob("*") if each.is_file()]
    assert len(files) > 5
    assert [each for each in files if b"hf_ofThe" in each.read_bytes()] == []
    assert not any("hf_ofThe" in each.out + each.err for each in shown)
