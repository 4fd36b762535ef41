"""What the commands print with: tables and JSON on stdout, progress and messages on stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Callable

    Progress = Callable[[str, float], None]


class Stopped(BaseException):
    """Somebody pressed Ctrl-C. Not a KeyboardInterrupt, at which the parser ends the process without a word."""


class Executor(StrEnum):
    """Who works on recordings."""

    local = "local"
    celery = "celery"


class Format(StrEnum):
    """How results are printed."""

    table = "table"
    json = "json"


STAGE_SHARES = {"read": 0.03, "diarize": 0.67, "turns": 0.01, "recognize": 0.27, "save": 0.02}
"""Share of an analysis that each stage usually takes, measured on the shipped speech with the embedded models."""

FormatOption = Annotated[Format, typer.Option("--format", help="How to print the result on stdout.")]
WorkspaceOption = Annotated[
    str | None,
    typer.Option(
        "--workspace", help="Folder of the workspace [default: $TURNTONE_WORKSPACE, else ./turntone-workspace]."
    ),
]

ExecutorOption = Annotated[
    Executor,
    typer.Option("--executor", help="Who works: this machine, or the workers of a cluster (turntone worker --queues)."),
]

ConfigOption = Annotated[str | None, typer.Option("--config", help="YAML file of settings, or the name of a preset.")]
SettingsOption = Annotated[
    list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="One setting; may be given several times.")
]


def say(text: str) -> None:
    """A message for the person, on stderr."""
    print(printable(text), file=sys.stderr, flush=True)


def say_error(text: str) -> None:
    """What went wrong, as one sentence on stderr."""
    say(f"error: {text}".replace("\n", "\\n"))


def printable(text: str) -> str:
    """The text without what a terminal would obey: a file may be called anything.

    >>> printable("\\x1b[31mred.wav"), printable("Gespräch №1.wav")
    ('\\\\x1b[31mred.wav', 'Gespräch №1.wav')
    """
    kept = "\n\u200c\u200d"  # joiners belong to words and to pictures of several
    return "".join(each if each.isprintable() or each in kept else ascii(each)[1:-1] for each in text)


def print_json(value: Any) -> None:
    """JSON on stdout, as UTF-8 and readable."""
    print(json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False), flush=True)


def print_table(columns: Sequence[str], rows: Iterable[Sequence[Any]], title: str | None = None) -> None:
    """A table on stdout; numbers are right-aligned, None shows as a dash."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    cells = [["–" if cell is None else cell for cell in row] for row in rows]
    table = Table(title=title, title_justify="left", box=None, pad_edge=False, header_style="bold")
    for index, column in enumerate(columns):
        numeric = all(isinstance(row[index], int | float) or row[index] == "–" for row in cells)
        table.add_column(column, justify="right" if numeric and cells else "left", overflow="fold")
    for row in cells:
        table.add_row(*(Text(_shown(cell)) for cell in row))
    width = None if sys.stdout.isatty() else 160
    Console(width=width, highlight=False).print(table)


def clock(seconds: float) -> str:
    """Minutes and seconds, with hours where there are any.

    >>> clock(75.26), clock(3723)
    ('1:15.3', '1:02:03.0')
    """
    tenths = round(seconds * 10)
    hours, rest = divmod(tenths, 36_000)
    minutes, rest = divmod(rest, 600)
    text = f"{rest / 10:04.1f}"
    return f"{hours}:{minutes:02d}:{text}" if hours else f"{minutes}:{text}"


@contextmanager
def progress_bar(title: str) -> Iterator[Progress | None]:
    """A bar with stage, share and time left on stderr; gives None where stderr is no terminal.

    What model libraries print meanwhile goes to stderr, so that stdout holds the result alone.
    """
    with redirect_stdout(sys.stderr):
        if not sys.stderr.isatty():
            yield None
            return
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            TextColumn("{task.fields[stage]}"),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task(title, total=1.0, stage="")

            def update(stage: str, share: float) -> None:
                bar.update(task, completed=share, stage=stage)

            yield update


@contextmanager
def analysis_progress() -> Iterator[Progress | None]:
    """``progress_bar`` for analyses: one bar a recording, over its stages, as long as each usually takes."""
    with progress_bar("Analysing") as update:
        if update is None:
            yield None
            return
        from pipeline.analysis import STAGES

        before = {stage: sum(STAGE_SHARES[each] for each in STAGES[:at]) for at, stage in enumerate(STAGES)}
        yield lambda stage, share: update(stage, before[stage] + share * STAGE_SHARES[stage])


def _shown(cell: Any) -> str:
    return f"{cell:.2f}" if isinstance(cell, float) else printable(str(cell))
