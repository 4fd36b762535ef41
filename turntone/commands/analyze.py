"""``turntone analyze``: recordings in, sessions out."""

from __future__ import annotations

from math import isnan
from typing import TYPE_CHECKING, Annotated, Any

import typer

from diarization.errors import ConfigError
from diarization.speaker_count import count_sentence

from ..terminal import (
    ConfigOption,
    Executor,
    ExecutorOption,
    Format,
    FormatOption,
    SettingsOption,
    Stopped,
    WorkspaceOption,
    analysis_progress,
    clock,
    print_json,
    print_table,
    say,
    say_error,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.config import Config, Runtime
    from pipeline.jobs.batches import Batch
    from pipeline.jobs.manifest import Planned
    from pipeline.sessions import Session
    from pipeline.workspace import Workspace

_MOST_PRINTED = 20
"""Sessions that a table shows in full; of more it says where they are."""


def analyze(
    recordings: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="RECORDING...",
            help="Audio or video files, folders, patterns such as 'calls/**/*.wav', or manifests: CSV files with a "
            "column path.",
        ),
    ] = None,
    case: Annotated[str | None, typer.Option("--case", help="Name of the case the sessions belong to.")] = None,
    date: Annotated[
        str | None, typer.Option("--date", help="Day of the conversation, as 2026-03-02; for one recording only.")
    ] = None,
    num_speakers: Annotated[
        int | None, typer.Option("--num-speakers", help="Exact number of speakers, where you know it.")
    ] = None,
    min_speakers: Annotated[int | None, typer.Option("--min-speakers", help="At least this many speakers.")] = None,
    max_speakers: Annotated[int | None, typer.Option("--max-speakers", help="At most this many speakers.")] = None,
    channels: Annotated[
        str | None,
        typer.Option(
            "--channels", metavar="CHANNEL=ROLE,...", help="Who is on which channel: left=agent,right=customer."
        ),
    ] = None,
    roles: Annotated[
        str | None,
        typer.Option(
            "--roles", metavar="SPEAKER=ROLE,...", help="Who is who: SPEAKER_00=agent; for one recording only."
        ),
    ] = None,
    turns: Annotated[
        str | None,
        typer.Option(
            "--turns",
            metavar="FILE|DIR",
            help="Take the turns from a file (RTTM, TextGrid, ELAN, WhisperX, ...) instead of finding them; or from a "
            "folder with a file called like each recording.",
        ),
    ] = None,
    config: ConfigOption = None,
    settings: SettingsOption = None,
    device: Annotated[str, typer.Option("--device", help="auto, cpu, cuda or mps.")] = "auto",
    emotion_head: Annotated[
        str | None, typer.Option("--emotion-head", help="Own labels: a head that turntone train-head made.")
    ] = None,
    calibration: Annotated[
        bool, typer.Option("--calibration/--no-calibration", help="Whether the workspace's calibration is applied.")
    ] = True,
    consent: Annotated[
        str | None,
        typer.Option(
            "--consent",
            metavar="yes|analysis|no",
            help="What those who speak consent to: analysis and voiceprint, analysis alone, or not.",
        ),
    ] = None,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Analyse again what failed before; name no recordings then.")
    ] = False,
    executor: ExecutorOption = Executor.local,
    in_place: Annotated[
        bool,
        typer.Option("--in-place", help="A cluster's workers find the recordings under these paths; hand none over."),
    ] = False,
    workspace: WorkspaceOption = None,
    format: FormatOption = Format.table,
) -> None:
    """Find who spoke when and what each turn sounded like, and store it as sessions.

    Everything is kept in the workspace: the same recording with the same settings costs nothing a second time, and a
    run over many recordings that was stopped goes on where it was when it is asked for again.
    """
    from pipeline.consent import parse_consent
    from pipeline.roles import parse_pairs

    from ..analysis_options import check_one_recording, load_settings, parse_day
    from ..api import open_workspace
    from ..batches import planned_recordings

    if retry_failed == bool(recordings):
        raise ConfigError("name recordings, or say --retry-failed to analyse those again that failed")
    opened = open_workspace(workspace)
    if executor is Executor.celery:
        from pipeline.cluster.broker import check_broker, needed_broker

        check_broker(needed_broker())
    if retry_failed:
        _print(*_retried(opened, executor), format)
        return
    named = parse_pairs(channels, "--channels", "left=agent,right=customer") if channels else None
    given = [*(settings or ()), *_emotion_settings(emotion_head, calibration)]
    loaded = load_settings(config, given, device, (num_speakers, min_speakers, max_speakers), turns, named)
    people = parse_pairs(roles, "--roles", "SPEAKER_00=agent,SPEAKER_01=customer") if roles else None
    day = parse_day(date)
    said = consent.strip().lower() if consent is not None and parse_consent(consent) else None
    plan = planned_recordings(recordings or (), case, day, people, said)
    check_one_recording([each.path for each in plan.recordings], day, people, turns)
    for error in plan.errors:
        say_error(str(error))
    if plan.is_batch or executor is Executor.celery:
        lane = "archive" if plan.is_batch else "interactive"
        found, failed = _many(opened, plan.recordings, *loaded, executor, lane, in_place)
    else:
        found, failed = _one(opened, plan.recordings, *loaded)
    _print(found, failed + len(plan.errors), format)


