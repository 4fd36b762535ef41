"""What follows what: from emotion to emotion in a speaker, and from speaker to speaker."""

from __future__ import annotations

from itertools import combinations
from math import cos, hypot, isnan, pi, sin
from typing import TYPE_CHECKING, Any

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from .drawing import dress, message_figure, safe, short
from .language import LanguageName, say
from .measures import emotion_shares, find_measures, measure_session, speaker_names
from .palette import emotion_colours, text_on
from .themes import ThemeName, drawn, theme_now
from .wording import by_chance, least_words, number, percent

if TYPE_CHECKING:
    import pandas as pd

    from pipeline.sessions import Session

MOST_GRAPHS, MOST_PAIRS = 4, 3
"""Speakers and pairs that are drawn; of more, those who talk longest."""

_SMALL_P = 0.05
_FAINTEST = 0.15
"""Share of what follows below which an arrow is drawn only where it differs from chance."""


@drawn
def transition_graph(
    session: Session, *, theme: ThemeName | None = None, language: LanguageName | None = None
) -> go.Figure:
    """Which emotion follows which in each speaker: a disc an emotion, an arrow for what comes next.

    A disc is as large as the emotion's share of the scored time and says how often the same emotion goes on; an arrow
    is as wide as the share of what follows, and dark where that differs from shuffled turns (p at most 0.05 each).
    """
    table = measure_session(session, ["emotion_transition"])
    table = table[table["part"] == "session"].dropna(subset=["value"])
    speakers = _heard_longest(session, set(table["speaker"]))[:MOST_GRAPHS]
    if not speakers:
        return _nothing("emotion_transition")
    names = speaker_names(session)
    titles = [f"<b>{safe(short(names[label], 24))}</b>" for label in speakers]
    figure = make_subplots(cols=len(speakers), subplot_titles=titles, horizontal_spacing=0.04)
    for column, label in enumerate(speakers, 1):
        _add_graph(figure, session, table[table["speaker"] == label], label, column)
    figure.update_xaxes(visible=False, range=[-1.55, 1.55])
    figure.update_yaxes(visible=False, range=[-1.45, 1.45])
    return dress(figure, height=380, margin_left=16).update_xaxes(fixedrange=True)


@drawn
def coupling_figure(
    session: Session, *, theme: ThemeName | None = None, language: LanguageName | None = None
) -> go.Figure:
    """Whether valence of two speakers moves together, at each lag, against shuffled segments.

    Right of the middle the first speaker named is earlier, left of it the other; the dashed line is what chance gives,
    filled points differ from it (p at most 0.05, each lag on its own).
    """
    table = measure_session(session, ["coupling_by_lag"])
    table = table[table["key"].str.startswith("valence, ", na=False)].dropna(subset=["value"])
    pairs = [pair for pair in _pairs(session) if ((table["speaker"] == pair[0]) & (table["other"] == pair[1])).any()]
    if not pairs:
        return _nothing("coupling_by_lag")
    names = {label: safe(short(name, 24)) for label, name in speaker_names(session).items()}
    shown = pairs[:MOST_PAIRS]
    titles = [f"<b>{names[one]}</b>, <b>{names[other]}</b>" for one, other in shown]
    figure = make_subplots(rows=len(shown), shared_xaxes=True, subplot_titles=titles, vertical_spacing=0.12)
    for row, (one, other) in enumerate(shown, 1):
        own = table[(table["speaker"] == one) & (table["other"] == other)]
        _add_coupling(figure, own, names[one], names[other], row)
    figure.update_xaxes(title={"text": say("lag in seconds"), "font_color": theme_now().muted}, row=len(shown), col=1)
    return dress(figure, height=260 * len(shown) + 60, margin_left=48)


def _nothing(name: str) -> go.Figure:
    (measure,) = find_measures([name])
    return message_figure(say("Not enough data: at least {least} are needed.", least=least_words(measure.least)))


def _heard_longest(session: Session, among: set[str]) -> list[str]:
    order = session.speakers.sort_values("talk_time", ascending=False, kind="stable")["label"]
    return [label for label in order if label in among]


def _pairs(session: Session) -> list[tuple[str, str]]:
    """Pairs in the order in which measures name them, those who talk longest first."""
    rank = {label: at for at, label in enumerate(_heard_longest(session, set(session.speakers["label"])))}
    return sorted(combinations(session.speakers["label"], 2), key=lambda pair: rank[pair[0]] + rank[pair[1]])


