"""``turntone sessions``: what the workspace holds."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING, Annotated

import typer

from diarization.errors import WorkspaceError

from ..terminal import Format, FormatOption, WorkspaceOption, clock, print_json, print_table, say
from .analyze import print_session

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.findings import Finding
    from pipeline.sessions import Session
    from pipeline.store.summaries import SessionSummary

_AT_ONCE = 1000
_LOOK_SECONDS = 10.0
"""For so long at most sessions are looked through before they are chosen by what is found."""

app = typer.Typer(help="List, show, assign, mask or delete analysed sessions.", no_args_is_help=True)

SessionArgument = Annotated[str, typer.Argument(metavar="SESSION", help="Id of the session, or how it begins.")]


@app.command("list")
def list_sessions(
    case: Annotated[str | None, typer.Option("--case", help="Only the sessions of this case.")] = None,
    flag: Annotated[
        str | None, typer.Option("--flag", help="Only those in which this rule raises a flag; 'any' for any rule.")
    ] = None,
    shape: Annotated[
        str | None,
        typer.Option("--shape", help="Only those with this call shape: improving, worsening, recovered or flat."),
    ] = None,
    workspace: WorkspaceOption = None,
    format: FormatOption = Format.table,
) -> None:
    """The sessions of the workspace, by case and date."""
    from pipeline.findings import FindingsOfSessions, Looking, findings_json, look_while
    from pipeline.store.listing import Wanted
    from reports.findings import SessionFinder, check_finding_names

    from ..api import open_workspace

    check_finding_names(flag, shape)
    store, finder, chosen = open_workspace(workspace), SessionFinder(), flag is not None or shape is not None
    of = FindingsOfSessions(store, finder.revision)
    if chosen:
        look_while(Looking(store, finder), _LOOK_SECONDS)
    ids = store.listed(Wanted(case=case, flag=flag, shape=shape, revision=finder.revision if chosen else ""))
    if case is not None and not ids:
        store.sessions(case)  # which says so where there is no such case
    parts = [ids[start : start + _AT_ONCE] for start in range(0, len(ids), _AT_ONCE)]
    summaries = [summary for part in parts for summary in store.summaries(part)]
    told = parts if chosen or format is Format.json else []
    findings = {known: found for part in told for known, found in of.of(part).items()}
    if format is Format.json:
        print_json([summary.to_json() | findings_json(findings.get(summary.id)) for summary in summaries])
    elif summaries:
        columns = ("session", "case", "date", "recording", "duration", "speakers", "turns", "scored")
        rows = map(_row, summaries)
        if chosen:
            found = (_found(summary, findings.get(summary.id, [])) for summary in summaries)
            print_table((*columns, "found"), ((*row, more) for row, more in zip(rows, found, strict=True)))
        else:
            print_table(columns, rows)
    elif chosen and store.totals().sessions:
        say("no session is so")
    else:
        say("no sessions yet; `turntone analyze RECORDING` makes the first")
    if chosen and (missing := of.missing()):
        which = "1 session is" if missing == 1 else f"{missing:,} sessions are"
        say(f"{which} not looked through for flags and shapes yet, so left out; turntone worker --until-empty does it")


@app.command("show")
def show(session: SessionArgument, workspace: WorkspaceOption = None, format: FormatOption = Format.table) -> None:
    """One session: its speakers and turns."""
    from ..api import open_workspace

    store = open_workspace(workspace)
    found = store.session(session)
    store.note_each("opened", [found])
    if format is Format.json:
        print_json(found.to_json())
    else:
        print_session(found)


@app.command("assign")
def assign(
    session: SessionArgument,
    who: Annotated[
        list[str], typer.Argument(metavar="SPEAKER=PARTICIPANT[:ROLE]...", help="For example SPEAKER_00=Anna:client.")
    ],
    workspace: WorkspaceOption = None,
    format: FormatOption = Format.table,
) -> None:
    """Say who is who, which is what comparisons over sessions rest on."""
    from pipeline.unmasking import assign_people

    from ..api import open_workspace

    people = dict(map(_assignment, who))
    changed = assign_people(open_workspace(workspace), session, people)
    if format is Format.json:
        print_json([each.to_json() for each in changed])
        return
    for each in changed:
        names = ", ".join(f"{label} = {each.who_is(label)}" for label in each.speakers["label"])
        say(f"{each.id}: {names}")


RolesArgument = Annotated[list[str], typer.Argument(metavar="ROLE...", help="For example agent supervisor.")]
OneSession = Annotated[str | None, typer.Option("--session", help="The session, and those of its case.")]
OneCase = Annotated[str | None, typer.Option("--case", help="All sessions of this case.")]


@app.command("mask")
def mask(
    roles: RolesArgument,
    session: OneSession = None,
    case: OneCase = None,
    workspace: WorkspaceOption = None,
    format: FormatOption = Format.table,
) -> None:
    """Stop scoring roles, and remove what is stored of their emotions; whoever has no role is masked too."""
    from ..api import open_workspace

    _one_of(session, case)
    _print_masked(open_workspace(workspace).mask(roles, session, case), format)


@app.command("unmask")
def unmask(
    roles: RolesArgument,
    session: OneSession = None,
    case: OneCase = None,
    workspace: WorkspaceOption = None,
    format: FormatOption = Format.table,
) -> None:
    """Lift the mask from roles, and score their turns from the audio that is kept."""
    from pipeline.unmasking import unmask as lift

    from ..api import open_workspace

    _one_of(session, case)
    _print_masked(lift(open_workspace(workspace), roles, session, case), format)


@app.command("score")
def score(session: SessionArgument, workspace: WorkspaceOption = None, format: FormatOption = Format.table) -> None:
    """Score the turns that wait for it since their speaker's role was given, from the audio that is kept."""
    from pipeline.unmasking import score_awaiting

    from ..api import open_workspace

    _print_masked([score_awaiting(open_workspace(workspace), session)], format)


