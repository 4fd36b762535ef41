"""The page of models and settings: what is here, what leaves the machine, and whether all is well."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from dash import html

from diarization.errors import TurntoneError

from ..layout.cards import aria, bullets, card, columns, command, facts, heading
from ..layout.origins import short_revision
from ..layout.words import count
from .page import Page

if TYPE_CHECKING:
    from ..sessions import Library


def models_page(library: Library) -> Page:
    """Models, own calibrations and heads, settings, health, and what leaves the machine."""
    parts = [
        heading("Models and settings", "What analyses here run with."),
        columns(card("What leaves this machine", _leaving()), card("Health", _health(library))),
        card("Models", _models(), about="Those that are here are used by themselves, the reference models first."),
        columns(card("Calibrations", *_calibrations(library)), card("Own heads", *_heads(library))),
        card("Settings", _settings(), about="Given with --set KEY=VALUE, in a file with --config, or by a preset."),
    ]
    return Page("Models and settings", html.Div(parts))


def _leaving() -> Any:
    return bullets(
        [
            [html.B("Nothing."), " Recordings, results and names stay in the workspace's folder on this machine."],
            "These pages load every script, style and font from this server; a browser's security policy holds them "
            "to it.",
            "Analyses fetch nothing. Models are fetched when somebody says turntone models fetch, and that sends no "
            "recording.",
            "Usage statistics of the libraries underneath are turned off.",
        ]
    )


def _health(library: Library) -> Any:
    from pipeline.engines import resolve_device
    from pipeline.jobs.queue import JobQueue
    from pipeline.provenance import library_version

    try:
        library.check_usable()
        usable = "can be read and written"
    except TurntoneError as error:
        usable = str(error)
    device = resolve_device()
    counts = JobQueue(library.path, guarded=True).counts()
    jobs = ", ".join(f"{number} {state}" for state, number in sorted(counts.items())) or "none yet"
    return facts(
        [
            ("Turntone", library_version("turntone")),
            ("Device", f"cpu, {os.cpu_count()} cores" if device == "cpu" else device),
            ("Workspace", html.Span(str(library.path.resolve()), className="path")),
            ("Sessions", count(len(library.sessions()), "session")),
            ("State", usable),
            ("Jobs", jobs),
        ]
    )


def _models() -> Any:
    from diarization.model_files import CATALOG, find_model, revision_of

    rows = []
    for name, entry in CATALOG.items():
        here = find_model(name) is not None
        state = html.Span("here", className="good") if here else html.Span("not here", className="faint")
        how = html.Code(short_revision(str(revision_of(name)))) if here else html.Code(f"turntone models fetch {name}")
        rows.append((html.B(name), entry.purpose, state, how, entry.licence, entry.credit))
    return _table(("Model", "What for", "State", "Revision, or how to bring it", "Licence", "Credit"), rows)


def _calibrations(library: Library) -> list[Any]:
    found = library.workspace.own.calibrations()
    if not found:
        return [
            html.P("None. On speech that you labelled, this says how far scores can be trusted, and corrects them:"),
            command("turntone calibrate labels.csv"),
        ]
    rows = [(html.B(each.name), f"{each.temperature:.2f}", each.made.split("T")[0]) for each in found]
    return [_table(("Name", "Temperature", "Made"), rows)]


def _heads(library: Library) -> list[Any]:
    found = library.workspace.own.heads()
    if not found:
        return [
            html.P("None. From speech with labels of your own, this learns them and says how good it is:"),
            command("turntone train-head labels.csv --name NAME"),
        ]
    return [_table(("Name", "Labels"), [(html.B(each.name), ", ".join(each.scheme.labels)) for each in found])]


def _settings() -> Any:
    from pipeline.settings import describe, preset_names

    rows = [(html.Code(each.key), html.Code(str(each.default)), each.description) for each in describe()]
    presets = html.P(["Presets: ", ", ".join(preset_names()), "."])
    return html.Details(
        [
            html.Summary("All settings with their defaults"),
            presets,
            _table(("Setting", "Default", "What it does"), rows),
        ]
    )


def _table(names: Sequence[str], rows: Iterable[Sequence[Any]]) -> Any:
    head = html.Thead(html.Tr([html.Th(name, scope="col") for name in names]))
    body = html.Tbody([html.Tr([html.Td(cell) for cell in row]) for row in rows])
    return html.Div(
        html.Table([head, body], className="plain-table"),
        className="scroll",
        tabIndex="0",
        role="region",
        **aria(names[0]),
    )
