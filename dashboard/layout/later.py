"""Parts of a page that are made when they come into view, so that the page itself is there at once."""

from __future__ import annotations

from typing import Any

from dash import dcc, html

from reports.language import say

from .cards import card

WANTED, PLACE = "wanted", "later"
"""The kinds of the two components of a part: one says that it is wanted, the other is where it goes."""


def wanted(part: Any) -> dict[str, Any]:
    """The id of what says that a part is wanted; ``assets/later.js`` sets it."""
    return {"type": WANTED, "part": part}


def place(part: Any) -> dict[str, Any]:
    """The id of where a part goes."""
    return {"type": PLACE, "part": part}


def later(part: str, height: int = 200, soon: bool = False) -> html.Div:
    """The place of a part.

    Parameters
    ----------
    part : str
        Its name among the parts of the page.
    height : int
        Pixels that it takes, about, so that the page does not jump.
    soon : bool
        Whether it is made as soon as the page is there, wherever it stands.
    """
    known: dict[str, Any] = {"data-part": part} | ({"data-soon": "yes"} if soon else {})
    waiting = html.Div(say("Loading …"), className="waiting-part", style={"minHeight": f"{height}px"}, **known)
    return html.Div([dcc.Store(id=wanted(part)), html.Div(waiting, id=place(part))], className="later")


def later_card(title: str, part: str, height: int = 200, about: str | None = None) -> html.Section:
    """A titled card whose content comes later."""
    return card(title, later(part, height), about=about)


def on_demand(title: str, part: str, about: str | None = None, height: int = 200) -> html.Section:
    """A card that is closed until somebody opens it, and is made then."""
    body = [html.P(about, className="about")] if about else []
    opened = html.Div([*body, later(part, height)], className="opened")
    return html.Section(html.Details([html.Summary(html.H2(title)), opened]), className="card folded")
