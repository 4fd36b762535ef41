"""Measures as a reader sees them: a row a measure, a column a speaker, and beside them what to mind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isnan
from typing import TYPE_CHECKING, Any

from .between.blocks import least_turns
from .changes import Change, change_within
from .language import say, sentences
from .measures import find_measures, measure_session, speaker_names
from .wording import by_chance, in_unit, least_words, number

if TYPE_CHECKING:
    import pandas as pd

    from pipeline.sessions import Session

MOST_SPEAKERS = 6
"""Speakers who have a column; of more, those who are heard longest."""

NOT_ENOUGH = "not enough data"

_TURN_TAKING = (
    ("talk_time", None), ("talk_share", None), ("turn_count", None), ("turn_length_median", None),
    ("longest_turn", None), ("speaking_rate", None), ("pause_length", None),
)  # fmt: skip
_SESSION = ("silence_share", "overlap_share", "balance", "floor_transfer_offset", "gap_length", "overlap_length")
_DYNAMICS = (
    ("affect_mean", "valence"), ("affect_mean", "arousal"), ("affect_deviation", "valence"),
    ("affect_instability", "valence"), ("affect_inertia", "valence"), ("emotion_entropy", None), ("call_shape", None),
    ("change_points", "valence"),
)  # fmt: skip
_PAIRS = (
    ("response_latency", None), ("interruptions", None), ("backchannels", None), ("synchrony", "valence"),
    ("lead", "valence"), ("affect_echo", "valence"),
)  # fmt: skip
_MOST_PAIRS = 6


def measure_records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of ``measure_session`` or ``measure_case`` as JSON values: numbers that are not known become None."""
    rows = table.astype(object).where(table.notna(), None).to_dict("records")
    return [
        {str(key): round(each, 6) if isinstance(each, float) else each for key, each in row.items()} for row in rows
    ]


@dataclass(frozen=True)
class MeasureTable:
    """A table of measures, ready to be shown.

    Parameters
    ----------
    heading, about : str
        Over the table.
    columns : list of str
        What each cell of a row is of.
    rows : list of (str, list of str, str)
        A measure's title, its cells, and what to mind.
    anchors : list of str
        Of each row: what a sentence of the summary names as its source, where the row is the first of it.
    """

    heading: str
    about: str
    columns: list[str]
    rows: list[tuple[str, list[str], str]]
    anchors: list[str]


def measure_tables(session: Session) -> list[MeasureTable]:
    """The tables of a session: turn taking, dynamics, and what is between its speakers; none without turns."""
    if session.turns.empty:
        return []
    shares = tuple(("emotion_share", label) for label in session.scheme.labels)
    chosen = (*_TURN_TAKING, *shares, *_DYNAMICS, *_PAIRS, *((name, None) for name in _SESSION))
    table = measure_session(session, list(dict.fromkeys(name for name, _ in chosen)))
    table = table[table["part"] == "session"]
    dynamics = _of_speakers(
        session,
        table,
        say("Dynamics"),
        say("How each speaker's affect moved; in brackets the 95 % interval."),
        (*shares, *_DYNAMICS),
    )
    taking = say("Who talks how long.")
    return [
        _of_speakers(session, table, say("Turn taking"), taking, with_transcript([session], _TURN_TAKING)),
        _of_session(table),
        _with_halves(session, dynamics),
        *_of_pairs(session, table),
    ]


def with_transcript(
    sessions: Sequence[Session], chosen: Sequence[tuple[str, str | None]]
) -> Sequence[tuple[str, str | None]]:
    """The measures without those of words where nobody's words are known."""
    known = any(session.turns["text"].any() for session in sessions)
    return chosen if known else [each for each in chosen if each[0] != "speaking_rate"]


def speakers_shown(session: Session) -> list[str]:
    """The speakers who have a column, in order of first speech."""
    heard = session.speakers.sort_values("talk_time", ascending=False, kind="stable")["label"].head(MOST_SPEAKERS)
    return [label for label in session.speakers["label"] if label in set(heard)]


def _of_speakers(
    session: Session, table: pd.DataFrame, heading: str, about: str, chosen: Sequence[tuple[str, str | None]]
) -> MeasureTable:
    speakers, names = speakers_shown(session), speaker_names(session)
    rows = [
        _row(title, [row_of(table, name, key, speaker=speaker) for speaker in speakers], caution)
        for name, key, title, caution in described(chosen)
    ]
    return MeasureTable(heading, about, [names[speaker] for speaker in speakers], rows, _anchors(chosen))


