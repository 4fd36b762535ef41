"""``turntone compare``: groups of people or sessions, from a table of covariates."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..terminal import WorkspaceOption, print_json, say

if TYPE_CHECKING:
    from reports.group_comparison import GroupComparison


class TableFormat(StrEnum):
    """How the comparison is printed."""

    table = "table"
    markdown = "markdown"
    csv = "csv"
    json = "json"


def compare(
    groups: Annotated[
        Path,
        typer.Option("--groups", metavar="CSV", help="Table with a column session or participant, and covariates."),
    ],
    by: Annotated[str, typer.Option("--by", metavar="COLUMN", help="The covariate whose values are the groups.")],
    measure: Annotated[
        list[str] | None,
        typer.Option("--measure", metavar="NAME", help="Only this measure; may be given several times."),
    ] = None,
    case: Annotated[str | None, typer.Option("--case", help="Only sessions of this case; else all there are.")] = None,
    role: Annotated[str | None, typer.Option("--role", help="Only speakers of this role, as client.")] = None,
    reference: Annotated[
        str | None, typer.Option("--reference", metavar="GROUP", help="What the others are compared with.")
    ] = None,
    correction: Annotated[
        str, typer.Option("--correction", help="Of p for many tests: benjamini-hochberg, holm or none.")
    ] = "benjamini-hochberg",
    workspace: WorkspaceOption = None,
    format: Annotated[TableFormat, typer.Option("--format", help="How to print the result.")] = TableFormat.table,
) -> None:
    """Compare groups of speakers or sessions by mixed models; tables ready for a paper."""
    from ..api import compare as compare_groups

    found = compare_groups(groups, by, measure, case=case, role=role, reference=reference, correction=correction,
                           workspace=workspace)  # fmt: skip
    _print(found, format)
    if format is not TableFormat.json:
        for sentence in found.left_out:
            say(f"left out: {sentence}")


def _print(found: GroupComparison, format: TableFormat) -> None:
    from reports.exports.tables import csv_of
    from reports.group_tables import group_json, group_markdown, group_table

    if format is TableFormat.json:
        print_json(group_json(found))
    elif format is TableFormat.csv:
        typer.echo(csv_of(group_table(found)).decode(), nl=False)
    elif format is TableFormat.markdown:
        typer.echo(group_markdown(found), nl=False)
    else:
        _print_table(found)


def _print_table(found: GroupComparison) -> None:
    from reports.group_tables import group_json

    from ..terminal import print_table

    columns = ["outcome", "level", "reference", "difference", "low", "high", "effect", "p", "p_corrected"]
    counts = ["num_speakers", "num_sessions", "num_turns"]
    rows = group_json(found)["contrasts"]
    numbers = [" / ".join(f"{row[key]}+{row[f'reference_{key}']}" for key in counts) for row in rows]
    cells = [[*(row[key] for key in columns), n, row["note"]] for row, n in zip(rows, numbers, strict=True)]
    print_table([*columns, "speakers / sessions / turns", "note"], cells)
