"""The page of a session: who spoke when, how it sounded, and the recording to hear."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from dash import dcc, html

from reports.drawing import clock
from reports.exports.formats import EXPORTS
from reports.figure_list import find_figure, has_data, message_of
from reports.flags import find_flags, rules_for
from reports.html import cautions_of
from reports.language import say, translated
from reports.measure_tables import measure_tables
from reports.palette import emotion_colours, speaker_colours
from reports.summaries import session_summary

from ..downloads import export_address, session_report_address
from ..layout.cards import bullets, button, card, chip, columns, heading, menu
from ..layout.flags import flags_list
from ..layout.graphs import graph
from ..layout.later import later, later_card, on_demand
from ..layout.measures import measure_cards
from ..layout.origins import credits_of, provenance_of, sound_of
from ..layout.player import player
from ..layout.tables import case_address, review_address, turns_table
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
    notes = [sentence(translated(note)) for note in session.notes]
    results = _results(session) if len(session.turns) else []
    parts = [
        _heading(session),
        player(session, library.audio(session_id) is not None),
        columns(
            later_card(say("In short"), "summary", 120),
            later_card(say("Worth a look"), "flags", 120) if results else None,
        ),
        card(say("What to mind here"), bullets(notes)) if notes else None,
        *results,
        columns(card(say("Sound"), sound_of(session)), card(say("How this was found"), provenance_of(session))),
        columns(
            card(say("How to read this, and how not to"), bullets(cautions_of([session]))),
            card(say("Credits"), credits_of(session)),
        ),
    ]
    return Page(f"{session.recording.path.name} – {say('session')}", html.Div(parts))


def session_part(library: Library, session_id: str, part: str) -> Any:
    """A part of that page that comes later; None where there is none of that name, or no such session."""
    session = library.session(session_id)
    if session is None or part not in _PARTS:
        return None
    return _PARTS[part](session)


def _heading(session: Session) -> Any:
    recording = session.recording
    said = [
        day(session.date),
        clock(recording.duration),
        count(len(session.turns), "turn"),
        say("session {id}", id=session.id),
    ]
    under = [html.P(" · ".join(said)), html.Div(_people(session), className="chips")]
    trail = [(say("Sessions"), "/")] + ([(session.case, case_address(session.case))] if session.case else [])
    exports = ((say(each.title), export_address(each.name, session.id)) for each in EXPORTS.values())
    actions = [
        dcc.Link(say("Review"), href=review_address(session.id), className="quiet big"),
        menu(say("Export"), exports),
        button(say("Download report"), session_report_address(session.id)),
    ]
    return heading(recording.path.name, under, trail, actions)


def _people(session: Session) -> list[Any]:
    colours = speaker_colours(session)
    return [
        chip(
            translated(session.who_is(row["label"])),
            colours[row["label"]],
            say(row["role"]) if row["role"] and row["role"].lower() != (row["participant"] or "").lower() else None,
            say("talks {time}", time=clock(row["talk_time"])),
        )
        for row in session.speakers.to_dict("records")
    ]


def _results(session: Session) -> list[Any]:
    speakers, labels = len(session.speakers), len(session.scheme.labels)
    return [
        _figure_card("session-map", 240 + 44 * min(speakers, 8), say("Click a turn to hear it."), first=True),
        _figure_card("trajectories", 280 * min(speakers, 8) + 80, say("Click a point to hear it.")),
        card(
            say("Turns"),
            later("turns", 560, soon=True),
            about=say("Each turn with the emotion it sounds most like, or uncertain. The button plays it."),
        ),
        columns(_figure_card("talk-time", 150 + 36 * speakers), _figure_card("emotion-shares", 150 + 36 * speakers)),
        later("measures", 900),
        columns(_figure_card("transitions", 380), _figure_card("coupling", 320) if speakers > 1 else None),
        _folded("frames", (44 + 22 * labels) * speakers + 70),
    ]


def _figure_card(name: str, height: int, more: str = "", first: bool = False) -> html.Section:
    entry = find_figure(name)
    about = " ".join(filter(None, [say(entry.about), more]))
    return later_card(say(entry.title), name, height, about, first)


def _folded(name: str, height: int) -> html.Section:
    entry = find_figure(name)
    return on_demand(say(entry.title), name, say(entry.about), height)


def _drawn(name: str) -> Callable[[Session], Any]:
    """What draws a figure of a session; a sentence where there is too little for it."""

    def draw(session: Session) -> Any:
        entry = find_figure(name)
        figure = entry.draw(session)
        if not has_data(figure):
            return html.P(message_of(figure), className="too-little")
        return graph(figure, say(entry.title), name, narrowest=_NARROWEST.get(name, 0))

    return draw


def _turns(session: Session) -> Any:
    return turns_table(session, speaker_colours(session), emotion_colours(session.scheme))


_NARROWEST = {"transitions": 340}
"""Pixels below which a figure scrolls sideways."""

_FIGURES = ("session-map", "trajectories", "talk-time", "emotion-shares", "transitions", "coupling", "frames")
_PARTS: dict[str, Callable[[Session], Any]] = {
    **{name: _drawn(name) for name in _FIGURES},
    "summary": lambda session: bullets(map(str, session_summary(session))),
    "flags": lambda session: flags_list(session, find_flags(session, rules_for(session))),
    "turns": _turns,
    "measures": lambda session: measure_cards(measure_tables(session)),
}
"""The parts that come later, by name."""
