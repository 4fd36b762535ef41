"""A CSV file of what is known of sessions and participants beside the recordings."""

from __future__ import annotations

import csv
import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from diarization.errors import ConfigError

if TYPE_CHECKING:
    from pipeline.sessions import Session

KEYS = ("session", "participant", "case")
"""Columns that say of whom a row speaks; at least one of the first two is needed."""

_LEAST_ID = 4  # hexadecimal digits by which a session may be named


@dataclass(frozen=True)
class Covariates:
    """Rows of a table, each about a session, a participant, or a participant in a session.

    Parameters
    ----------
    path : Path
        Where it was read from.
    columns : tuple of str
        Those that are not ``KEYS``.
    rows : tuple of (int, dict)
        The line in the file, and its cells, stripped; empty ones are "".
    """

    path: Path
    columns: tuple[str, ...]
    rows: tuple[tuple[int, dict[str, str]], ...]

    def level(self, by: str, session: Session, participant: str | None) -> str | None:
        """What the table says of a participant in a session in the column ``by``; None where it says nothing.

        Raises
        ------
        ConfigError
            Where two rows say different things.
        """
        found = {row[by]: line for line, row in self.rows if row[by] and _speaks_of(row, session, participant)}
        if len(found) > 1:
            whom = " ".join(filter(None, [participant, "in session", session.id]))
            (one, first), (other, second), *_ = found.items()
            raise ConfigError(
                f"{self.path}: {whom} is '{one}' in line {first} and '{other}' in line {second} of column '{by}'; "
                "leave one of them"
            )
        return next(iter(found), None)

    def unknown(self, sessions: Sequence[Session]) -> list[int]:
        """Lines that speak of no session and no participant there is."""
        people = [(session, name) for session in sessions for name in {*session.speakers["participant"], None}]
        return [line for line, row in self.rows if not any(_speaks_of(row, *each) for each in people)]


KNOWN = ("role", "case", "dates")
"""What groups of people can be made of without a file, from what is known of the sessions."""


def known_covariates(sessions: Sequence[Session], by: str, since: datetime.date | None = None) -> Covariates:
    """Covariates from what is known of sessions: the roles of their people, their cases, or their dates.

    Parameters
    ----------
    sessions : sequence of Session
        Of any cases.
    by : str
        One of ``KNOWN``.
    since : datetime.date, optional
        For ``dates``: sessions before this day are ``before``, later ones ``since``; those without a date are neither.

    Raises
    ------
    ConfigError
        Where it is none of these, or the day is missing.
    """
    if by not in KNOWN:
        raise ConfigError(f"groups '{by}': known are {', '.join(KNOWN)}")
    if by == "dates" and since is None:
        raise ConfigError("groups 'dates': a day is needed, as 2026-03-16; sessions before it are one group")
    rows = [row for session in sessions for row in _known_rows(session, by, since)]
    return Covariates(Path("workspace"), (by,), tuple(enumerate(rows, 1)))


def _known_rows(session: Session, by: str, since: datetime.date | None) -> list[dict[str, str]]:
    if by == "role":
        people = session.speakers.dropna(subset=["participant", "role"]).to_dict("records")
        return [{"session": session.id, "participant": row["participant"], by: row["role"]} for row in people]
    if by == "case":
        return [{"session": session.id, by: session.case}] if session.case else []
    if session.date is None or since is None:
        return []
    return [{"session": session.id, by: "since" if session.date >= since else "before"}]


def read_covariates(path: str | Path, by: str) -> Covariates:
    """Read a CSV file (comma, semicolon or tab; UTF-8) with a header.

    Raises
    ------
    ConfigError
        Where it cannot be read, says of nobody, or lacks the column ``by``.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror or error})") from None
    except UnicodeDecodeError:
        raise ConfigError(_NOT_TEXT.format(path=path)) from None
    return parse_covariates(path, text, by)


def covariates_of(name: str, content: bytes, by: str | None = None) -> Covariates:
    """The same from the content of a file of that name; without ``by``, which columns it has."""
    try:
        return parse_covariates(Path(name), content.decode("utf-8-sig"), by)
    except UnicodeDecodeError:
        raise ConfigError(_NOT_TEXT.format(path=name)) from None


def parse_covariates(path: Path, text: str, by: str | None) -> Covariates:
    """The same from its text."""
    names, rows = _read(path, text)
    if not {"session", "participant"} & set(names):
        raise ConfigError(
            f"{path}: it has neither a column 'session' nor 'participant'; one of them says of whom a row speaks"
        )
    others = tuple(name for name in names if name not in KEYS)
    if by not in others and (by is not None or not others):
        raise ConfigError(
            f"{path}: there is no column '{by or 'to compare by'}'; it has {', '.join(others) or 'none to compare by'}"
        )
    return Covariates(path, others, rows)


_NOT_TEXT = "{path}: not UTF-8 text; save it as CSV with UTF-8"


def _read(path: Path, text: str) -> tuple[list[str], tuple[tuple[int, dict[str, str]], ...]]:
    head = text.split("\n", 1)[0]
    separator = max(",;\t", key=head.count)
    reader = csv.reader(text.splitlines(), delimiter=separator)
    names = [name.strip() for name in next(reader, [])]
    if not any(names):
        raise ConfigError(f"{path}: it is empty; a header and a row for each session or participant are needed")
    if len(set(names)) < len(names):
        raise ConfigError(f"{path}: two columns have one name; give each its own")
    rows = []
    for cells in reader:
        if len(cells) > len(names):
            raise ConfigError(f"{path}: line {reader.line_num} has {len(cells)} cells, the header has {len(names)}")
        if any(cell.strip() for cell in cells):
            filled = [cell.strip() for cell in cells] + [""] * (len(names) - len(cells))
            rows.append((reader.line_num, dict(zip(names, filled, strict=True))))
    return names, tuple(rows)


def _speaks_of(row: dict[str, str], session: Session, participant: str | None) -> bool:
    """Whether a row is about that participant in that session; what a row leaves empty does not matter to it."""
    known, person, case = (row.get(key, "") for key in KEYS)
    if not known and not person:
        return False
    return (
        (not known or _is_session(known, session))
        and (not person or person == participant)
        and (not case or case == session.case)
    )


def _is_session(name: str, session: Session) -> bool:
    """By its id, how that begins, or its file."""
    path = session.recording.path
    return name in (path.name, path.stem) or (len(name) >= _LEAST_ID and session.id.startswith(name.lower()))
