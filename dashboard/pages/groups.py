"""Groups of people or sessions, compared in what the measures say of them."""

from __future__ import annotations

import datetime
from base64 import b64decode
from collections.abc import Mapping
from contextlib import suppress
from math import isnan
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import dash_mantine_components as dmc
from dash import dcc, html

from diarization.errors import ConfigError, TurntoneError
from pipeline.store.listing import Wanted
from reports.between.covariates import covariates_of, known_covariates
from reports.group_comparison import DEFAULT_MEASURES, GroupComparison, group_comparison
from reports.group_tables import methods_text
from reports.language import say, say_many, spoken, translated
from reports.measures import MEASURES, find_measures
from reports.wording import by_chance, number

from ..layout.cards import bullets, card, command, heading
from ..layout.choosers import choice, ways_to_compare
from ..layout.later import later_card
from ..layout.measures import plain_table
from ..layout.words import count, sentence
from ..layout.work import DAY
from .page import Page

if TYPE_CHECKING:
    from pipeline.sessions import Session
    from reports.between.groups import Contrast

    from ..sessions import Library

MOST_SESSIONS = 200
"""Sessions that are compared on the page; of more, the last ones. The command takes all."""

_WAYS = {"role": "roles", "case": "cases", "dates": "before and since a day"}


def groups_page(library: Library, asked: Mapping[str, str]) -> Page:
    """What is compared (``groups``: role, case or dates; ``since``, ``measure``, ``of``), and the result."""
    by = asked.get("groups", "role") if asked.get("groups") in _WAYS else "role"
    middle = library.middle_day() if by == "dates" else None
    asked = dict(asked) | {"groups": by, "since": asked.get("since") or (f"{middle}" if middle else "")}
    cases = library.names().cases
    under = say("Differences between groups by mixed models, as turntone compare gives them.")
    head = heading(say("Compare"), under, actions=[ways_to_compare("groups")])
    choices = [
        choice("groups", say("Groups"), [(name, say(title)) for name, title in _WAYS.items()], by),
        _day(asked["since"]) if by == "dates" else None,
        choice("measure", say("Measure"), _measures(), asked.get("measure", ""), say("the usual ones")),
        choice("of", say("Only this case"), [(each, each) for each in cases], asked.get("of", ""), say("all cases")),
    ]
    return Page(
        say("Compare"),
        html.Div(
            [
                head,
                html.Div(choices, className="choices"),
                later_card(say("Differences between the groups"), "groups", 300, _about(library.totals().sessions)),
                _own(),
            ]
        ),
    )


_OTHERS = "A CSV file of yours says who belongs to which group (age, therapy, outcome): a column session or participant, and a column for each thing that is known. It is read here and not kept."  # noqa: E501
_IN_A_TERMINAL = "All sessions, and tables ready for a paper, in a terminal:"
_COMMAND = "turntone compare --groups people.csv --by therapy"
_LARGEST = 2 * 2**20


def _own() -> html.Section:
    """Groups from a table of one's own; what is chosen above says of which measure and case."""
    chosen = html.Div(
        [
            dcc.Upload(say("Choose a CSV file"), id="own-file", className="button", accept=".csv,.tsv,.txt,text/csv",
                       max_size=_LARGEST),
            dmc.Select(id="own-by", label=say("Groups by"), data=[], disabled=True, allowDeselect=False),
            html.P(id="own-said", className="said", role="status"),
        ],
        className="own-groups",
    )  # fmt: skip
    return card(
        say("Groups from a table of yours"),
        chosen,
        html.Div(id="own-result"),
        html.Div([html.P(say(_IN_A_TERMINAL)), command(_COMMAND)], className="below"),
        about=say(_OTHERS),
    )


def own_columns(name: str, content: str | None) -> tuple[list[str], str]:
    """The columns that groups can be made by of a table that was chosen, and what is to be said of it."""
    if content is None:
        return [], say("This file cannot be taken; a CSV file of at most 2 MB can.")
    try:
        found = covariates_of(name, _bytes(content))
    except TurntoneError as error:
        return [], _said(error)
    return list(found.columns), say("{name}: {count} rows", name=name, count=len(found.rows))


