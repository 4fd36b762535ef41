"""``turntone figure``: one figure as a file."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from diarization.errors import ConfigError

from ..terminal import ConfigOption, Format, FormatOption, SettingsOption, WorkspaceOption, print_json, say

if TYPE_CHECKING:
    from pipeline.sessions import Session
    from pipeline.workspace import Workspace
    from reports.figure_list import FigureEntry


class Theme(StrEnum):
    """What a figure is drawn for."""

    light = "light"
    dark = "dark"
    print = "print"


class Language(StrEnum):
    """What a report or figure is written in."""

    en = "en"
    zh = "zh"


LanguageOption = Annotated[
    Language | None, typer.Option("--language", help="Words of the report or figure; short for --set reports.language.")
]


def figure(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The figure, such as session-map; 'list' lists them.")],
    session: Annotated[
        str | None, typer.Argument(metavar="[SESSION]", help="Id of the session, or how it begins.")
    ] = None,
    case: Annotated[str | None, typer.Option("--case", help="A case instead, for figures of a participant.")] = None,
    participant: Annotated[str | None, typer.Option("--participant", help="Whose, where the case has several.")] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="File to write: .svg, .png, .pdf, .html or .json.")
    ] = None,
    theme: Annotated[Theme, typer.Option("--theme", help="What it is drawn for.")] = Theme.light,
    width: Annotated[int, typer.Option("--width", min=200, max=4000, help="Width in pixels.")] = 1000,
    language: LanguageOption = None,
    config: ConfigOption = None,
    settings: SettingsOption = None,
    workspace: WorkspaceOption = None,
    format: FormatOption = Format.table,
) -> None:
    """Write one figure of a report as SVG, PNG, PDF, HTML or JSON."""
    from pipeline.settings import load_reports
    from reports.figure_files import write_figure
    from reports.figure_list import draw_for, find_figure

    from ..api import open_workspace

    if name == "list":
        _list(format)
        return
    entry = find_figure(name)
    spoken = language.value if language else load_reports(config, settings or ()).language
    store = open_workspace(workspace)
    sessions, whose, stem = _given(entry, store, session, case, participant)
    path = output or Path(f"turntone-{entry.name}-{stem}.svg")
    drawn = draw_for(entry, sessions, whose, theme=theme.value, language=spoken)
    write_figure(drawn, path, width)
    store.note_each("exported", sessions, "figure")
    if format is Format.json:
        print_json({"figure": str(path)})
    else:
        say(f"wrote {path}")


def _list(format: Format) -> None:
    from reports.figure_list import FIGURES

    from ..terminal import print_table

    if format is Format.json:
        print_json([{"name": each.name, "of": each.of, "title": each.title} for each in FIGURES.values()])
    else:
        print_table(("figure", "of", "shows"), [(each.name, each.of, each.title) for each in FIGURES.values()])


def _given(
    entry: FigureEntry, found: Workspace, session: str | None, case: str | None, participant: str | None
) -> tuple[list[Session], str | None, str]:
    """The sessions that a figure is of, whose it is, and part of a file's name."""
    from .report import file_stem

    if entry.of == "session":
        if session is None or case is not None or participant is not None:
            raise ConfigError(f"figure '{entry.name}': it is of a session; name one SESSION and nothing else")
        one = found.session(session)
        return [one], None, one.id
    if case is None or session is not None:
        raise ConfigError(f"figure '{entry.name}': it is of a participant over a case; name --case NAME and no SESSION")
    sessions = found.case(case)
    whose = _participant(entry, sessions, participant)
    return sessions, whose, f"{file_stem(case)}-{file_stem(whose)}"


def _participant(entry: FigureEntry, sessions: list[Any], participant: str | None) -> str:
    from reports.measures import participants_of

    people = participants_of(sessions)
    if participant in people:
        return str(participant)
    if participant is None and len(people) == 1:
        return people[0]
    known = f"they are {', '.join(people)}" if people else "nobody is named yet: turntone sessions assign"
    what = f"nobody is called '{participant}'" if participant else "name one with --participant"
    raise ConfigError(f"figure '{entry.name}': {what}; {known}")
