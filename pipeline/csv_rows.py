"""Rows of a CSV file that a person wrote, with the number of each line."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from diarization.errors import FormatError


@dataclass(frozen=True)
class CsvRows:
    """The heading in lower case, and the rows below it that hold anything.

    Parameters
    ----------
    heading : list of str
    rows : list of tuple
        Number of the line, from 1, and its cells, as many as the heading has at least.
    """

    heading: list[str]
    rows: list[tuple[int, list[str]]]


def read_csv_rows(path: Path, what: str) -> CsvRows:
    """The rows of a file in UTF-8; commas, semicolons or tabs part its columns.

    Parameters
    ----------
    path : Path
    what : str
        What the file holds, for the message: ``labels``.

    Raises
    ------
    FormatError
        Where it cannot be read as text.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = "not a text file in UTF-8" if isinstance(error, UnicodeDecodeError) else error.strerror
        raise FormatError(f"{path}: cannot be read ({reason}); save the {what} as a CSV file in UTF-8") from None
    lines = text.splitlines()
    reader = csv.reader(lines, delimiter=max(",;\t", key=(lines[0] if lines else "").count))
    heading = [cell.strip().lower() for cell in next(reader, [])]
    rows = [
        (reader.line_num, [cell.strip() for cell in row] + [""] * (len(heading) - len(row)))
        for row in reader
        if any(cell.strip() for cell in row)
    ]
    return CsvRows(heading, rows)
