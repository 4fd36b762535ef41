"""Uploads and the list of work; ``assets/work.js`` fills them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import html

from reports.language import say

from .cards import aria, card

DAY = {"input": {"type": "date"}}
"""Makes a Mantine text input one for days."""


def upload_card(cases: Sequence[str]) -> html.Section:
    """Where recordings are dropped or chosen, and what is known of them.

    Parameters
    ----------
    cases : sequence of str
        Names to choose from; another one begins a new case.
    """
    zone = html.Div(
        [
            html.Button(say("Choose recordings"), id="upload-choose", type="button", className="button"),
            html.Span(say("or drop them here: any audio or video file, up to 4 GiB each."), className="drop-hint"),
        ],
        id="uploader",
        className="dropzone",
    )
    facts = html.Div(
        [
            dmc.Autocomplete(
                id="upload-case",
                label=say("Case"),
                placeholder=say("none"),
                data=list(cases),
                description=say("whose sessions belong together"),
            ),
            dmc.TextInput(
                id="upload-date", label=say("Date"), attributes=DAY, description=say("day of the conversation")
            ),
            dmc.Select(
                id="upload-speakers",
                label=say("Speakers"),
                data=[str(number) for number in range(1, 11)],
                placeholder=say("found by itself"),
                description=say("exact number, where known"),
                clearable=True,
            ),
            dmc.Select(
                id="upload-consent",
                label=say("Consent"),
                data=[say("yes, also to a voiceprint"), say("to the analysis alone")],
                placeholder=say("not asked"),
                description=say("of those who speak"),
                clearable=True,
            ),
        ],
        className="upload-facts",
    )
    return card(
        say("Add recordings"),
        zone,
        facts,
        about=say("What is set below counts for the files that you add next. They are analysed on this machine."),
        name="upload",
    )


def work_card(title: str, everything: bool) -> html.Section:
    """The jobs with their progress: all of them, or those under way and those that failed."""
    none = html.P(
        say("No work yet. Add recordings on the page Sessions, or with turntone analyze in a terminal."), id="work-none"
    )
    more: dict[str, Any] = {"data-scope": "all" if everything else "open"}
    place = html.Ul(id="work", className="work", **aria(say("Work")), **more)
    said = html.Div(id="work-said", role="status", className="said")
    return card(title, place, said, *([none] if everything else []), name="work-card")
