"""How alike a participant sounds from one session to another, against what chance and noise alone would give."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from .between.blocks import one_thread
from .between.case_turns import CaseTurns
from .between.likeness import WAYS, InBlocks, Likeness, Way, compare_all, split_halves
from .between.voices import CaseVoices, case_voices
from .resampling import Floats

if TYPE_CHECKING:
    from pipeline.sessions import Session

MOST_SESSIONS = 24
"""Sessions in one comparison of all pairs; of more, the last ones are taken."""


@dataclass(frozen=True)
class LikenessMatrix:
    """One way of comparing sessions, for every pair; each array of shape (sessions, sessions).

    Parameters
    ----------
    value : np.ndarray
        On the diagonal the split-half noise floor: the median of comparisons of random halves of the session's own
        turns, which differ by noise only. Halves are noisier than whole sessions.
    floor : np.ndarray
        What two sessions that do not differ would reach: the median after their turns were shuffled between them in
        blocks of neighbours, each keeping its number of blocks; nan on the diagonal.
    p_value : np.ndarray
        Share of the shuffles that are at least as unlike as the sessions are, the sessions themselves counted; small
        where the sessions differ more than chance would make them. Between the blocks that are shuffled here, turns are
        left out, as many as are alike. nan on the diagonal, and where turns are too few for it.
    low, high : np.ndarray
        95 % bootstrap interval over each session's blocks of turns; nan on the diagonal.
    """

    value: Floats
    floor: Floats
    p_value: Floats
    low: Floats
    high: Floats


@dataclass(frozen=True)
class Similarity:
    """A participant's sessions against each other.

    Parameters
    ----------
    participant : str
        Whose turns.
    sessions : tuple of Session
        Those compared, in order.
    cosine, floor, p_value : np.ndarray, shape (sessions, sessions)
        Cosine of the mean embeddings, less what this speaker and everybody in the case sound like in the other
        sessions; 1 is alike, -1 opposite. With its floor and p-value as in ``LikenessMatrix``.
    raw : np.ndarray, shape (sessions, sessions)
        Cosine of the mean embeddings as they are: misleading, since all of them point the same way.
    left_out : tuple of str
        What could not be compared and why, a clause for each session.
    low, high : np.ndarray, shape (sessions, sessions)
        95 % interval of the cosine.
    energy : LikenessMatrix or None
        Energy distance of the embeddings: 0 where both sessions' turns come from one distribution, at most 1.
    emotions : LikenessMatrix or None
        Jensen-Shannon distance of the emotions' shares of the scored time: 0 where they are the same, at most 1.
    memory : int or None
        Turns after which the participant no longer sounds alike (``between.memory``); None where that is too long to
        tell, and there is no p.
    """

    participant: str
    sessions: tuple[Session, ...]
    cosine: Floats
    floor: Floats
    p_value: Floats
    raw: Floats
    left_out: tuple[str, ...] = ()
    low: Floats | None = None
    high: Floats | None = None
    energy: LikenessMatrix | None = None
    emotions: LikenessMatrix | None = None
    memory: int | None = None

    @property
    def enough(self) -> bool:
        """Whether there are two sessions to compare."""
        return len(self.sessions) >= 2

    @property
    def judged(self) -> list[tuple[int, int]]:
        """The pairs (row < column) that have turns enough for a p-value."""
        rows, columns = np.triu_indices(len(self.sessions), 1)
        known = np.isfinite(self.p_value[rows, columns])
        return list(zip(rows[known].tolist(), columns[known].tolist(), strict=True))

    def differing(self, level: float = 0.05) -> list[tuple[int, int]]:
        """The pairs (row < column) that differ more than chance, by false discovery rate (Benjamini, Hochberg 1995)."""
        pairs = sorted((float(self.p_value[row, column]), row, column) for row, column in self.judged)
        passed = [rank for rank, (p, *_) in enumerate(pairs, 1) if p <= level * rank / len(pairs)]
        return [(row, column) for _, row, column in pairs[: max(passed, default=0)]]


@dataclass(frozen=True)
class Step:
    """A session against the one before it.

    Parameters
    ----------
    earlier, later : Session
        Both, in order.
    ways : dict
        A ``Likeness`` by way: ``cosine``, ``energy_distance``, ``emotion_distance``.
    raw : float
        Cosine of the mean embeddings as they are, which misleads.
    num_turns : int
        Turns with embeddings in that session which has fewer.
    memory : int or None
        Turns after which the participant no longer sounds alike; None where that is too long to tell.
    """

    earlier: Session
    later: Session
    ways: dict[Way, Likeness]
    raw: float
    num_turns: int
    memory: int | None = None


def session_similarity(sessions: Sequence[Session] | CaseTurns, participant: str) -> Similarity:
    """Compare each of a participant's sessions with each other by the turns' embeddings and emotions.

    The sessions are those of ``comparison`` with embeddings of at least ``LEAST_TURNS`` turns, the last
    ``MOST_SESSIONS`` of them. Before cosines, what the pair would sound like anyway is taken off: the mean of the
    speaker's other sessions, drawn to the mean of everybody in the case as by one session more (with two sessions, the
    mean of everybody else alone). There have to be at least three voices, each a speaker in a session. Shuffles and
    samples are drawn with fixed seeds.

    Parameters
    ----------
    sessions : sequence of Session, or CaseTurns
        Of one case, by date.
    participant : str
        A name in ``speakers["participant"]``.
    """
    case = sessions if isinstance(sessions, CaseTurns) else CaseTurns(sessions)
    found = case_voices(case, participant, MOST_SESSIONS)
    with one_thread():
        matrices, raw = _all_pairs(found)
    cosine = matrices["cosine"]
    return Similarity(
        participant,
        tuple(own.session for own in found.sessions),
        cosine.value,
        cosine.floor,
        cosine.p_value,
        raw,
        found.left_out,
        cosine.low,
        cosine.high,
        matrices["energy_distance"],
        matrices["emotion_distance"],
        found.memory if len(found) > 1 else None,
    )


def similarity_steps(sessions: Sequence[Session] | CaseTurns, participant: str) -> tuple[Step, ...]:
    """Compare each of a participant's sessions with the one before it, however many there are.

    As ``session_similarity`` compares a pair; empty where there are not two sessions to compare.
    """
    case = sessions if isinstance(sessions, CaseTurns) else CaseTurns(sessions)
    found = case_voices(case, participant)
    with one_thread():
        return tuple(_steps(found))


def _steps(found: CaseVoices) -> Iterator[Step]:
    """Each session beside the one before, of which the embeddings of no more than two are held at a time."""
    voices = (found.voice(index) for index in range(len(found)))
    neighbours = list(pairwise(range(len(found))))
    pairs = (
        InBlocks.of(*both, found.centre(*places), found.memory)
        for places, both in zip(neighbours, pairwise(voices), strict=True)
    )
    sizes = [int(own.with_embedding.sum()) for own in found.sessions]
    for (earlier, later), ways in zip(neighbours, compare_all(pairs), strict=True):
        yield Step(
            found.sessions[earlier].session,
            found.sessions[later].session,
            ways,
            found.raw_cosine(earlier, later),
            min(sizes[earlier], sizes[later]),
            found.memory,
        )


def _all_pairs(found: CaseVoices) -> tuple[dict[Way, LikenessMatrix], Floats]:
    size = len(found)
    empty = {way: LikenessMatrix(*(np.full((size, size), np.nan) for _ in range(5))) for way in WAYS}
    raw = np.full((size, size), np.nan)
    if size < 2:
        return empty, raw
    voices = [found.voice(index) for index in range(size)]
    places = [(row, column) for row in range(size) for column in range(row)]
    pairs = (
        InBlocks.of(voices[row], voices[column], found.centre(row, column), found.memory) for row, column in places
    )
    for (row, column), likeness in zip(places, compare_all(pairs), strict=True):
        raw[row, column] = raw[column, row] = found.raw_cosine(row, column)
        for way, one in likeness.items():
            _put(empty[way], row, column, one)
    for row, voice in enumerate(voices):
        raw[row, row] = 1.0
        for way, noise in split_halves(voice, found.centre(row)).items():
            empty[way].value[row, row] = noise
    return empty, raw


def _put(matrix: LikenessMatrix, row: int, column: int, found: Likeness) -> None:
    for one, other in ((row, column), (column, row)):
        matrix.value[one, other], matrix.floor[one, other] = found.value, found.floor
        matrix.p_value[one, other] = found.p
        matrix.low[one, other], matrix.high[one, other] = found.low, found.high
