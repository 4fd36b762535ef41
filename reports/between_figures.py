"""What changes over the dates of a case, and its turns as a map."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import plotly.graph_objects as go

from emotion.readout import UNCERTAIN
from emotion.schemes import EmotionScheme

from .between.trends import Trend, case_trends
from .between.turn_map import turn_map
from .comparisons import session_titles
from .drawing import clock, dress, label_space, message_figure, safe
from .language import LanguageName, say, translated
from .palette import emotion_colours
from .themes import ThemeName, drawn, theme_now
from .wording import by_chance, number

if TYPE_CHECKING:
    from pipeline.sessions import Session

_SHAPES = ("circle", "square", "diamond", "triangle-up", "cross", "x", "star", "triangle-down")
_SMALL_P = 0.05


@drawn
def case_trends_figure(
    sessions: Sequence[Session],
    participant: str,
    *,
    theme: ThemeName | None = None,
    language: LanguageName | None = None,
) -> go.Figure:
    """How a participant's valence, arousal and emotion shares move over the dates: change in 30 days with its interval.

    Filled points are those whose p, corrected for all of them, is at most 0.05.
    """
    trends = list(case_trends(sessions, participant))
    known = [each for each in trends if each.enough]
    if not known:
        why = next((translated(each.note) for each in trends if each.note), say("not enough data"))
        return message_figure(why[:1].upper() + why[1:] + ("" if why.endswith((".", "。")) else say(".")))
    names = [safe(say(each.key)) for each in known]
    theme_, clear = theme_now(), [each.p_corrected <= _SMALL_P for each in known]
    figure = go.Figure(
        go.Scatter(
            x=[each.slope for each in known],
            y=names,
            error_x={
                "array": [each.high - each.slope for each in known],
                "arrayminus": [each.slope - each.low for each in known],
                "thickness": 1.4,
                "color": theme_.accent,
                "width": 4,
            },
            mode="markers",
            marker={
                "size": 10,
                "color": [theme_.accent if each else theme_.paper for each in clear],
                "line": {"color": theme_.accent, "width": 1.6},
            },
            hoverinfo="skip",
            cliponaxis=False,
            showlegend=False,
        )
    )
    for each, name in zip(known, names, strict=True):
        figure.add_annotation(
            text=_beside(each), x=each.slope, y=name, yshift=15, showarrow=False,
            font={"size": 10.5, "color": theme_.muted}, bgcolor=theme_.paper,  # so that no line goes through it
        )  # fmt: skip
    reach = 1.15 * max(max(abs(each.low), abs(each.high)) for each in known)
    title = {"text": say("change in 30 days"), "font": {"size": 11, "color": theme_.muted}}
    figure.update_xaxes(range=[-reach, reach], zeroline=True, zerolinecolor=theme_.muted, title=title)
    figure.update_yaxes(type="category", autorange="reversed")
    return dress(figure, height=52 * len(known) + 100, margin_left=label_space(names))


@drawn
def turn_map_figure(
    sessions: Sequence[Session],
    participant: str,
    *,
    theme: ThemeName | None = None,
    language: LanguageName | None = None,
) -> go.Figure:
    """A participant's turns as points, near each other where they sound alike: for looking only.

    The colour is the emotion, the shape the session; how far neighbours can be trusted stands below. Points carry
    ``[row of the turn, start in seconds, id of the session]`` as ``customdata``.
    """
    found = turn_map(sessions, participant)
    if found.method == "none":
        return message_figure(say("Not enough data: a map needs three scored turns of {who}.", who=participant))
    titles, turns = session_titles(sessions), found.turns
    emotions = [str(each) for each in dict.fromkeys(turns["emotion"]) if each and each != UNCERTAIN]
    colours = emotion_colours(EmotionScheme(tuple(emotions))) if emotions else {}
    figure = go.Figure()
    for at, key in enumerate(dict.fromkeys(turns["session"])):
        own = turns[turns["session"] == key]
        rows: list[dict[Any, Any]] = own.to_dict("records")
        figure.add_scatter(
            x=own["x"],
            y=own["y"],
            mode="markers",
            name=safe(titles[key]),
            marker={
                "symbol": _SHAPES[at % len(_SHAPES)],
                "size": 10,
                "color": [colours.get(row["emotion"], theme_now().unscored) for row in rows],
                "line": {"color": theme_now().ink, "width": 0.7},
            },
            legendgroup=key,
            showlegend=False,
            customdata=[[row["turn"], row["start"], key] for row in rows],
            hovertext=[
                f"{safe(titles[key])}, {clock(row['start'])}: {safe(say(row['emotion'] or ''))}" for row in rows
            ],
            hovertemplate="%{hovertext}<extra></extra>",
        )
    shown = [str(each) for each in dict.fromkeys(turns["emotion"]) if each]
    for emotion in sorted(shown, key=[*emotions, UNCERTAIN].index):
        _key(figure, safe(say(emotion)), "circle", colours.get(emotion, theme_now().unscored))
    for at, key in enumerate(dict.fromkeys(turns["session"])):
        _key(figure, safe(titles[key]), _SHAPES[at % len(_SHAPES)], theme_now().paper, key)
    method = {"umap": "UMAP", "pca": say("principal components")}[found.method]
    trust = say("trustworthiness {value}", value=number(found.trustworthiness) or "–")
    axis = {"showticklabels": False, "zeroline": False, "showgrid": False}
    note = {"text": f"{method}, {trust}", "font": {"size": 11, "color": theme_now().muted}}
    figure.update_xaxes(**axis, title=note)
    figure.update_yaxes(**axis, scaleanchor="x")
    dress(figure, height=430, margin_left=16)
    figure.update_xaxes(fixedrange=True)  # as the y axis, to which it is tied
    return figure.update_layout(legend={"y": -0.14})


def _key(figure: go.Figure, name: str, symbol: str, colour: str, group: str | None = None) -> None:
    """An entry of the legend alone: what a colour or a shape stands for."""
    line = {"color": theme_now().ink, "width": 0.7}
    marker = {"symbol": symbol, "size": 10, "color": colour, "line": line}
    figure.add_scatter(x=[None], y=[None], mode="markers", name=name, marker=marker, legendgroup=group)


def _beside(found: Trend) -> str:
    return f"{number(found.slope, signed=True)}, {by_chance(found.p_corrected)}"
