"""The page on which two sessions, or groups of people, are compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from dash import dcc, html

from pipeline.store.listing import Wanted, Word
from reports.comparisons import session_titles
from reports.figure_list import find_figure, has_data, message_of
from reports.html import cautions_of
from reports.language import say
from reports.measures import speaker_names
from reports.pair_comparison import pair_sentences, pair_tables, people_in_both, strongest_turns
from reports.palette import speaker_colours

from ..layout.cards import bullets, card, chip, columns, heading
from ..layout.choosers import MOST_SHOWN, chooser_of_sessions, options_of, ways_to_compare
from ..layout.flags import turn_button
from ..layout.graphs import graph, of_session, played
from ..layout.later import later, later_card
from ..layout.measures import measure_cards, plain_table
from ..layout.player import player_of_many
from ..layout.tables import case_address, session_address
from ..layout.words import day
from .case import similarity_of
from .groups import groups_page, groups_part
from .page import Page

if TYPE_CHECKING:
    import pandas as pd

    from pipeline.sessions import Session
    from pipeline.workspace import SessionSummary

    from ..sessions import Library

_UNDER = "Any two sessions side by side, or groups of people. The address can be shared."


def compare_page(library: Library, search: str) -> Page:
    """The page for what the address says is to be compared: two sessions (``a``, ``b``, ``who``) or ``groups``."""
    asked = dict(parse_qsl(search.lstrip("?")))
    if "groups" in asked:
        return groups_page(library, asked)
    one, other = (library.session(asked.get(name, "")) for name in ("a", "b"))
    people = people_in_both(one, other) if one and other else []
    who = asked.get("who") if asked.get("who") in people else next(iter(people), None)
    chooser = chooser_of_sessions(_offered(library, asked), asked | {"who": who or ""}, people)
    head = heading(say("Compare"), say(_UNDER), actions=[ways_to_compare("sessions")])
    if one is None or other is None or one.id == other.id:
        return Page(say("Compare"), html.Div([head, chooser, _hint(library, asked)]))
    return Page(say("Compare"), html.Div([head, chooser, *_pair(one, other, who)]))


def compare_part(library: Library, search: str, part: str) -> Any:
    """A part of that page that comes later; None where there is none."""
    asked = dict(parse_qsl(search.lstrip("?")))
    if "groups" in asked:
        return groups_part(library, asked, part)
    one, other = (library.session(asked.get(name, "")) for name in ("a", "b"))
    if one is None or other is None:
        return None
    people = people_in_both(one, other)
    who = asked.get("who") if asked.get("who") in people else next(iter(people), None)
    if part in ("map-a", "map-b"):
        return _map(one if part == "map-a" else other, part)
    if part == "summary":
        return bullets(pair_sentences(one, other, who, _similarity(library, one, other, who)))
    if part == "measures":
        return measure_cards(pair_tables(one, other, who))
    if who and part == "turns":
        return _turns(library, one, other, who)
    return _figure(part, one, other, who) if who and part in _FIGURES else None


def compare_versions(library: Library, search: str) -> tuple[Any, ...] | None:
    """What tells the states of the sessions of an address from each other; None where one of two is not there."""
    asked: Mapping[str, str] = dict(parse_qsl(search.lstrip("?")))
    if "groups" in asked:
        return (library.state(),)
    found = [library.session(asked.get(name, "")) for name in ("a", "b")]
    if None in found:
        return None
    cases = [each.case for each in found if each and each.case]
    own = tuple(library.version(asked.get(name, "")) for name in ("a", "b"))
    return own + tuple(tuple(library.case_versions(case).items()) for case in cases)


_FIGURES = ("case-shares", "case-valence")

_MOST_OFFERED = 300
"""Sessions that can be chosen at once; of more, typing finds the others."""


def found_sessions(library: Library, typed: str, chosen: str | None) -> list[dict[str, str]] | None:
    """The choices for what somebody types, and what is chosen; None where all are there already."""
    if library.totals().sessions <= _MOST_OFFERED:
        return None
    words = tuple(Word(each) for each in typed.split() if each != "·")[:8]
    found, _ = library.listed(Wanted(words), 0, MOST_SHOWN)
    return options_of(_with(library, found, [chosen or ""]))


def _offered(library: Library, asked: Mapping[str, str]) -> list[SessionSummary]:
    """The first sessions, and those that are chosen."""
    found, _ = library.listed(Wanted(), 0, _MOST_OFFERED)
    return _with(library, found, [asked.get(name, "") for name in ("a", "b")])


def _with(library: Library, found: list[SessionSummary], chosen: Sequence[str]) -> list[SessionSummary]:
    known = {each.id for each in found}
    return [*library.summaries([each for each in chosen if each not in known]), *found]


def _hint(library: Library, asked: Mapping[str, str]) -> Any:
    missing = [asked[name] for name in ("a", "b") if asked.get(name) and not library.has_session(asked[name])]
    if missing:
        text = say("There is no session {id} any more; choose another one.", id=", ".join(missing))
    elif asked.get("a") and asked.get("a") == asked.get("b"):
        text = say("This is one and the same session; choose another one to compare it with.")
    else:
        text = say("Choose two sessions above.")
    return html.P(text, className="too-little")


def _pair(one: Session, other: Session, who: str | None) -> list[Any]:
    titles = session_titles([one, other])
    figures = [_titled(name) for name in _FIGURES] if who else []
    turns = later_card(
        say("The turns that drive it"),
        "turns",
        260,
        say(
            "How much each turn adds to how alike the two sessions sound (in cosines; what it would be without the "
            "turn, Efron 1982). Hear them before you believe the number."
        ),
    )
    return [
        player_of_many(titles),
        later_card(say("In short"), "summary", 120),
        columns(_session(one, "map-a", titles[one.id]), _session(other, "map-b", titles[other.id])),
        columns(*figures) if figures else None,
        turns if who and one.case and one.case == other.case else None,
        later("measures", 500),
        card(say("How to read this, and how not to"), bullets(cautions_of([one, other]))),
    ]


def _titled(name: str) -> html.Section:
    entry = find_figure(name)
    return later_card(say(entry.title), name, 360, say(entry.about))


def _session(session: Session, part: str, title: str) -> html.Section:
    names, colours = speaker_names(session), speaker_colours(session)
    place: list[Any] = [dcc.Link(session.recording.path.name, href=session_address(session.id))]
    place += [" · ", dcc.Link(session.case, href=case_address(session.case))] if session.case else []
    said = html.P([*place, f" · {day(session.date)}"], className="about")
    people = (
        html.Div([chip(name, colours[label]) for label, name in names.items()], className="chips") if names else None
    )
    return card(title, said, people, later(part, 300))


def _map(session: Session, part: str) -> Any:
    figure = find_figure("session-map").draw(session)
    if not has_data(figure):
        return html.P(message_of(figure), className="too-little")
    figure = of_session(figure, session.id)
    return graph(figure, say("Turns of each speaker over time, coloured by emotion"), played(part))


def _figure(name: str, one: Session, other: Session, who: str) -> Any:
    entry = find_figure(name)
    figure = entry.draw([one, other], who)
    if not has_data(figure):
        return html.P(message_of(figure), className="too-little")
    return graph(figure, f"{say(entry.title)}: {who}")


def _similarity(library: Library, one: Session, other: Session, who: str | None) -> Any:
    return similarity_of(library, one.case, who) if who and one.case and one.case == other.case else None


def _turns(library: Library, one: Session, other: Session, who: str) -> Any:
    table = strongest_turns(library.case(one.case or "") or [], who, one.id, other.id)
    if table.empty:
        return html.P(say("Not enough data: the two sessions cannot be compared."), className="too-little")
    titles = session_titles([one, other])
    sides = (("unlike", say("These make the sessions unlike")), ("alike", say("These make them alike")))
    return columns(*(_side(table[table["towards"] == towards], title, titles) for towards, title in sides))


def _side(table: pd.DataFrame, title: str, titles: Mapping[str, str]) -> html.Div:
    rows = [
        [
            turn_button(int(row["turn"]), float(row["start"]), titles[row["session"]], row["session"]),
            say(row["emotion"]) if row["emotion"] else "–",
            f"{row['influence']:+.3f}".replace("-", "−"),
        ]
        for row in table.to_dict("records")
    ]
    heads = [say("Turn"), say("Sounds"), say("Influence")]
    return html.Div([html.H3(title), plain_table(heads, rows, title)])
