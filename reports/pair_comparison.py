"""Two sessions side by side: what changed for a participant, beside what chance alone would change."""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan
from typing import TYPE_CHECKING

from .between.drivers import driving_turns
from .changes import change_between
from .comparisons import session_titles
from .language import say, translated
from .measure_tables import MeasureTable, cell_of, described, row_of, with_transcript
from .measures import measure_session
from .similarity import Similarity
from .wording import by_chance, number

if TYPE_CHECKING:
    import pandas as pd

    from pipeline.sessions import Session

MOST_DRIVING = 5
"""Turns of each session that are named for either side."""

_OF_SPEAKER = (
    ("talk_time", None), ("talk_share", None), ("turn_count", None), ("turn_length_median", None),
    ("speaking_rate", None), ("affect_mean", "valence"), ("affect_mean", "arousal"), ("affect_deviation", "valence"),
    ("affect_inertia", "valence"), ("emotion_entropy", None),
)  # fmt: skip
_OF_SESSION = ("silence_share", "overlap_share", "balance", "floor_transfer_offset")


def people_in_both(one: Session, other: Session) -> list[str]:
    """The participants who speak in both sessions, in the order of the first."""
    there = set(other.speakers["participant"].dropna())
    return [name for name in dict.fromkeys(one.speakers["participant"].dropna()) if name in there]


def pair_sentences(one: Session, other: Session, participant: str | None, found: Similarity | None) -> list[str]:
    """What a reader should know of two sessions, a sentence each.

    Parameters
    ----------
    one, other : Session
        In the order in which they are shown.
    participant : str, optional
        Who is compared; without one there is nothing to say of anybody.
    found : Similarity, optional
        Of the participant over the case of both, where they are of one case.
    """
    if participant is None:
        return [say("Nobody is known in both sessions, so only the sessions as such stand side by side.")]
    titles = session_titles([one, other])
    said = [_alike(one, other, participant, found)]
    for column in ("valence", "arousal"):
        change = change_between(one, other, participant, column)
        if change is None:
            nothing = say("{name} of {who}: not enough data, 4 scored turns in each session are needed.",
                          name=say(_NAMES[column]), who=participant)  # fmt: skip
            said.append(nothing)
            continue
        said.append(
            say(
                "{name} of {who} goes from {before} ({one}) to {after} ({other}), {p}.",
                name=say(_NAMES[column]),
                who=participant,
                before=number(change.before, signed=True),
                after=number(change.after, signed=True),
                one=titles[one.id],
                other=titles[other.id],
                p=by_chance(change.chance),
            )
        )
    return said


_NAMES = {"valence": "Valence", "arousal": "Arousal"}


def _alike(one: Session, other: Session, participant: str, found: Similarity | None) -> str:
    if found is None:
        return say("The sessions are not of one case, so how alike {who} sounds in them is not compared.",
                   who=participant)  # fmt: skip
    places = {session.id: at for at, session in enumerate(found.sessions)}
    if one.id not in places or other.id not in places:
        why = "; ".join(map(translated, found.left_out)) or say("there is one session")
        return say("How alike {who} sounds cannot be compared: {why}.", who=participant, why=why)
    at = places[one.id], places[other.id]
    low = float(found.low[at]) if found.low is not None else float("nan")
    high = float(found.high[at]) if found.high is not None else float("nan")
    interval = "" if isnan(low) else say(" (95 % interval {low} to {high})", low=number(low), high=number(high))
    return say(
        "{who} sounds alike by {value}{interval}; sessions that do not differ would reach {floor}, {p}.",
        who=participant,
        value=number(float(found.cosine[at])),
        interval=interval,
        floor=number(float(found.floor[at])),
        p=by_chance(float(found.p_value[at])),
    )


def strongest_turns(sessions: Sequence[Session], participant: str, one: str, other: str) -> pd.DataFrame:
    """The turns of both sessions that drive most how alike they are, as ``driving_turns`` with a column ``towards``.

    ``towards`` is ``unlike`` for those that make the sessions unlike, the strongest first, then ``alike``; at most
    ``MOST_DRIVING`` a session and side, and none whose influence is nothing.
    """
    table = driving_turns(sessions, participant, one, other)
    unlike = table[table["influence"] < 0].sort_values("influence", kind="stable").assign(towards="unlike")
    alike = table[table["influence"] > 0].sort_values("influence", ascending=False, kind="stable")
    kept = [side.groupby("session", sort=False).head(MOST_DRIVING) for side in (unlike, alike.assign(towards="alike"))]
    import pandas as pd

    return pd.concat(kept, ignore_index=True)


def pair_tables(one: Session, other: Session, participant: str | None) -> list[MeasureTable]:
    """The measures of both sessions side by side: of the participant, and of the sessions as such."""
    titles = session_titles([one, other])
    columns = [titles[one.id], titles[other.id]]
    own = _of_participant((one, other), participant, columns) if participant else []
    rows = _rows((one, other), [(name, None) for name in _OF_SESSION], (None, None))
    about = say("Of the session as a whole.")
    return [*own, MeasureTable(say("The exchange"), about, columns, rows, [""] * len(rows))]


def _of_participant(sessions: tuple[Session, Session], participant: str, columns: list[str]) -> list[MeasureTable]:
    labels = [_label_of(session, participant) for session in sessions]
    emotions = [label for label in sessions[0].scheme.labels if label in sessions[1].scheme.labels]
    chosen = (*with_transcript(sessions, _OF_SPEAKER), *(("emotion_share", label) for label in emotions))
    rows = _rows(sessions, chosen, labels)
    about = say("In brackets the 95 % interval over the session's turns.")
    return [MeasureTable(say("{who} in both sessions", who=participant), about, columns, rows, [""] * len(rows))]


def _rows(
    sessions: Sequence[Session], chosen: Sequence[tuple[str, str | None]], speakers: Sequence[str | None]
) -> list[tuple[str, list[str], str]]:
    names = list(dict.fromkeys(name for name, _ in chosen))
    tables = [measure_session(session, names) for session in sessions]
    tables = [table[table["part"] == "session"] for table in tables]
    return [
        (
            title,
            [cell_of(row_of(table, name, key, speaker=who)) for table, who in zip(tables, speakers, strict=True)],
            caution,
        )
        for name, key, title, caution in described(chosen)
    ]


def _label_of(session: Session, participant: str) -> str:
    """The label of a participant in a session; of several, of the one who talks longest."""
    own = session.speakers[session.speakers["participant"] == participant]
    return str(own.sort_values("talk_time", ascending=False, kind="stable")["label"].iloc[0])
