"""How alike a participant sounds from one session to another, against what chance and noise alone would give."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from .between.blocks import one_thread
from .between.case_turns import CaseTurns
from .between.likeness import WAYS, Likeness, Way, compare_pair, split_halves
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
        where the sessions differ more than chance would make them. nan on the diagonal.
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

    @property
    def enough(self) -> bool:
        """Whether there are two sessions to compare."""
        return len(self.sessions) >= 2

    def differing(self, level: float = 0.05) -> list[tuple[int, int]]:
        """The pairs (row < column) that differ more than chance, by false discovery rate (Benjamini, Hochberg 1995)."""
        rows, columns = np.triu_indices(len(self.sessions), 1)
        pairs = sorted(zip(self.p_value[rows, columns], rows.tolist(), columns.tolist(), strict=True))
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
    """

    earlier: Session
    later: Session
    ways: dict[Way, Likeness]
    raw: float
    num_turns: int


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
    )


def similarity_steps(sessions: Sequence[Session] | CaseTurns, participant: str) -> tuple[Step, ...]:
    """Compare each of a participant's sessions with the one before it, however many there are.

    As ``session_similarity`` compares a pair; empty where there are not two sessions to compare.
    """
    case = sessions if isinstance(sessions, CaseTurns) else CaseTurns(sessions)
    found = case_voices(case, participant)
    with one_thread():
        return tuple(_step(found, index, index + 1) for index, _ in enumerate(pairwise(found.voices)))


def _step(found: CaseVoices, earlier: int, later: int) -> Step:
    before, after = found.voices[earlier], found.voices[later]
    return Step(
        found.sessions[earlier].session,
        found.sessions[later].session,
        compare_pair(before, after, found.centre(earlier, later)),
        _raw(found, earlier, later),
        min(len(before), len(after)),
    )


def _all_pairs(found: CaseVoices) -> tuple[dict[Way, LikenessMatrix], Floats]:
    size = len(found.voices)
    empty = {way: LikenessMatrix(*(np.full((size, size), np.nan) for _ in range(5))) for way in WAYS}
    raw = np.full((size, size), np.nan)
    if size < 2:
        return empty, raw
    for row in range(size):
        raw[row, row] = 1.0
        for way, noise in split_halves(found.voices[row], found.centre(row)).items():
            empty[way].value[row, row] = noise
        for column in range(row):
            raw[row, column] = raw[column, row] = _raw(found, row, column)
            pair = compare_pair(found.voices[row], found.voices[column], found.centre(row, column))
            for way, likeness in pair.items():
                _put(empty[way], row, column, likeness)
    return empty, raw


def _put(matrix: LikenessMatrix, row: int, column: int, found: Likeness) -> None:
    for one, other in ((row, column), (column, row)):
        matrix.value[one, other], matrix.floor[one, other] = found.value, found.floor
        matrix.p_value[one, other] = found.p
        matrix.low[one, other], matrix.high[one, other] = found.low, found.high


def _raw(found: CaseVoices, row: int, column: int) -> float:
    """Cosine of the mean embeddings as they are."""
    one, other = (found.voices[index].mean + found.voices[index].origin for index in (row, column))
    return float(one @ other / max(float(np.linalg.norm(one) * np.linalg.norm(other)), 1e-12))
