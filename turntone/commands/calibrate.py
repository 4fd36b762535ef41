"""``turntone calibrate`` and ``turntone calibrations``: scores that are as often right as they say."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

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
    from emotion.calibration import Calibration
    from pipeline.engines import Engines
    from pipeline.workspace import Workspace

app = typer.Typer(help="List, show or delete the workspace's calibrations.", no_args_is_help=True)

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="Name of the calibration.")]


def calibrate(
    labels: Annotated[Path, typer.Argument(metavar="FOLDER|LABELS.csv", help="Speech whose emotions are known.")],
    name: Annotated[
        str | None, typer.Option("--name", help="What to call it [default: the recogniser's name].")
    ] = None,
    emotion: Annotated[str | None, typer.Option("--emotion", help="The recogniser: emotion2vec or embedded.")] = None,
    emotion_head: Annotated[str | None, typer.Option("--emotion-head", help="Calibrate this head's labels.")] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Also write the reliability diagram to this HTML file.")
    ] = None,
    config: ConfigOption = None,
    settings: SettingsOption = None,
    workspace: WorkspaceOption = None,
    format: FormatOption = Format.table,
) -> None:
    """Measure how far the recogniser's scores can be trusted, and correct them from now on.

    Sessions of the workspace that this recogniser scored are scored again, from what is stored.
    """
    from pipeline.calibrating import find_calibration
    from pipeline.own_models import check_name

    from ..api import open_workspace

    if name is not None:
        check_name(name, "calibration")
    store = open_workspace(workspace)
    store.check_usable()
    engines = engines_for(store, config, settings, emotion, emotion_head)
    with progress_bar("Calibrating") as progress:
        found = find_calibration(labels, name, engines, store, progress)
    if output is not None:
        write_page(output, found)
    changed = store.calibrate(found)
    if format is Format.json:
        print_json(found.to_json() | {"sessions_scored_again": changed})
    else:
        print_calibration(found)
    say(f"kept as '{found.name}'; {_sessions(changed)} scored again with it")


def engines_for(
    store: Workspace, config: str | None, settings: list[str] | None, emotion: str | None, head: str | None = None
) -> Engines:
    """The engines of settings and of the options that go over them, without a calibration."""
    from pipeline.engines import Engines
    from pipeline.settings import load_config, load_runtime

    named = {"emotion.backend": emotion, "emotion.head": head, "emotion.calibration": "none"}
    given = [*(settings or ()), *(f"{key}={value}" for key, value in named.items() if value is not None)]
    return Engines(load_config(config, given), load_runtime(config, given), own=store.own)


def write_page(output: Path, calibration: Calibration) -> None:
    """Write the reliability diagram."""
    from diarization.errors import WorkspaceError
    from diarization.files import write_whole
    from reports.calibration_figures import calibration_page

    try:
        write_whole(output, calibration_page(calibration).encode())
    except OSError as error:
        raise WorkspaceError(f"{output}: cannot be written ({error.strerror}); nothing was kept") from error
    say(f"reliability diagram: {output}")


def print_calibration(calibration: Calibration) -> None:
    """One calibration for people."""
    from emotion.calibration import summary_of

    facts = calibration.facts
    people = f" of {facts['num_speakers']} speakers" if facts["num_speakers"] else ""
    print(f"{calibration.name}: temperature {calibration.temperature:.3f} from {facts['num_clips']} clips{people}")
    print_table(("figure", "before", "after"), summary_of(facts))
    print("\nWhat would be left, and how much of it wrong, if less sure turns were uncertain:")
    rows = [(each["bound"], f"{each['coverage']:.0%}", _percent(each["risk"])) for each in facts["risk_coverage"]]
    print_table(("uncertain below", "named", "wrong of those"), rows)
    print(f"note: {facts['cross_validation']}.")
    for note in facts["notes"]:
        print(f"note: {note}")


@app.command("list")
def list_calibrations(workspace: WorkspaceOption = None, format: FormatOption = Format.table) -> None:
    """The calibrations of the workspace, the newest first."""
    from ..api import open_workspace

    found = open_workspace(workspace).own.calibrations()
    if format is Format.json:
        print_json([each.to_json() for each in found])
    elif found:
        print_table(
            ("name", "temperature", "clips", "speakers", "error before", "after", "recogniser", "made"),
            map(_row, found),
        )
    else:
        say("no calibrations yet; `turntone calibrate FOLDER` makes the first")


@app.command("show")
def show(
    name: NameArgument,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write the reliability diagram to this HTML file.")
    ] = None,
    workspace: WorkspaceOption = None,
    format: FormatOption = Format.table,
) -> None:
    """One calibration with all its figures."""
    from ..api import open_workspace

    found = open_workspace(workspace).own.calibration(name)
    if output is not None:
        write_page(output, found)
    if format is Format.json:
        print_json(found.to_json())
    else:
        print_calibration(found)


@app.command("delete")
def delete(name: NameArgument, workspace: WorkspaceOption = None, format: FormatOption = Format.table) -> None:
    """Remove one calibration; sessions that it was applied to are scored again without it."""
    from ..api import open_workspace

    changed = open_workspace(workspace).forget_calibration(name)
    if format is Format.json:
        print_json({"deleted": name, "sessions_scored_again": changed})
    else:
        say(f"deleted calibration {name}; {_sessions(changed)} scored again")


def _row(calibration: Calibration) -> tuple[Any, ...]:
    facts = calibration.facts
    before, after = (facts[key]["ece"]["value"] for key in ("before", "after"))
    uses = ", ".join(f"{name} {revision[:12]}" for name, revision in calibration.uses)
    made = calibration.made[:16].replace("T", " ")
    return (
        calibration.name, calibration.temperature, facts["num_clips"], facts["num_speakers"], f"{before:.3f}",
        f"{after:.3f}", uses, made,
    )  # fmt: skip


def _sessions(changed: list[str]) -> str:
    return f"{len(changed)} session{' was' if len(changed) == 1 else 's were'}"


def _percent(share: float | None) -> str | None:
    return None if share is None else f"{share:.1%}"
