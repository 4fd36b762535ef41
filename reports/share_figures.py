"""How much each speaker talks, and how much of it sounds like what."""

from __future__ import annotations

from typing import TYPE_CHECKING

import plotly.graph_objects as go

from .drawing import clock, dress, label_space, message_figure, shown_names, time_axis
from .language import LanguageName, say, say_many
from .measures import emotion_shares, speaker_names, talk_time
from .palette import emotion_colours, speaker_colours, text_on
from .themes import ThemeName, drawn, theme_now
from .turns import LEAST_TURNS, scored_turns

if TYPE_CHECKING:
    from pipeline.sessions import Session

_SMALLEST_LABEL = 0.08
"""Share below which a bar has no room for its label."""


@drawn
def talk_time_figure(
    session: Session, *, theme: ThemeName | None = None, language: LanguageName | None = None
) -> go.Figure:
    """How long each speaker talks, overlap included, and their share of all talk."""
    if session.turns.empty:
        return message_figure(say("No speech was found in this recording."))
    table = talk_time(session)
    colours = speaker_colours(session)
    names = shown_names(list(table["name"]))
    texts = [
        f"{clock(seconds)} · {share:.0%}" for seconds, share in zip(table["talk_time"], table["share"], strict=True)
    ]
    turns, scored = say("{count} turns", count="%{customdata[0]}"), say("{count} scored", count="%{customdata[1]}")
    figure = go.Figure(
        go.Bar(
            x=table["talk_time"],
            y=names,
            orientation="h",
            text=texts,
            textposition="outside",
            cliponaxis=False,
            marker={
                "color": [colours[label] for label in table["speaker"]],
                "line": {"color": theme_now().muted, "width": 0.5},
            },
            customdata=table[["num_turns", "num_scored"]].to_numpy(),
            hovertemplate=f"%{{y}}: %{{text}}<br>{turns}, {scored}<extra></extra>",
            width=0.6,
        )
    )
    figure.update_yaxes(type="category", autorange="reversed", showgrid=False)
    longest = max(float(table["talk_time"].max()), 1.0)
    figure.update_xaxes(**(time_axis(longest, most=5) | {"range": [0, 1.45 * longest]}))
    return dress(figure, height=_bar_height(len(names)) + 90, margin_left=label_space(names))


@drawn
def emotion_share_figure(
    session: Session, *, theme: ThemeName | None = None, language: LanguageName | None = None
) -> go.Figure:
    """How much of each speaker's scored time falls to each emotion."""
    shares = emotion_shares(session)
    if shares.empty:
        return message_figure(say("Not enough data: no turn of this session is scored."))
    speakers = list(dict.fromkeys(shares["speaker"]))
    known = speaker_names(session)
    names = shown_names([known[label] for label in speakers])
    names = [name + _few_turns(session, label) for name, label in zip(names, speakers, strict=True)]
    figure, colours = go.Figure(), emotion_colours(session.scheme)
    for emotion in session.scheme.labels:
        own = shares[shares["emotion"] == emotion]
        figure.add_bar(
            x=own["share"],
            y=names,
            orientation="h",
            name=say(emotion),
            marker={"color": colours[emotion], "line": {"color": theme_now().paper, "width": 1}},
            text=[f"{say(emotion)} {share:.0%}" if share >= _SMALLEST_LABEL else "" for share in own["share"]],
            textposition="inside",
            insidetextanchor="middle",
            textangle=0,
            insidetextfont_color=text_on(colours[emotion]),
            hovertemplate=f"%{{y}}: {say(emotion)} %{{x:.0%}}<extra></extra>",
            width=0.6,
        )
    figure.update_yaxes(type="category", autorange="reversed", showgrid=False)
    figure.update_xaxes(range=[0, 1], tickformat=".0%", tickvals=[0, 0.25, 0.5, 0.75, 1])
    dress(figure, height=_bar_height(len(names)) + 120, margin_left=label_space(names))
    # On a narrow page, a label that does not fit is left out rather than shrunk until nobody can read it.
    return figure.update_layout(barmode="stack", margin_r=28, uniformtext={"minsize": 10, "mode": "hide"})


def _few_turns(session: Session, label: str) -> str:
    """What warns of shares that stand on next to nothing."""
    count = len(scored_turns(session, label))
    return say_many(count, " ({count} turn only)", " ({count} turns only)") if count < LEAST_TURNS else ""


def _bar_height(bars: int) -> int:
    return (60 if bars <= 8 else 34) * bars
