"""The page of participants: who speaks, by whose word, and what is to be said yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dash import dcc, html

from pipeline.roles import ROLES
from reports.language import say

from ..layout.cards import aria, card, heading
from .page import Page

if TYPE_CHECKING:
    from ..sessions import Library

_ABOUT = (
    "A voice that was heard before in the same case is recognised, with a probability. Confirm it, or say that it is "
    "not them: no voice then says it of that speaker again."
)
_UNKNOWN = "Say who they are, and they are known by their voice in the case's other sessions."


def participants_page(library: Library) -> Page:
    """The people of all cases; ``assets/participants.js`` fills it."""
    if not library.totals().sessions:
        link = dcc.Link(say("Add recordings"), href="/", className="button")
        head = heading(say("Nobody is known yet"), say("Speakers come with recordings."))
        return Page(say("Participants"), html.Div([head, link]))
    roles = html.Datalist([html.Option(value=role, label=say(role)) for role in ROLES], id="roles")
    parts = [
        heading(say("Participants"), say(_ABOUT)),
        html.Div(say("Loading …"), id="people-said", role="status", className="said"),
        html.Div(id="people", **aria(say("Participants"))),
        card(say("Speakers whom nobody knows"), html.Div(id="unknown"), about=say(_UNKNOWN)),
        roles,
    ]
    return Page(say("Participants"), html.Div(parts))
