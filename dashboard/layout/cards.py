"""Cards, headings and lists of facts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from dash import dcc, html

from reports.language import say


def aria(label: str) -> dict[str, Any]:
    """What a part of a page is called by screen readers."""
    return {"aria-label": label}


def heading(title: str, under: Any = None, trail: Sequence[tuple[str, str]] = (), actions: Sequence[Any] = ()) -> Any:
    """A page's title, where it stands, what lies under the title, and what can be done.

    Parameters
    ----------
    title : str
        The page's name.
    under : component or str, optional
        A line below it.
    trail : sequence of (str, str)
        Names and addresses of the pages above this one.
    actions : sequence of components
        Buttons beside the title.
    """
    steps: list[Any] = []
    for name, address in trail:
        steps += [dcc.Link(name, href=address), html.Span("›", className="step")]
    return html.Div(
        [
            html.Nav(steps, className="trail", **aria(say("Above this page"))) if steps else None,
            html.Div([html.H1(title), html.Div(list(actions), className="actions")], className="title"),
            html.Div(under, className="under") if under else None,
        ],
        className="heading",
    )


def card(title: str, *content: Any, about: str | None = None, name: str = "") -> html.Section:
    """A titled part of a page, with a sentence on how to read it."""
    lead = [html.H2(title)] + ([html.P(about, className="about")] if about else [])
    return html.Section([html.Div(lead, className="lead"), *content], className=f"card {name}".strip())


def facts(pairs: Mapping[str, Any] | Iterable[tuple[str, Any]]) -> html.Dl:
    """Names and values, one a line."""
    rows = pairs.items() if isinstance(pairs, Mapping) else pairs
    return html.Dl([html.Div([html.Dt(name), html.Dd(value)]) for name, value in rows], className="facts")


def columns(*content: Any) -> html.Div:
    """Cards side by side where there is room; those that are None are left out."""
    return html.Div([each for each in content if each is not None], className="columns")


def bullets(sentences: Iterable[Any]) -> html.Ul:
    """A plain list."""
    return html.Ul([html.Li(each) for each in sentences], className="plain")


def chip(name: str, colour: str, *more: str | None) -> html.Span:
    """A speaker or an emotion with its colour, and what else is to be said of it."""
    dot = html.Span(className="dot", style={"background": colour})
    return html.Span([dot, html.B(name), *(html.Span(each) for each in more if each)], className="chip")


def button(text: str, address: str) -> html.A:
    """A link to a file, drawn as a button."""
    return html.A(text, href=address, className="button", download="")


def menu(title: str, entries: Iterable[tuple[str, str]]) -> html.Details:
    """Files to take away, below a button that opens the list."""
    links = [html.Li(html.A(text, href=address, download="")) for text, address in entries]
    return html.Details([html.Summary(title, className="quiet big"), html.Ul(links)], className="menu")


def command(text: str) -> html.Pre:
    """Something to type into a terminal."""
    return html.Pre(html.Code(text), className="command", tabIndex="0")  # it may scroll sideways
