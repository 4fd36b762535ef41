"""``turntone export``: sessions as files that other tools open."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from diarization.errors import WorkspaceError

from ..terminal import Format, FormatOption, WorkspaceOption, print_json, say


def export(
    to: Annotated[str, typer.Option("--to", metavar="FORMAT", help="What to make, as csv, textgrid or eaf.")],
    sessions: Annotated[
        list[str] | None, typer.Argument(metavar="[SESSION]...", help="Ids of sessions, or how they begin.")
    ] = None,
    case: Annotated[str | None, typer.Option("--case", help="Export this case's sessions.")] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="File or folder to write; else a name of its own, here.")
    ] = None,
    labels: Annotated[
        bool, typer.Option("--labels", help="Call speakers SPEAKER_00, ... although participants are known.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace what an earlier export wrote.")] = False,
    workspace: WorkspaceOption = None,
    format: FormatOption = Format.table,
) -> None:
    """Write sessions in a format that other tools open; nothing is ever overwritten without --force."""
    from ..api import export as export_sessions
    from ..api import open_workspace

    if bool(sessions) == (case is not None):
        raise WorkspaceError("export: name either SESSION... or one --case NAME")
    store = open_workspace(workspace)
    found = store.case(case) if case is not None else [store.session(each) for each in dict.fromkeys(sessions or ())]
    title = None if case is None else case
    written = export_sessions(found, to, output, force=force, labels=labels, workspace=store, title=title)
    if format is Format.json:
        print_json({"exported": [str(path) for path in written], "sessions": [session.id for session in found]})
        return
    for path in written:
        say(f"wrote {path}")