@app.command("delete")
def delete(session: SessionArgument, workspace: WorkspaceOption = None, format: FormatOption = Format.table) -> None:
    """Remove one session and what only it uses; the recording's own file is left alone."""
    from ..api import open_workspace

    known = open_workspace(workspace).delete(session)
    if format is Format.json:
        print_json({"deleted": known})
    else:
        say(f"deleted session {known}")


def _one_of(session: str | None, case: str | None) -> None:
    if (session is None) == (case is None):
        raise WorkspaceError("name either --session SESSION or --case NAME")


def _print_masked(sessions: list[Session], format: Format) -> None:
    if format is Format.json:
        print_json([each.to_json() for each in sessions])
        return
    for each in sessions:
        roles = ", ".join((each.provenance.get("privacy") or {}).get("mask_roles") or ()) or "nobody"
        say(f"{each.id}: masked {roles}; {int(each.turns['scored'].sum())} of {len(each.turns)} turns scored")


def _row(summary: SessionSummary) -> tuple[object, ...]:
    speakers = ", ".join(_named(*each) for each in summary.people())
    path = PurePath(summary.path).name
    return (
        summary.id, summary.case, summary.date, path, clock(summary.duration), speakers, summary.num_turns,
        summary.num_scored,
    )  # fmt: skip


def _found(summary: SessionSummary, findings: Sequence[Finding]) -> str:
    names = {each.label: each.participant or each.label for each in summary.speakers}
    flags = dict.fromkeys(each.name for each in findings if each.kind == "flag")
    shapes = (f"{names.get(str(each.speaker))} {each.name}" for each in findings if each.kind == "shape")
    return ", ".join([*flags, *shapes])


def _named(label: str, participant: str | None, role: str | None) -> str:
    return f"{participant or label} ({role})" if role else participant or label


def _assignment(text: str) -> tuple[str, tuple[str | None, str | None]]:
    speaker, equals, rest = text.partition("=")
    name, colon, role = rest.rpartition(":")
    participant = name if colon else rest
    if not (speaker and equals) or (colon and not role.strip()) or not (participant.strip() or colon):
        raise WorkspaceError(
            f"'{text}': an assignment is written SPEAKER=PARTICIPANT[:ROLE], as SPEAKER_00=Anna:client, or "
            "SPEAKER=:ROLE where nobody is named"
        )
    return speaker.strip(), (participant.strip() or None, role.strip() if colon else None)
