"""``turntone users``: who may sign in, and what they may."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from diarization.errors import AccessError

from ..terminal import Format, FormatOption, WorkspaceOption, print_json, print_table, say

if TYPE_CHECKING:
    from pipeline.access.accounts import Accounts, User

app = typer.Typer(help="Say who may sign in to the dashboard, and what they may.", no_args_is_help=True)

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="The user's name.")]
RoleArgument = Annotated[str, typer.Argument(metavar="ROLE", help="viewer, editor or admin.")]
FromStdin = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from standard input instead of asking for it.")
]
Case = Annotated[str | None, typer.Option("--case", help="A case; it may begin later.")]
Everything = Annotated[bool, typer.Option("--all", help="Every case, and sessions without a case.")]


@app.command("add")
def add(
    name: NameArgument,
    role: Annotated[str, typer.Option("--role", help="viewer, editor or admin.")] = "viewer",
    every: Everything = False,
    password_stdin: FromStdin = False,
    workspace: WorkspaceOption = None,
    format: FormatOption = Format.table,
) -> None:
    """Let somebody sign in. The first user is an admin: from then on everybody signs in."""
    accounts = _accounts(workspace)
    if role != "admin" and not accounts.any():
        raise AccessError("the first user is an admin, who can let others in; add --role admin")
    _print(accounts.add(name, role, _password(password_stdin), every), format)


@app.command("list")
def list_users(workspace: WorkspaceOption = None, format: FormatOption = Format.table) -> None:
    """The users with their roles and cases."""
    users = _accounts(workspace).users()
    if format is Format.json:
        print_json([each.to_json() for each in users])
    elif users:
        print_table(("user", "role", "sees", "tokens", "since", "id"), map(_row, users))
    else:
        say("no users; everybody on this machine who can read the workspace may do everything")


@app.command("role")
def role(
    name: NameArgument, role: RoleArgument, workspace: WorkspaceOption = None, format: FormatOption = Format.table
) -> None:
    """Give somebody another role."""
    _print(_accounts(workspace).set_role(name, role), format)


@app.command("password")
def password(name: NameArgument, password_stdin: FromStdin = False, workspace: WorkspaceOption = None) -> None:
    """Give somebody another password; they are signed out everywhere."""
    accounts = _accounts(workspace)
    accounts.user(name)
    accounts.set_password(name, _password(password_stdin))
    say(f"{name} signs in with the new password from now on")


@app.command("grant")
def grant(
    name: NameArgument,
    case: Case = None,
    every: Everything = False,
    workspace: WorkspaceOption = None,
    format: FormatOption = Format.table,
) -> None:
    """Let somebody see a case, or all."""
    _one_of(case, every)
    _print(_accounts(workspace).grant(name, case), format)


@app.command("revoke")
def revoke(
    name: NameArgument,
    case: Case = None,
    every: Everything = False,
    workspace: WorkspaceOption = None,
    format: FormatOption = Format.table,
) -> None:
    """Take a case from somebody, or all that they see."""
    _one_of(case, every)
    _print(_accounts(workspace).revoke(name, case), format)


@app.command("token")
def token(
    name: NameArgument,
    label: Annotated[str, typer.Option("--label", help="What it is for.")] = "",
    days: Annotated[
        int | None, typer.Option("--days", min=1, max=3650, help="How long it lasts; else until removed.")
    ] = None,
    listed: Annotated[bool, typer.Option("--list", help="Show the user's tokens instead of making one.")] = False,
    removed: Annotated[str | None, typer.Option("--remove", metavar="ID", help="End this token.")] = None,
    workspace: WorkspaceOption = None,
    format: FormatOption = Format.table,
) -> None:
    """Make an API token that may what its user may; it is shown once, on stdout."""
    accounts = _accounts(workspace)
    if listed:
        tokens = accounts.tokens(name)
        if format is Format.json:
            print_json([each.to_json() for each in tokens])
        else:
            columns = ("token", "label", "made", "until")
            print_table(columns, [(each.id, each.label, each.created, each.expires) for each in tokens])
    elif removed is not None:
        accounts.remove_token(name, removed)
        say(f"the token {removed} opens nothing any more")
    else:
        made, secret = accounts.make_token(name, label, days)
        if format is Format.json:
            print_json(made.to_json() | {"token": secret})
        else:
            say("this is shown once; whoever has it may what its user may:")
            typer.echo(secret)


@app.command("remove")
def remove(name: NameArgument, workspace: WorkspaceOption = None, format: FormatOption = Format.table) -> None:
    """Remove somebody with their tokens and access; the audit trail keeps a random id that then names nobody."""
    gone = _accounts(workspace).remove(name)
    if format is Format.json:
        print_json({"removed": gone.name, "id": gone.id})
    else:
        say(f"removed {gone.name}")


def _accounts(workspace: str | None) -> Accounts:
    from pipeline.access.accounts import Accounts

    from ..api import open_workspace

    opened = open_workspace(workspace)
    opened.check_usable()
    return Accounts(opened.path)


def _password(from_stdin: bool) -> str:
    """What somebody types twice without it being shown, or the first line of standard input."""
    if from_stdin or not sys.stdin.isatty():
        given = sys.stdin.readline().rstrip("\r\n")
        if not given:
            raise AccessError("no password was given on standard input")
        return given
    from getpass import getpass

    first, again = getpass("Password: "), getpass("Again: ")
    if first != again:
        raise AccessError("the two are not the same; nothing was changed")
    return first


def _one_of(case: str | None, every: bool) -> None:
    if (case is None) == (not every):
        raise AccessError("name either --case NAME or --all")


def _print(user: User, format: Format) -> None:
    if format is Format.json:
        print_json(user.to_json())
    else:
        say(f"{user.name} is {user.role} and sees {_sees(user)}")


def _sees(user: User) -> str:
    return "all cases" if user.all_cases else ", ".join(user.cases) or "no case yet"


def _row(user: User) -> tuple[object, ...]:
    return user.name, user.role, _sees(user), user.tokens, user.created.date(), user.id
