"""``turntone doctor``: what is installed, what is missing, and how to get it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..terminal import Format, FormatOption, WorkspaceOption, print_json, print_table, say


def doctor(
    bundle: Annotated[
        Path | None, typer.Option("--bundle", help="Write a ZIP file for somebody who helps, without personal data.")
    ] = None,
    workspace: WorkspaceOption = None,
    format: FormatOption = Format.table,
) -> None:
    """Look at this installation; exit code 1 where recordings cannot be analysed as it is."""
    from ..doctor import examine

    if bundle is not None:
        from ..bundle import write_bundle

        written = write_bundle(bundle, workspace)
        if format is Format.json:
            print_json({"bundle": str(written)})
        else:
            say(f"wrote {written}; read what is in it before you send it")
        return
    findings = examine(workspace)
    if format is Format.json:
        print_json([finding.to_json() for finding in findings])
    else:
        print_table(("what", "state", "found", "what to do"), [(f.what, f.state, f.found, f.advice) for f in findings])
    if any(finding.state == "missing" for finding in findings):
        raise typer.Exit(1)
