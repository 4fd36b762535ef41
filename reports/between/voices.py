"""A participant's sessions by their embeddings, and what each pair of them sounds like anyway."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..comparisons import session_titles
from ..resampling import Floats
from ..turns import LEAST_TURNS
from .case_turns import CaseTurns, SessionTurns
from .memory import shared_memory
from .voice_blocks import Voice

_LEAST_VOICES = 3
_FEW_VOICES = "two voices alone have nothing to be compared with; a third session is needed"


@dataclass(frozen=True)
class CaseVoices:
    """A participant's sessions that have embeddings enough, in order.

    Parameters
    ----------
    sessions : tuple of SessionTurns
        Empty where there is nothing to be compared with.
    origin : np.ndarray, shape (dimension,)
        A point amid the embeddings, which is taken off everything here.
    means : np.ndarray, shape (sessions, dimension)
        Of the participant's embeddings, less the origin.
    others : np.ndarray, shape (dimension,)
        Sum of the mean embeddings of all speakers in all sessions, these included, less the origin.
    num_others : int
        How many means that sum is of.
    left_out : tuple of str
        What could not be compared and why, a clause for each session.
    """

    sessions: tuple[SessionTurns, ...]
    origin: Floats
    means: Floats
    others: Floats
    num_others: int
    left_out: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.sessions)

    def voice(self, index: int) -> Voice:
        """The participant's turns in a session, read anew: all at once would be as large as the embeddings."""
        return Voice.of(self.sessions[index], self.origin)

    @cached_property
    def memory(self) -> int | None:
        """Turns after which the participant no longer sounds alike; None where that is too long to tell."""
        return shared_memory(self.sessions)

    @cached_property
    def _sum(self) -> Floats:
        """Of the participant's means, shape (dimension,)."""
        return np.asarray(self.means.sum(axis=0))

    def centre(self, *chosen: int) -> Floats:
        """What the chosen sessions would sound like anyway: their speaker, drawn to everybody.

        The mean of everybody else's and the speaker's other sessions is one session more to the speaker's other
        sessions, and the mean of those all is taken. The chosen sessions themselves have no part in it, so that it
        cannot know which turns are whose.
        """
        without = self.means[list(chosen)].sum(axis=0)
        everybody = (self.others - without) / max(self.num_others - len(chosen), 1)
        return np.asarray((self._sum - without + everybody) / (len(self) - len(chosen) + 1))

    def raw_cosine(self, one: int, other: int) -> float:
        """Cosine of two sessions' mean embeddings as they are, which misleads."""
        ours, theirs = (self.means[index] + self.origin for index in (one, other))
        return float(ours @ theirs / max(float(np.linalg.norm(ours) * np.linalg.norm(theirs)), 1e-12))


def case_voices(case: CaseTurns, participant: str, most: int | None = None) -> CaseVoices:
    """The participant's sessions with embeddings of at least ``LEAST_TURNS`` turns, the last ``most`` of them."""
    kept, left_out = _with_embeddings(case, participant)
    if most is not None and len(kept) > most:
        left_out.append(f"the first {len(kept) - most} sessions: only the last {most} are compared")
        kept = kept[-most:]
    means = [mean for own in kept for mean in own.numbers.speaker_means.values()]
    if len(kept) >= 2 and len(means) < _LEAST_VOICES:
        kept, left_out = [], [*left_out, _FEW_VOICES]
    if not kept:
        return CaseVoices((), np.zeros(0), np.zeros((0, 0)), np.zeros(0), 0, tuple(left_out))
    origin = np.mean(means, axis=0)
    own_means = np.array([own.numbers.mean_of(participant) for own in kept]) - origin
    others = np.sum(means, axis=0) - len(means) * origin
    return CaseVoices(tuple(kept), origin, own_means, others, len(means), tuple(left_out))


def _with_embeddings(case: CaseTurns, participant: str) -> tuple[list[SessionTurns], list[str]]:
    """The sessions to compare, and why others are not."""
    found, titles = case.of(participant), session_titles(case.sessions)
    left_out = [f"{titles[key]}: {reason}" for key, reason in found.left_out.items()]
    kept = []
    for own in found.sessions:
        count = int(own.with_embedding.sum())
        if count >= LEAST_TURNS:
            kept.append(own)
        else:
            left_out.append(
                f"{titles[own.session.id]}: {count} turns have embeddings, at least {LEAST_TURNS} are needed"
            )
    return kept, left_out