def own_groups(library: Library, search: str, name: str, content: str, by: str) -> Any:
    """The differences between the groups that a column of that table makes."""
    asked = dict(parse_qsl(search.lstrip("?")))
    try:
        table = covariates_of(name, _bytes(content), by)
        measures = [asked["measure"]] if asked.get("measure") else DEFAULT_MEASURES
        return _shown(group_comparison(_sessions(library, asked), table, by, measures))
    except TurntoneError as error:
        return html.P(_said(error), className="wrong")


def _said(error: TurntoneError) -> str:
    return translated(str(error)) + ("。" if spoken() == "zh" else ".")


def _bytes(content: str) -> bytes:
    """What a browser gives as ``data:text/csv;base64,...``."""
    try:
        return b64decode(content.partition(",")[2], validate=True)
    except ValueError:
        raise ConfigError(say("this file cannot be read; choose it again")) from None


def _sessions(library: Library, asked: Mapping[str, str]) -> list[Session]:
    """Those that are compared: the last ones of a case, or of all."""
    wanted = library.list_of(Wanted(case=asked.get("of") or None))
    opened = [library.session(each) for each in wanted[-MOST_SESSIONS:]]
    return [each for each in opened if each is not None]


def groups_part(library: Library, asked: Mapping[str, str], part: str) -> Any:
    """The differences; None where that is not what is asked for."""
    if part != "groups":
        return None
    by = asked.get("groups", "role") if asked.get("groups") in _WAYS else "role"
    sessions = _sessions(library, asked)
    table = known_covariates(sessions, by, _since(library, asked))
    measures = [asked["measure"]] if asked.get("measure") else DEFAULT_MEASURES
    return _shown(group_comparison(sessions, table, by, measures))


def _since(library: Library, asked: Mapping[str, str]) -> datetime.date | None:
    with suppress(ValueError):
        return datetime.date.fromisoformat(asked.get("since", ""))
    return library.middle_day()


def _shown(found: GroupComparison) -> Any:
    counts = [
        say("{group}: {people}, {sessions}", group=say(row["level"]), sessions=count(row["num_sessions"], "session"),
            people=say_many(row["num_speakers"], "{count} person", "{count} people"))
        for row in found.counts.to_dict("records")
    ]  # fmt: skip
    heads = [say(each) for each in ("Measure", "Group", "Mean (SD)", "Against", "Mean (SD)", "Difference", "d", "p")]
    table = plain_table(heads, [_row(each) for each in found.contrasts], say("Differences between the groups"))
    notes = list(dict.fromkeys(sentence(translated(each.note)) for each in found.contrasts if each.note))
    left = (
        [
            html.Details(
                [html.Summary(say("Who took no part")), bullets(sentence(translated(each)) for each in found.left_out)]
            )
        ]
        if found.left_out
        else []
    )
    method = html.P(methods_text(found), className="about")
    return html.Div([bullets(counts), table, bullets(notes) if notes else None, *left, method], className="stack")


def _row(each: Contrast) -> list[Any]:
    difference = "–"
    if not isnan(each.difference):
        low, high = number(each.low, True), number(each.high, True)
        difference = say("{value} ({low} to {high})", value=number(each.difference, True), low=low, high=high)
    levels = [
        part
        for level in (each.level, each.reference)
        for part in (say(level.name), f"{number(level.mean) or '–'} ({number(level.deviation) or '–'})")
    ]
    p = "–" if isnan(each.p_corrected) else by_chance(each.p_corrected)
    return [_outcome(each), *levels, difference, number(each.effect) or "–", p]


def _outcome(each: Contrast) -> str:
    name, _, key = each.outcome.partition(": ")
    title = say(find_measures([name])[0].title)
    return say("{title}: {key}", title=title, key=say(key)) if key else title


def _measures() -> list[tuple[str, str]]:
    single = [each for each in MEASURES if each.scope in ("speaker", "session") and not each.detail]
    return [(each.name, say(each.title)) for each in single]


def _day(since: str) -> dmc.TextInput:
    return dmc.TextInput(id={"type": "asked", "name": "since"}, label=say("Since this day"), value=since,
                         attributes=DAY, debounce=600)  # fmt: skip


def _about(number: int) -> str:
    about = say(
        "p is corrected for all rows (Benjamini and Hochberg 1995); the people of a group differ among themselves, "
        "which the model takes into account."
    )
    if number <= MOST_SESSIONS:
        return about
    return f"{about} {say('Of {count} sessions, the last {most} are compared here.', count=number, most=MOST_SESSIONS)}"
