"""Entrainment: whether speakers come to sound alike in pitch, level and rate, from turn to turn."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from emotion.voices import VOICE_COLUMNS

from ..resampling import Floats
from .conversation import Conversation
from .registry import Least, Measure
from .synchrony import rotated
from .values import NAN, Value

Found = tuple[float, float, float]
"""Value, what chance gives, p."""


def _synchrony(talk: Conversation) -> Iterator[Value]:
    yield from _of_answers(talk, lambda asked, answered, _: _correlation(asked, answered))


def _proximity(talk: Conversation) -> Iterator[Value]:
    yield from _of_answers(talk, lambda asked, answered, _: proximity(asked, answered))


def _convergence(talk: Conversation) -> Iterator[Value]:
    yield from _of_answers(talk, lambda asked, answered, times: _correlation(times, -np.abs(answered - asked)))


def _correlation(ours: Floats, theirs: Floats) -> Found:
    value, p = rotated(ours, theirs)
    return value, 0.0, p


def proximity(asked: Floats, answered: Floats) -> Found:
    """Mean distance of answers from what they answer, the same over all rotations of the answers, and p.

    >>> value, chance, p = proximity(np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.0, 3.0]))
    >>> value, round(chance, 6), round(p, 6)  # rotated once: 1 + 1 + 2 over 3, and twice as much
    (0.0, 0.888889, 0.333333)
    """
    count = len(asked)
    turned = answered[(np.arange(count)[:, None] + np.arange(count)) % count]
    distances = np.abs(turned - asked).mean(axis=1)
    return float(distances[0]), float(distances.mean()), float(np.mean(distances <= distances[0] + 1e-9))


def _of_answers(talk: Conversation, find: Callable[[Floats, Floats, Floats], Found]) -> Iterator[Value]:
    voices = talk.voices
    starts = talk.session.turns["start"].to_numpy(np.float64)
    for speaker, other in talk.pairs:
        asked, answered = talk.answers(speaker, other)
        for column, key in enumerate(VOICE_COLUMNS):
            ours, theirs = voices[asked, column], voices[answered, column]
            known = np.isfinite(ours) & np.isfinite(theirs)
            count = int(known.sum())
            if count < _ANSWERS.count:
                yield Value(NAN, count, speaker, other, key=key)
                continue
            value, chance, p = find(ours[known], theirs[known], starts[answered[known]])
            yield Value(value, count, speaker, other, key=key, chance=chance, p=p)


_ANSWERS = Least(20, "scored answers of the speaker to scored turns of the other, with their voices measured")
_LEVITAN = "Levitan and Hirschberg (2011), Interspeech, 3081-3084"
_VOICE = (
    "Over the speaker's turns that come next after a turn of the other, both scored; pitch in semitones, level in dB, "
    "rate in loudness peaks a second."
)
_LINE = "One microphone for both gives both the same level; a moved microphone moves both."

ENTRAINMENT = (
    Measure(
        name="entrainment_proximity",
        title="Entrainment: proximity",
        group="between speakers",
        scope="pair",
        unit="semitones, dB, peaks a second",
        definition=f"Mean absolute difference between an answer and what it answers. {_VOICE} chance is the mean over "
        "all rotations of the answers, p how often those are at least as near.",
        source=_LEVITAN,
        interpretation="Below chance the speaker sounds nearer to what was just said than to what the other says at "
        "other times.",
        caution=_LINE,
        least=_ANSWERS,
        over=_proximity,
    ),
    Measure(
        name="entrainment_convergence",
        title="Entrainment: convergence",
        group="between speakers",
        scope="pair",
        unit="correlation, -1 to 1",
        definition="Correlation of time with the nearness (the negative absolute difference) of an answer to what it "
        f"answers. {_VOICE} p is two-sided over all rotations.",
        source=_LEVITAN,
        interpretation="Above 0 the two sound more and more alike as the session goes on.",
        caution=_LINE,
        least=_ANSWERS,
        over=_convergence,
    ),
    Measure(
        name="entrainment_synchrony",
        title="Entrainment: synchrony",
        group="between speakers",
        scope="pair",
        unit="correlation, -1 to 1",
        definition=f"Correlation of answers with what they answer. {_VOICE} p is two-sided over all rotations of the "
        "answers.",
        source=_LEVITAN,
        interpretation="Above 0 the speaker goes higher, louder or faster where the other just did.",
        caution=_LINE,
        least=_ANSWERS,
        over=_synchrony,
    ),
)
"""Of pairs of speakers' voices."""
