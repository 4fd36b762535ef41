"""The page of a case: each participant over its sessions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from dash import dcc, html

from reports.comparisons import session_titles
from reports.drawing import clock
from reports.figure_list import find_figure, has_data, message_of
from reports.html import cautions_of
from reports.language import listed, say
from reports.measures import participants_of
from reports.similarity import Similarity, session_similarity
from reports.summaries import MOST_PEOPLE, case_summary
from reports.wording import by_chance, number

from ..downloads import case_report_address
from ..layout.cards import bullets, button, card, columns, command, heading
from ..layout.graphs import graph, opened, played
from ..layout.later import later_card, on_demand
from ..layout.measures import plain_table
from ..layout.origins import credits_of
from ..layout.player import player_of_many
from ..layout.tables import case_table, compare_address
from ..layout.words import count, days
from .page import Page

if TYPE_CHECKING:
    from pipeline.sessions import Session

    from ..sessions import Library

_MOST_PAIRS = 60
"""Pairs of sessions that the table below a matrix has; of more, those that differ most."""


def case_page(library: Library, name: str) -> Page | None:
    """The page of one case; None where there is no such case."""
    sessions = library.case(name)
    if sessions is None:
        return None
    people = participants_of(sessions)
    summaries = library.sessions_of(name)
    parts = [
        _heading(name, sessions, people),
        player_of_many(_called(sessions)) if people else None,
        later_card(say("In short"), "summary", 150),
        *(part for at, person in enumerate(people[:MOST_PEOPLE]) for part in _participant(person, at, sessions)),
        None if people else _nobody(sessions[0]),
        card(say("Sessions of this case"), case_table(summaries, library.findings([each.id for each in summaries]))),
        columns(
            card(say("How to read this, and how not to"), bullets(cautions_of(sessions))),
            card(say("Credits"), credits_of(*sessions)),
        ),
    ]
    return Page(f"{name} – {say('case')}", html.Div(parts))


def case_part(library: Library, name: str, part: str) -> Any:
    """A part of that page that comes later; None where there is none of that name, or no such case."""
    sessions = library.case(name)
    if sessions is None:
        return None
    people = participants_of(sessions)[:MOST_PEOPLE]
    if part == "summary":
        found = {person: similarity_of(library, name, person) for person in people}
        return bullets(map(str, case_summary(name, sessions, found)))
    kind, _, at = part.rpartition(":")
    if kind not in _PARTS or not at.isdigit() or int(at) >= len(people):
        return None
    return _PARTS[kind](library, name, sessions, people[int(at)])


def similarity_of(library: Library, case: str, person: str) -> Similarity:
    """How alike a participant's sessions of a case are; found once while no session of it changes."""
    versions = tuple(library.case_versions(case).items())
    return library.part(
        ("similarity", case, person, versions), lambda: session_similarity(library.case(case) or [], person)
    )


def roles_of(person: str, sessions: Sequence[Session]) -> list[str]:
    """The roles that a participant had, each once, in order of the sessions."""
    rows = [row for session in sessions for row in session.speakers.to_dict("records")]
    return list(dict.fromkeys(row["role"] for row in rows if row["participant"] == person and row["role"]))


def _called(sessions: Sequence[Session]) -> dict[str, str]:
    return session_titles(sessions)


def _heading(name: str, sessions: Sequence[Session], people: Sequence[str]) -> Any:
    dates = [session.date for session in sessions if session.date]
    sound = sum(session.recording.duration for session in sessions)
    said = [
        count(len(sessions), "session"),
        days(min(dates, default=None), max(dates, default=None)),
        say("{time} of sound", time=clock(sound)),
        ", ".join(people) or say("nobody is named yet"),
    ]
    compare = dcc.Link(
        say("Compare"),
        href=compare_address(sessions[0].id, sessions[-1].id if len(sessions) > 1 else "", *people[:1]),
        className="quiet big",
    )
    actions = [compare, button(say("Download report"), case_report_address(name))]
    return heading(name, html.P(" · ".join(said)), [(say("Sessions"), "/")], actions)


