"""The turns that a flag rests on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..between.exchange import chance_of_parting
from ..between.memory import memory_within
from ..changes import turns_of_speaker
from ..measures.conversation import QUARTERS
from ..resampling import mean_of
from ..turns import LEAST_TURNS, durations_of
from .rules import Rule

if TYPE_CHECKING:
    import pandas as pd

    from pipeline.sessions import Session

MOST_EVIDENCE = 5
"""Turns that a flag of a measure points at."""

_SILENT = ("silence_share", "gap_length", "pause_length", "response_latency", "floor_transfer_offset")
_OVERLAPPED = ("overlap_share", "overlap_length", "interruptions")


@dataclass(frozen=True)
class Evidence:
    """A turn to listen to: its row in ``session.turns``, seconds, speaker's label, and the value it is there for."""

    turn: int
    start: float
    end: float
    speaker: str
    value: float


@dataclass(frozen=True)
class Run:
    """Turns of a speaker for which a rule holds, one after the other, no other scored turn of the speaker between."""

    turns: tuple[Evidence, ...]

    @property
    def seconds(self) -> float:
        """How long the speaker talks in them."""
        return sum(each.end - each.start for each in self.turns)

    @property
    def start(self) -> float:
        """When the first begins."""
        return self.turns[0].start

    @property
    def end(self) -> float:
        """When the last ends."""
        return self.turns[-1].end


@dataclass(frozen=True)
class Moved:
    """A speaker's mean before a part and in it, how often chance alone parts them as far, and the turns of the part."""

    before: float
    after: float
    chance: float
    evidence: tuple[Evidence, ...]


def turns_in(session: Session, rule: Rule, speaker: str) -> pd.DataFrame:
    """The speaker's turns in the rule's part that have its value: scored ones, except for overlap and duration."""
    turns = session.turns[session.turns["speaker"] == speaker]
    if rule.turns not in ("overlap", "duration"):
        turns = turns[turns["scored"]]
    turns = turns.assign(value=_values(session, turns, str(rule.turns))).dropna(subset=["value"])
    inside: pd.DataFrame = turns[_within(session, turns, rule.quarter)]
    return inside


def runs_of(turns: pd.DataFrame, rule: Rule) -> list[Run]:
    """The longest rows of turns for which the rule holds, by time."""
    runs: list[list[Evidence]] = [[]]
    for row in _evidence(turns):
        if rule.holds(row.value):
            runs[-1].append(row)
        elif runs[-1]:
            runs.append([])
    return [Run(tuple(run)) for run in runs if run]


def moved_turns(session: Session, rule: Rule, speaker: str) -> Moved | None:
    """The rule's value in its part against before it; None with fewer than ``LEAST_TURNS`` turns on either side.

    ``chance`` is nan where the turns are too few for how alike neighbouring ones are.
    """
    part = turns_in(session, rule, speaker)
    everything = turns_in(session, rule.model_copy(update={"part": "session"}), speaker)
    earlier = everything[~everything.index.isin(part.index) & (everything["start"] < _part_start(session, rule))]
    if min(len(part), len(earlier)) < LEAST_TURNS:
        return None
    ours, theirs = earlier["value"].to_numpy(np.float64), part["value"].to_numpy(np.float64)
    weights = durations_of(earlier), durations_of(part)
    values, later = np.concatenate([ours, theirs]), np.arange(len(ours) + len(theirs)) >= len(ours)
    own = turns_of_speaker(session, speaker)
    memory = memory_within(own, (own.times.mean(axis=1) >= _part_start(session, rule)).astype(np.int64))
    chance = chance_of_parting(values, np.concatenate(weights), later, memory)
    most = part.sort_values("value", ascending=rule.falls_by is not None).head(MOST_EVIDENCE).sort_index()
    means = float(mean_of(ours, weights[0])), float(mean_of(theirs, weights[1]))
    return Moved(*means, chance, tuple(_evidence(most)))


def evidence_of(session: Session, rule: Rule, row: dict[Any, Any]) -> tuple[Evidence, ...]:
    """The turns to look at for a value of a measure: the one it names, else those that say most of it.

    Of silence those after which it is longest, of overlap those that are most under other voices, of an emotion those
    that sound most like it, of valence and arousal the highest (or lowest), else the longest, of the speaker where the
    measure has one.
    """
    turns = session.turns
    if not _missing(row["turn"]):
        return tuple(_evidence(turns.loc[[int(row["turn"])]].assign(value=row["value"])))
    silence = np.append(turns["start"].to_numpy()[1:], session.recording.duration) - np.maximum.accumulate(turns["end"])
    turns = turns.assign(value=durations_of(turns), silence=silence)
    kept = turns[_within(session, turns, rule.quarter)]
    if row["speaker"] is not None:
        kept = kept[kept["speaker"] == row["speaker"]]
    low = rule.below is not None
    if rule.measure in _SILENT:
        kept, low = kept.assign(value=kept["silence"]), False
    elif rule.measure in _OVERLAPPED:
        kept, low = kept.assign(value=kept["overlap"]), False
    elif row["key"] in (*session.scheme.labels, "valence", "arousal"):
        kept = kept.assign(value=_values(session, kept, row["key"])).dropna(subset=["value"])
    return tuple(_evidence(kept.sort_values("value", ascending=low).head(MOST_EVIDENCE).sort_index()))


def _evidence(turns: pd.DataFrame) -> list[Evidence]:
    columns = [turns[name].tolist() for name in ("start", "end", "speaker", "value")]
    return [Evidence(int(index), *each) for index, *each in zip(turns.index, *columns, strict=True)]


def _values(session: Session, turns: pd.DataFrame, name: str) -> Any:
    if name == "duration":
        return durations_of(turns)
    return turns[f"score_{name}" if name in session.scheme.labels else name].to_numpy(np.float64)


def _within(session: Session, turns: pd.DataFrame, quarter: str) -> Any:
    """Which turns have their middle in a part of the recording."""
    if quarter not in QUARTERS:
        return np.ones(len(turns), bool)
    edges = np.linspace(0, session.recording.duration, 5)
    middles = (turns["start"] + turns["end"]).to_numpy() / 2
    return np.clip(np.searchsorted(edges, middles, "right") - 1, 0, 3) == QUARTERS.index(quarter)


def _part_start(session: Session, rule: Rule) -> float:
    return session.recording.duration * QUARTERS.index(rule.quarter) / 4


def _missing(value: Any) -> bool:
    import pandas as pd

    return value is None or bool(pd.isna(value))
