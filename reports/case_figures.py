"""The figures of a case: a participant over its sessions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go

from emotion.schemes import EmotionScheme

from .comparisons import session_titles
from .drawing import dress, label_space, message_figure, safe, short, shown_names
from .language import LanguageName, say, translated
from .measures import case_affect, case_shares
from .palette import emotion_colours
from .similarity import Similarity, session_similarity
from .themes import ThemeName, drawn, theme_now
from .turns import LEAST_TURNS
from .wording import by_chance, number

if TYPE_CHECKING:
    import pandas as pd

    from pipeline.sessions import Session

_TITLE = 28
_ALIKE = [[0, "#B2182B"], [0.25, "#EF8A62"], [0.5, "#F7F7F7"], [0.75, "#67A9CF"], [1, "#2166AC"]]


@drawn
def case_shares_figure(
    sessions: Sequence[Session],
    participant: str,
    *,
    theme: ThemeName | None = None,
    language: LanguageName | None = None,
) -> go.Figure:
    """A participant's emotion shares from session to session, with 95 % intervals over the turns."""
    shares = case_shares(sessions, participant)
    if shares.empty:
        return _too_little(participant)
    places = _places(sessions, participant)
    emotions = list(dict.fromkeys(shares["emotion"]))
    colours = emotion_colours(EmotionScheme(tuple(emotions)))
    figure = go.Figure()
    for index, emotion in enumerate(emotions):
        own = shares[shares["emotion"] == emotion].assign(mean=lambda table: table["share"])
        shift = min(0.09, 0.7 / len(emotions)) * (index - (len(emotions) - 1) / 2)
        colour = theme_now().line(colours[emotion])
        _add_course(figure, own, [places[each] + shift for each in own["session"]], say(emotion), colour, ".0%")
    highest = min(max(1.1 * float(shares["high"].max()), 0.5), 1.02)
    figure.update_yaxes(range=[0, highest], tickformat=".0%", nticks=6)
    # Room for names of sessions on two or three lines above the legend.
    return _over_sessions(figure, sessions, shares, places, height=390).update_layout(legend_y=-0.2, margin_b=84)


@drawn
def case_valence_figure(
    sessions: Sequence[Session],
    participant: str,
    *,
    theme: ThemeName | None = None,
    language: LanguageName | None = None,
) -> go.Figure:
    """A participant's mean valence from session to session, with 95 % intervals over the turns."""
    table = case_affect(sessions, participant)
    if table.empty:
        return _too_little(participant)
    places = _places(sessions, participant)
    figure = go.Figure()
    _add_course(figure, table, [places[each] for each in table["session"]], say("valence"), theme_now().accent, "+.2f")
    figure.update_traces(showlegend=False)
    figure.update_yaxes(
        range=[-1, 1],
        tickvals=[-1, -0.5, 0, 0.5, 1],
        ticktext=[say("unpleasant −1"), "−0.5", "0", "0.5", say("pleasant 1")],
        zeroline=True,
        zerolinecolor=theme_now().muted,
    )
    return _over_sessions(figure, sessions, table, places, height=260, margin_left=100)


@drawn
def similarity_figure(
    sessions: Sequence[Session],
    participant: str,
    found: Similarity | None = None,
    *,
    theme: ThemeName | None = None,
    language: LanguageName | None = None,
) -> go.Figure:
    """How alike a participant's sessions are, against what chance would give; the diagonal is noise alone.

    Cells carry the ids of both sessions as ``customdata``.

    ``found`` is their ``session_similarity`` where it is known already.
    """
    found = found or session_similarity(sessions, participant)
    if not found.enough:
        why = "; ".join(map(translated, found.left_out)) or say("there is one session")
        return message_figure(
            say("Not enough data: two comparable sessions of {who} are needed ({why}).", who=participant, why=why)
        )
    titles = session_titles(sessions)
    names = shown_names([titles[session.id] for session in found.sessions], _TITLE)
    size = len(names)
    texts = [[_similarity_text(found, row, column, size) for column in range(size)] for row in range(size)]
    hover = [[_similarity_hover(found, names, row, column) for column in range(size)] for row in range(size)]
    figure = go.Figure(
        go.Heatmap(
            z=found.cosine,
            x=names,
            y=names,
            zmin=-1,
            zmax=1,
            colorscale=_ALIKE,
            colorbar={
                "thickness": 12,
                "tickvals": [-1, 0, 1],
                "ticktext": [say("opposite"), say("unrelated"), say("alike")],
                "outlinewidth": 0,
            },
            text=texts,
            texttemplate="%{text}",
            textfont={"size": 11 if size <= 6 else 8},
            hovertext=hover,
            hovertemplate="%{hovertext}<extra></extra>",
            customdata=[[[one.id, other.id] for other in found.sessions] for one in found.sessions],
            xgap=3,
            ygap=3,
        )
    )
    figure.update_xaxes(side="top", type="category", showgrid=False)
    figure.update_yaxes(type="category", autorange="reversed", showgrid=False)
    cell = 74 if size <= 8 else 44
    dress(figure, height=max(260, cell * size + 80), margin_left=label_space(names))
    return figure.update_layout(margin_t=44)