def _participant(person: str, at: int, sessions: Sequence[Session]) -> list[Any]:
    size = len([session for session in sessions if person in set(session.speakers["participant"])])
    roles = [say(role) for role in roles_of(person, sessions) if role.lower() != person.lower()]
    title = ", ".join(filter(None, [person, listed(roles)]))
    return [
        html.H2(title, className="above"),
        columns(_card("case-shares", at, 360), _card("case-valence", at, 360)),
        _card("similarity", at, max(260, 74 * min(size, 8) + 80), say("Click a cell to compare the two sessions.")),
        columns(
            _card("case-trends", at, 300),
            on_demand(
                say(find_figure("turn-map").title),
                f"turn-map:{at}",
                f"{say(find_figure('turn-map').about)} {say('Click a point to hear its turn.')}",
                430,
            ),
        ),
    ]


def _card(name: str, at: int, height: int, more: str = "") -> html.Section:
    entry = find_figure(name)
    return later_card(say(entry.title), f"{name}:{at}", height, " ".join(filter(None, [say(entry.about), more])))


def _drawn(name: str, each: int, margin: int) -> Callable[..., Any]:
    """What draws a figure of a participant, so wide that each session has its pixels."""

    def draw(_library: Library, _case: str, sessions: Sequence[Session], person: str) -> Any:
        entry = find_figure(name)
        label = f"{entry.title}: {person}"
        figure = entry.draw(sessions, person)
        if not has_data(figure):
            return html.P(message_of(figure), className="too-little")
        click = played(f"{name} {person}") if name == "turn-map" else None
        return graph(figure, label, click, narrowest=margin + each * len(sessions) if each else 0)

    return draw


def _similarity(library: Library, case: str, sessions: Sequence[Session], person: str) -> Any:
    found = similarity_of(library, case, person)
    entry = find_figure("similarity")
    figure = entry.draw(sessions, person, found)
    if not has_data(figure):
        return html.P(message_of(figure), className="too-little")
    label = say("Similarity of the sessions of {who}", who=person)
    drawn = graph(figure, label, opened(person), narrowest=210 + 56 * len(found.sessions))
    return html.Div([drawn, _pairs(found, person)], className="beside")


def _pairs(found: Similarity, person: str) -> html.Div:
    """The same in a table, those that differ most first, each with a link to both sessions side by side."""
    titles = session_titles(found.sessions)
    rows, places = np.triu_indices(len(found.sessions), 1)
    order = sorted(zip(rows.tolist(), places.tolist(), strict=True), key=lambda pair: float(found.cosine[pair]))
    lines = [_pair(found, person, titles, *pair) for pair in order[:_MOST_PAIRS]]
    heads = [say("Sessions"), say("alike"), say("by chance"), "p"]
    return plain_table(heads, lines, say("Pairs of sessions of {who}", who=person), "pairs")


def _pair(found: Similarity, person: str, titles: dict[str, str], row: int, column: int) -> list[Any]:
    one, other = found.sessions[row].id, found.sessions[column].id
    link = dcc.Link(f"{titles[one]} – {titles[other]}", href=compare_address(one, other, person))
    values = (number(float(found.cosine[row, column])), number(float(found.floor[row, column])))
    return [link, *values, by_chance(float(found.p_value[row, column])).removeprefix("p = ").removeprefix("p ")]


_PARTS: dict[str, Callable[..., Any]] = {
    "case-shares": _drawn("case-shares", 64, 60),
    "case-valence": _drawn("case-valence", 54, 116),
    "case-trends": _drawn("case-trends", 0, 0),
    "turn-map": _drawn("turn-map", 0, 0),
    "similarity": _similarity,
}
"""The parts that come later, by name; in an address a number behind it says whose."""


def _nobody(session: Session) -> Any:
    labels = " ".join(f"{label}=NAME:ROLE" for label in session.speakers["label"]) or "SPEAKER_00=NAME:ROLE"
    return card(
        say("Who is who?"),
        html.P(
            [
                say("People are compared over sessions once somebody has said who they are, session by session:"),
                " ",
                dcc.Link(say("Participants"), href="/participants"),
            ]
        ),
        command(f"turntone sessions assign {session.id} {labels}"),
    )
