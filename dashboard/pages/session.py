"""The page of a session: who spoke when, how it sounded, and the recording to hear."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dash import dcc, html

from reports.drawing import clock
from reports.exports.formats import EXPORTS
from reports.figure_list import about_figure
from reports.figures import emotion_share_figure, session_map, talk_time_figure, trajectories
from reports.html import CAUTIONS
from reports.palette import emotion_colours, speaker_colours
from reports.summaries import session_summary

from ..audio import audio_address
from ..downloads import export_address, session_report_address
from ..layout.cards import aria, bullets, button, card, chip, columns, heading, menu
from ..layout.graphs import graph
from ..layout.origins import credits_of, provenance_of, sound_of
from ..layout.tables import case_address, review_address, turn_rows, turns_table
from ..layout.words import count, day, sentence
from .page import Page

if TYPE_CHECKING:
    from pipeline.sessions import Session

    from ..sessions import Library


def session_page(library: Library, session_id: str) -> Page | None:
    """The page of one session; None where there is no such session."""
    session = library.session(session_id)
    if session is None:
        return None
    parts = [
        _heading(session),
        player(session, library.audio(session_id) is not None),
        columns(
            card("In short", bullets(session_summary(session))),
            card("What to mind here", bullets(map(sentence, session.notes))) if session.notes else None,
        ),
        *(_results(session) if len(session.turns) else []),
        columns(card("Sound", sound_of(session)), card("How this was found", provenance_of(session))),
        columns(card("How to read this, and how not to", bullets(CAUTIONS)), card("Credits", credits_of(session))),
    ]
    return Page(f"{session.recording.path.name} – session", html.Div(parts))


def _heading(session: Session) -> Any:
    recording = session.recording
    said = [day(session.date), clock(recording.duration), count(len(session.turns), "turn"), f"session {session.id}"]
    under = [html.P(" · ".join(said)), html.Div(_people(session), className="chips")]
    trail = [("Sessions", "/")] + ([(session.case, case_address(session.case))] if session.case else [])
    actions = [
        dcc.Link("Review", href=review_address(session.id), className="quiet big"),
        menu("Export", ((each.title, export_address(each.name, session.id)) for each in EXPORTS.values())),
        button("Download report", session_report_address(session.id)),
    ]
    return heading(recording.path.name, under, trail, actions)


def _people(session: Session) -> list[Any]:
    colours = speaker_colours(session)
    return [
        chip(session.who_is(row["label"]), colours[row["label"]], row["role"], f"talks {clock(row['talk_time'])}")
        for row in session.speakers.to_dict("records")
    ]


def player(session: Session, has_audio: bool) -> html.Div:
    """The recording to hear, and what the keyboard does; a sentence where its audio is not kept."""
    if not has_audio:
        sentence = (
            "The audio of this session is not kept in the workspace, or it is encrypted and its key is not on this "
            "machine, so it cannot be played here."
        )
        return html.Div(sentence, className="no-audio")
    known = [{key: row[key] for key in ("turn", "start", "end", "speaker", "emotion")} for row in turn_rows(session)]
    name = aria(f"Recording {session.recording.path.name}")
    return html.Div(
        [
            dcc.Store(id="turns", data=known),
            html.Audio(id="player", src=audio_address(session.id), controls=True, preload="metadata", **name),
            html.Div("Click a turn, or any time, to hear it." if known else None, id="now-playing"),
            _keys(),
        ],
        className="player",
    )


_KEYS = (
    (("Space", "K"), "play or pause"),
    (("←", "→"), "5 seconds back or on"),
    (("J", "L"), "previous or next turn"),
    (("<", ">"), "slower or faster"),
    (("Home",), "to the beginning"),
    (("?",), "show or hide this list"),
)


def _keys() -> html.Details:
    """What the keyboard does (``assets/turntone.js``)."""
    rows = [html.Div([html.Dt(_pressed(keys)), html.Dd(what)]) for keys, what in _KEYS]
    return html.Details([html.Summary("Keys"), html.Dl(rows)], id="keys", className="keys")


def _pressed(keys: tuple[str, ...]) -> list[Any]:
    return [part for key in keys for part in (html.Kbd(key), " ")]


def _results(session: Session) -> list[Any]:
    return [
        card(
            "Who spoke when",
            graph(session_map(session), "Turns of each speaker over time, coloured by emotion", "session-map"),
            about=f"{about_figure('session-map')} Click a turn to hear it.",
        ),
        card(
            "How each speaker sounded over time",
            graph(trajectories(session), "Emotion shares and valence of each speaker over time", "trajectories"),
            about=f"{about_figure('trajectories')} Click a point to hear it.",
        ),
        columns(
            card(
                "Talk time",
                graph(talk_time_figure(session), "How long each speaker talks"),
                about=about_figure("talk-time"),
            ),
            card(
                "Emotion shares",
                graph(emotion_share_figure(session), "Share of each emotion in each speaker's scored time"),
                about=about_figure("emotion-shares"),
            ),
        ),
        card(
            "Turns",
            turns_table(session, speaker_colours(session), emotion_colours(session.scheme)),
            about="Each turn with the emotion it sounds most like, or uncertain. The button plays it.",
        ),
    ]
