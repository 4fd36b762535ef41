"""``turntone evaluate``: how good the analysis is, on recordings whose truth is known."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from ..terminal import (
    ConfigOption,
    Format,
    FormatOption,
    SettingsOption,
    WorkspaceOption,
    print_json,
    print_table,
    progress_bar,
    say,
)

if TYPE_CHECKING:
    from pipeline.config import Config
    from pipeline.engines import Engines
    from reports.identity_evaluation import IdentityEvaluation

WHOLE = "analysis"
"""The command that ``turntone evaluate FOLDER`` means, where no other is named."""


class _WithDefault(TyperGroup):
    """Commands, of which one is meant where none is named: ``turntone evaluate FOLDER``."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        named = next((each for each in args if not each.startswith("-")), None)
        if args and args[0] not in ("-h", "--help") and named not in self.commands:
            args = [WHOLE, *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    help="How good the analysis is, on recordings whose truth is known; `evaluate FOLDER` measures all of it.",
    cls=_WithDefault,
    no_args_is_help=True,
)


class Count(StrEnum):
    """What the diarizer is told of the number of speakers."""

    auto = "auto"
    given = "given"


FolderArgument = Annotated[Path, typer.Argument(help="Recordings, each with an RTTM file of the same name beside it.")]
_COUNT_HELP = "Whether the diarizer finds the number of speakers or is given it."


@app.command(WHOLE)
def analysis(
    folder: FolderArgument,
    count: Annotated[Count, typer.Option("--count", help=_COUNT_HELP)] = Count.auto,
    config: ConfigOption = None,
    settings: SettingsOption = None,
    format: FormatOption = Format.table,
) -> None:
    """Measure who spoke when, who said what how, courses, trends of cases, and speed; nothing is stored."""
    from reports.evaluation import evaluate_folder

    _measure(evaluate_folder, folder, count, config, settings, format)


@app.command("diarization")
def diarization(
    folder: FolderArgument,
    num_speakers: Annotated[Count, typer.Option("--num-speakers", help=_COUNT_HELP)] = Count.auto,
    config: ConfigOption = None,
    settings: SettingsOption = None,
    format: FormatOption = Format.table,
) -> None:
    """Measure who spoke when alone: error rates with intervals, by condition and number of speakers."""
    from reports.diarization_evaluation import evaluate_diarization

    _measure(evaluate_diarization, folder, num_speakers, config, settings, format)


@app.command("identity")
def identity(
    source: Annotated[
        Path, typer.Argument(metavar="FOLDER|CLIPS.csv", help="Recordings of which it is known who speaks.")
    ],
    enroll: Annotated[int, typer.Option("--enroll", min=1, help="Recordings to enrol each person from.")] = 2,
    test: Annotated[int, typer.Option("--test", min=1, help="Clips of a person that are heard as one voice.")] = 1,
    participants: Annotated[
        int | None,
        typer.Option("--participants", min=1, help="People of a case; others are strangers [default: half of them]."),
    ] = None,
    keep: Annotated[
        bool, typer.Option("--keep", help="Let the workspace read scores by a calibration made of these voices.")
    ] = False,
    config: ConfigOption = None,
    settings: SettingsOption = None,
    workspace: WorkspaceOption = None,
    format: FormatOption = Format.table,
) -> None:
    """Measure how well people are known by voice: same and different voices, equal error rate, strangers."""
    from pipeline.engines import Engines
    from pipeline.participants import Participants
    from pipeline.settings import load_config, load_runtime
    from reports.identity_evaluation import evaluate_identity
    from reports.identity_trials import Protocol

    from ..api import open_workspace

    store = Participants(open_workspace(workspace))
    engines = Engines(load_config(config, settings or ()), load_runtime(config, settings or ()))
    with progress_bar("Listening") as progress:
        protocol = Protocol(enroll, test, participants or 0)
        found = evaluate_identity(source, engines, store.calibration, protocol, progress)
    changed = store.calibrate(found.encoder, found.own_calibration()) if keep else []
    if format is Format.json:
        kept = {"sessions_matched_again": [each.id for each in changed]} if keep else {}
        print_json(found.to_json() | kept)
    else:
        _print_identity(found)
    if keep:
        say(f"kept for {found.encoder.name}; other people count now in {len(changed)} sessions")
    for choice in engines.choices()[:1]:
        say(choice)


def _print_identity(found: IdentityEvaluation) -> None:
    from reports.identity_evaluation import BOUND_COLUMNS, COLUMNS, SCORE_COLUMNS

    print_table(COLUMNS, found.table())
    print_table(SCORE_COLUMNS, found.score_table(), "\nHow similar voices are")
    print_table(BOUND_COLUMNS, found.bound_table(), "\nIf a match counted from another probability on")
    for note in found.notes():
        print(f"note: {note}")


def _measure(
    evaluate: Callable[..., Any],
    folder: Path,
    count: Count,
    config: str | None,
    settings: list[str] | None,
    format: Format,
) -> None:
    from pipeline.engines import Engines
    from pipeline.settings import load_config, load_runtime

    loaded, runtime = load_config(config, settings or ()), load_runtime(config, settings or ())

    def engines_of(wanted: Config) -> Engines:
        return Engines(wanted, runtime)

    with progress_bar("Evaluating") as progress:
        found = evaluate(folder, loaded, engines_of, count is Count.given, progress)
    if format is Format.json:
        print_json(found.to_json())
        return
    for title, columns, rows in found.tables():
        print_table(columns, rows, title and f"\n{title}")
    for choice in engines_of(loaded).choices():
        say(choice)
