"""The rows of a report's tables: turns, sessions, facts of sound and provenance, a case's measures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isnan
from typing import TYPE_CHECKING, Any

from .between.blocks import least_turns
from .changes import change_between
from .comparisons import comparison, session_titles
from .language import say, say_many, translated
from .measure_tables import NOT_ENOUGH, MeasureTable, change_cell, row_title
from .measures import case_affect, case_shares, find_measures, speaker_names
from .wording import clock, number, percent

if TYPE_CHECKING:
    import pandas as pd

    from pipeline.sessions import Session

_MOST_COLUMNS = 8
"""Sessions that have a column in a table; of more, the first and the last ones."""


def turn_rows(session: Session) -> list[dict[str, Any]]:
    """A row a turn, as the table of turns shows it."""
    names = speaker_names(session)
    rows: list[dict[Any, Any]] = session.turns.to_dict("records")
    return [_turn_row(row, names[row["speaker"]]) for row in rows]


def _turn_row(row: dict[Any, Any], name: str) -> dict[str, Any]:
    scored = row["scored"]
    return {
        "begins": clock(row["start"]),
        "lasts": say("{seconds} s", seconds=f"{row['end'] - row['start']:.1f}"),
        "speaker": name,
        "speaker_confidence": "" if isnan(row["speaker_confidence"]) else percent(row["speaker_confidence"]),
        "emotion": say(row["emotion"]) if scored else None,
        "confidence": percent(row["confidence"]) if scored else "",
        "valence": number(row["valence"]),
        "arousal": number(row["arousal"]),
        "reason": translated(row["reason"] or ""),
        "text": row["text"] or "",
    }


def session_rows(sessions: Sequence[Session]) -> list[dict[str, Any]]:
    """A row a session, as the report of a case lists them."""
    titles = session_titles(sessions)
    return [_session_row(session, titles[session.id]) for session in sessions]


def _session_row(session: Session, title: str) -> dict[str, Any]:
    return {
        "id": session.id,
        "title": title,
        "file": session.recording.path.name,
        "duration": clock(session.recording.duration),
        "speakers": ", ".join(translated(session.who_is(label)) for label in session.speakers["label"])
        or say("nobody"),
        "turns": len(session.turns),
        "scored": int(session.turns["scored"].sum()),
    }


def facts_of(session: Session) -> list[tuple[str, str]]:
    """What the reader may want to know of the sound and of how the results were found."""
    recording, quality, known = session.recording, session.quality, session.provenance
    rate = f"{recording.sampling_rate:,} Hz"
    facts = [
        (say("Recording"), f"{recording.path.name}, {clock(recording.duration)}, {rate}"),
        ("SHA-256", recording.id),
    ]
    if session.speaker_count:
        facts.append((say("Speakers"), _count(session.speaker_count)))
    measured = (
        ("level_dbfs", say("Level of speech"), "{:.0f} dBFS"),
        ("snr_db", say("Signal to noise"), "≈ {:.0f} dB"),
        ("bandwidth_hz", say("Bandwidth"), "{:,.0f} Hz"),
        ("silence", say("Quiet parts of the signal"), "{:.0%}"),
        ("clipping", say("Clipped samples"), "{:.2%}"),
    )
    known_of = [(label, form, quality[key]) for key, label, form in measured if quality.get(key) is not None]
    facts += [(label, form.format(value).replace("-", "−")) for label, form, value in known_of]
    described = (
        ("Turntone", (known.get("versions") or {}).get("turntone")),
        (say("Analysed"), str(known.get("analysed") or "").replace("T", " ").replace("+00:00", " UTC")),
        (say("Device"), known.get("device")),
        (say("Models chosen"), say("; ").join(map(translated, known.get("choices") or ()))),
    )
    facts += [(label, str(value)) for label, value in described if value]
    return [*facts, (say("Session"), session.id)]


def _count(count: Mapping[str, Any]) -> str:
    from diarization.speaker_count import count_sentence

    return translated(count_sentence(count))


def case_tables(sessions: Sequence[Session], people: Sequence[str]) -> list[MeasureTable]:
    """A table a participant: shares, valence and arousal session by session, and first against last.

    Anchors begin with the participant's number among ``people``.
    """
    return [table for at, person in enumerate(people) for table in _of_person(sessions, person, at)]


def _of_person(sessions: Sequence[Session], person: str, at: int) -> list[MeasureTable]:
    compared = comparison(sessions, person).sessions
    if not compared:
        return []
    half = _MOST_COLUMNS // 2
    shown = compared if len(compared) <= _MOST_COLUMNS else (*compared[:half], *compared[-half:])
    titles, keys = session_titles(sessions), [session.id for session in shown]
    shares, affect = find_measures(["case_emotion_share", "case_affect"])
    table = case_shares(sessions, person)
    rows = [
        (
            row_title(shares.title, emotion),
            _cells(table[table["emotion"] == emotion], keys, "share", percent),
            say(shares.caution),
        )
        for emotion in dict.fromkeys(table["emotion"])
    ]
    anchors = [f"{at} case_emotion_share", *[""] * (len(rows) - 1)]
    for key in ("valence", "arousal"):
        cells = _cells(case_affect(sessions, person, key), keys, "mean", number)
        rows.append((row_title(affect.title, key), cells, say(affect.caution)))
        anchors.append(f"{at} case_affect" if key == "valence" else "")
    if row := _first_and_last(compared, person, len(keys)):
        rows.append(row)
        anchors.append(f"{at} first and last")
    about = say("In brackets the 95 % interval over the session's turns.")
    heading = say("{who}: measures from session to session", who=person)
    return [MeasureTable(heading, about, [titles[key] for key in keys], rows, anchors)]


def _cells(table: pd.DataFrame, keys: Sequence[str], column: str, form: Any) -> list[str]:
    known: dict[Any, dict[Any, Any]] = {row["session"]: row for row in table.to_dict("records")}
    return [
        say("{value} ({low} to {high})", value=form(row[column]), low=form(row["low"]), high=form(row["high"]))
        if (row := known.get(key))
        else say(NOT_ENOUGH)
        for key in keys
    ]


def _first_and_last(sessions: Sequence[Session], person: str, columns: int) -> tuple[str, list[str], str] | None:
    if len(sessions) < 2 or (change := change_between(sessions[0], sessions[-1], person, among=sessions)) is None:
        return None
    said = change_cell(change)
    caution = say(
        "Blocks of turns are shuffled, with turns left out between them; p needs at least "
        "{least} turns in each session, and more where neighbouring ones stay alike.",
        least=least_turns(1),
    )
    return say("Valence, first and last session"), [*[""] * (columns - 1), said], caution


def sessions_words(count: int) -> str:
    """So many sessions."""
    return say_many(count, "{count} session", "{count} sessions")
