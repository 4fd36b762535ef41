"""The page of jobs: everything that was asked for, and what became of it."""

from __future__ import annotations

from dash import dcc, html

from ..layout.cards import heading
from ..layout.work import work_card
from .page import Page


def jobs_page() -> Page:
    """All jobs, newest first, as they change; ``assets/work.js`` fills it."""
    action = dcc.Link("Add recordings", href="/", className="button")
    under = "Recordings to analyse, one after the other. Closing this page, or the server, loses nothing."
    return Page("Jobs", html.Div([heading("Jobs", under, actions=[action]), work_card("All jobs", everything=True)]))
