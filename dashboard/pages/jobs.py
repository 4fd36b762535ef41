"""The page of jobs: everything that was asked for, and what became of it."""

from __future__ import annotations

from dash import dcc, html

from reports.language import say

from ..layout.cards import heading
from ..layout.work import work_card
from .page import Page


def jobs_page() -> Page:
    """All jobs, newest first, as they change; ``assets/work.js`` fills it."""
    action = dcc.Link(say("Add recordings"), href="/", className="button")
    under = say("Recordings to analyse, one after the other. Closing this page, or the server, loses nothing.")
    cards = [heading(say("Jobs"), under, actions=[action]), work_card(say("All jobs"), everything=True)]
    return Page(say("Jobs"), html.Div(cards))
