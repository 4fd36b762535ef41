"""``turntone users`` and ``turntone audit``."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest

from pipeline.access.accounts import TOKEN, Accounts
from pipeline.access.trail import Trail
from pipeline.workspace import Workspace
from tests.command_line import CommandLine, Shown
from tests.sessions import make_session

PASSWORD = "nine brown hens"


class Users:
    """``users("add", "ada", "--role", "admin", password=PASSWORD)`` in a workspace of the test's own."""

    def __init__(self, command_line: CommandLine, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
        self.folder = folder
        self._command_line, self._monkeypatch = command_line, monkeypatch

    def __call__(self, *arguments: object, password: str | None = None, group: str = "users") -> Shown:
        self._monkeypatch.setattr("sys.stdin", io.StringIO(f"{password}\n" if password else ""))
        return self._command_line(group, *arguments, "--workspace", self.folder)


@pytest.fixture
def users(command_line: CommandLine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Users:
    return Users(command_line, monkeypatch, tmp_path / "workspace")


def test_people_are_let_in_step_by_step(users: Users) -> None:
    early = users("add", "ed", "--role", "editor", password=PASSWORD)
    assert (early.code, "the first user is an admin" in early.err) == (1, True)
    assert users("add", "ada", "--role", "admin", password=PASSWORD).err == "ada is admin and sees all cases\n"
    assert users("add", "ed", password=PASSWORD).err == "ed is viewer and sees no case yet\n"
    assert users("grant", "ed", "--case", "Demo").err == "ed is viewer and sees Demo\n"
    assert users("role", "ed", "editor").err == "ed is editor and sees Demo\n"
    listed: list[dict[str, Any]] = users("list", "--format", "json").json
    assert [(each["name"], each["role"], each["cases"], each["all_cases"]) for each in listed] == [
        ("ada", "admin", [], True), ("ed", "editor", ["Demo"], False),
    ]  # fmt: skip
    assert "editor" in users("list").out
    assert users("revoke", "ed", "--case", "Demo").err == "ed is editor and sees no case yet\n"
    assert users("remove", "ed").err == "removed ed\n"
    assert users("remove", "ada", "--format", "json").json["removed"] == "ada"


def test_a_password_is_read_from_standard_input_and_never_shown(users: Users) -> None:
    shown = users("add", "ada", "--role", "admin", password=PASSWORD)
    assert PASSWORD not in shown.out + shown.err
    assert "no password was given" in users("add", "bo").err
    assert "12 to 1,000 characters" in users("add", "bo", password="short").err
    assert users("password", "ada", password=PASSWORD + " more").code == 0
    assert Accounts(users.folder).sign_in("ada", PASSWORD) is None
    assert Accounts(users.folder).sign_in("ada", PASSWORD + " more")


def test_a_token_is_printed_once(users: Users) -> None:
    users("add", "ada", "--role", "admin", password=PASSWORD)
    secret = users("token", "ada", "--label", "script", "--days", "30").out.strip()
    assert TOKEN.fullmatch(secret)
    (known,) = users("token", "ada", "--list", "--format", "json").json
    assert known["label"] == "script" and "token" not in known
    assert secret not in users("token", "ada", "--list").out
    assert users("token", "ada", "--remove", known["id"]).code == 0
    assert Accounts(users.folder).visitor_of_token(secret) is None


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("role", "nobody", "admin"), "no user is called 'nobody'"),
        (("grant", "ada"), "name either --case NAME or --all"),
        (("role", "ada", "boss"), "accepted are viewer, editor, admin"),
    ],
)
def test_mistakes_are_one_sentence(users: Users, arguments: tuple[str, ...], why: str) -> None:
    users("add", "ada", "--role", "admin", password=PASSWORD)
    shown = users(*arguments)
    assert (shown.code, why in shown.err) == (1, True)


def test_commands_that_read_or_give_out_stand_in_the_trail(
    users: Users, command_line: CommandLine, tmp_path: Path
) -> None:
    workspace = Workspace(users.folder)
    workspace.save(make_session(12))
    own = ("--workspace", users.folder)
    for command in (
        ("sessions", "show", "0"),
        ("measures", "0"),
        ("flags", "0"),
        ("export", "0", "--to", "csv", "-o", tmp_path / "turns.csv"),
        ("report", "0", "-o", tmp_path / "report.html"),
        ("sessions", "delete", "0"),
    ):
        shown = command_line(*command, *own)
        assert shown.code == 0, shown.err
    entries = Trail(users.folder).entries()
    assert [(each.action, each.detail) for each in entries] == [
        ("analysed", None), ("opened", None), ("opened", "measures"), ("opened", "flags"), ("exported", "csv"),
        ("exported", "report"), ("deleted", None),
    ]  # fmt: skip
    assert {each.via for each in entries} == {"command line"}


def test_the_trail_is_listed_exported_and_checked(users: Users, tmp_path: Path) -> None:
    Workspace(users.folder).save(make_session(12))
    users("add", "ada", "--role", "admin", password=PASSWORD)
    assert "analysed" in users("list", group="audit").out
    (line,) = users("list", "--action", "user added", "--format", "json", group="audit").json
    assert (line["kind"], line["what"]) == ("user", "ada")
    assert "known are analysed, opened" in users("list", "--action", "x", group="audit").err
    for name in ("trail.csv", "trail.jsonl"):
        assert users("export", "-o", tmp_path / name, group="audit").code == 0
        assert "ada" not in (tmp_path / name).read_text()
    assert "add --force" in users("export", "-o", tmp_path / "trail.csv", group="audit").err
    assert "ends in .csv or .jsonl" in users("export", "-o", tmp_path / "trail.txt", group="audit").err
    assert users("check", group="audit").err == "every line is as it was written\n"
    assert users("check", "--format", "json", group="audit").json == {"broken": None}
