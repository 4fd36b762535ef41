"""What to analyse, read from a table: one row a recording, with its case, day and people."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from diarization.errors import ConfigError, FormatError, TurntoneError

from ..consent import parse_consent
from ..csv_rows import read_csv_rows
from ..roles import channel_problem, parse_person
from ..store.people import clean_name

COLUMNS = ("path", "case", "date", "participants", "roles", "language", "consent")
"""Of a manifest, in any order; only ``path`` is needed."""


_EXAMPLES = {
    "participants": "SPEAKER_00=Anna; SPEAKER_01=Ben",
    "roles": "left=agent; right=customer",
    "consent": "Anna=yes; Ben=analysis",
}


@dataclass(frozen=True)
class Planned:
    """One recording that is to be analysed.

    Parameters
    ----------
    path : Path
    case : str or None
    date : datetime.date or None
    people : dict
        ``PARTICIPANT:ROLE`` or a role, by channel (``left``) or by speaker label.
    language : str or None
        What is spoken, as the manifest says it; kept with the session.
    consent : str or None
        Of all who speak: one of ``pipeline.consent.CONSENTS``; with ``no`` it is not analysed.
    consents : dict
        The same by participant.
    """

    path: Path
    case: str | None = None
    date: datetime.date | None = None
    people: dict[str, str] = field(default_factory=dict)
    language: str | None = None
    consent: str | None = None
    consents: dict[str, str] = field(default_factory=dict)

    @property
    def channels(self) -> dict[str, str]:
        """The people who are named by their channel."""
        return {name: person for name, person in self.people.items() if channel_problem({name: "other"}) is None}

    @property
    def roles(self) -> dict[str, str]:
        """The people who are named by their speaker label."""
        return {name: person for name, person in self.people.items() if name not in self.channels}


def is_manifest(path: Path) -> bool:
    """Whether a path that was given as a recording is a table of recordings: by its name."""
    return path.suffix.lower() == ".csv" and path.is_file()


def read_manifest(path: Path) -> list[Planned]:
    """The recordings of a CSV file with the columns ``COLUMNS``; paths are relative to its folder.

    Participants and roles are written ``SPEAKER_00=Anna; SPEAKER_01=Ben`` or ``left=agent; right=customer``. A file
    that does not exist is no error here: its analysis says so, and the others go on.

    Raises
    ------
    FormatError
        Where a column is unknown, a row breaks the rules or a recording is there twice; the message names the line.
    """
    table = read_csv_rows(path, "manifest")
    unknown = [name for name in table.heading if name not in COLUMNS]
    if "path" not in table.heading or unknown or len(set(table.heading)) < len(table.heading):
        have = ", ".join(table.heading) if any(table.heading) else "nothing"
        raise FormatError(
            f"{path}: the heading has {have}; path is needed, and {', '.join(COLUMNS[1:])} are known, each once"
        )
    rows = [(number, dict(zip(table.heading, cells, strict=False))) for number, cells in table.rows]
    if not rows:
        raise FormatError(f"{path}: no recordings below the heading; one line a recording is needed")
    planned = [_planned(path, f"{path}: line {number}", row) for number, row in rows]
    _check_twice(path, [number for number, _ in rows], planned)
    return planned


def _planned(table: Path, where: str, row: Mapping[str, str]) -> Planned:
    if not row["path"]:
        raise FormatError(f"{where}: no path; name a recording")
    try:
        consent, consents = _consents(row.get("consent", ""), row.get("participants", ""))
        case = clean_name(row["case"], "case") if row.get("case") else None
        return Planned(
            table.parent / Path(row["path"]).expanduser(),
            case,
            _day(row.get("date", "")),
            _people(row.get("participants", ""), row.get("roles", "")),
            row.get("language") or None,
            consent,
            consents,
        )
    except TurntoneError as error:
        raise FormatError(f"{where}: {error}") from None


def _day(text: str) -> datetime.date | None:
    try:
        return datetime.date.fromisoformat(text) if text else None
    except ValueError:
        raise ConfigError(f"date '{text}' is not a day; write it as 2026-03-02") from None


def _people(participants: str, roles: str) -> dict[str, str]:
    names, parts = _pairs(participants, "participants"), _pairs(roles, "roles")
    people = {who: f"{names[who]}:{parts.get(who, '')}" if who in names else parts[who] for who in [*names, *parts]}
    for person in people.values():
        parse_person(person)
    return people


def _consents(text: str, participants: str) -> tuple[str | None, dict[str, str]]:
    """What is said of all, or of each participant: ``yes``, or ``Anna=yes; Ben=analysis``."""
    if "=" not in text:
        return (text.strip().lower() if parse_consent(text) else None, {}) if text.strip() else (None, {})
    said, names = _pairs(text, "consent"), set(_pairs(participants, "participants").values())
    if unknown := sorted(set(said) - names):
        raise ConfigError(f"consent: {unknown[0]} is none of the participants of this row")
    for each in said.values():
        parse_consent(each)
    return None, {name: each.lower() for name, each in said.items()}


def _pairs(text: str, column: str) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for part in filter(None, (each.strip() for each in text.split(";"))):
        left, equals, right = (each.strip() for each in part.partition("="))
        if not (left and equals and right) or left in pairs or ":" in right:
            example = _EXAMPLES[column]
            raise ConfigError(f"{column}: '{part}' is not understood; write it as {example}")
        pairs[left] = right
    return pairs


def _check_twice(table: Path, numbers: Sequence[int], planned: Sequence[Planned]) -> None:
    first: dict[Path, int] = {}
    for number, each in zip(numbers, planned, strict=True):
        if each.path in first:
            raise FormatError(f"{table}: line {number}: {each.path} stands in line {first[each.path]} already")
        first[each.path] = number
