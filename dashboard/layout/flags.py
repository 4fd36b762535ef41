"""Flags: what rules say is worth a look, each with the turns to hear."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dash import html

from reports.drawing import clock
from reports.language import say, say_many
from reports.measures import speaker_names

if TYPE_CHECKING:
    from pipeline.sessions import Session
    from reports.flags import Findings, Flag, NotJudged


def flags_list(session: Session, findings: Findings) -> html.Div:
    """What rules found in a session; the button of a turn leads to it and plays it."""
    names = speaker_names(session)
    parts: list[Any] = [_flag(flag, names) for flag in findings.flags]
    if not findings.num_rules:
        parts = [html.P(say("No rules were looked at: nobody has a role that they are for."))]
    elif not findings.flags:
        parts = [html.P(say("No rule was met."))]
    return html.Div([*parts, *_missing(findings.not_judged, names)], className="flags")


def turn_button(turn: int, start: float, name: str, session: str | None = None, more: str = "") -> html.Button:
    """Leads to a turn and plays it (``assets/turntone.js``); of another session than the page's, where one is given."""
    known: dict[str, Any] = {"data-turn": str(turn), "data-start": f"{start:.3f}"}
    known |= {"data-session": session} if session else {}
    label = say("Go to the turn of {who} at {time}", who=name, time=clock(start))
    shown = f"{clock(start)} {name}{more}"
    hidden: dict[str, Any] = {"aria-hidden": "true"}
    triangle = html.Span(className="triangle", **hidden)
    return html.Button([triangle, shown], className="play to-turn", type="button", title=label, **known)


def _flag(flag: Flag, names: Mapping[str, str]) -> html.Div:
    turns = [turn_button(each.turn, each.start, names[each.speaker]) for each in flag.evidence]
    about = html.P(say(flag.rule.about), className="about") if flag.rule.about else None
    evidence = html.Div(turns, className="evidence") if turns else None
    return html.Div([html.H3(say(flag.rule.title)), html.P(flag.sentence), about, evidence], className="flag")


def _missing(missing: Sequence[NotJudged], names: Mapping[str, str]) -> list[Any]:
    if not missing:
        return []
    lines = [
        f"{say(each.rule.title)}{f' ({names[each.speaker]})' if each.speaker else ''}: {each.reason}"
        for each in missing
    ]
    summary = html.Summary(
        say_many(
            len(lines),
            "{count} rule could not be judged; silence about it means nothing",
            "{count} rules could not be judged; silence about them means nothing",
        )
    )
    return [html.Details([summary, html.Ul([html.Li(line) for line in lines], className="plain")], className="missing")]
