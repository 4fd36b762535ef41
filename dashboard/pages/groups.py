"""Groups of people or sessions, compared in what the measures say of them."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from contextlib import suppress
from math import isnan
from typing import TYPE_CHECKING, Any

import dash_mantine_components as dmc
from dash import html

from reports.between.covariates import known_covariates
from reports.group_comparison import DEFAULT_MEASURES, GroupComparison, group_comparison
from reports.group_tables import methods_text
from reports.language import say
from reports.measures import MEASURES, find_measures
from reports.wording import by_chance, number

from ..layout.cards import bullets, card, command, heading
from ..layout.choosers import choice, ways_to_compare
from ..layout.later import later_card
from ..layout.measures import plain_table
from ..layout.work import DAY
from .page import Page

if TYPE_CHECKING:
    from reports.between.groups import Contrast

    from ..sessions import Library

MOST_SESSIONS = 200
"""Sessions that are compared on the page; of more, the last ones. The command takes all."""

_WAYS = {"role": "roles", "case": "cases", "dates": "before and since a day"}


def groups_page(library: Library, asked: Mapping[str, str]) -> Page:
    """What is compared (``groups``: role, case or dates; ``since``, ``measure``, ``of``), and the result."""
    sessions = library.sessions()
    by = asked.get("groups", "role") if asked.get("groups") in _WAYS else "role"
    days = sorted(each.date for each in sessions if each.date)
    asked = dict(asked) | {"groups": by, "since": asked.get("since") or (f"{days[len(days) // 2]}" if days else "")}
    cases = list(dict.fromkeys(each.case for each in sessions if each.case))
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
                later_card(say("Differences between the groups"), "groups", 300, _about(len(sessions))),
                card(say("Other groups"), html.P(say(_OTHERS)), command(_COMMAND)),
            ]
        ),
    )


_OTHERS = "Groups that a table of yours says (age, therapy, outcome) are compared in a terminal:"
_COMMAND = "turntone compare --groups people.csv --by therapy"


def groups_part(library: Library, asked: Mapping[str, str], part: str) -> Any:
    """The differences; None where that is not what is asked for."""
    if part != "groups":
        return None
    by = asked.get("groups", "role") if asked.get("groups") in _WAYS else "role"
    wanted = [each.id for each in library.sessions() if not asked.get("of") or each.case == asked["of"]]
    opened = [library.session(each) for each in wanted[-MOST_SESSIONS:]]
    sessions = [each for each in opened if each is not None]
    table = known_covariates(sessions, by, _since(library, asked))
    measures = [asked["measure"]] if asked.get("measure") else DEFAULT_MEASURES
    return _shown(group_comparison(sessions, table, by, measures))


def _since(library: Library, asked: Mapping[str, str]) -> datetime.date | None:
    with suppress(ValueError):
        return datetime.date.fromisoformat(asked.get("since", ""))
    days = sorted(each.date for each in library.sessions() if each.date)
    return days[len(days) // 2] if days else None


def _shown(found: GroupComparison) -> Any:
    counts = [
        say("{group}: {people} people, {sessions} sessions", group=say(row["level"]), people=row["num_speakers"],
            sessions=row["num_sessions"])
        for row in found.counts.to_dict("records")
    ]  # fmt: skip
    heads = [say(each) for each in ("Measure", "Group", "Mean (SD)", "Against", "Mean (SD)", "Difference", "d", "p")]
    table = plain_table(heads, [_row(each) for each in found.contrasts], say("Differences between the groups"))
    notes = list(dict.fromkeys(f"{each.note}." for each in found.contrasts if each.note))
    left = [html.Details([html.Summary(say("Who took no part")), bullets(found.left_out)])] if found.left_out else []
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


def _about(count: int) -> str:
    about = say(
        "p is corrected for all rows (Benjamini and Hochberg 1995); the people of a group differ among themselves, "
        "which the model takes into account."
    )
    if count <= MOST_SESSIONS:
        return about
    return f"{about} {say('Of {count} sessions, the last {most} are compared here.', count=count, most=MOST_SESSIONS)}"