def _add_graph(figure: go.Figure, session: Session, table: pd.DataFrame, label: str, column: int) -> None:
    labels = session.scheme.labels
    shares = emotion_shares(session)
    own = shares[shares["speaker"] == label].set_index("emotion")["share"]
    places = {
        emotion: (sin(2 * pi * at / len(labels)), cos(2 * pi * at / len(labels))) for at, emotion in enumerate(labels)
    }
    sizes = {emotion: 18 + 44 * float(own[emotion]) ** 0.5 for emotion in labels}
    rows: list[dict[Any, Any]] = table.to_dict("records")
    found = {tuple(row["key"].split(" > ")): row for row in rows}
    for (one, other), row in sorted(found.items(), key=lambda item: item[1]["value"]):
        if one != other and (row["value"] >= _FAINTEST or row["p"] <= _SMALL_P):
            _add_arrow(figure, places[one], places[other], sizes[other], row, column)
    stays = {emotion: found[emotion, emotion]["value"] if (emotion, emotion) in found else np.nan for emotion in labels}
    theme, colours = theme_now(), emotion_colours(session.scheme)
    figure.add_scatter(
        x=[places[emotion][0] for emotion in labels],
        y=[places[emotion][1] for emotion in labels],
        mode="markers+text",
        marker={
            "size": [sizes[emotion] for emotion in labels],
            "color": [colours[emotion] for emotion in labels],
            "line": {"color": theme.ink, "width": 0.8},
            "opacity": 1,
        },
        text=[
            percent(stays[emotion]) if not isnan(stays[emotion]) and sizes[emotion] > 30 else "" for emotion in labels
        ],
        textfont={"color": [text_on(colours[emotion]) for emotion in labels], "size": 11},
        hovertext=[_hover(emotion, float(own[emotion]), found, labels) for emotion in labels],
        hovertemplate="%{hovertext}<extra></extra>",
        showlegend=False,
        row=1,
        col=column,
    )
    for emotion in labels:
        x, y = places[emotion]
        figure.add_annotation(
            x=1.36 * x, y=1.3 * y, text=safe(say(emotion)), showarrow=False, font={"size": 12}, row=1, col=column
        )


def _add_arrow(
    figure: go.Figure,
    start: tuple[float, float],
    end: tuple[float, float],
    size: float,
    row: dict[Any, Any],
    column: int,
) -> None:
    """An arrow between two discs, a little to its right, so that the one back lies beside it."""
    across, along = end[0] - start[0], end[1] - start[1]
    length = hypot(across, along)
    aside = (0.07 * along / length, -0.07 * across / length)
    differs = row["p"] <= _SMALL_P
    figure.add_annotation(
        x=end[0] + aside[0],
        y=end[1] + aside[1],
        ax=start[0] + aside[0],
        ay=start[1] + aside[1],
        xref=f"x{column if column > 1 else ''}",
        yref=f"y{column if column > 1 else ''}",
        axref=f"x{column if column > 1 else ''}",
        ayref=f"y{column if column > 1 else ''}",
        text="",
        arrowhead=2,
        arrowsize=0.8,
        arrowwidth=max(0.8, 7 * row["value"]),
        arrowcolor=theme_now().ink if differs else theme_now().muted,
        opacity=0.9 if differs else 0.35,
        standoff=size / 2 + 3,
    )


def _hover(emotion: str, share: float, found: dict[Any, dict[Any, Any]], labels: tuple[str, ...]) -> str:
    lines = [say("{emotion}: {share} of the scored time; next comes", emotion=say(emotion), share=percent(share))]
    for other in labels:
        if row := found.get((emotion, other)):
            words = {"share": percent(row["value"]), "chance": percent(row["chance"]), "p": by_chance(row["p"])}
            lines.append(say("{other} {share} (by chance {chance}, {p})", other=say(other), **words))
    return "<br>".join(map(safe, lines))


def _add_coupling(figure: go.Figure, table: pd.DataFrame, one: str, other: str, row: int) -> None:
    theme, place = theme_now(), {"row": row, "col": 1}
    lags = [float(key.removeprefix("valence, ").removesuffix(" s")) for key in table["key"]]
    figure.add_scatter(
        x=lags,
        y=table["chance"],
        mode="lines",
        line={"color": theme.muted, "width": 1.2, "dash": "dash"},
        hoverinfo="skip",
        showlegend=False,
        **place,
    )
    clear = (table["p"] <= _SMALL_P).to_numpy()
    rows: list[dict[Any, Any]] = table.to_dict("records")
    figure.add_scatter(
        x=lags,
        y=table["value"],
        mode="lines+markers",
        line={"color": theme.accent, "width": 2},
        marker={
            "size": 8,
            "color": [theme.accent if each else theme.paper for each in clear],
            "line": {"color": theme.accent, "width": 1.5},
        },
        hovertext=[
            f"{lag:+.0f} s: {number(each['value'])}, {by_chance(each['p'])}"
            for lag, each in zip(lags, rows, strict=True)
        ],
        hovertemplate="%{hovertext}<extra></extra>",
        showlegend=False,
        **place,
    )
    reach = max(0.3, 1.2 * float(np.nanmax(np.abs(table[["value", "chance"]].to_numpy()))))
    for x, anchor, name in ((1, "right", one), (0, "left", other)):
        figure.add_annotation(
            x=x,
            y=-reach,
            xref="x domain",
            yanchor="bottom",
            text=say("{who} earlier", who=name) + (" →" if x else "") if x else "← " + say("{who} earlier", who=name),
            showarrow=False,
            xanchor=anchor,
            font={"size": 11, "color": theme.muted},
            **place,
        )
    figure.update_yaxes(range=[-reach, reach], zeroline=True, zerolinecolor=theme.muted, **place)
    figure.update_xaxes(zeroline=True, zerolinecolor=theme.muted, **place)
