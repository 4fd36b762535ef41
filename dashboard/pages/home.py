"""The first page: recordings to add, cases and sessions."""

from __future__ import annotations

from collections.abc import Sequence
from shlex import quote
from typing import TYPE_CHECKING, Any

import dash_mantine_components as dmc
from dash import dcc, html

from reports.drawing import clock
from reports.language import say, spoken
from reports.themes import theme_now

from ..layout.cards import aria, card, command, heading
from ..layout.tables import case_address, sessions_table
from ..layout.words import count, days
from ..layout.work import DAY, upload_card, work_card
from .page import Page

if TYPE_CHECKING:
    from pipeline.workspace import CaseSummary, SessionSummary

    from ..sessions import Library


def home_page(library: Library) -> Page:
    """Recordings to add, and the cases and sessions of a workspace, or how to make the first one."""
    sessions, cases = library.sessions(), library.cases()
    filled = bool(sessions)
    parts = [
        heading(say("Sessions"), _counted(sessions, cases)) if filled else _no_sessions(library),
        upload_card([case.name for case in cases]),
        work_card(say("Work"), everything=False),
        html.Div(_cases(cases), id="cases"),
        _sessions(library, sessions, cases) if filled else _otherwise(library),
        dcc.Store(id="sessions-stale"),
    ]
    return Page(say("Sessions"), html.Div(parts))


def cases_part(library: Library) -> Any:
    """The cards of the cases, as the page shows them when sessions were added."""
    return _cases(library.cases())


def _counted(sessions: Sequence[SessionSummary], cases: Sequence[CaseSummary]) -> str:
    sound = sum(each.duration for each in sessions)
    return say(
        "{sessions} in {cases}, {time} of sound",
        sessions=count(len(sessions), "session"),
        cases=count(len(cases), "case"),
        time=clock(sound),
    )


def _cases(cases: Sequence[CaseSummary]) -> Any:
    if not cases:
        return None
    return html.Section(
        [html.H2(say("Cases"), className="above"), html.Div(list(map(_case, cases)), className="cases")]
    )


def _case(case: CaseSummary) -> dcc.Link:
    lines = [
        html.Span(case.name, className="name"),
        html.Span(f"{count(case.num_sessions, 'session')} · {days(case.first, case.last)}"),
        html.Span(", ".join(case.participants) or say("nobody is named yet")),
    ]
    return dcc.Link(lines, href=case_address(case.name), className="case")


def _sessions(library: Library, sessions: Sequence[SessionSummary], cases: Sequence[CaseSummary]) -> html.Section:
    key = "sessions-table", library.state(), spoken(), theme_now().name
    people = sorted({each.participant for session in sessions for each in session.speakers if each.participant})
    roles = sorted({each.role for session in sessions for each in session.speakers if each.role})
    filters = html.Div(
        [
            dmc.TextInput(id="search", placeholder=say("Search recordings, cases, speakers"), **aria(say("Search"))),
            _choice("case", [case.name for case in cases]),
            _choice("participant", people),
            _choice("role", roles),
            *(_day(which) for which in ("From", "To")),
        ],
        className="filters",
    )
    about = say("The line in a row is the mean valence of each speaker over the session, from unpleasant to pleasant.")
    return card(say("All sessions"), filters, library.part(key, lambda: sessions_table(sessions)), about=about)


def _choice(what: str, known: Sequence[str]) -> dmc.Select:
    name: dict[str, Any] = aria(say(f"Only this {what}"))
    data = [{"value": each, "label": say(each) if what == "role" else each} for each in known]
    return dmc.Select(
        id=f"filter-{what}", data=data, placeholder=say(f"Any {what}"), clearable=True, searchable=True, **name
    )


def _day(which: str) -> dmc.TextInput:
    name: dict[str, Any] = aria(say(f"{which} this day"))
    return dmc.TextInput(
        id=f"filter-{which.lower()}", attributes=DAY, leftSection=say(which), leftSectionWidth=48, **name
    )


def _no_sessions(library: Library) -> Any:
    return heading(
        say("No sessions yet"),
        say("The workspace {path} is empty. Add a recording to make the first one.", path=library.path),
    )


def _otherwise(library: Library) -> html.Section:
    folder = quote(str(library.path))
    return card(
        say("Or in a terminal"),
        html.P(say("Sessions that are analysed there appear here when you reload this page:")),
        command(f"turntone analyze call.wav --workspace {folder}"),
        html.P(say("Recordings of the same people over time belong to a case:")),
        command(f"turntone analyze monday.wav --case Anna --date 2026-03-02 --workspace {folder}"),
        html.P(say("Or look at the speech that comes with Turntone:")),
        command("turntone demo"),
        name="narrow",
    )
