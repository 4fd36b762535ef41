"""The reliability diagram of a calibration, and its page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import plotly.graph_objects as go

from .drawing import dress, safe
from .palette import ACCENT, GRID, MUTED

if TYPE_CHECKING:
    from emotion.calibration import Calibration


def reliability_figure(facts: dict[str, Any]) -> go.Figure:
    """How often the top label is right, by how sure it is, before and after calibration (Guo and others 2017).

    Parameters
    ----------
    facts : dict
        Of a ``Calibration``: its ``before`` and ``after``.
    """
    figure = go.Figure()
    figure.add_scatter(
        x=[0, 1],
        y=[0, 1],
        mode="lines",
        line={"color": GRID, "width": 2},
        name="as often right as sure",
        hoverinfo="skip",
    )
    for key, colour in (("before", MUTED), ("after", ACCENT)):
        figure.add_trace(_course(facts[key], key, colour))
    figure.update_xaxes(range=[0, 1], tickformat=".0%", title="probability of the top label")
    figure.update_yaxes(range=[0, 1.02], tickformat=".0%", title="share that is right")
    return dress(figure, height=460, margin_left=70)


def calibration_page(calibration: Calibration) -> str:
    """A page that works offline: the diagram, and the figures below it."""
    facts = calibration.facts
    drawing = reliability_figure(facts).to_html(full_html=False, include_plotlyjs=True, div_id="reliability")
    rows = "".join(f"<li>{safe(each)}</li>" for each in _lines(calibration))
    title = safe(f"Calibration {calibration.name}")
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title></head>'
        f'<body style="font-family: system-ui, sans-serif; max-width: 780px; margin: 2em auto; color: #1F2933">'
        f"<h1>{title}</h1>{drawing}<ul>{rows}</ul></body></html>\n"
    )


def _course(reliability: dict[str, Any], name: str, colour: str) -> go.Scatter:
    full = [each for each in reliability["bins"] if each["count"]]
    return go.Scatter(
        x=[each["confidence"] for each in full],
        y=[each["accuracy"] for each in full],
        customdata=[each["count"] for each in full],
        mode="lines+markers",
        marker={"color": colour, "size": [6 + min(18, each["count"] ** 0.5) for each in full]},
        line={"color": colour, "width": 1.5},
        name=f"{name}: calibration error {reliability['ece']['value']:.3f}",
        hovertemplate="%{customdata} clips: sure %{x:.0%}, right %{y:.0%}<extra></extra>",
    )


def _lines(calibration: Calibration) -> list[str]:
    from emotion.calibration import summary_of

    facts = calibration.facts
    people = f" of {facts['num_speakers']} speakers" if facts["num_speakers"] else ""
    return [
        f"Temperature {calibration.temperature:.3f}, from {facts['num_clips']} clips{people} ({facts['source']}); "
        f"{facts['cross_validation']}.",
        *(f"{name}: {before} before, {after} after" for name, before, after in summary_of(facts)),
        *facts["notes"],
    ]
