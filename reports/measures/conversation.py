"""A session as measures look at it: what several of them need is found once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from emotion.schemes import VALENCE_AROUSAL
from emotion.voices import VOICE_COLUMNS

from ..between.case_turns import SessionTurns
from ..between.memory import memory_within
from ..resampling import Floats
from ..session_numbers import SessionNumbers
from .series import Series

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.sessions import Session

QUARTERS = ("quarter 1", "quarter 2", "quarter 3", "quarter 4")
"""The equal parts of a recording, in order."""

BIN = 10.0
"""Seconds of a bin of time."""

SPURT_PAUSE = 0.5
"""Seconds; a speaker's segments closer than this are one spurt of talk."""

UNCERTAIN = "uncertain"
"""The emotion of a turn on which the recogniser will not decide; its scores are kept."""

_RESOLUTION = 6  # decimals of a second: what is closer is the same moment


@dataclass(frozen=True)
class Handover:
    """What lies between one stretch in which one speaker alone is heard and the next such stretch.

    Parameters
    ----------
    before, after : str
        Who is heard alone before and after; the same where the speaker goes on.
    start, end : float
        Seconds from the beginning of the recording.
    silence, overlap : float
        Seconds of it in which nobody is heard, and in which several are.
    """

    before: str
    after: str
    start: float
    end: float
    silence: float
    overlap: float

    @property
    def offset(self) -> float:
        """Seconds of silence less seconds of overlap: the floor transfer offset."""
        return self.silence - self.overlap


@dataclass(frozen=True)
class Spurt:
    """A stretch of one speaker's talk without a pause of ``SPURT_PAUSE``; what others say does not end it."""

    speaker: str
    start: float
    end: float

    @property
    def duration(self) -> float:
        """Seconds."""
        return self.end - self.start


@dataclass(frozen=True)
class Activity:
    """Who is heard when, as stretches in which that does not change.

    Parameters
    ----------
    edges : np.ndarray, shape (stretches + 1,)
        Seconds, rising.
    speaking : np.ndarray of bool, shape (speakers, stretches)
        Rows in the order of ``Conversation.speakers``.
    """

    edges: Floats
    speaking: NDArray[np.bool_]

    @property
    def lengths(self) -> Floats:
        """Seconds of each stretch."""
        return np.diff(self.edges)

    @property
    def count(self) -> NDArray[np.int64]:
        """How many are heard in each stretch."""
        return np.asarray(self.speaking.sum(axis=0), np.int64)

    def within(self, chosen: NDArray[np.bool_], start: float, end: float) -> float:
        """Seconds between start and end in the stretches chosen."""
        inside = np.minimum(self.edges[1:], end) - np.maximum(self.edges[:-1], start)
        return float(np.maximum(inside, 0)[chosen].sum())


