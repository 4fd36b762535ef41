"""Figures on pages; what they show is made by the reports."""

from __future__ import annotations

from typing import Any

from dash import dcc, html

from .cards import aria
from .shell import FONT

_CONFIG: Any = {
    "displaylogo": False,
    "responsive": True,
    "modeBarButtonsToRemove": ["select2d", "lasso2d", "autoScale2d"],
    "displayModeBar": "hover",
    "showTips": False,
}


def played(part: str) -> dict[str, str]:
    """The id of a figure on a page of several sessions, in which a click on a turn plays it."""
    return {"type": "played", "part": part}


def opened(part: str) -> dict[str, str]:
    """The id of a figure of pairs of sessions of somebody; a click on a cell opens both (``assets/turntone.js``)."""
    return {"type": "pairs", "part": part}


def of_session(figure: Any, session_id: str) -> Any:
    """The figure of a session, its turns marked as that session's, for pages that show several."""
    for trace in figure.data:
        if trace.customdata is not None and len(trace.customdata) and len(trace.customdata[0]) == 2:
            trace.customdata = [None if each is None else [*each, session_id] for each in trace.customdata]
    return figure


def graph(figure: Any, label: str, name: str | dict[str, str] | None = None, narrowest: int = 0) -> html.Div:
    """A figure that is as wide as its place and as high as it says.

    Parameters
    ----------
    figure : plotly.graph_objects.Figure
        As the reports make it.
    label : str
        What it shows, for those who do not see it.
    name : str or dict, optional
        Its id, where something listens to it.
    narrowest : int
        Pixels; where there is less room, the figure scrolls sideways in its place.
    """
    # The page's ground shows through; what lies on it is drawn in the scheme that is asked for.
    clear = "rgba(0,0,0,0)"
    figure.update_layout(font_family=FONT, hoverlabel_font_family=FONT, paper_bgcolor=clear, plot_bgcolor=clear)
    figure.update_xaxes(zeroline=False)  # the first session, or the beginning, is no zero to compare with
    known: dict[str, Any] = {"id": name} if name else {}
    style = {"height": f"{figure.layout.height}px", "minWidth": f"{narrowest}px"}
    plot = dcc.Graph(figure=figure, config=_CONFIG, responsive=True, style=style, **known)
    return html.Div(plot, className="graph", role="figure", **aria(label))
