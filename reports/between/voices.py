"""A participant's sessions by their embeddings, and what each pair of them sounds like anyway."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from ..comparisons import session_titles
from ..resampling import Floats
from ..turns import LEAST_TURNS
from .case_turns import CaseTurns, SessionTurns
from .likeness import Voice

if TYPE_CHECKING:
    from pipeline.sessions import Session

_LEAST_VOICES = 3
_FEW_VOICES = "two voices alone have nothing to be compared with; a third session is needed"


@dataclass(frozen=True)
class CaseVoices:
    """A participant's sessions that have embeddings enough, in order.

    Parameters
    ----------
    sessions : tuple of SessionTurns
        Empty where there is nothing to be compared with.
    voices : tuple of Voice
        One a session.
    others : np.ndarray, shape (dimension,)
        Sum of the mean embeddings of all speakers in all sessions, these included, less the origin.
    num_others : int
        How many means that sum is of.
    left_out : tuple of str
        What could not be compared and why, a clause for each session.
    """

    sessions: tuple[SessionTurns, ...]
    voices: tuple[Voice, ...]
    others: Floats
    num_others: int
    left_out: tuple[str, ...]

    @cached_property
    def _sum(self) -> Floats:
        """Of the participant's means, shape (dimension,)."""
        return np.asarray(np.sum([voice.mean for voice in self.voices], axis=0))

    def centre(self, *chosen: int) -> Floats:
        """What the chosen sessions would sound like anyway: their speaker, drawn to everybody.

        The mean of everybody else's and the speaker's other sessions is one session more to the speaker's other
        sessions, and the mean of those all is taken. The chosen sessions themselves have no part in it, so that it
        cannot know which turns are whose.
        """
        own = self._sum
        without = np.sum([self.voices[index].mean for index in chosen], axis=0)
        everybody = (self.others - without) / max(self.num_others - len(chosen), 1)
        return np.asarray((own - without + everybody) / (len(self.voices) - len(chosen) + 1))


def case_voices(case: CaseTurns, participant: str, most: int | None = None) -> CaseVoices:
    """The participant's sessions with embeddings of at least ``LEAST_TURNS`` turns, the last ``most`` of them."""
    kept, left_out = _with_embeddings(case, participant)
    if most is not None and len(kept) > most:
        left_out.append(f"the first {len(kept) - most} sessions: only the last {most} are compared")
        kept = kept[-most:]
    means = [mean for own in kept for mean in _speaker_means(own.session)]
    if len(kept) >= 2 and len(means) < _LEAST_VOICES:
        kept, left_out = [], [*left_out, _FEW_VOICES]
    if not kept:
        return CaseVoices((), (), np.zeros(0), 0, tuple(left_out))
    origin = np.mean(means, axis=0)
    voices = tuple(Voice.of(own, origin) for own in kept)
    others = np.sum(means, axis=0) - len(means) * origin
    return CaseVoices(tuple(kept), voices, others, len(means), tuple(left_out))


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


def _speaker_means(session: Session) -> Sequence[Floats]:
    """The mean embedding of each speaker who has any."""
    everything = session.arrays.embeddings
    speakers = session.turns["speaker"].to_numpy()
    usable = session.turns["scored"].to_numpy(bool) & np.isfinite(everything.sum(axis=1))
    chosen = [usable & (speakers == label) for label in session.speakers["label"]]
    weights = np.array([rows / rows.sum() for rows in chosen if rows.any()], np.float32).reshape(-1, len(usable))
    known = np.where(usable[:, None], everything, 0)
    return list(np.asarray(weights @ known, np.float64))
