"""The map of a session: the sound, who spoke when, what is heard, and where several or none speak, on one axis."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray
from plotly.subplots import make_subplots

from diarization.segments import Segment, difference, union
from emotion.readout import UNCERTAIN

from .drawing import dress, label_space, legend_entry, message_figure, shown_names, time_axis
from .language import LanguageName, say
from .measures import speaker_names
from .palette import UNCERTAIN_COLOUR, emotion_colours, text_on, transparent
from .resampling import Floats
from .themes import ThemeName, drawn, theme_now
from .turn_hovers import turn_hovers
from .turn_lines import MOST_DRAWN_SINGLY, turn_lines

if TYPE_CHECKING:
    import pandas as pd

    from pipeline.sessions import Session

_BINS, _SHORTEST_BIN = 600, 0.5
"""Into how many bins a recording is cut, and how many seconds a bin has at least."""

_SHADES = (0.55, 0.75, 1.0)
"""How opaque lines are, by thirds of confidence."""

_ROOM = 0.008
"""Share of the recording below which a turn has no room for a word, on a screen of 2,000 pixels."""

_SHORTEST_SILENCE = 1.0
"""Seconds of silence from which it is marked."""


@drawn
def session_map(session: Session, *, theme: ThemeName | None = None, language: LanguageName | None = None) -> go.Figure:
    """Who spoke when: the sound, a lane for each speaker, the emotion heard at each moment, overlap and silence.

    A turn has its emotion's colour, the paler the less sure the recogniser is; one that is not scored is hatched, one
    whose emotion is uncertain is dotted. The ribbon below has the likeliest emotion of every moment, whoever speaks.
    Points carry ``[row of the turn, start in seconds]`` as ``customdata``.
    """
    if session.turns.empty:
        return message_figure(say("No speech was found in this recording."))
    lanes = len(session.speakers)
    heights = [56, (44 if lanes <= 8 else 26) * lanes, 14, 16, 16]
    figure = make_subplots(rows=5, shared_xaxes=True, vertical_spacing=0.02, row_heights=heights)
    figure.add_trace(_sound(session), row=1, col=1)
    for trace in [_lanes(session)] if len(session.turns) <= MOST_DRAWN_SINGLY else _thin_lanes(session):
        figure.add_trace(trace, row=2, col=1)
    figure.add_trace(_strip(_overlapped(session), say("several voices at once"), theme_now().ink), row=4, col=1)
    figure.add_trace(_strip(_silences(session), say("nobody speaks"), theme_now().muted), row=5, col=1)
    for ribbon in _ribbon(session):
        figure.add_trace(ribbon, row=3, col=1)
    _add_legend(figure, session)
    names = shown_names(list(speaker_names(session).values()))
    strips = [say("emotion"), say("overlap"), say("silence")]
    _label_rows(figure, names, strips)
    for row in range(1, 6):
        figure.update_xaxes(**time_axis(session.recording.duration), showticklabels=row == 5, row=row, col=1)
    dress(figure, height=sum(heights) + 140, margin_left=label_space([*names, *strips]))
    return figure.update_layout(barmode="overlay", uniformtext={"minsize": 10, "mode": "hide"}, bargap=0)


def emotions_heard(session: Session) -> list[str]:
    """The labels that some turn sounds like, in scheme order."""
    heard = set(session.turns.loc[session.turns["scored"], "emotion"])
    return [label for label in session.scheme.labels if label in heard]


def _label_rows(figure: go.Figure, names: list[str], strips: list[str]) -> None:
    figure.update_yaxes(visible=False, row=1, col=1)
    lanes = {"tickvals": list(range(len(names))), "ticktext": names, "range": [len(names) - 0.5, -0.5]}
    figure.update_yaxes(**lanes, showgrid=False, row=2, col=1)
    for row, name in enumerate(strips, 3):
        strip = {"tickvals": [0], "ticktext": [name], "tickfont_size": 10, "range": [-1, 1]}
        figure.update_yaxes(**strip, zeroline=False, showgrid=False, row=row, col=1)


def _add_legend(figure: go.Figure, session: Session) -> None:
    colours = emotion_colours(session.scheme)
    for emotion in emotions_heard(session):
        figure.add_trace(legend_entry(say(emotion), colours[emotion]), row=2, col=1)
    if (session.turns["emotion"] == UNCERTAIN).any():
        figure.add_trace(legend_entry(say(UNCERTAIN), UNCERTAIN_COLOUR, pattern="."), row=2, col=1)
    if not session.turns["scored"].all():
        figure.add_trace(legend_entry(say("not scored"), theme_now().unscored, pattern="/"), row=2, col=1)


def _sound(session: Session) -> go.Scatter:
    peaks = session.arrays.peaks
    time = (np.arange(len(peaks)) + 0.5) / max(len(peaks), 1) * session.recording.duration
    outline = np.concatenate([peaks[:, 1], peaks[::-1, 0]]) if len(peaks) else np.zeros(0)
    return go.Scatter(
        x=np.concatenate([time, time[::-1]]),
        y=outline,
        fill="toself",
        fillcolor=transparent(theme_now().muted, 0.55),
        line={"width": 0},
        mode="lines",
        hoverinfo="skip",
        showlegend=False,
    )


def _lanes(session: Session) -> go.Bar:
    turns, theme = session.turns, theme_now()
    order = {label: index for index, label in enumerate(session.speakers["label"])}
    scored = turns["scored"].to_numpy()
    known = emotion_colours(session.scheme)
    colours = [known.get(emotion, theme.unscored) if emotion else theme.unscored for emotion in turns["emotion"]]
    named = scored & (turns["emotion"] != UNCERTAIN).to_numpy()
    opacity = np.where(named, 0.4 + 0.6 * turns["confidence"].fillna(0).to_numpy(), 1.0)
    inside = [text_on(colour, share, theme.paper) for colour, share in zip(colours, opacity, strict=True)]
    # Plotly would look at every colour of every turn, which takes a second in a long session.
    return go.Bar(
        _validate=False,
        base=turns["start"],
        x=turns["end"] - turns["start"],
        y=[order[speaker] for speaker in turns["speaker"]],
        orientation="h",
        width=0.72,
        marker={
            "color": colours,
            "opacity": opacity,
            "line": {"color": [theme.paper if each else theme.muted for each in named], "width": 0.6},
            # The ground is each bar's own colour; without one colour here plotly would look for the contrast of a list.
            "pattern": {"shape": _patterns(turns), "bgcolor": theme.paper, "fgcolor": theme.muted, "size": 5},
        },
        text=_texts(session),
        textposition="inside",
        insidetextanchor="middle",
        textangle=0,
        insidetextfont={"color": inside},
        customdata=[[row, float(start)] for row, start in enumerate(turns["start"])],
        hovertext=turn_hovers(session, turns),
        hovertemplate="%{hovertext}<extra></extra>",
        showlegend=False,
    )


def _thin_lanes(session: Session) -> list[go.Scatter]:
    """The lanes of a session of many turns: a line an emotion and shade, thin where turns are not scored."""
    turns, theme = session.turns, theme_now()
    known = emotion_colours(session.scheme) | {None: theme.unscored}
    shades = np.clip((turns["confidence"].fillna(1).to_numpy() * len(_SHADES)).astype(int), 0, len(_SHADES) - 1)
    emotions = [emotion if scored else None for emotion, scored in zip(turns["emotion"], turns["scored"], strict=True)]
    hovers = turn_hovers(session, turns)
    kinds: dict[tuple[str | None, int], list[int]] = {}
    for row, (emotion, shade) in enumerate(zip(emotions, shades.tolist(), strict=True)):
        kinds.setdefault((emotion, shade if emotion not in (None, UNCERTAIN) else len(_SHADES) - 1), []).append(row)
    return [
        _lane_line(session, rows, [hovers[row] for row in rows], known[emotion], _SHADES[shade], emotion)
        for (emotion, shade), rows in kinds.items()
    ]


def _lane_line(
    session: Session, rows: list[int], hovers: list[str], colour: str, shade: float, emotion: str | None
) -> go.Scatter:
    order = {label: index for index, label in enumerate(session.speakers["label"])}
    turns = session.turns.iloc[rows]
    dash = "2px" if emotion == UNCERTAIN else "solid"
    line = {"color": colour, "width": 10 if emotion is None else 24, "dash": dash}
    return turn_lines(turns, rows, [order[speaker] for speaker in turns["speaker"]], hovers, line, shade)


def _texts(session: Session) -> list[str]:
    """What each turn says inside, where it has any room: measuring texts takes most of a browser's time."""
    turns = session.turns
    roomy = (turns["end"] - turns["start"]) / max(session.recording.duration, 1.0) >= _ROOM
    return [say(emotion) if emotion and room else "" for emotion, room in zip(turns["emotion"], roomy, strict=True)]


