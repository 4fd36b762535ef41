"""How each speaker sounded over time: smoothed courses with their bands, and the raw scores frame by frame."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from .drawing import clock, dress, label_space, legend_entry, lightness, message_figure, safe, short, time_axis
from .language import LanguageName, say, say_many
from .measures import smoothed_scores, speaker_names, trajectory
from .palette import emotion_colours, speaker_colours, transparent
from .session_map import frame_bins
from .themes import ThemeName, drawn, theme_now
from .turn_hovers import turn_hovers
from .turns import LEAST_TURNS, durations_of, scored_turns

if TYPE_CHECKING:
    import pandas as pd

    from pipeline.sessions import Session

MOST_COURSES = 8
"""Speakers whose courses are drawn; of more, those who are heard longest."""


@drawn
def trajectories(
    session: Session, *, theme: ThemeName | None = None, language: LanguageName | None = None
) -> go.Figure:
    """How each speaker sounds over time: smoothed emotion scores, and valence with its 95 % band and its turns."""
    speakers, left_out = _with_courses(session)
    if not speakers:
        return message_figure(
            say(
                "Not enough data: no speaker has {count} scored turns, which a course over time needs at least.",
                count=LEAST_TURNS,
            )
        )
    colours = speaker_colours(session)
    titles = [text for label in speakers for text in _course_titles(session, label)]
    figure = _rows(2 * len(speakers), titles, len(speakers))
    for index, label in enumerate(speakers):
        _add_scores(figure, session, label, row=2 * index + 1)
        _add_valence(figure, session, label, theme_now().line(colours[label]), row=2 * index + 2)
    for emotion in session.scheme.labels:
        figure.add_trace(legend_entry(say(emotion), emotion_colours(session.scheme)[emotion]), row=1, col=1)
    figure.update_xaxes(**time_axis(session.recording.duration))
    if left_out:
        _say_left_out(figure, len(speakers), left_out, row=2 * len(speakers))
    return dress(figure, height=280 * len(speakers) + 80, margin_left=44)


@drawn
def frame_heat_map(
    session: Session, *, theme: ThemeName | None = None, language: LanguageName | None = None
) -> go.Figure:
    """The recogniser's scores as they came, without smoothing: a block a speaker, a row an emotion, time along x.

    Frames are averaged in bins of a six-hundredth of the recording (half a second at least); what is not scored stays
    empty.
    """
    speakers, left_out = _with_frames(session)
    if not speakers:
        return message_figure(say("Not enough data: no turn of this session is scored."))
    names = speaker_names(session)
    labels = [say(label) for label in session.scheme.labels]
    figure = _rows(len(speakers), [f"<b>{safe(short(names[label], 40))}</b>" for label in speakers], len(speakers))
    for row, label in enumerate(speakers, 1):
        means, step = _frames_of(session, label)
        time = (np.arange(len(means)) + 0.5) * step
        figure.add_heatmap(
            x=time,
            y=labels,
            z=np.round(means.T, 3),
            zmin=0,
            zmax=1,
            colorscale=lightness(),
            hoverongaps=False,
            customdata=np.tile([clock(each) for each in time], (len(labels), 1)),
            hovertemplate="%{customdata}: %{y} %{z:.0%}<extra></extra>",
            colorbar={"thickness": 10, "tickvals": [0, 0.5, 1], "tickformat": ".0%", "outlinewidth": 0, "len": 1},
            showscale=row == 1,
            row=row,
            col=1,
        )
    figure.update_yaxes(type="category", autorange="reversed", showgrid=False)
    figure.update_xaxes(**time_axis(session.recording.duration), showgrid=False)
    if left_out:
        _say_left_out(figure, len(speakers), left_out, row=len(speakers))
    height = (44 + 22 * len(labels)) * len(speakers) + 70
    return dress(figure, height=height, margin_left=label_space(labels))


def _rows(count: int, titles: list[str], speakers: int) -> go.Figure:
    """Plots one below the other with one axis of time, each with its title at the left."""
    figure = make_subplots(
        rows=count, shared_xaxes=True, vertical_spacing=0.16 / max(2, speakers), subplot_titles=titles
    )
    for annotation in figure.layout.annotations:
        annotation.update(x=0, xanchor="left", font={"size": 12, "color": theme_now().ink})
    return figure


def _with_courses(session: Session) -> tuple[list[str], int]:
    """The speakers with enough scored turns for a course, at most ``MOST_COURSES``, and how many more there are."""
    return _longest(session, LEAST_TURNS)


def _with_frames(session: Session) -> tuple[list[str], int]:
    """The speakers who have scores frame by frame, likewise."""
    return _longest(session, 1) if len(session.arrays.frame_times) else ([], 0)


def _longest(session: Session, least: int) -> tuple[list[str], int]:
    talked = zip(session.speakers["label"], session.speakers["talk_time"], strict=True)
    enough = {label: time for label, time in talked if len(scored_turns(session, label)) >= least}
    longest = sorted(enough, key=lambda label: -enough[label])[:MOST_COURSES]
    return [label for label in enough if label in longest], len(enough) - len(longest)


def _frames_of(session: Session, label: str) -> tuple[np.ndarray, float]:
    """Mean frame scores of a speaker in each bin, (bins, labels), nan where there are none; seconds of a bin."""
    frames = [session.frames_of(turn) for turn in scored_turns(session, label).index]
    times, scores = (np.concatenate(each) for each in zip(*frames, strict=True))
    sums, step = frame_bins(session, times, scores)
    counts, _ = frame_bins(session, times, np.ones_like(scores))
    with np.errstate(invalid="ignore"):
        return np.where(counts > 0, sums / counts, np.nan), step


def _say_left_out(figure: go.Figure, count: int, others: int, row: int) -> None:
    said = say_many(
        others,
        "The {shown} speakers who talk longest; {count} other is not drawn.",
        "The {shown} speakers who talk longest; {count} others are not drawn.",
        shown=count,
    )
    figure.update_xaxes(title={"text": said, "font_color": theme_now().muted}, row=row, col=1)


def _course_titles(session: Session, label: str) -> tuple[str, str]:
    shown = f"<b>{safe(short(speaker_names(session)[label], 40))}</b>"
    return (
        say("{who}: emotions, smoothed", who=shown),
        say("{who}: valence (derived), with 95 % band", who=shown),
    )


def _add_scores(figure: go.Figure, session: Session, label: str, row: int) -> None:
    course = smoothed_scores(session, label)
    for emotion in session.scheme.labels:
        figure.add_scatter(
            x=course["time"],
            y=course[emotion],
            stackgroup=f"{label}",
            groupnorm="fraction",
            line={"width": 0.5, "color": theme_now().paper},
            fillcolor=emotion_colours(session.scheme)[emotion],
            name=say(emotion),
            showlegend=False,
            hovertemplate=say(emotion) + " %{y:.0%}<extra></extra>",
            row=row,
            col=1,
        )
    figure.update_yaxes(range=[0, 1], tickformat=".0%", tickvals=[0, 0.5, 1], row=row, col=1)


def _add_valence(figure: go.Figure, session: Session, label: str, colour: str, row: int) -> None:
    course, own = trajectory(session, label), scored_turns(session, label)
    place = {"row": row, "col": 1}
    for column, fill in (("low", None), ("high", "tonexty")):
        figure.add_scatter(
            x=course["time"],
            y=course[column],
            mode="lines",
            line={"width": 0, "color": colour},
            fill=fill,
            fillcolor=transparent(colour, 0.16),
            hoverinfo="skip",
            showlegend=False,
            **place,
        )
    figure.add_scatter(
        x=course["time"],
        y=course["mean"],
        mode="lines",
        line={"width": 2, "color": colour},
        hovertemplate=say("valence") + " %{y:.2f}<extra></extra>",
        showlegend=False,
        **place,
    )
    figure.add_trace(_points(session, own), **place)
    ticks = {"tickvals": [-1, 0, 1], "ticktext": ["−1", "0", "1"]}
    figure.update_yaxes(range=[-1, 1], **ticks, zeroline=True, zerolinecolor=theme_now().muted, **place)


def _points(session: Session, own: pd.DataFrame) -> go.Scatter:
    """A point a turn, the larger the longer it is."""
    known, unscored = emotion_colours(session.scheme), theme_now().unscored
    return go.Scatter(
        x=(own["start"] + own["end"]) / 2,
        y=own["valence"],
        mode="markers",
        marker={
            "size": np.clip(3 + 2.2 * np.sqrt(durations_of(own)), 5, 14),
            "color": [known.get(emotion, unscored) for emotion in own["emotion"]],
            "line": {"width": 0.7, "color": theme_now().ink},
        },
        customdata=[[int(index), float(start)] for index, start in zip(own.index, own["start"], strict=True)],
        hovertext=turn_hovers(session, own),
        hovertemplate="%{hovertext}<extra></extra>",
        showlegend=False,
    )
