"""The page of models and settings: what is here, what leaves the machine, and whether all is well."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from dash import html

from diarization.errors import TurntoneError
from reports.language import say

from ..layout.cards import aria, bullets, card, columns, command, facts, heading
from ..layout.origins import short_revision
from ..layout.words import count
from .page import Page

if TYPE_CHECKING:
    from ..sessions import Library


def models_page(library: Library) -> Page:
    """Models, own calibrations and heads, settings, health, and what leaves the machine."""
    parts = [
        heading(say("Models and settings"), say("What analyses here run with.")),
        columns(card(say("What leaves this machine"), _leaving()), card(say("Health"), _health(library))),
        card(
            say("Models"),
            _models(),
            about=say("Those that are here are used by themselves, the reference models first."),
        ),
        columns(card(say("Calibrations"), *_calibrations(library)), card(say("Own heads"), *_heads(library))),
        card(
            say("Settings"),
            _settings(),
            about=say("Given with --set KEY=VALUE, in a file with --config, or by a preset."),
        ),
    ]
    return Page(say("Models and settings"), html.Div(parts))


def _leaving() -> Any:
    return bullets(
        [
            [
                html.B(say("Nothing.")),
                " " + say("Recordings, results and names stay in the workspace's folder on this machine."),
            ],
            say(
                "These pages load every script, style and font from this server; a browser's security policy holds "
                "them to it."
            ),
            say(
                "Analyses fetch nothing. Models are fetched when somebody says turntone models fetch, and that sends "
                "no recording."
            ),
            say("Usage statistics of the libraries underneath are turned off."),
        ]
    )


def _health(library: Library) -> Any:
    from pipeline.engines import resolve_device
    from pipeline.jobs.queue import JobQueue
    from pipeline.provenance import library_version

    try:
        library.check_usable()
        usable = say("can be read and written")
    except TurntoneError as error:
        usable = str(error)
    device = resolve_device()
    counts = JobQueue(library.path, guarded=True).counts()
    jobs = ", ".join(f"{number} {say(state)}" for state, number in sorted(counts.items())) or say("none yet")
    return facts(
        [
            ("Turntone", library_version("turntone")),
            (say("Device"), say("cpu, {count} cores", count=os.cpu_count()) if device == "cpu" else device),
            (say("Workspace"), html.Span(str(library.path.resolve()), className="path")),
            (say("Sessions"), count(library.totals().sessions, "session")),
            (say("State"), usable),
            (say("Jobs"), jobs),
        ]
    )


def _models() -> Any:
    from diarization.model_files import CATALOG, find_model, revision_of

    rows = []
    for name, entry in CATALOG.items():
        here = find_model(name) is not None
        state = html.Span(say("here"), className="good") if here else html.Span(say("not here"), className="faint")
        how = html.Code(short_revision(str(revision_of(name)))) if here else html.Code(f"turntone models fetch {name}")
        rows.append((html.B(name), say(entry.purpose), state, how, entry.licence, entry.credit))
    return _table(
        (
            say("Model"),
            say("What for"),
            say("State"),
            say("Revision, or how to bring it"),
            say("Licence"),
            say("Credit"),
        ),
        rows,
    )


def _calibrations(library: Library) -> list[Any]:
    found = library.workspace.own.calibrations()
    if not found:
        return [
            html.P(
                say("None. On speech that you labelled, this says how far scores can be trusted, and corrects them:")
            ),
            command("turntone calibrate labels.csv"),
        ]
    rows = [(html.B(each.name), f"{each.temperature:.2f}", each.made.split("T")[0]) for each in found]
    return [_table((say("Name"), say("Temperature"), say("Made")), rows)]


def _heads(library: Library) -> list[Any]:
    found = library.workspace.own.heads()
    if not found:
        return [
            html.P(say("None. From speech with labels of your own, this learns them and says how good it is:")),
            command("turntone train-head labels.csv --name NAME"),
        ]
    return [
        _table((say("Name"), say("Labels")), [(html.B(each.name), ", ".join(each.scheme.labels)) for each in found])
    ]


def _settings() -> Any:
    from pipeline.settings import describe, preset_names

    rows = [
        (html.Code(each.key), html.Code(str(each.default)), html.Span(each.description, lang="en"))
        for each in describe()
    ]
    presets = html.P([say("Presets:") + " ", ", ".join(preset_names()), "."])
    return html.Details(
        [
            html.Summary(say("All settings with their defaults")),
            presets,
            _table((say("Setting"), say("Default"), say("What it does")), rows),
        ]
    )


def _table(names: Sequence[str], rows: Iterable[Sequence[Any]]) -> Any:
    head = html.Thead(html.Tr([html.Th(name, scope="col") for name in names]))
    body = html.Tbody([html.Tr([html.Td(cell) for cell in row]) for row in rows])
    return html.Div(
        html.Table([head, body], className="plain-table wide" if len(names) > 4 else "plain-table"),
        className="scroll",
        tabIndex="0",
        role="region",
        **aria(names[0]),
    )
