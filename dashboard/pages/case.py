"""The page of a case: each participant over its sessions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from dash import html

from reports.drawing import clock
from reports.figure_list import about_figure
from reports.figures import case_shares_figure, case_valence_figure, similarity_figure
from reports.html import CAUTIONS
from reports.measures import participants_of
from reports.similarity import Similarity, session_similarity
from reports.summaries import MOST_PEOPLE, case_summary

from ..downloads import case_report_address
from ..layout.cards import bullets, button, card, columns, command, heading
from ..layout.graphs import graph
from ..layout.origins import credits_of
from ..layout.tables import sessions_table
from ..layout.words import count, days
from .page import Page

if TYPE_CHECKING:
    from pipeline.sessions import Session

    from ..sessions import Library


def case_page(library: Library, name: str) -> Page | None:
    """The page of one case; None where there is no such case."""
    sessions = library.case(name)
    if sessions is None:
        return None
    people = participants_of(sessions)
    similarities = {person: session_similarity(sessions, person) for person in people[:MOST_PEOPLE]}
    summaries = [each for each in library.sessions() if each.case == name]
    parts = [
        _heading(name, sessions, people),
        card("In short", bullets(case_summary(name, sessions, similarities))),
        *(part for person, found in similarities.items() for part in _participant(person, sessions, found)),
        None if people else _nobody(sessions[0]),
        card("Sessions of this case", sessions_table(summaries, with_case=False)),
        columns(card("How to read this, and how not to", bullets(CAUTIONS)), card("Credits", credits_of(*sessions))),
    ]
    return Page(f"{name} – case", html.Div(parts))


def roles_of(person: str, sessions: Sequence[Session]) -> list[str]:
    """The roles that a participant had, each once, in order of the sessions."""
    rows = [row for session in sessions for row in session.speakers.to_dict("records")]
    return list(dict.fromkeys(row["role"] for row in rows if row["participant"] == person and row["role"]))


def _heading(name: str, sessions: Sequence[Session], people: Sequence[str]) -> Any:
    dates = [session.date for session in sessions if session.date]
    sound = sum(session.recording.duration for session in sessions)
    said = [
        count(len(sessions), "session"),
        days(min(dates, default=None), max(dates, default=None)),
        f"{clock(sound)} of sound",
        ", ".join(people) or "nobody is named yet",
    ]
    actions = [button("Download report", case_report_address(name))]
    return heading(name, html.P(" · ".join(said)), [("Sessions", "/")], actions)


def _participant(person: str, sessions: Sequence[Session], found: Similarity) -> list[Any]:
    size = len(sessions)
    shares = card(
        "Emotions from session to session",
        graph(case_shares_figure(sessions, person), f"Emotion shares of {person} by session", narrowest=60 + 70 * size),
        about=about_figure("case-shares"),
    )
    valence = card(
        "Pleasant or unpleasant",
        graph(case_valence_figure(sessions, person), f"Valence of {person} by session", narrowest=116 + 74 * size),
        about=about_figure("case-valence"),
    )
    similarity = similarity_figure(sessions, person, found)
    drawn = graph(similarity, f"Similarity of the sessions of {person}", narrowest=210 + 56 * size)
    alike = card(
        "How alike the sessions are", html.Div([drawn, html.P(about_figure("similarity"))], className="beside")
    )
    title = ", ".join([person, " and ".join(roles_of(person, sessions))]).removesuffix(", ")
    return [html.H2(title, className="above"), columns(shares, valence), alike]


def _nobody(session: Session) -> Any:
    labels = " ".join(f"{label}=NAME:ROLE" for label in session.speakers["label"]) or "SPEAKER_00=NAME:ROLE"
    return card(
        "Who is who?",
        html.P("People are compared over sessions once somebody has said who they are, session by session:"),
        command(f"turntone sessions assign {session.id} {labels}"),
    )