def _too_little(participant: str) -> go.Figure:
    return message_figure(
        say(
            "Not enough data: {count} scored turns of {who} are needed in one session at least.",
            count=LEAST_TURNS,
            who=participant,
        )
    )


def _places(sessions: Sequence[Session], participant: str) -> dict[str, int]:
    """Where on the axis each session stands in which the participant is heard, by its id."""
    present = [session.id for session in sessions if participant in set(session.speakers["participant"])]
    return {key: place for place, key in enumerate(dict.fromkeys(present))}


def _add_course(figure: go.Figure, table: pd.DataFrame, x: list[float], name: str, colour: str, form: str) -> None:
    """A line over the sessions with its intervals."""
    figure.add_scatter(
        x=x,
        y=table["mean"],
        error_y={
            "array": table["high"] - table["mean"],
            "arrayminus": table["mean"] - table["low"],
            "thickness": 1.2,
            "width": 3,
        },
        mode="lines+markers",
        name=name,
        line={"color": colour, "width": 2},
        marker_size=8,
        customdata=table[["low", "high", "num_turns"]].to_numpy(),
        hovertemplate="<br>".join(
            [
                say(
                    "{name} {value}, 95 % interval {low} to {high}",
                    name=name,
                    value=f"%{{y:{form}}}",
                    low=f"%{{customdata[0]:{form}}}",
                    high=f"%{{customdata[1]:{form}}}",
                ),
                say("{count} scored turns", count="%{customdata[2]}") + "<extra></extra>",
            ]
        ),
    )


def _over_sessions(
    figure: go.Figure,
    sessions: Sequence[Session],
    table: pd.DataFrame,
    places: dict[str, int],
    height: int,
    margin_left: int = 48,
) -> go.Figure:
    """Sessions along the x axis; those that the table has nothing of are marked."""
    titles, shown = session_titles(sessions), set(table["session"])
    sessions_by = {session.id: session for session in sessions}
    texts = [
        safe(short(titles[key], _TITLE)).replace("-", "-<br>", 1 if sessions_by[key].date else 0)
        + ("" if key in shown else f"<br>{say('not compared')}")
        for key in places
    ]
    figure.update_xaxes(tickvals=list(places.values()), ticktext=texts, range=[-0.5, len(places) - 0.5])
    return dress(figure, height=height, margin_left=margin_left)


def _similarity_text(found: Similarity, row: int, column: int, size: int) -> str:
    value = number(float(found.cosine[row, column]))
    if size > 8:
        return value
    if row == column:
        return f"{value}<br>{say('halves')}"
    p_value = found.p_value[row, column]
    return value if np.isnan(p_value) else f"{value}<br>p = {p_value:.2g}"


def _similarity_hover(found: Similarity, names: Sequence[str], row: int, column: int) -> str:
    value = number(float(found.cosine[row, column]))
    if row == column:
        return say("{session} with itself, random halves of its turns: {value}", session=names[row], value=value)
    floor, p_value = number(float(found.floor[row, column])), by_chance(float(found.p_value[row, column]))
    return "<br>".join(
        [
            say("{one} with {other}: {value}", one=names[row], other=names[column], value=value),
            say("if they did not differ: {floor} ({p})", floor=floor, p=p_value),
            *_distances(found, row, column),
            say("raw cosine {value}, which misleads", value=number(float(found.raw[row, column]))),
        ]
    )


def _distances(found: Similarity, row: int, column: int) -> list[str]:
    """The other two ways of comparing, beside what two sessions that do not differ would reach."""
    lines = []
    for title, matrix in (("energy distance", found.energy), ("distance of emotions", found.emotions)):
        if matrix is not None:
            value, floor = (number(float(each[row, column])) for each in (matrix.value, matrix.floor))
            words = {"title": say(title), "value": value, "floor": floor}
            lines.append(
                say("{title} {value}, by chance {floor} ({p})", p=by_chance(matrix.p_value[row, column]), **words)
            )
    return lines
