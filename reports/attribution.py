"""Who said what how: seconds that are given to the wrong speaker or the wrong emotion, and turns heard one by one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from diarization.diarizations import Diarization
from diarization.segments import Segment, intersection, total_duration
from diarization.turns import Turn

from .truth import Labelled

ATTRIBUTED_PARTS = ("missed", "false_alarm", "speaker_wrong", "emotion_wrong", "not_scored")
"""The parts of the speaker-attributed emotion error."""

NOT_FOUND, NOT_SCORED = "not found", "not scored"
"""What is heard of a true turn where it is no emotion."""

_MATCH = 0.5  # share of a true turn that the found one must hold


@dataclass(frozen=True)
class SaidTurn:
    """A turn as found, with its likeliest emotion; where it is not scored, that is empty and its valence nan."""

    turn: Turn
    emotion: str
    valence: float

    def by(self, speaker: str) -> SaidTurn:
        """The same, said by somebody else."""
        return replace(self, turn=replace(self.turn, speaker=speaker))


def attributed_seconds(reference: Diarization, emotions: Labelled, said: Sequence[SaidTurn]) -> dict[str, float]:
    """The parts of the speaker-attributed emotion error in seconds, and the seconds of true ``speech`` they are of.

    At each moment, with R people who truly speak and F who are found: ``missed`` is R - F where that is above 0,
    ``false_alarm`` F - R likewise, and ``speaker_wrong`` what is left of the smaller number after those who are in
    both, as in the diarization error rate. Of those in both, ``emotion_wrong`` have another emotion than the true one
    and ``not_scored`` none. Moments at which somebody truly speaks without an emotion in ``emotions`` take no part.

    Parameters
    ----------
    reference : Diarization
        Who truly speaks when.
    emotions : list of (Segment, str, str)
        Stretches with true speaker and emotion, of those emotions that can be found.
    said : sequence of SaidTurn
        The found turns; their speakers are called as the true ones that they are paired with.

    Examples
    --------
    >>> from diarization.diarizations import diarization_of
    >>> heard = SaidTurn(Turn(Segment(1, 6), "A", (Segment(1, 6),)), "sad", -0.6)
    >>> truth = [(Segment(0, 4), "A", "angry"), (Segment(4, 6), "A", "sad")]
    >>> found = attributed_seconds(diarization_of([(0, 6, "A")]), truth, [heard])
    >>> found["missed"], found["emotion_wrong"], found["speech"]
    (1.0, 3.0, 6.0)
    """
    seconds = dict.fromkeys((*ATTRIBUTED_PARTS, "speech"), 0.0)
    speaking = [(each.segment, each.speaker) for each in reference.segments]
    felt = [(segment, (speaker, emotion)) for segment, speaker, emotion in emotions]
    heard = [(piece, (each.turn.speaker, each.emotion)) for each in said for piece in each.turn.pieces]
    for duration, (true, known, found) in simultaneous(speaking, felt, heard):
        if true <= {speaker for speaker, _ in known}:
            for part, count in _counts(true, known, found).items():
                seconds[part] += count * duration
    return seconds


def _counts(true: set[str], known: set[tuple[str, str]], found: set[tuple[str, str]]) -> dict[str, int]:
    """How many people are in which part at one moment."""
    speakers = {speaker for speaker, _ in found}
    both = true & speakers
    right = {speaker for speaker, _ in known & found if speaker in both}
    unheard = {speaker for speaker, emotion in found if not emotion} & both - right
    return {
        "missed": max(len(true) - len(speakers), 0),
        "false_alarm": max(len(speakers) - len(true), 0),
        "speaker_wrong": min(len(true), len(speakers)) - len(both),
        "emotion_wrong": len(both - right - unheard),
        "not_scored": len(unheard),
        "speech": len(true),
    }


def simultaneous(*tracks: Iterable[tuple[Segment, Hashable]]) -> Iterator[tuple[float, tuple[set, ...]]]:  # type: ignore[type-arg]
    """What holds at the same time: each stretch in which nothing changes, its seconds, and what each track says then.

    >>> [(seconds, *held) for seconds, held in simultaneous([(Segment(0, 2), "a")], [(Segment(1, 3), "b")])]
    [(1, {'a'}, set()), (1, {'a'}, {'b'}), (1, set(), {'b'})]
    """
    changes = chain.from_iterable(
        [(segment.start, 1, number, what), (segment.end, -1, number, what)]
        for number, track in enumerate(tracks)
        for segment, what in track
    )
    held: list[Counter[Hashable]] = [Counter() for _ in tracks]
    before = 0.0
    for at, change, number, what in sorted(changes, key=lambda each: each[0]):
        now = tuple({label for label, count in each.items() if count} for each in held)
        if at > before and any(now):
            yield at - before, now
        before = at
        held[number][what] += change


def turns_heard(emotions: Labelled, said: Sequence[SaidTurn]) -> dict[str, dict[str, int]]:
    """How often each true emotion was heard as what, turn by turn.

    A true turn is matched with the found turn of the same speaker that shares the most time with it, where that is at
    least half of the true turn. Several true turns may lie in one found turn.

    Returns
    -------
    dict of dict
        By true emotion, then by the emotion heard, ``NOT_SCORED`` or ``NOT_FOUND``: numbers of true turns.
    """
    heard: dict[str, dict[str, int]] = {}
    for segment, speaker, emotion in emotions:
        match = _match(segment, [each for each in said if each.turn.speaker == speaker])
        word = NOT_FOUND if match is None else match.emotion or NOT_SCORED
        row = heard.setdefault(emotion, {})
        row[word] = row.get(word, 0) + 1
    return heard


def _match(segment: Segment, said: Sequence[SaidTurn]) -> SaidTurn | None:
    shared = [total_duration(intersection([segment], each.turn.pieces)) for each in said]
    most = max(shared, default=0.0)
    return said[shared.index(most)] if most > 0 and most >= _MATCH * segment.duration else None