@dataclass(frozen=True)
class Conversation:
    """A session with what measures derive from it, each found on first use and kept.

    Parameters
    ----------
    session : Session
        Turns that are not scored, or whose valence is not known, take part where emotions do not matter.
    """

    session: Session

    @cached_property
    def speakers(self) -> list[str]:
        """Labels, in order of first speech."""
        return list(self.session.speakers["label"])

    @cached_property
    def duration(self) -> float:
        """Seconds of the recording."""
        return float(self.session.recording.duration)

    @cached_property
    def parts(self) -> dict[str, tuple[float, float]]:
        """The whole session and its quarters: start and end in seconds. What begins at the very end is in the last."""
        edges = np.linspace(0, self.duration, 5)
        quarters = {
            name: (float(start), float(end)) for name, (start, end) in zip(QUARTERS, pairwise(edges), strict=True)
        }
        return {"session": (0.0, float("inf")), **quarters, QUARTERS[3]: (float(edges[3]), float("inf"))}

    @cached_property
    def talk(self) -> dict[str, Floats]:
        """Each speaker's talk as (stretches, 2) starts and ends in seconds, in order, lying apart."""
        table = self.session.segments if len(self.session.segments) else self.session.turns
        return {label: _joined(table[table["speaker"] == label]) for label in self.speakers}

    @cached_property
    def talk_times(self) -> Floats:
        """Seconds of talk of each speaker, overlap included."""
        return np.array([float((own[:, 1] - own[:, 0]).sum()) for own in self.talk.values()])

    @cached_property
    def activity(self) -> Activity:
        """Who is heard when, from the first voice to the last."""
        edges = np.unique(np.concatenate([np.zeros(0), *(own.ravel() for own in self.talk.values())]))
        speaking = [_covered(own, edges) for own in self.talk.values()]
        return Activity(edges, np.array(speaking, bool).reshape(len(speaking), max(0, len(edges) - 1)))

    @cached_property
    def handovers(self) -> list[Handover]:
        """What lies between the stretches in which one is heard alone, in order (Heldner and Edlund 2010)."""
        return list(_handovers(self.activity, self.speakers))

    @cached_property
    def transfers(self) -> list[Handover]:
        """The handovers from one speaker to another."""
        return [each for each in self.handovers if each.before != each.after]

    @cached_property
    def spurts(self) -> list[Spurt]:
        """Stretches of talk, by start."""
        found = [Spurt(label, *span) for label, own in self.talk.items() for span in _bridged(own, SPURT_PAUSE)]
        return sorted(found, key=lambda each: (each.start, each.end))

    @cached_property
    def durations(self) -> Floats:
        """Seconds of each turn."""
        return np.asarray(self.session.turns["end"] - self.session.turns["start"], np.float64)

    def turns_of(self, speaker: str) -> pd.DataFrame:
        """A speaker's turns, scored or not, with their rows in ``session.turns`` as index."""
        return self._turns_by_speaker.get(speaker, self.session.turns.iloc[:0])

    @cached_property
    def _turns_by_speaker(self) -> dict[str, pd.DataFrame]:
        return {str(label): own for label, own in self.session.turns.groupby("speaker", sort=False)}

    # Emotions

    @cached_property
    def scores(self) -> Floats:
        """The scores of all turns, (turns, labels); nan where a turn is not scored."""
        return self.session.turns[self.session.score_columns].to_numpy(np.float64)

    def scored_rows(self, speaker: str) -> NDArray[np.int64]:
        """Rows of a speaker's scored turns, in order."""
        return self._scored_rows.get(speaker, np.zeros(0, np.int64))

    def scores_of(self, speaker: str) -> Floats:
        """The scores of a speaker's scored turns, (turns, labels)."""
        return self.scores[self.scored_rows(speaker)]

    def scored_times(self, speaker: str) -> Floats:
        """The middles of a speaker's scored turns in seconds."""
        return self._middles[self.scored_rows(speaker)]

    def scored_durations(self, speaker: str) -> Floats:
        """Seconds of a speaker's scored turns."""
        return self.durations[self.scored_rows(speaker)]

    def tops_of(self, speaker: str) -> NDArray[np.int64]:
        """The emotion that each scored turn of a speaker sounds most like, by its index; -1 where it is uncertain."""
        rows = self.scored_rows(speaker)
        unsure = (self.session.turns["emotion"] == UNCERTAIN).to_numpy(bool)[rows]
        return np.where(unsure, -1, self.scores[rows].argmax(axis=1)) if len(rows) else rows

    def memory(self, speaker: str) -> int | None:
        """Scored turns after which a speaker no longer sounds alike, found within thirds; None: too long to tell."""
        own = SessionTurns(SessionNumbers(self.session), self.scored_rows(speaker))
        return memory_within(own, 3 * np.arange(len(own)) // max(len(own), 1))

    def series(self, speaker: str, column: str) -> Series:
        """A column of a speaker's scored turns at their middles; turns in which it is not known are left out."""
        rows = self.scored_rows(speaker)
        values = self.session.turns[column].to_numpy(np.float64)[rows]
        known = Series(self._middles[rows], values, self.durations[rows], rows).where(np.isfinite(values))
        return known.where(np.argsort(known.times, kind="stable"))

    def binned(self, speaker: str, column: str) -> Series:
        """Mean valence or arousal of a speaker's scores over time in bins of ``BIN`` seconds, where there are any."""
        chosen = np.isin(self._frame_turns, self.scored_rows(speaker))
        values = self._frame_affect[chosen, ("valence", "arousal").index(column)]
        at = (self.session.arrays.frame_times[: len(chosen)][chosen] // BIN).astype(np.int64)[np.isfinite(values)]
        bins, inverse, counts = np.unique(at, return_inverse=True, return_counts=True)
        means = np.bincount(inverse, values[np.isfinite(values)], len(bins)) / np.maximum(counts, 1)
        return Series((bins + 0.5) * BIN, means, counts.astype(np.float64), np.full(len(bins), -1))

    def answers(self, speaker: str, other: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Rows of the other's scored turns that a scored turn of the speaker comes next after, and of the latter."""
        who = self.session.turns["speaker"].to_numpy(object)
        scored = self._is_scored
        follows = (who[:-1] == other) & (who[1:] == speaker) & scored[:-1] & scored[1:]
        asked = np.flatnonzero(follows)
        return asked, asked + 1

    @cached_property
    def voices(self) -> Floats:
        """Pitch, level and rate of each turn (``VOICE_COLUMNS``), (turns, 3); nan where they are not known."""
        known = self.session.arrays.voices
        shape = (len(self.session.turns), len(VOICE_COLUMNS))
        return known.astype(np.float64) if known.shape == shape else np.full(shape, np.nan)

    @cached_property
    def kept(self) -> dict[str, dict[Any, Any]]:
        """What measures found and others of them need, by a name of theirs."""
        return {}

    @cached_property
    def _middles(self) -> Floats:
        return np.asarray((self.session.turns["start"] + self.session.turns["end"]) / 2, np.float64)

    @cached_property
    def _is_scored(self) -> NDArray[np.bool_]:
        return self.session.turns["scored"].to_numpy(bool) & np.isfinite(self.scores).all(axis=1)

    @cached_property
    def _scored_rows(self) -> dict[str, NDArray[np.int64]]:
        who = self.session.turns["speaker"].to_numpy(object)
        lasting = self._is_scored & (self.durations > 0)
        return {label: np.flatnonzero(lasting & (who == label)) for label in self.speakers}

    @cached_property
    def _frame_turns(self) -> NDArray[np.int64]:
        """The row of the turn that each row of the scores over time is of; empty where there are none."""
        offsets = self.session.arrays.frame_offsets
        if len(offsets) != len(self.session.turns) + 1:
            return np.zeros(0, np.int64)
        return np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))

    @cached_property
    def _frame_affect(self) -> Floats:
        """Valence and arousal of the scores over time, (frames, 2), as ``EmotionScheme.valence_arousal`` has them."""
        labels = self.session.scheme.labels
        known = [index for index, label in enumerate(labels) if label in VALENCE_AROUSAL]
        norms = np.array([VALENCE_AROUSAL[labels[index]] for index in known]).reshape(-1, 2)
        frames = self.session.arrays.frame_scores[: len(self._frame_turns)]
        weights = frames[:, known].astype(np.float64) if len(frames) else np.zeros((0, len(known)))
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(weights @ norms / weights.sum(axis=1, keepdims=True))

    @cached_property
    def pairs(self) -> list[tuple[str, str]]:
        """All ordered pairs of speakers."""
        return [(one, other) for one in self.speakers for other in self.speakers if one != other]


def _joined(table: pd.DataFrame) -> Floats:
    spans = np.round(table[["start", "end"]].to_numpy(np.float64).reshape(-1, 2), _RESOLUTION)
    spans = spans[spans[:, 1] > spans[:, 0]]
    return _bridged(spans[np.argsort(spans[:, 0], kind="stable")], 0.0)


def _bridged(spans: Floats, gap: float) -> Floats:
    """Stretches in order of start, those at most ``gap`` seconds apart joined, (stretches, 2)."""
    if len(spans) < 2:
        return spans
    reached = np.maximum.accumulate(spans[:, 1])
    first = np.concatenate([[True], spans[1:, 0] > reached[:-1] + gap])
    last = np.concatenate([first[1:], [True]])
    return np.column_stack([spans[first, 0], reached[last]])


def _covered(spans: Floats, edges: Floats) -> NDArray[np.bool_]:
    """Whether each stretch between the edges lies in one of the spans, whose starts and ends are edges."""
    change = np.zeros(len(edges), np.int64)
    np.add.at(change, np.searchsorted(edges, spans[:, 0]), 1)
    np.add.at(change, np.searchsorted(edges, spans[:, 1]), -1)
    return np.asarray(np.cumsum(change)[:-1] > 0)


def _handovers(activity: Activity, speakers: list[str]) -> Iterator[Handover]:
    count, lengths = activity.count, activity.lengths
    alone = np.flatnonzero(count == 1)
    holders = activity.speaking[:, alone].argmax(axis=0) if len(alone) else np.zeros(0, np.int64)
    silence, overlap = (np.concatenate([[0.0], np.cumsum(lengths * each)]) for each in (count == 0, count > 1))
    for at in range(len(alone) - 1):
        first, last = alone[at] + 1, alone[at + 1]
        if holders[at] == holders[at + 1] and first == last:
            continue
        yield Handover(
            speakers[holders[at]],
            speakers[holders[at + 1]],
            float(activity.edges[first]),
            float(activity.edges[last]),
            float(silence[last] - silence[first]),
            float(overlap[last] - overlap[first]),
        )
