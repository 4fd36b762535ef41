"""Who of a corpus plays which part in a simulated conversation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from numpy.random import RandomState

from diarization.errors import FormatError

from .corpus import FEWEST, Utterance
from .courses import Course, needed

Voices = Mapping[str, Mapping[str, Sequence[Utterance]]]
"""Each speaker's utterances by emotion."""


@dataclass(frozen=True)
class Casting:
    """Draws speakers for conversations. A speaker of the corpus is one speaker of a conversation, never two.

    Parameters
    ----------
    voices : mapping
        Utterances by speaker and emotion, of emotions with enough of them.
    course : Course
        Of the first speaker.
    trend : str
        One of ``TRENDS``.
    num_speakers : int
        In each conversation.
    source : str
        The corpus's name, for sentences.
    """

    voices: Voices
    course: Course
    trend: str
    num_speakers: int
    source: str

    def draw(self, random: RandomState) -> list[str]:
        """Speakers for one conversation, the one whose course it is first.

        Raises
        ------
        FormatError
            Where the corpus has too few speakers with the utterances that are needed.
        """
        firsts, others = self._able(True), self._able(False)
        if not firsts:
            raise FormatError(self._too_few(1, 0, True))
        first = firsts[random.randint(len(firsts))]
        rest = [each for each in others if each != first]
        if len(rest) < self.num_speakers - 1:
            raise FormatError(self._too_few(self.num_speakers - 1, len(rest), False))
        return [first, *(rest[at] for at in random.permutation(len(rest))[: self.num_speakers - 1])]

    def _able(self, is_first: bool) -> list[str]:
        groups = needed(self.course, self.trend, is_first)
        able = [who for who, own in self.voices.items() if own and all(set(group) & set(own) for group in groups)]
        return sorted(able)

    def _too_few(self, wanted: int, have: int, is_first: bool) -> str:
        groups = needed(self.course, self.trend, is_first)
        named = [group[0] + (f" (or {', '.join(group[1:])})" if group[1:] else "") for group in groups]
        emotions = " and ".join(named) or "any emotion"
        part = "whose course it is" if is_first else "beside the first"
        known = "; ".join(f"{who}: {', '.join(own) or 'none'}" for who, own in list(self.voices.items())[:5])
        return (
            f"{self.source}: too few utterances: {wanted} speaker{'s' * (wanted > 1)} {part}, with at least {FEWEST} "
            f"utterances each that sound {emotions}, needed, {have} found (enough there is of {known}); add "
            "utterances, or choose another --course or fewer --speakers"
        )
