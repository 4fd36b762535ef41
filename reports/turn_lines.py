"""Very many turns in a figure: one line with gaps for all that look alike, which a browser draws at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import plotly.graph_objects as go

if TYPE_CHECKING:
    import pandas as pd

MOST_DRAWN_SINGLY = 400
"""Turns up to which each has a bar of its own; of more, lines stand for them."""

_LONG = 12.0
"""Seconds from which a turn can be pointed at in its middle too."""


def turn_lines(
    turns: pd.DataFrame,
    rows: Sequence[int],
    heights: Sequence[float],
    hovers: Sequence[str],
    line: dict[str, Any],
    opacity: float = 1.0,
) -> go.Scatter:
    """One line with a gap between turns, from each one's start to its end; both can be pointed at.

    Parameters
    ----------
    turns : pd.DataFrame
        With ``start`` and ``end`` in seconds.
    rows : sequence of int, shape (turns,)
        Their rows in the session, which points carry as ``customdata`` with the start.
    heights : sequence of float, shape (turns,)
        Where each one lies on the y axis.
    hovers : sequence of str, shape (turns,)
        What each says of itself.
    line : dict
        Its colour, width and dash.
    opacity : float
        Between 0 and 1.
    """
    times: list[float | None] = []
    levels: list[float | None] = []
    known: list[list[float] | None] = []
    said: list[str] = []
    spans = zip(turns["start"].tolist(), turns["end"].tolist(), strict=True)
    for (start, end), row, height, hover in zip(spans, rows, heights, hovers, strict=True):
        points = [start, end] if end - start < _LONG else [start, (start + end) / 2, end]
        times += [*(round(each, 3) for each in points), None]
        levels += [height] * len(points) + [None]
        known += [[row, start]] * len(points) + [None]
        said += [hover] * len(points) + [""]
    return go.Scatter(
        _validate=False,  # plotly would look at every value, which takes a second in a long session
        x=times,
        y=levels,
        mode="lines",
        line=line,
        opacity=opacity,
        customdata=known,
        hovertext=said,
        hovertemplate="%{hovertext}<extra></extra>",
        showlegend=False,
    )
