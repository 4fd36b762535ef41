"""What all figures share: fonts and colours, axes of time, names that are safe to show, and the figure without data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from html import unescape
from textwrap import wrap
from typing import Any
from unicodedata import east_asian_width

import plotly.graph_objects as go

from .themes import theme_now
from .wording import clock

__all__ = [
    "clock", "dress", "label_space", "legend_entry", "lightness", "message_figure", "safe", "short", "shown_names",
    "time_axis", "wrapped",
]  # fmt: skip

_FONT = (
    "Inter, system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, 'PingFang SC', 'Microsoft YaHei', "
    "'Noto Sans CJK SC', 'WenQuanYi Micro Hei', sans-serif"
)
_TICK_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200)


def message_figure(text: str) -> go.Figure:
    """A figure that says in a sentence why there is nothing to draw."""
    figure = go.Figure()
    figure.add_annotation(
        text=wrapped(text, 52), x=0.5, y=0.5, xref="paper", yref="paper", showarrow=False, font_color=theme_now().muted
    )
    figure.update_xaxes(visible=False)
    figure.update_yaxes(visible=False)
    return dress(figure, height=140, margin_left=12)


def legend_entry(name: str, colour: str, pattern: str = "") -> go.Bar:
    """A bar without extent, which only gives the legend an entry."""
    marker = {"color": colour, "pattern": {"shape": pattern, "fgcolor": theme_now().muted, "size": 5}}
    return go.Bar(x=[None], y=[None], name=name, marker=marker, showlegend=True, hoverinfo="skip")


def time_axis(duration: float, most: int = 8) -> dict[str, Any]:
    """Ticks at round times, written as minutes and seconds."""
    duration = max(duration, 1.0)
    step = next((each for each in _TICK_STEPS if duration / each <= most), _TICK_STEPS[-1])
    ticks = list(range(0, int(duration) + 1, step))
    return {"tickvals": ticks, "ticktext": [clock(each) for each in ticks], "range": [0, duration], "zeroline": False}


def dress(figure: go.Figure, *, height: int, margin_left: int) -> go.Figure:
    """What all figures share: fonts, colours, margins, a legend below."""
    theme = theme_now()
    figure.update_xaxes(gridcolor=theme.grid, linecolor=theme.grid, tickfont_color=theme.muted, fixedrange=False)
    figure.update_yaxes(gridcolor=theme.grid, tickfont_color=theme.ink, fixedrange=True, ticklabelstandoff=6)
    return figure.update_layout(
        height=height,
        margin={"l": margin_left, "r": 16, "t": 28, "b": 36},
        font={"family": _FONT, "size": 12, "color": theme.ink},
        plot_bgcolor=theme.paper,
        paper_bgcolor=theme.paper,
        hoverlabel={
            "bgcolor": theme.paper,
            "font": {"family": _FONT, "size": 12, "color": theme.ink},
            "align": "left",
        },
        legend={"orientation": "h", "y": -34 / max(height - 64, 1), "yanchor": "top", "x": 0, "traceorder": "normal"},
    )


def lightness() -> list[tuple[float, str]]:
    """A scale from the paper's colour to blue, for shares of 0 to 1: the same for all who see colours differently."""
    theme = theme_now()
    blues = ("#CFE3F5", "#6FAEDC", "#1F6FB2", "#08306B")
    steps = [theme.paper, *(blues if theme.name != "dark" else reversed(blues))]
    return [(at / (len(steps) - 1), colour) for at, colour in enumerate(steps)]


def label_space(names: Sequence[str]) -> int:
    """Pixels that the longest of the names takes left of a figure."""
    return 16 + 7 * max((_width(unescape(name)) for name in names), default=4)


def short(name: str, most: int = 16) -> str:
    """The name, cut where it is wider than so many letters; Chinese ones and their like take two.

    >>> short("Anna"), short("Bartholomäus der Erste"), short("心理咨询师王小明先生您好")
    ('Anna', 'Bartholomäus de…', '心理咨询师王小…')
    """
    if _width(name) <= most:
        return name
    name = name[:most]
    while _width(name) > most - 1:
        name = name[:-1]
    return f"{name}…"


def safe(text: str) -> str:
    """Plotly reads some HTML in texts; names are shown as they are."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def shown_names(names: Sequence[str], most: int = 16) -> list[str]:
    """The names cut and safe to show, with a number behind those that came before: plotly merges equal categories."""
    seen = Counter[str]()
    unique = []
    for name in (safe(short(each, most)) for each in names):
        seen[name] += 1
        unique.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return unique


def wrapped(text: str, width: int) -> str:
    """The text in lines of so many letters, safe to show; Chinese, which has no spaces, is cut between letters."""
    lines = wrap(text, width) if max(map(_width, text.split()), default=0) <= width else _cut(text, width)
    return "<br>".join(safe(line) for line in lines)


def _cut(text: str, width: int) -> list[str]:
    lines = [""]
    for letter in text:
        if _width(lines[-1]) + _width(letter) > width:
            lines.append("")
        lines[-1] += letter
    return lines


def _width(text: str) -> int:
    """In letters of the Latin alphabet."""
    return sum(2 if east_asian_width(letter) in "WF" else 1 for letter in text)