def _one(
    workspace: Workspace, planned: Sequence[Planned], config: Config, runtime: Runtime
) -> tuple[list[Session], int]:
    """The session of one recording, and how many failed."""
    from diarization.errors import TurntoneError
    from pipeline.analysis import analyze_many

    found: list[Session] = []
    for each in planned:
        with analysis_progress() as progress:
            outcomes = analyze_many(
                [each.path], workspace, config, runtime, each.case, each.date, progress, each.people,
                {"consent": each.consent} if each.consent else None,
            )  # fmt: skip
            for outcome in outcomes:
                if isinstance(outcome, TurntoneError):
                    say_error(str(outcome))
                else:
                    found.append(outcome)
                    say(f"{outcome.recording.path.name}: {_counted(outcome)}")
    return found, len(planned) - len(found)


def _many(
    workspace: Workspace,
    planned: Sequence[Planned],
    config: Config,
    runtime: Runtime,
    executor: Executor,
    lane: str,
    in_place: bool,
) -> tuple[list[Session], int]:
    from pipeline.jobs.batches import submit_batch

    workspace.check_usable()
    batch = submit_batch(workspace, planned, config, runtime, _payload_name(executor), lane, in_place)
    for sentence in batch.refused:
        say_error(sentence)
    found, failed = _worked(workspace, batch, executor)
    return found, failed + len(batch.refused)


def _retried(workspace: Workspace, executor: Executor) -> tuple[list[Session], int]:
    from pipeline.jobs.batches import retry_failed

    workspace.check_usable()
    batch = retry_failed(workspace, _payload_name(executor))
    if not batch.size:
        say("nothing has failed")
    return _worked(workspace, batch, executor)


def _worked(workspace: Workspace, batch: Batch, executor: Executor) -> tuple[list[Session], int]:
    from pipeline.jobs.batches import follow_batch, work_batch

    from ..batches import run_batch, sessions_of

    try:
        jobs = run_batch(workspace, batch, work_batch if executor is Executor.local else follow_batch)
    except (Stopped, KeyboardInterrupt):
        if executor is Executor.celery:
            say(f"the cluster goes on; turntone jobs list --batch {batch.id} shows how far it is")
        raise
    return sessions_of(workspace, jobs), sum(job.state != "done" for job in jobs)


def _payload_name(executor: Executor) -> str | None:
    return None if executor is Executor.local else executor.value


def _print(found: Sequence[Session], failed: int, format: Format) -> None:
    if format is Format.json:
        print_json([session.to_json() for session in found])
    elif len(found) <= _MOST_PRINTED:
        for session in found:
            print_session(session)
    else:
        say(f"{len(found)} sessions; turntone sessions list shows them, turntone sessions show one with its turns")
    if failed:
        raise typer.Exit(1)


def _emotion_settings(head: str | None, calibration: bool) -> list[str]:
    named = [] if head is None else [f"emotion.head={head}"]
    return named if calibration else [*named, "emotion.calibration=none"]


def _counted(session: Session) -> str:
    speakers, turns = len(session.speakers), len(session.turns)
    text = f"{speakers} speaker{'' if speakers == 1 else 's'}, {turns} turn{'' if turns == 1 else 's'}"
    return next((note for note in session.notes if note.lower().startswith("nothing to do")), text)


def print_session(session: Session) -> None:
    """One session for people: its facts, its speakers, its turns, and what to mind."""
    facts = [session.id, str(session.recording.path), clock(session.recording.duration)]
    facts += [f"case {session.case}"] if session.case else []
    facts += [session.date.isoformat()] if session.date else []
    print("\n" + " · ".join(facts))
    if session.turns.empty:
        print("No speech was found in this recording, so there are no turns.")
    else:
        if session.speaker_count:
            print(count_sentence(session.speaker_count))
        print_table(
            ("speaker", "participant", "role", "channel", "talk time"),
            [_speaker_row(row, session) for row in _rows(session.speakers)],
        )
        print()
        print_table(
            _TURN_COLUMNS,
            [_turn_row(row, session) for row in _rows(session.turns)],
        )
    for note in session.notes:
        print(f"note: {note}")


_TURN_COLUMNS = (
    "start", "end", "speaker", "sure", "emotion", "confidence", "valence", "arousal", "overlap", "why no emotion",
)  # fmt: skip


def _rows(table: Any) -> list[dict[str, Any]]:
    return list(table.to_dict("records"))


def _known(value: float) -> float | None:
    return None if isnan(value) else value


def _speaker_row(row: dict[str, Any], session: Session) -> tuple[Any, ...]:
    who, channel = session.who_is(row["label"]), session.channels.get(row["label"])
    return row["label"], None if who == row["label"] else who, row["role"], channel, clock(row["talk_time"])


def _turn_row(row: dict[str, Any], session: Session) -> tuple[Any, ...]:
    numbers = [_known(row[key]) if row["scored"] else None for key in ("confidence", "valence", "arousal")]
    name = session.name_of(row["speaker"])
    return (
        clock(row["start"]),
        clock(row["end"]),
        name,
        "" if isnan(row["speaker_confidence"]) else f"{row['speaker_confidence']:.0%}",
        row["emotion"],
        *numbers,
        f"{row['overlap']:.0%}",
        row["reason"],
    )
