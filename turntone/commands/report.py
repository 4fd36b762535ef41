"""``turntone report``: one file to read and to send."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from diarization.errors import WorkspaceError

from ..terminal import ConfigOption, Format, FormatOption, SettingsOption, WorkspaceOption, print_json, say
from .figure import LanguageOption


def report(
    session: Annotated[
        str | None, typer.Argument(metavar="[SESSION]", help="Id of the session, or how it begins.")
    ] = None,
    case: Annotated[str | None, typer.Option("--case", help="Report on this case instead of one session.")] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="HTML or PDF file to write.")] = None,
    pdf: Annotated[bool, typer.Option("--pdf", help="A PDF instead of HTML, printed by an installed browser.")] = False,
    language: LanguageOption = None,
    config: ConfigOption = None,
    settings: SettingsOption = None,
    workspace: WorkspaceOption = None,
    format: FormatOption = Format.table,
) -> None:
    """Write a report as one HTML file that works offline, or as PDF."""
    from pipeline.exported import note_exports
    from pipeline.settings import load_reports
    from reports.flags import load_flags
    from reports.html import case_report, session_report, write_report

    from ..api import open_workspace

    if (session is None) == (case is None):
        raise WorkspaceError("report: name either one SESSION or one --case NAME")
    told = load_reports(config, settings or ())
    spoken = language.value if language else told.language
    rules = None if told.flags == "auto" else load_flags(told.flags)
    found = open_workspace(workspace)
    if case is not None:
        sessions = found.case(case)
        html, stem = case_report(case, sessions, language=spoken, rules=rules), f"case-{file_stem(case)}"
    else:
        one = found.session(str(session))
        sessions = [one]
        html, stem = session_report(one, language=spoken, rules=rules), f"session-{one.id}"
    path = output or Path(f"turntone-{stem}.html")
    path = path.with_suffix(".pdf") if pdf else path
    write_report(path, html)
    found.note_each("exported", sessions, "report")
    note_exports(found, [each.id for each in found.sessions(case)] if case is not None else [one.id], [path])
    if format is Format.json:
        print_json({"report": str(path)})
    else:
        say(f"wrote {path}")


def file_stem(name: str) -> str:
    """A case's name as part of a file's name.

    >>> file_stem("A. B./2026")
    'A-B-2026'
    """
    return "-".join("".join(letter if letter.isalnum() else " " for letter in name).split()) or "case"