def _patterns(turns: pd.DataFrame) -> list[str]:
    rows = zip(turns["scored"], turns["emotion"], strict=True)
    return ["/" if not scored else "." if emotion == UNCERTAIN else "" for scored, emotion in rows]


def frame_bins(session: Session, times: Floats, scores: NDArray[np.floating]) -> tuple[Floats, float]:
    """Frame scores added up in equal bins of the recording, (bins, labels), and the seconds of a bin."""
    step = max(session.recording.duration / _BINS, _SHORTEST_BIN)
    bins = max(1, int(np.ceil(session.recording.duration / step)))
    if not len(times):
        return np.zeros((bins, len(session.scheme.labels))), step
    own = np.clip((times / step).astype(int), 0, bins - 1)
    return np.stack([np.bincount(own, column, bins) for column in scores.T], axis=1), step


def _ribbon(session: Session) -> list[go.Scatter]:
    """A line an emotion, where it is the likeliest of the moment; of voices at once their scores are added."""
    sums, step = frame_bins(session, session.arrays.frame_times, session.arrays.frame_scores)
    top = np.where(sums.sum(axis=1) > 0, sums.argmax(axis=1), -1)
    lines = []
    for index, emotion in enumerate(session.scheme.labels):
        found = np.flatnonzero(top == index)
        if len(found):
            spans = union([Segment(at * step, (at + 1.02) * step) for at in found])
            lines.append(_strip(spans, say(emotion), emotion_colours(session.scheme)[emotion]))
    return lines


