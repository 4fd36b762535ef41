"""``turntone measures``: what the measures say of a session or a case."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from diarization.errors import WorkspaceError

from ..terminal import Format, FormatOption, WorkspaceOption, print_json, print_table, say

if TYPE_CHECKING:
    import pandas as pd

    from pipeline.sessions import Session


def measures(
    session: Annotated[
        str | None, typer.Argument(metavar="[SESSION]", help="Id of the session, or how it begins.")
    ] = None,
    case: Annotated[str | None, typer.Option("--case", help="The sessions of this case instead of one.")] = None,
    measure: Annotated[
        list[str] | None,
        typer.Option("--measure", metavar="NAME", help="Only this measure; may be given several times."),
    ] = None,
    workspace: WorkspaceOption = None,
    format: FormatOption = Format.table,
) -> None:
    """Turn taking, affect dynamics and what passes between speakers, in numbers."""
    from reports.measure_tables import measure_records
    from reports.measures import find_measures, measure_case, measure_session

    from ..api import open_workspace

    if (session is None) == (case is None):
        raise WorkspaceError("measures: name either one SESSION or one --case NAME")
    find_measures(measure or ())
    found = open_workspace(workspace)
    sessions = found.case(case) if case is not None else [found.session(str(session))]
    found.note_each("opened", sessions, "measures")
    table = measure_case(sessions, measure) if case is not None else measure_session(sessions[0], measure)
    if format is Format.json:
        of: dict[str, Any] = {"case": case} if case is not None else {"session": sessions[0].id}
        print_json(of | {"measures": measure_records(table)})
    else:
        _print(table, sessions, asked=bool(measure), of_case=case is not None)


def _print(table: pd.DataFrame, sessions: Sequence[Session], asked: bool, of_case: bool) -> None:
    from reports.measure_tables import measure_records
    from reports.measures import MEASURES, speaker_names

    names = {(each.id, label): name for each in sessions for label, name in speaker_names(each).items()}
    details = [each.name for each in MEASURES if each.detail and each.name in set(table["measure"])]
    shown = table if asked else table[~table["measure"].isin(details) & (table["part"] == "session")]
    columns = ["measure", "speaker", "other", "part", "of", "value", "from", "to", "by chance", "p", "n", "note"]
    columns = ["session", *columns] if of_case else columns
    print_table(columns, [_row(row, names, of_case) for row in measure_records(shown)])
    if not asked:
        more = f"; in detail: --measure {', --measure '.join(details)}" if details else ""
        say(f"by quarter: `--measure NAME` or `--format json`{more}")


def _row(row: dict[str, Any], names: dict[tuple[str, str], str], of_case: bool) -> list[Any]:
    people = [row[key] and names.get((row["session"], row[key]), row[key]) for key in ("speaker", "other")]
    cells = [
        row["measure"],
        *people,
        row["part"],
        row["key"],
        row["value"],
        row["low"],
        row["high"],
        row["chance"],
        row["p"],
        row["n"],
    ]
    return [*([row["session"]] if of_case else []), *cells, row["note"]]
