"""The first page: recordings to add, cases and sessions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from shlex import quote
from typing import TYPE_CHECKING, Any

import dash_mantine_components as dmc
from dash import dcc, html

from pipeline.access.visitors import visitor
from pipeline.store.listing import ANY_FLAG, MOST_VOICES
from reports.drawing import clock
from reports.findings import flag_titles
from reports.language import say, say_many, sentences
from reports.measures.shapes import SHAPES

from ..layout.cards import aria, card, command, heading
from ..layout.tables import case_address, session_rows, sessions_table
from ..layout.words import count, days
from ..layout.work import DAY, upload_card, work_card
from ..listing import block_of, wanted_by
from .page import Page

if TYPE_CHECKING:
    from pipeline.store.listing import Names, Totals
    from pipeline.workspace import CaseSummary

    from ..sessions import Library


CHOICES = ("case", "participant", "role", "voices", "flag", "shape", "from", "to")
"""What stands above the table to choose sessions by."""

_MOST_CASES = 60
"""Cases that have a card; of more, those in which something changed last."""


def home_page(library: Library) -> Page:
    """Recordings to add, and the cases and sessions of a workspace, or how to make the first one."""
    totals, names = library.totals(), library.names()
    filled = bool(totals.sessions)
    parts = [
        heading(say("Sessions"), _counted(totals)) if filled else _no_sessions(library),
        upload_card(names.cases),
        work_card(say("Work"), everything=False),
        html.Div(cases_part(library), id="cases"),
        _sessions(totals, names, library.not_looked_through()) if filled else _otherwise(library),
        dcc.Store(id="sessions-stale"),
    ]
    return Page(say("Sessions"), html.Div(parts))


def cases_part(library: Library) -> Any:
    """The cards of the cases, as the page shows them when sessions were added."""
    cases = library.cases(_MOST_CASES)
    if not cases:
        return None
    number = library.totals().cases
    more = say("The {most} of {count} cases in which something changed last; the filter below has all of them.",
               most=len(cases), count=f"{number:,}")  # fmt: skip
    return html.Section(
        [
            html.H2(say("Cases"), className="above"),
            html.P(more, className="about") if number > len(cases) else None,
            html.Div(list(map(_case, cases)), className="cases"),
        ]
    )


def table_rows(library: Library, request: Mapping[str, Any]) -> dict[str, Any]:
    """The rows that the table asks for, and how many there are in all."""
    found, count = library.listed(wanted_by(request, library.revision), *block_of(request))
    return {"rowData": session_rows(found, library.findings([each.id for each in found])), "rowCount": count}


def not_looked_through(missing: int) -> str:
    """How many sessions no choice by flag or shape can find yet; empty where there are none."""
    if not missing:
        return ""
    return say_many(
        missing,
        "One session is not looked through for flags and call shapes yet: choosing by these leaves it out.",
        "{count} sessions are not looked through for flags and call shapes yet: choosing by these leaves them out.",
    )


def _counted(totals: Totals) -> str:
    return say(
        "{sessions} in {cases}, {time} of sound",
        sessions=count(totals.sessions, "session"),
        cases=count(totals.cases, "case"),
        time=clock(totals.duration),
    )


def _case(case: CaseSummary) -> dcc.Link:
    lines = [
        html.Span(case.name, className="name"),
        html.Span(f"{count(case.num_sessions, 'session')} · {days(case.first, case.last)}"),
        html.Span(", ".join(case.participants) or say("nobody is named yet")),
    ]
    return dcc.Link(lines, href=case_address(case.name), className="case")


def _sessions(totals: Totals, names: Names, missing: int) -> html.Section:
    filters = html.Div(
        [
            dmc.TextInput(id="search", placeholder=say("Search recordings, cases, speakers"), **aria(say("Search")),
                          debounce=80),
            _choice("case", [(each, each) for each in names.cases]),
            _choice("participant", [(each, each) for each in names.participants]),
            _choice("role", [(each, say(each)) for each in names.roles]),
            _choice("voices", [(f"{number}", say(words)) for number, words in _VOICES.items()]),
            _choice("flag", [(ANY_FLAG, say("whichever flag")), *((name, say(title)) for name, title in
                                                                  flag_titles().items())]),
            _choice("shape", [(each, say(each)) for each in SHAPES]),
            *(_day(which) for which in ("From", "To")),
        ],
        className="filters",
    )  # fmt: skip
    about = sentences(
        say("The line in a row is the mean valence of each speaker over the session, from unpleasant to pleasant."),
        say("The strokes beside the flags are the shapes of these courses: improving, worsening, recovered or flat."),
    )
    parts = [
        filters,
        html.P(not_looked_through(missing), id="not-looked", className="about", role="status"),
        dcc.Interval(id="look-again", interval=_LOOK_AGAIN, disabled=not missing),
        dcc.Store(id="looked-through", data=missing),
        sessions_table(totals.sessions),
    ]
    return card(say("All sessions"), *parts, about=about)


_LOOK_AGAIN = 5000  # milliseconds between two questions what was looked through meanwhile
_VOICES = {1: "one voice", 2: "two voices", 3: "three voices", MOST_VOICES: "four voices or more"}
_MOST_SHOWN = 80
"""Names that a filter shows at once; typing finds the others."""


_ANY = {
    "voices": ("Only so many voices", "Any voices"),
    "flag": ("Only with this flag", "Any flag or none"),
    "shape": ("Only with this call shape of somebody", "Any call shape"),
}
"""What a choice is called, and what it says where nothing is chosen, where that is not put together."""


def _choice(what: str, known: Sequence[tuple[str, str]]) -> dmc.Select:
    named, placeholder = _ANY.get(what, (f"Only this {what}", f"Any {what}"))
    name: dict[str, Any] = aria(say(named))
    data = [{"value": each, "label": label} for each, label in known]
    name["placeholder"] = say(placeholder)
    return dmc.Select(
        id=f"filter-{what}", data=data, clearable=True, searchable=True, limit=_MOST_SHOWN, **name
    )  # fmt: skip


def _day(which: str) -> dmc.TextInput:
    name: dict[str, Any] = aria(say(f"{which} this day"))
    return dmc.TextInput(
        id=f"filter-{which.lower()}", attributes=DAY, leftSection=say(which), leftSectionWidth=48, **name
    )


_NOT_SHARED = "No case is shared with you yet. An admin can share one with turntone users grant."
_NOTHING_IN_THEM = "The cases that are shared with you have no sessions yet. Add a recording to one of them."


def _no_sessions(library: Library) -> Any:
    here = visitor()
    if here is not None and here.cases is not None:
        return heading(say("No sessions yet"), say(_NOT_SHARED if not here.cases else _NOTHING_IN_THEM))
    return heading(
        say("No sessions yet"),
        say("The workspace {path} is empty. Add a recording to make the first one.", path=library.path),
    )


def _otherwise(library: Library) -> html.Section | None:
    """How sessions come from a terminal, for whoever may do everything here."""
    here = visitor()
    if here is not None and here.cases is not None:
        return None
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