def _strip(spans: list[Segment], says: str, colour: str) -> go.Scatter:
    # Lines, not bars: a second lane of bars makes plotly.js 4.1 forget the uniform text of the first. And never
    # quite empty: it would then write paths of NaN.
    return go.Scatter(
        x=[time for segment in spans for time in (segment.start, segment.end, None)] or [None],
        y=[0, 0, None] * len(spans) or [None],
        mode="lines",
        line={"color": colour, "width": 9},
        hovertemplate=f"{says}<extra></extra>",
        showlegend=False,
    )


def _overlapped(session: Session) -> list[Segment]:
    """The stretches in which two or more speak, from the diarization."""
    table = session.segments
    edges = sorted([(start, 1) for start in table["start"]] + [(end, -1) for end in table["end"]])
    shared, speaking, begun = [], 0, 0.0
    for time, change in edges:
        if speaking >= 2 and time > begun:
            shared.append(Segment(begun, time))
        speaking, begun = speaking + change, time
    return union(shared)


def _silences(session: Session) -> list[Segment]:
    """The stretches of a second and more in which nobody speaks."""
    if session.recording.duration <= 0:
        return []
    spoken = [
        Segment(start, end) for start, end in zip(session.segments["start"], session.segments["end"], strict=True)
    ]
    quiet = difference([Segment(0.0, session.recording.duration)], spoken)
    return [segment for segment in quiet if segment.duration >= _SHORTEST_SILENCE]
