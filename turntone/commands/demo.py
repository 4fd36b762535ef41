"""``turntone demo``: the shipped speech, from sound to dashboard."""

from __future__ import annotations

import shutil
import sys
import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..terminal import Format, FormatOption, analysis_progress, clock, print_json, print_table, progress_bar, say

if TYPE_CHECKING:
    from pipeline.sessions import Session

DEMO_WORKSPACE = "turntone-demo"


def demo(
    workspace: Annotated[str, typer.Option("--workspace", help="Folder of the demo's own workspace.")] = DEMO_WORKSPACE,
    serve: Annotated[bool, typer.Option("--serve/--no-serve", help="Open the dashboard at the end.")] = True,
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="Port of the dashboard.")] = 8050,
    format: FormatOption = Format.table,
) -> None:
    """Analyse the speech that ships with Turntone: a case of four sessions, a call, two excerpts of meetings."""
    from pathlib import Path

    from ..api import open_workspace
    from ..demo import analyze_demo, fetch_missing_models

    with progress_bar("Fetching the embedded models") as progress:
        for name in fetch_missing_models(progress):
            say(f"fetched {name}")
    begun = time.perf_counter()
    sessions = []
    with analysis_progress() as progress:
        for session in analyze_demo(Path(workspace), progress):
            say(f"{session.recording.path.name}: {len(session.speakers)} speakers, {len(session.turns)} turns")
            sessions.append(session)
    seconds = time.perf_counter() - begun
    store = open_workspace(workspace)  # scores are relative to the whole case only once all of it is there
    sessions = [store.session(session.id) for session in sessions]
    if format is Format.json:
        print_json([session.to_json() for session in sessions])
    else:
        _summarise(sessions, seconds, workspace)
    if serve:
        from .dashboard import dashboard

        dashboard(workspace=workspace, port=port, host="127.0.0.1")


def _summarise(sessions: list[Session], seconds: float, workspace: str) -> None:
    rows = [row for session in sessions for row in _rows(session)]
    columns = ("recording", "date", "speaker", "talk time", "turns", "scored", "sounded mostly", "share", "valence")
    print_table(columns, rows)
    sound = sum(session.recording.duration for session in sessions)
    print(f"\n{len(sessions)} recordings, {clock(sound)} of sound, in {seconds:.0f} s, in the workspace {workspace}")
    case = next(session.case for session in sessions if session.case)
    program = "turntone" if shutil.which("turntone") else sys.argv[0]
    print(f"Look further:  {program} report --case '{case}' --workspace {workspace}")
    print(f"               {program} sessions list --workspace {workspace}")
    print(f"               {program} dashboard --workspace {workspace}")


def _rows(session: Session) -> list[tuple[Any, ...]]:
    """One row a speaker: how long they talked, and how it sounded, each turn weighted by its duration."""
    from reports.measures import emotion_shares

    shares = emotion_shares(session)
    rows: list[tuple[Any, ...]] = []
    for speaker, talk_time in zip(session.speakers["label"], session.speakers["talk_time"], strict=True):
        own = session.turns[session.turns["speaker"] == speaker]
        scored = own[own["scored"]]
        weights = scored["end"] - scored["start"]
        valence = float((scored["valence"] * weights).sum() / weights.sum()) if len(scored) else None
        top = shares[shares["speaker"] == speaker].sort_values("share").tail(1)
        emotion, share = (top["emotion"].item(), top["share"].item()) if len(scored) else (None, None)
        name, first = session.name_of(speaker), not rows
        facts = (session.recording.path.name, session.date) if first else ("", "")
        rows.append((*facts, name, clock(talk_time), len(own), len(scored), emotion, share, valence))
    return rows
