"""The pages on which a person corrects what the machine is unsure of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dash import dcc, html

from pipeline.corrections import SURE, Corrections
from reports.language import say, sentences

from ..downloads import export_address
from ..layout.cards import aria, button, card, columns, heading
from ..layout.player import player
from ..layout.tables import case_address, review_table, session_address
from ..layout.words import count, day
from .page import Page

if TYPE_CHECKING:
    from ..sessions import Library

_KEYS = (
    (("1 – 9",), "the emotion of that number"),
    (("Shift", "1 – 9"), "the speaker of that number"),
    (("Enter",), "right as it is"),
    (("N", "P"), "next or previous turn"),
    (("H",), "hear the turn again"),
    (("A",), "all turns of the speaker, or this one"),
    (("S",), "split the turn where the recording stands"),
    (("M",), "join it with the speaker's next one"),
    (("U", "R"), "undo or redo"),
)
_MOST = 200
"""Sessions that the page lists."""

_TO_COME = (
    "Where the machine is unsure of a speaker or an emotion, you say what is right; the machine's answer is kept."
)


def reviews_page(library: Library) -> Page:
    """The sessions with most to look at, those first."""
    queue = library.part(("review", library.state()), lambda: Corrections(library.workspace).queue(_MOST))
    if not queue.sessions:
        link = dcc.Link(say("Add recordings"), href="/", className="button")
        return Page(say("Review"), html.Div([heading(say("Nothing to review yet"), say(_TO_COME)), link]))
    unsure, done = queue.unsure, queue.reviewed
    counted = say("{unsure} to look at, {done} reviewed.", unsure=count(unsure, "turn"), done=count(done, "turn"))
    under = sentences(counted, say(_TO_COME))
    actions = [button(say("Download all labels"), export_address("labels"))] if done else []
    about = say(
        "A turn is unsure where the speaker's or the emotion's confidence is below {sure}, or the emotion is "
        "uncertain. The labels are a CSV file for turntone calibrate and turntone train-head.",
        sure=f"{SURE:.0%}",
    )
    if queue.sessions > len(queue.counts):
        most = say("The {most} of {count} sessions with most to look at; any other is reviewed from its own page.",
                   most=len(queue.counts), count=f"{queue.sessions:,}")  # fmt: skip
        about = sentences(most, about)
    sessions = library.summaries(list(queue.counts))
    table = card(say("Sessions to review"), review_table(sessions, queue.counts), about=about)
    return Page(say("Review"), html.Div([heading(say("Review"), under, actions=actions), table]))


def review_page(library: Library, session_id: str) -> Page | None:
    """The queue of one session; ``assets/review.js`` fills it. None where there is no such session."""
    session = library.session(session_id)
    if session is None:
        return None
    name = session.recording.path.name
    trail = [(say("Review"), "/review")] + ([(session.case, case_address(session.case))] if session.case else [])
    counted = say("{turns}, the least sure first", turns=count(len(session.turns), "turn"))
    under = f"{day(session.date)} · {counted}"
    actions = [
        dcc.Link(say("Session"), href=session_address(session.id), className="quiet big"),
        button(say("Download labels"), export_address("labels", session.id)),
    ]
    known: dict[str, Any] = {"data-session": session.id}
    rows = [html.Div([html.Dt([html.Kbd(key) for key in keys]), html.Dd(say(what))]) for keys, what in _KEYS]
    queue = card(
        say("Queue"), html.Ol(id="review-queue", className="queue", **aria(say("Turns, the least sure first")))
    )
    parts = [
        heading(say("Review of {name}", name=name), under, trail, actions),
        player(session, library.audio(session_id) is not None),
        html.Div(
            [html.Section(id="review", className="card", **known, **aria(say("The turn"))), queue], className="review"
        ),
        columns(
            card(
                say("How far you and the machine agree"),
                html.Div(id="review-agreement"),
                about=say(
                    "Cohen's kappa: 1 is alike throughout, 0 what chance would give. Those of which the machine is "
                    "least sure come first, so over all turns it agrees with you more than here."
                ),
            ),
            card(say("Keys"), html.Dl(rows, className="key-list")),
        ),
    ]
    return Page(f"{name} – {say('review')}", html.Div(parts))
