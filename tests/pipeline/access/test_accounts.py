"""Users, their passwords and tokens, as the database keeps them."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest

from diarization.errors import AccessError
from pipeline.access import accounts as module
from pipeline.access.accounts import TOKEN, Accounts
from pipeline.access.visitors import visiting
from pipeline.workspace import Workspace
from tests.sessions import make_session

PASSWORD = "nine brown hens"


@pytest.fixture
def accounts(tmp_path: Path) -> Accounts:
    found = Accounts(tmp_path / "workspace")
    found.add("ada", "admin", PASSWORD)
    return found


def stored(accounts: Accounts, tmp_path: Path) -> bytes:
    return (tmp_path / "workspace" / "workspace.db").read_bytes()


def test_a_workspace_begins_without_users_and_looking_makes_none(tmp_path: Path) -> None:
    assert not Accounts(tmp_path / "none").any()
    assert Accounts(tmp_path / "none").users() == []
    assert not (tmp_path / "none").exists()


def test_a_password_opens_and_another_does_not(accounts: Accounts, tmp_path: Path) -> None:
    sign_in = accounts.sign_in("ada", PASSWORD)
    assert sign_in is not None
    found = accounts.visitor_of_sign_in(sign_in)
    assert found is not None and (found.name, found.role, found.cases) == ("ada", "admin", None)
    assert accounts.sign_in("ada", PASSWORD + "x") is None
    assert accounts.sign_in("nobody", PASSWORD) is None
    assert PASSWORD.encode() not in stored(accounts, tmp_path)
    assert b"$argon2id$" in stored(accounts, tmp_path)


def test_a_sign_in_ends_by_itself_by_sign_out_and_by_another_password(
    accounts: Accounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = (accounts.sign_in("ada", PASSWORD) for _ in range(2))
    assert one and two
    accounts.sign_out(one)
    assert accounts.visitor_of_sign_in(one) is None
    assert accounts.visitor_of_sign_in(two) is not None
    accounts.set_password("ada", PASSWORD + " more")
    assert accounts.visitor_of_sign_in(two) is None
    monkeypatch.setattr(module, "SIGNED_IN", datetime.timedelta(seconds=-1))
    over = accounts.sign_in("ada", PASSWORD + " more")
    assert over and accounts.visitor_of_sign_in(over) is None


def test_a_token_is_shown_once_and_ends_when_it_is_removed_or_its_time_is_over(
    accounts: Accounts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, secret = accounts.make_token("ada", "script", days=1)
    assert TOKEN.fullmatch(secret)
    assert secret.rpartition("_")[2].encode() not in stored(accounts, tmp_path)
    found = accounts.visitor_of_token(secret)
    assert found is not None and found.name == "ada"
    assert accounts.visitor_of_token(secret[:-1] + ("A" if secret[-1] != "A" else "B")) is None
    monkeypatch.setattr(module, "now", lambda: datetime.datetime(2100, 1, 1))
    assert accounts.visitor_of_token(secret) is None
    monkeypatch.undo()
    accounts.remove_token("ada", made.id)
    assert accounts.visitor_of_token(secret) is None
    with pytest.raises(AccessError, match="has no token"):
        accounts.remove_token("ada", made.id)


@pytest.mark.parametrize(
    ("name", "role", "password", "why"),
    [
        ("ada", "viewer", PASSWORD, "a user called ada already"),
        ("a b", "viewer", PASSWORD, "letters, digits"),
        ("bo", "owner", PASSWORD, "accepted are viewer, editor, admin"),
        ("bo", "viewer", "short", "12 to 1,000 characters, and this one has 5"),
    ],
)
def test_users_that_cannot_be_are_refused(accounts: Accounts, name: str, role: str, password: str, why: str) -> None:
    with pytest.raises(AccessError, match=why):
        accounts.add(name, role, password)
    assert [each.name for each in accounts.users()] == ["ada"]


def test_somebody_stays_admin(accounts: Accounts) -> None:
    accounts.add("bo", "editor", PASSWORD)
    for wrong in (lambda: accounts.remove("ada"), lambda: accounts.set_role("ada", "viewer")):
        with pytest.raises(AccessError, match="the only admin"):
            wrong()
    accounts.set_role("bo", "admin")
    assert accounts.set_role("ada", "viewer").all_cases is False
    accounts.remove("ada")
    accounts.remove("bo")  # the last one may go: then it is a workspace of one person again
    assert not accounts.any()


def test_cases_are_granted_before_they_begin_and_taken_back(accounts: Accounts) -> None:
    accounts.add("bo", "editor", PASSWORD)
    assert accounts.grant("bo", "Demo").cases == ("Demo",)
    assert accounts.user("bo").visitor("api").sees("Demo")
    assert not accounts.user("bo").visitor("api").sees(None)
    with pytest.raises(AccessError, match="was not given the case 'Other'"):
        accounts.revoke("bo", "Other")
    accounts.grant("bo", None)
    assert accounts.user("bo").visitor("api").sees(None)
    assert accounts.revoke("bo", None).cases == ()
    with pytest.raises(AccessError, match="sees every case"):
        accounts.revoke("ada", None)


def test_nothing_of_a_removed_user_is_left_but_a_random_id(accounts: Accounts, tmp_path: Path) -> None:
    gone = accounts.add("quentin", "viewer", PASSWORD)
    accounts.grant("quentin", "Quentins case")
    accounts.make_token("quentin", "quentins laptop")
    assert accounts.sign_in("quentin", PASSWORD)
    accounts.remove("quentin")
    assert b"uentin" not in stored(accounts, tmp_path)
    assert gone.id.encode() in stored(accounts, tmp_path)  # in the audit trail


def test_viewers_change_nothing_whatever_the_code_does(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "workspace")
    workspace.save(make_session(4))
    accounts = Accounts(workspace.path)
    viewer = accounts.add("vera", "viewer", PASSWORD, all_cases=True).visitor("page")
    with visiting(viewer):
        assert len(workspace.sessions()) == 1
        with pytest.raises(AccessError, match="not change anything"):
            workspace.delete("0")
        with pytest.raises(AccessError, match="not change anything"), workspace.writing():
            pass


def test_an_editor_takes_no_recording_out_of_a_case_that_they_do_not_see(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "workspace")
    workspace.save(make_session(4, case="Hidden"))
    accounts = Accounts(workspace.path)
    accounts.add("ed", "editor", PASSWORD)
    editor = accounts.grant("ed", "Own").visitor("api")
    with visiting(editor):
        for case, why in (("Own", "where you do not see it"), ("Hidden", "not among yours"), (None, "nobody's to see")):
            with pytest.raises(AccessError, match=why):
                workspace.save(make_session(6, case=case))
    assert [(each.case, each.num_turns) for each in workspace.sessions()] == [("Hidden", 4)]
