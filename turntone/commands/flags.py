"""``turntone flags``: what to look at in a session, and which turns it rests on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..terminal import (
    ConfigOption,
    Format,
    FormatOption,
    SettingsOption,
    WorkspaceOption,
    clock,
    print_json,
    print_table,
    say,
)

if TYPE_CHECKING:
    from pipeline.sessions import Session
    from reports.flags import Findings, Flag

_MOST_TIMES = 6


def flags(
    session: Annotated[str, typer.Argument(metavar="SESSION", help="Id of the session, or how it begins.")],
    rules: Annotated[
        str | None,
        typer.Option("--rules", help="Preset or YAML file of rules; short for --set reports.flags=..."),
    ] = None,
    config: ConfigOption = None,
    settings: SettingsOption = None,
    workspace: WorkspaceOption = None,
    format: FormatOption = Format.table,
) -> None:
    """What rules say is worth a look in a session, each with its turns."""
    from pipeline.settings import load_reports
    from reports.flags import find_flags, rules_for

    from ..api import open_workspace

    named = rules or load_reports(config, settings or ()).flags
    store = open_workspace(workspace)
    found = store.session(session)
    store.note_each("opened", [found], "flags")
    findings = find_flags(found, rules_for(found, named))
    if format is Format.json:
        print_json(_json(found, findings))
    else:
        _print(found, findings)


def _json(session: Session, findings: Findings) -> dict[str, Any]:
    return {
        "session": session.id,
        "rules": findings.num_rules,
        "flags": [_flag_json(flag) for flag in findings.flags],
        "not_judged": [
            {"name": each.rule.name, "speaker": each.speaker, "reason": each.reason} for each in findings.not_judged
        ],
    }


def _flag_json(flag: Flag) -> dict[str, Any]:
    turns = [
        {
            "turn": each.turn,
            "start": round(each.start, 3),
            "end": round(each.end, 3),
            "speaker": each.speaker,
            "value": round(each.value, 6),
        }
        for each in flag.evidence
    ]
    return {
        "name": flag.rule.name,
        "title": flag.rule.title,
        "about": flag.rule.about,
        "speaker": flag.speaker,
        "other": flag.other,
        "value": round(flag.value, 6),
        "p": None if flag.p != flag.p else round(flag.p, 6),
        "sentence": flag.sentence,
        "turns": turns,
    }


def _print(session: Session, findings: Findings) -> None:
    rows = [(flag.rule.name, flag.rule.title, flag.sentence, _times(flag)) for flag in findings.flags]
    if rows:
        print_table(("flag", "says", "found", "turns"), rows)
    elif findings.num_rules:
        say("no flag is raised")
    else:
        say(
            "no rules are looked at: no speaker has a role that a preset is for; say who is who with turntone "
            f"sessions assign {session.id}, or give --rules"
        )
    for each in findings.not_judged:
        whose = f" of {session.name_of(each.speaker)}" if each.speaker else ""
        say(f"not judged: {each.rule.name}{whose}: {each.reason}")


def _times(flag: Flag) -> str:
    shown = ", ".join(clock(each.start) for each in flag.evidence[:_MOST_TIMES])
    left = len(flag.evidence) - _MOST_TIMES
    return f"{shown} and {left} more" if left > 0 else shown
