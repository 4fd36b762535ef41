"""``turntone train-head`` and ``turntone heads``: a user's own labels."""

from __future__ import annotations

import math
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
from .calibrate import engines_for

if TYPE_CHECKING:
    from emotion.heads import Head

app = typer.Typer(
    help="List, show or delete the workspace's heads: classifiers of your own labels.", no_args_is_help=True
)

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="Name of the head.")]
_NORM = "LABEL=NUMBER"


def train_head(
    labels: Annotated[Path, typer.Argument(metavar="LABELS.csv", help="Clips with your own labels, one a line.")],
    name: Annotated[str, typer.Option("--name", help="What to call the head.")],
    emotion: Annotated[str | None, typer.Option("--emotion", help="The recogniser: emotion2vec or embedded.")] = None,
    valence: Annotated[
        list[str] | None, typer.Option("--valence", metavar=_NORM, help="Valence of a label, -1 to 1.")
    ] = None,
    arousal: Annotated[
        list[str] | None, typer.Option("--arousal", metavar=_NORM, help="Arousal of a label, -1 to 1.")
    ] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Take the place of a head of the same name.")] = False,
    config: ConfigOption = None,
    settings: SettingsOption = None,
    workspace: WorkspaceOption = None,
    format: FormatOption = Format.table,
) -> None:
    """Train a classifier of your own labels on the recogniser's embeddings, and say honestly how good it is.

    ``turntone analyze --emotion-head NAME`` then uses it.
    """
    from diarization.errors import ConfigError
    from pipeline.head_training import train_head as train

    from ..api import open_workspace

    store = open_workspace(workspace)
    store.check_usable()
    if store.own.has_head(name) and not replace:
        raise ConfigError(f"--name: the head '{name}' exists; choose another name, or say --replace")
    norms = _norms(valence or [], arousal or [])
    engines = engines_for(store, config, [*(settings or []), "emotion.head=null"], emotion)
    with progress_bar("Training") as progress:
        head = train(labels, name, engines, store, norms, progress)
    folder = store.own.keep_head(head)
    if format is Format.json:
        print_json(head_json(head))
    else:
        print_head(head)
    say(f"kept in {folder}; use it with: turntone analyze RECORDING --emotion-head {name}")


def head_json(head: Head) -> dict[str, Any]:
    """What is known of a head, as JSON values."""
    return {
        "name": head.name,
        "revision": head.revision,
        "labels": [
            {"label": label, "valence": norm[0] if norm else None, "arousal": norm[1] if norm else None}
            for label in head.scheme.labels
            for norm in [head.scheme.norm_of(label)]
        ],
        "uses": [list(each) for each in head.uses],
        "temperature": head.temperature,
        "facts": head.facts,
    }


def print_head(head: Head) -> None:
    """One head for people: how good it would be with others, label by label."""
    facts = head.facts
    people = f" of {facts['num_speakers']} speakers" if facts["num_speakers"] else ""
    print(f"{head.name}: {len(head.scheme.labels)} labels, from {facts['num_clips']} clips{people}")
    print(
        f"unweighted average recall {_with_limits(facts['average_recall'])}, by chance {facts['chance']:.3f}; "
        f"accuracy {facts['accuracy']:.3f}, always saying {facts['majority']['label']} would have "
        f"{facts['majority']['accuracy']:.3f}"
    )
    print(f"(cross-validation in {facts['folds']} folds, held out by {facts['grouped_by']})")
    print_table(("label", "clips", "recall", "precision", "valence", "arousal"), _label_rows(head))
    print("\nTaken for:")
    labels = head.scheme.labels
    print_table(
        ("true label", *labels), [(own, *(facts["confusion"][own][other] for other in labels)) for own in labels]
    )
    for note in facts["notes"]:
        print(f"note: {note}")


@app.command("list")
def list_heads(workspace: WorkspaceOption = None, format: FormatOption = Format.table) -> None:
    """The heads of the workspace."""
    from ..api import open_workspace

    found = open_workspace(workspace).own.heads()
    if format is Format.json:
        print_json([head_json(head) for head in found])
    elif found:
        columns = ("name", "labels", "average recall", "clips", "speakers", "recogniser", "made")
        print_table(columns, map(_row, found))
    else:
        say("no heads yet; `turntone train-head LABELS.csv --name NAME` makes the first")


@app.command("show")
def show(name: NameArgument, workspace: WorkspaceOption = None, format: FormatOption = Format.table) -> None:
    """One head with its report."""
    from ..api import open_workspace

    head = open_workspace(workspace).own.head(name)
    if format is Format.json:
        print_json(head_json(head))
    else:
        print_head(head)


@app.command("delete")
def delete(name: NameArgument, workspace: WorkspaceOption = None, format: FormatOption = Format.table) -> None:
    """Remove one head; sessions that it scored keep their scores."""
    from ..api import open_workspace

    open_workspace(workspace).own.delete_head(name)
    if format is Format.json:
        print_json({"deleted": name})
    else:
        say(f"deleted head {name}; sessions that it scored keep their scores")


def _norms(valence: list[str], arousal: list[str]) -> dict[str, tuple[float, float]]:
    from diarization.errors import ConfigError

    pleasant, lively = (
        dict(_norm(option, each) for each in given)
        for option, given in (("--valence", valence), ("--arousal", arousal))
    )
    if alone := set(pleasant) ^ set(lively):
        raise ConfigError(
            f"--valence, --arousal: '{sorted(alone)[0]}' needs both, as --valence calm=0.4 --arousal calm=-0.3"
        )
    return {label: (pleasant[label], lively[label]) for label in pleasant}


def _norm(option: str, text: str) -> tuple[str, float]:
    from diarization.errors import ConfigError

    label, _, number = text.rpartition("=")
    try:
        value = float(number)
    except ValueError:
        value = math.nan
    if not label.strip() or not -1 <= value <= 1:
        raise ConfigError(f"{option} {text}: not LABEL=NUMBER with a number from -1 to 1, such as calm=0.4")
    return label.strip(), value


def _label_rows(head: Head) -> list[tuple[Any, ...]]:
    rows = []
    for label in head.scheme.labels:
        own, norm = head.facts["by_label"][label], head.scheme.norm_of(label)
        recall = {"value": own["recall"], "low": own["recall_low"], "high": own["recall_high"]}
        precision = None if own["precision"] is None else f"{own['precision']:.3f}"
        rows.append((label, own["clips"], _with_limits(recall), precision, *(norm or (None, None))))
    return rows


def _with_limits(figure: dict[str, Any]) -> str:
    limits = "" if figure["low"] is None else f" ({figure['low']:.3f} to {figure['high']:.3f})"
    return f"{figure['value']:.3f}{limits}"


def _row(head: Head) -> tuple[Any, ...]:
    facts = head.facts
    uses = ", ".join(f"{name} {revision[:12]}" for name, revision in head.uses)
    return (
        head.name, ", ".join(head.scheme.labels), _with_limits(facts["average_recall"]), facts["num_clips"],
        facts["num_speakers"], uses, facts["made"][:16].replace("T", " "),
    )  # fmt: skip
