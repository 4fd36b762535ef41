"""``turntone workspace``: whether it is well, how long cases are kept, archives, copies, sharing, the key of audio."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from diarization.errors import WorkspaceError

from ..terminal import Format, FormatOption, WorkspaceOption, print_json, print_table, say

if TYPE_CHECKING:
    from pipeline.checkup import Fault

app = typer.Typer(help="Check, repair, prune, archive, copy and share the workspace.", no_args_is_help=True)

CaseArgument = Annotated[str, typer.Argument(metavar="CASE", help="Name of the case.")]


@app.command("check")
def check(
    repair: Annotated[bool, typer.Option("--repair", help="Mend what is found.")] = False,
    device: Annotated[
        str, typer.Option("--device", help="auto, cpu, cuda or mps, for what is analysed again.")
    ] = "auto",
    workspace: WorkspaceOption = None,
    format: FormatOption = Format.table,
) -> None:
    """Look for damaged, missing and left-over files, rows and jobs; ends with 1 where any is damaged."""
    from pipeline.checkup import find_faults
    from pipeline.checkup import repair as mend
    from pipeline.settings import load_runtime

    from ..api import open_workspace

    opened = open_workspace(workspace)
    done: list[str] = []
    faults = (
        mend(opened, load_runtime(None, [f"runtime.device={device}"]), done.append) if repair else find_faults(opened)
    )
    if format is Format.json:
        print_json({"faults": [asdict(each) for each in faults], "repaired": done})
    else:
        for sentence in done:
            say(sentence)
        _say_faults(faults)
    if damaged := [each for each in faults if not each.is_harmless]:
        sentence = "look at them above" if repair else "turntone workspace check --repair mends what can be mended"
        raise WorkspaceError(f"{opened.path}: {len(damaged)} faults; {sentence}")


def _say_faults(faults: list[Fault]) -> None:
    for each in faults:
        if not each.is_harmless:
            print(each.sentence)
    if harmless := [each for each in faults if each.is_harmless]:
        say(f"{len(harmless)} files are left over and do no harm (--repair removes them): {harmless[0].sentence}")
    if not faults:
        say("all is well: every session is whole")


@app.command("keep")
def keep(
    case: CaseArgument,
    time: Annotated[str, typer.Argument(metavar="TIME", help="As 90d, 12w, 6m, 2y, or forever.")],
    workspace: WorkspaceOption = None,
) -> None:
    """Say for how long a case's sessions are kept; `prune` then takes away what is older."""
    from pipeline.retention import keep_case, parse_days

    from ..api import open_workspace

    days = parse_days(time)
    keep_case(open_workspace(workspace), case, days)
    say(
        f"{case}: kept for {days} days; turntone workspace prune removes what is older"
        if days
        else f"{case}: kept for ever"
    )


@app.command("prune")
def prune(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
    workspace: WorkspaceOption = None,
    format: FormatOption = Format.table,
) -> None:
    """Delete the sessions that are older than their case is kept, with audio and caches, for good."""
    from pipeline.retention import overdue
    from pipeline.retention import prune as take_away

    from ..api import open_workspace

    opened = open_workspace(workspace)
    gone = overdue(opened) if dry_run else take_away(opened)
    rows = [(each.session, each.case, each.day.isoformat(), each.keep_days) for each in gone]
    if format is Format.json:
        print_json([dict(zip(("session", "case", "date", "keep_days"), row, strict=True)) for row in rows])
    elif rows:
        print_table(("session", "case", "date", "kept for days"), rows)
    else:
        say("nothing is older than it may be kept")


@app.command("archive")
def archive(
    case: CaseArgument,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The ZIP file to write.")],
    remove: Annotated[bool, typer.Option("--remove", help="Take the case out of the workspace afterwards.")] = False,
    workspace: WorkspaceOption = None,
    format: FormatOption = Format.table,
) -> None:
    """Put a case away into one file, from which `restore` brings it back."""
    from pipeline.archives import archive_case

    from ..api import open_workspace

    ids = archive_case(open_workspace(workspace), case, file, remove)
    if format is Format.json:
        print_json({"archive": str(file), "sessions": ids})
    else:
        say(f"wrote {file}: {len(ids)} sessions of {case}" + ", which are no longer in the workspace" * remove)


@app.command("restore")
def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `archive` wrote.")],
    workspace: WorkspaceOption = None,
    format: FormatOption = Format.table,
) -> None:
    """Bring an archived case back."""
    from pipeline.archives import restore_case

    from ..api import open_workspace

    ids = restore_case(open_workspace(workspace), file)
    if format is Format.json:
        print_json({"restored": str(file), "sessions": ids})
    else:
        say(f"restored {len(ids)} sessions")


@app.command("key")
def key(
    keep: Annotated[
        bool, typer.Option("--keep", help="Give it to the system's keyring instead of printing it.")
    ] = False,
) -> None:
    """Make a key for encrypted audio (privacy.encrypt_audio). Who loses it loses the audio."""
    from pipeline.store.encryption import KEY_VARIABLE, keep_in_keyring, key_here, new_key

    if keep and key_here() is not None:
        raise WorkspaceError("there is a key already; audio that it encrypts could not be heard with another one")
    made = new_key()
    if keep:
        keep_in_keyring(made)
        say("the system's keyring holds the key now")
    else:
        print(made)
        say(f"keep it in a safe place and set {KEY_VARIABLE} to it")


@app.command("connect")
def connect(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="New or empty; it stands for the workspace.")],
    database: Annotated[
        str, typer.Option("--database", metavar="URL", help="postgresql://user@host:port/name, without a password.")
    ],
    artifacts: Annotated[
        str, typer.Option("--artifacts", metavar="URL", help="s3://bucket/prefix, or file:///folder of all machines.")
    ],
    copies_gb: Annotated[
        float | None,
        typer.Option("--copies-gb", metavar="GB", help="How much of it this folder keeps as copies; without it, all."),
    ] = None,
) -> None:
    """Let a folder stand for a workspace of several machines, in PostgreSQL and an object store.

    Both are reached, written and read before anything is kept. Passwords and keys are given as their drivers have
    them: PGPASSWORD or ~/.pgpass, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY or AWS_PROFILE, AWS_ENDPOINT_URL.
    The same again with another --copies-gb changes that alone.
    """
    from pipeline.connecting import connect_workspace

    shared = connect_workspace(folder.expanduser(), database, artifacts, copies_gb)
    kept = "" if shared.copies_gb is None else f"; it keeps {shared.copies_gb:g} GB of copies"
    say(f"{folder} stands for the workspace in {shared.database} and {shared.artifacts}{kept}")


@app.command("copy")
def copy(
    source: Annotated[Path, typer.Argument(metavar="SRC", help="Folder of the workspace to copy.")],
    target: Annotated[Path, typer.Argument(metavar="DST", help="A new folder, or one connected to a new workspace.")],
    format: FormatOption = Format.table,
) -> None:
    """Copy a workspace into an empty one, folder or shared, and compare every row and byte."""
    from pipeline.copying import copy_workspace

    copied = copy_workspace(source.expanduser(), target.expanduser())
    if format is Format.json:
        print_json(asdict(copied))
    else:
        print_table(("table", "rows"), [(name, count) for name, count in copied.rows.items() if count])
        say(
            f"copied {copied.sessions} sessions, {sum(copied.rows.values())} rows and {copied.files} files of "
            f"{copied.size:,} bytes; every row and byte was compared"
        )
