"""Pages that say what happened: nothing here, or something is wrong."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

from dash import dcc, html

from reports.language import say

from ..layout.cards import heading
from .page import Page


def not_found_page(path: str) -> Page:
    """Says that there is nothing at an address."""
    shown = unquote(path)
    return _message(
        say("Nothing here"),
        say("There is no page at") + " ",
        html.Code(shown if len(shown) <= 120 else f"{shown[:120]}…"),
        say(". The session or case may have been deleted or renamed, or the address mistyped."),
    )


def failure_page(sentence: str) -> Page:
    """Says what is wrong with the workspace or with a session's files."""
    return _message(say("This cannot be shown"), html.Span(sentence), ".")


def _message(title: str, *sentence: Any) -> Page:
    content = html.Div(
        [heading(title), html.P(list(sentence)), dcc.Link(say("All sessions"), href="/", className="button")],
        className="message",
    )
    return Page(title, content)