def _row(title: str, rows: Sequence[dict[Any, Any] | None], caution: str) -> tuple[str, list[str], str]:
    """A row with its cells; where one has not enough data, what to mind begins with what would be enough."""
    short = next((row for row in rows if row and (row["note"] or "").startswith(NOT_ENOUGH)), None)
    needs = None
    if short is not None:
        (measure,) = find_measures([short["measure"]])
        needs = say("Needs {least}.", least=least_words(measure.least))
    return title, [cell_of(row) for row in rows], sentences(needs, caution)


def _with_halves(session: Session, table: MeasureTable) -> MeasureTable:
    """The table with a row for what the summary says of the halves of the session."""
    cells = []
    for speaker in speakers_shown(session):
        change = change_within(session, speaker)
        cells.append(change_cell(change) if change else say(NOT_ENOUGH))
    caution = say(
        "Blocks of turns are shuffled, with turns left out between them; p needs at least "
        "{least} turns of the speaker, and more where neighbouring ones stay alike.",
        least=least_turns(1),
    )
    row = (say("Valence, first and second half"), cells, caution)
    return MeasureTable(table.heading, table.about, table.columns, [*table.rows, row], [*table.anchors, "halves"])


def change_cell(change: Change) -> str:
    """Before and after, and how often chance makes as much of it."""
    before, after = number(change.before, signed=True), number(change.after, signed=True)
    return say("{before} → {after} ({p})", before=before, after=after, p=by_chance(change.chance))


def _of_session(table: pd.DataFrame) -> MeasureTable:
    chosen = [(name, None) for name in _SESSION]
    rows = [_row(title, [row_of(table, name, None)], caution) for name, _, title, caution in described(chosen)]
    about = say("Of the session as a whole.")
    return MeasureTable(say("The exchange"), about, [say("session")], rows, _anchors(chosen))


def _of_pairs(session: Session, table: pd.DataFrame) -> list[MeasureTable]:
    names, labels = speaker_names(session), list(session.speakers["label"])
    pairs = [(one, other) for one in labels for other in labels if one != other]
    if not pairs or len(pairs) > _MOST_PAIRS:
        return []
    rows = [
        _row(title, [row_of(table, name, key, one, other) for one, other in pairs], caution)
        for name, key, title, caution in described(_PAIRS)
    ]
    columns = [say("{one} towards {other}", one=names[one], other=names[other]) for one, other in pairs]
    about = say("Of each speaker towards each other; synchrony is the same for both and stands once.")
    return [MeasureTable(say("Between speakers"), about, columns, rows, _anchors(_PAIRS))]


def _anchors(chosen: Sequence[tuple[str, str | None]]) -> list[str]:
    """The name of each row's measure, once."""
    names = [name for name, _ in chosen]
    return [name if name not in names[:at] else "" for at, name in enumerate(names)]


def described(chosen: Sequence[tuple[str, str | None]]) -> list[tuple[str, str | None, str, str]]:
    """Name, key, title and caution of each measure chosen."""
    found = zip(chosen, find_measures(name for name, _ in chosen), strict=True)
    return [(name, key, row_title(each.title, key), say(each.caution)) for (name, key), each in found]


def row_title(title: str, key: str | None) -> str:
    """A measure's title in the language spoken, and which of its values."""
    return say("{title}: {key}", title=say(title), key=say(key)) if key else say(title)


def row_of(
    table: pd.DataFrame, name: str, key: str | None, speaker: str | None = None, other: str | None = None
) -> dict[Any, Any] | None:
    """The row of a measure in a table of ``measure_session``, None where it has none."""
    own = table[table["measure"] == name]
    own = own if speaker is None else own[own["speaker"] == speaker]
    own = own if other is None else own[own["other"] == other]
    own = own if key is None or own["key"].isna().all() else own[own["key"] == key]
    return own.to_dict("records")[0] if len(own) else None


def cell_of(row: dict[Any, Any] | None) -> str:
    """A value in its unit, with its interval or its p; in words where there is too little for one."""
    if row is None:
        return "–"
    if isnan(row["value"]):
        return say(NOT_ENOUGH)
    (measure,) = find_measures([row["measure"]])
    if row["measure"] == "call_shape":
        return f"{say(row['key'])} ({number(row['value'], signed=True)}, {by_chance(row['p'])})"
    text = in_unit(row["value"], measure.unit)
    if not isnan(row["p"]):
        return f"{text} ({by_chance(row['p'])})"
    if isnan(row["low"]):
        return text
    low, high = (in_unit(row[name], measure.unit) for name in ("low", "high"))
    return say("{value} ({low} to {high})", value=text, low=low, high=high)
