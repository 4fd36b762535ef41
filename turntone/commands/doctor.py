"""``turntone doctor``: what is installed, what is missing, and how to get it."""

from __future__ import annotations

import typer

from ..terminal import Format, FormatOption, WorkspaceOption, print_json, print_table


def doctor(workspace: WorkspaceOption = None, format: FormatOption = Format.table) -> None:
    """Look at this installation; exit code 1 where recordings cannot be analysed as it is."""
    from ..doctor import examine

    findings = examine(workspace)
    if format is Format.json:
        print_json([finding.to_json() for finding in findings])
    else:
        print_table(("what", "state", "found", "what to do"), [(f.what, f.state, f.found, f.advice) for f in findings])
    if any(finding.state == "missing" for finding in findings):
        raise typer.Exit(1)
