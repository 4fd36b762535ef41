"""What is compared: choices that change the address."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import dash_mantine_components as dmc
from dash import dcc, html

from reports.language import say

from .cards import aria
from .words import day

if TYPE_CHECKING:
    from pipeline.workspace import SessionSummary

MOST_SHOWN = 80
"""Entries that a list shows at once; typing finds the others."""


def ways_to_compare(now: str) -> html.Nav:
    """Leads from sessions to groups and back."""
    ways = (("sessions", say("Two sessions"), "/compare"), ("groups", say("Groups"), "/compare?groups=role"))
    links = [
        dcc.Link(title, href=address, className="quiet big chosen" if way == now else "quiet big")
        for way, title, address in ways
    ]
    return html.Nav(links, className="actions", **aria(say("What to compare")))


def chooser_of_sessions(
    sessions: Sequence[SessionSummary], asked: Mapping[str, str], people: Sequence[str]
) -> html.Div:
    """Two sessions, and who of those that speak in both; a choice changes the address (``assets/compare.js``)."""
    known = options_of(sessions)
    return html.Div(
        [
            _choice("a", say("First session"), known, asked),
            _choice("b", say("Second session"), known, asked),
            _choice("who", say("Who is compared"), [{"value": each, "label": each} for each in people], asked),
        ],
        className="choices",
    )


def options_of(sessions: Sequence[SessionSummary]) -> list[dict[str, str]]:
    """Sessions to choose from, each once."""
    return [{"value": each.id, "label": _called(each)} for each in {each.id: each for each in sessions}.values()]


def choice(name: str, label: str, known: Sequence[tuple[str, str]], value: str, any_: str | None = None) -> dmc.Select:
    """One of a few values; a choice changes the address."""
    more: dict[str, Any] = {"clearable": True, "placeholder": any_} if any_ else {"allowDeselect": False}
    return dmc.Select(
        id={"type": "asked", "name": name},
        label=label,
        data=[{"value": each, "label": shown} for each, shown in known],
        value=value or None,
        **more,
    )


def _choice(name: str, label: str, known: list[dict[str, str]], asked: Mapping[str, str]) -> dmc.Select:
    chosen = asked.get(name) or None
    return dmc.Select(
        id={"type": "asked", "name": name},
        label=label,
        data=known,
        value=chosen if any(each["value"] == chosen for each in known) else None,
        searchable=True,
        limit=MOST_SHOWN,
        allowDeselect=False,
        disabled=not known,
        placeholder=say("nobody is known in both") if name == "who" and not known else say("Choose"),
        nothingFoundMessage=say("nothing found"),
    )


def _called(session: SessionSummary) -> str:
    return " · ".join(filter(None, [session.case, day(session.date) if session.date else None, session.path.name]))
