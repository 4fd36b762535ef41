"""The recording to hear, and what the keyboard does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dash import dcc, html

from reports.language import say

from ..audio import audio_address
from .cards import aria

if TYPE_CHECKING:
    from pipeline.sessions import Session

_KEYS = (
    (("Space", "K"), "play or pause"),
    (("←", "→"), "5 seconds back or on"),
    (("J", "L"), "previous or next turn"),
    (("<", ">"), "slower or faster"),
    (("Home",), "to the beginning"),
    (("?",), "show or hide this list"),
)


def player(session: Session, has_audio: bool) -> html.Div:
    """The recording of a session, a sentence where its audio is not kept; the page knows its turns either way."""
    known = dcc.Store(id="turns", data=turns_known(session))
    if not has_audio:
        sentence = say(
            "The audio of this session is not kept in the workspace, or it is encrypted and its key is not on this "
            "machine, so it cannot be played here."
        )
        return html.Div([known, sentence], className="no-audio")
    name = aria(say("Recording {name}", name=session.recording.path.name))
    hint = say("Click a turn, or any time, to hear it.") if len(session.turns) else None
    audio = html.Audio(id="player", src=audio_address(session.id), controls=True, preload="metadata", **name)
    return html.Div([known, audio, html.Div(hint, id="now-playing"), _keys()], className="player")


def player_of_many(titles: dict[str, str]) -> html.Div:
    """One player for several sessions, which plays what is clicked; ``titles`` says what each is called, by id."""
    name = aria(say("What is clicked"))
    known: dict[str, Any] = {"data-many": "yes"}
    audio = html.Audio(id="player", controls=True, preload="none", **name, **known)
    hint = html.Div(say("Click a point or a turn to hear it."), id="now-playing")
    return html.Div([dcc.Store(id="titles", data=titles), audio, hint], className="player")


def turns_known(session: Session) -> dict[str, list[Any]]:
    """What the player needs of each turn, a list a field: ``start, end`` (seconds, to the millisecond), ``speaker,
    emotion`` (None where there is none)."""
    turns, names = session.turns, {label: session.name_of(label) for label in session.speakers["label"]}
    times = {name: turns[name].astype(float).round(3).tolist() for name in ("start", "end")}
    emotions = turns["emotion"].astype(object)
    return times | {
        "speaker": [names[label] for label in turns["speaker"]],
        "emotion": emotions.where(emotions.notna(), None).tolist(),
    }


def _keys() -> html.Details:
    """What the keyboard does (``assets/turntone.js``)."""
    rows = [html.Div([html.Dt(_pressed(keys)), html.Dd(say(what))]) for keys, what in _KEYS]
    return html.Details([html.Summary(say("Keys")), html.Dl(rows)], id="keys", className="keys")


def _pressed(keys: tuple[str, ...]) -> list[Any]:
    return [part for key in keys for part in (html.Kbd(key), " ")]
