"""``turntone import``: what other tools made of a recording, or of a session."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..terminal import (
    ConfigOption,
    Format,
    FormatOption,
    SettingsOption,
    WorkspaceOption,
    analysis_progress,
    print_json,
    say,
)
from .analyze import print_session


def import_files(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE...", help="Turns in any format, a Label Studio export, or a folder of single clips."
        ),
    ],
    recording: Annotated[
        Path | None,
        typer.Option("--recording", help="The audio file of the turns, or a folder; else the one beside them."),
    ] = None,
    case: Annotated[str | None, typer.Option("--case", help="Name of the case the sessions belong to.")] = None,
    date: Annotated[
        str | None, typer.Option("--date", help="Day of the conversation, as 2026-03-02; for one file only.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Table of labels to write [default: turntone-labels.csv].")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the table of labels.")] = False,
    config: ConfigOption = None,
    settings: SettingsOption = None,
    device: Annotated[str, typer.Option("--device", help="auto, cpu, cuda or mps.")] = "auto",
    workspace: WorkspaceOption = None,
    format: FormatOption = Format.table,
) -> None:
    """Make sessions with the turns of files, or a table of labels from what people corrected."""
    from ..imports import import_all

    with analysis_progress() as progress:
        found = import_all(
            files,
            recording,
            output,
            force=force,
            case=case,
            date=date,
            config=config,
            settings=settings or (),
            device=device,
            workspace=workspace,
            progress=progress,
        )
    if format is Format.json:
        print_json(found.to_json())
    else:
        for session in found.sessions:
            print_session(session)
        if found.labels is not None:
            say(f"wrote {found.labels}: {found.num_labels} labels")
    for note in found.notes:
        say(f"note: {note}")
