"""``turntone audit``: who did what in a workspace."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from diarization.errors import AccessError, WorkspaceError

from ..terminal import Format, FormatOption, WorkspaceOption, print_json, print_table, say

if TYPE_CHECKING:
    from pipeline.access.trail import Trail

app = typer.Typer(help="Who analysed, opened, heard, corrected, exported, deleted.", no_args_is_help=True)


@app.command("list")
def list_entries(
    action: Annotated[str | None, typer.Option("--action", help="Only these, as listened.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="At most so many, the newest.")] = 100,
    workspace: WorkspaceOption = None,
    format: FormatOption = Format.table,
) -> None:
    """The newest lines of the trail, with the names of those who are still there."""
    from pipeline.store.trail import ACTIONS

    if action is not None and action not in ACTIONS:
        raise AccessError(f"--action '{action}': nothing of that name is done; known are {', '.join(ACTIONS)}")
    entries = _trail(workspace).entries(limit=limit, action=action, newest=True)
    if format is Format.json:
        print_json([each.to_json() for each in entries])
    elif entries:
        columns = ("line", "time", "who", "via", "did", "to", "which", "more")
        print_table(columns, [
            (each.number, each.time, each.who or each.actor, each.via, each.action, each.kind,
             each.what or each.subject, each.detail) for each in entries
        ])  # fmt: skip
    else:
        say("nothing was done here yet")


@app.command("export")
def export(
    output: Annotated[Path, typer.Option("--output", "-o", help="CSV or JSON Lines file (.csv, .jsonl) to write.")],
    force: Annotated[bool, typer.Option("--force", help="Replace the file.")] = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Write the whole trail to a file, with random ids and no names."""
    from pipeline.access.trail import as_csv, as_json_lines
    from pipeline.store.files import write_whole

    from ..api import open_workspace

    writers = {".csv": as_csv, ".jsonl": as_json_lines}
    if output.suffix not in writers:
        raise WorkspaceError(f"{output}: the file's name ends in {' or '.join(writers)}")
    if output.exists() and not force:
        raise WorkspaceError(f"{output}: there is such a file already; choose another name, or add --force")
    entries = _trail(workspace).entries()
    open_workspace(workspace).note("trail read", "workspace")
    write_whole(output.absolute(), writers[output.suffix](entries).encode())
    say(f"wrote {output}, {len(entries)} lines")


@app.command("check")
def check(workspace: WorkspaceOption = None, format: FormatOption = Format.table) -> None:
    """Look whether every line is as it was written and none is missing; exit code 1 where not."""
    broken = _trail(workspace).broken()
    if format is Format.json:
        print_json({"broken": broken})
    if broken is not None:
        raise WorkspaceError(
            f"the audit trail was changed by something else: line {broken} does not follow on its last"
        )
    if format is Format.table:
        say("every line is as it was written")


def _trail(workspace: str | None) -> Trail:
    from pipeline.access.trail import Trail

    from ..api import open_workspace

    opened = open_workspace(workspace)
    opened.sessions()
    return Trail(opened.path)
