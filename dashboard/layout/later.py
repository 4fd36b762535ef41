"""Parts of a page that are made when they come into view, so that the page itself is there at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any
from zlib import crc32

from dash import dcc, html

from reports.language import say

from .cards import card

WANTED, PLACE = "wanted", "later"
"""The kinds of the two components of a part: one says that it is wanted, the other is where it goes."""


_PAGE: ContextVar[str] = ContextVar("page", default="")


def page_key(path: str, search: str) -> str:
    """What tells the pages of different addresses from each other, so that no part ends up on another page."""
    return f"{crc32(f'{path}{search}'.encode()):08x}"


@contextmanager
def on_page(path: str, search: str) -> Iterator[None]:
    """Within it, parts belong to the page of that address."""
    token = _PAGE.set(page_key(path, search))
    try:
        yield
    finally:
        _PAGE.reset(token)


def wanted(part: Any, of: Any) -> dict[str, Any]:
    """The id of what says that a part of a page is wanted; ``assets/later.js`` sets it."""
    return {"type": WANTED, "part": part, "of": of}


def place(part: Any, of: Any) -> dict[str, Any]:
    """The id of where a part of a page goes."""
    return {"type": PLACE, "part": part, "of": of}


def later(part: str, height: int = 200, soon: bool = False, first: bool = False) -> html.Div:
    """The place of a part.

    Parameters
    ----------
    part : str
        Its name among the parts of the page.
    height : int
        Pixels that it takes, about, so that the page does not jump.
    soon : bool
        Whether it is made as soon as the page is there, wherever it stands.
    first : bool
        Whether all other parts of the page wait until it is drawn.
    """
    of = _PAGE.get()
    known: dict[str, Any] = {"data-part": part, "data-of": of} | ({"data-soon": "yes"} if soon else {})
    waiting = html.Div(say("Loading …"), className="waiting-part", style={"minHeight": f"{height}px"}, **known)
    told: dict[str, Any] = {"data-first": "yes", "data-of": of} if first else {}
    content = [dcc.Store(id=wanted(part, of)), html.Div(waiting, id=place(part, of))]
    return html.Div(content, className="later", **told)


def later_card(title: str, part: str, height: int = 200, about: str | None = None, first: bool = False) -> html.Section:
    """A titled card whose content comes later."""
    return card(title, later(part, height, first=first), about=about)


def on_demand(title: str, part: str, about: str | None = None, height: int = 200) -> html.Section:
    """A card that is closed until somebody opens it, and is made then."""
    body = [html.P(about, className="about")] if about else []
    opened = html.Div([*body, later(part, height)], className="opened")
    return html.Section(html.Details([html.Summary(html.H2(title)), opened]), className="card folded")
