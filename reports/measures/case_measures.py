"""Measures of a participant from session to session."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ..between.case_turns import AFFECT, CaseTurns
from ..turns import LEAST_TURNS
from .cases import case_affect, case_shares
from .registry import Least, Measure
from .values import Value

if TYPE_CHECKING:
    import pandas as pd


def _shares(case: CaseTurns) -> Iterator[Value]:
    for person in case.participants:
        for row in _rows(case_shares(case, person)):
            yield _value(row, row["share"], person, row["emotion"])


def _affect(case: CaseTurns) -> Iterator[Value]:
    for person in case.participants:
        for key in AFFECT:
            for row in _rows(case_affect(case, person, key)):
                yield _value(row, row["mean"], person, key)


def _rows(table: pd.DataFrame) -> list[dict[Any, Any]]:
    return table.to_dict("records")


def _value(row: dict[Any, Any], value: float, person: str, key: str) -> Value:
    return Value(value, row["num_turns"], person, key=key, low=row["low"], high=row["high"], session=row["session"])


_NEEDED = Least(LEAST_TURNS, "scored turns of the participant in the session")

CASE_MEASURES = (
    Measure(
        name="case_emotion_share",
        title="Emotion shares from session to session",
        group="between sessions",
        scope="case",
        unit="share of the scored time, 0 to 1",
        definition="As emotion_share, for each session in which the participant can be compared: scored by the models "
        "of most sessions and relative to the case. Intervals from 2,000 bootstrap samples of the session's turns.",
        source="Hesterberg (2015), The American Statistician 69(4), 371-386, for the intervals",
        interpretation="How much of the time in which somebody was heard sounded like each emotion, session by "
        "session.",
        caution="The interval says how much hangs on which turns were spoken; another room or microphone moves all of "
        "it.",
        least=_NEEDED,
        over=_shares,
        emotional=True,
    ),
    Measure(
        name="case_affect",
        title="Valence and arousal from session to session",
        group="between sessions",
        scope="case",
        unit="-1 to 1",
        definition="Mean valence and mean arousal of the participant's scored turns in each session, each turn "
        "weighted by its duration, with bootstrap intervals over the turns.",
        source="Russell and Mehrabian (1977), Journal of Research in Personality 11, 273-294, for the norms; "
        "Hesterberg (2015) for the intervals",
        interpretation="Whether a person sounded more or less pleasant and more or less excited, session by session.",
        caution="Valence and arousal are derived from the emotion scores and hold nothing that those do not.",
        least=_NEEDED,
        over=_affect,
        emotional=True,
    ),
)
"""Of a participant over a case."""
