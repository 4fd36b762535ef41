"""Between speakers: whose affect moves with whose, who leads, and what an emotion is answered with."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import numpy as np

from ..resampling import Floats
from .conversation import Conversation
from .registry import Least, Measure
from .synchrony import Synchrony, rotated, synchrony
from .transitions import crossed_transitions
from .values import NAN, Value

DIMENSIONS = ("valence", "arousal")
SEGMENT, STEP, LARGEST_LAG = 60.0, 2.0, 20.0
"""Seconds: of a segment, between samples, and of the largest lag."""


def _synchrony(talk: Conversation) -> Iterator[Value]:
    for one, two, key, found, count in _found(talk):
        if found is None:
            yield Value(NAN, count, one, two, key=key)
            continue
        yield Value(
            float(found.real.mean()), count, one, two, key=key, chance=float(found.pseudo.mean()), p=found.p,
            note=f"effect size {found.effect:.2f}",
        )  # fmt: skip
        yield Value(
            float(found.real_signed.mean()), count, one, two, key=f"{key}, signed",
            chance=float(found.pseudo_signed.mean()), p=found.p_signed,
        )  # fmt: skip


def _effect(talk: Conversation) -> Iterator[Value]:
    for one, two, key, found, count in _found(talk):
        yield Value(found.effect if found else NAN, count, one, two, key=key, p=found.p if found else NAN)


def _lead(talk: Conversation) -> Iterator[Value]:
    for one, two, key, found, count in _found(talk):
        lead, p = (found.lead, found.p_lead) if found else (NAN, NAN)
        yield Value(lead, count, one, two, key=key, chance=0.0, p=p)
        yield Value(-lead, count, two, one, key=key, chance=0.0, p=p)


def _by_lag(talk: Conversation) -> Iterator[Value]:
    for one, two, key, found, count in _found(talk):
        if found is None:
            yield Value(NAN, count, one, two, key=key)
            continue
        for at, lag in enumerate(found.lags):
            yield Value(
                float(found.real_signed[at]), count, one, two, key=f"{key}, {STEP * lag:+g} s",
                chance=float(found.pseudo_signed[at]), p=float(found.p_lags[at]),
            )  # fmt: skip


def _found(talk: Conversation) -> Iterator[tuple[str, str, str, Synchrony | None, int]]:
    """Pair, dimension, synchrony where there are enough segments, and their number; found once for a conversation."""
    known = talk.kept.setdefault("synchrony", {})
    for one, two in combinations(talk.speakers, 2):
        for key in DIMENSIONS:
            if (one, two, key) not in known:
                known[one, two, key] = _pair(talk, one, two, key)
            yield one, two, key, *known[one, two, key]


def _pair(talk: Conversation, one: str, two: str, key: str) -> tuple[Synchrony | None, int]:
    ours, theirs = segments_of(talk, one, two, key)
    enough = len(ours) >= _SEGMENTS.count
    return synchrony(ours, theirs, round(LARGEST_LAG / STEP)) if enough else None, len(ours)


def segments_of(talk: Conversation, one: str, two: str, key: str) -> tuple[Floats, Floats]:
    """The segments in which both speakers have at least two scored turns and vary, each (segments, samples).

    Between the middles of a speaker's turns the values are joined by straight lines.
    """
    both = [talk.series(label, key) for label in (one, two)]
    samples = round(SEGMENT / STEP)
    if min(map(len, both)) < 2:
        return np.zeros((0, samples)), np.zeros((0, samples))
    start, end = max(each.times[0] for each in both), min(each.times[-1] for each in both)
    number = max(0, int((end - start) / SEGMENT))
    edges = start + SEGMENT * np.arange(number + 1)
    grid = (edges[:-1, None] if number else np.zeros((0, 1))) + STEP * np.arange(samples)
    cut = [np.interp(grid, each.times, each.values) for each in both]
    filled = [np.histogram(each.times, edges)[0] >= 2 for each in both] if number else [np.zeros(0, bool)] * 2
    good = filled[0] & filled[1] & (np.ptp(cut[0], axis=1) > 1e-9) & (np.ptp(cut[1], axis=1) > 1e-9)
    return cut[0][good], cut[1][good]


def _echo(talk: Conversation) -> Iterator[Value]:
    turns = talk.session.turns
    for speaker, other in talk.pairs:
        asked, answered = talk.answers(speaker, other)
        for key in DIMENSIONS:
            values = turns[key].to_numpy(np.float64)
            known = np.isfinite(values[asked]) & np.isfinite(values[answered])
            ours, theirs = values[asked[known]], values[answered[known]]
            correlation, p = rotated(ours, theirs) if len(ours) >= _ANSWERS.count else (NAN, NAN)
            yield Value(correlation, len(ours), speaker, other, key=key, chance=0.0, p=p)


def _emotion_after(talk: Conversation) -> Iterator[Value]:
    labels, scores = talk.session.scheme.labels, talk.scores
    for speaker, other in talk.pairs:
        asked, answered = talk.answers(speaker, other)
        if len(asked) < _ANSWERS.count:
            yield Value(NAN, len(asked), speaker, other)
            continue
        found = crossed_transitions(scores[asked], scores[answered])
        for one, two in np.ndindex(found.share.shape):
            yield Value(
                float(found.share[one, two]), len(asked), speaker, other, key=f"{labels[one]} > {labels[two]}",
                chance=float(found.chance[one, two]), p=float(found.p[one, two]),
            )  # fmt: skip


_SEGMENTS = Least(8, "minutes in which both have two scored turns")
_ANSWERS = Least(20, "scored answers of the speaker to scored turns of the other")
_SUSY = (
    "Tschacher and Meier (2020), Psychotherapy Research 30(5), 558-573 (SUSY); Kleinbub and Ramseyer (2021), "
    "Psychotherapy Research 31(6), 817-830 (rMEA)"
)
_HOW = (
    "Each speaker's values at the middles of the scored turns, joined by straight lines, sampled every 2 s and cut "
    "into segments of 60 s; cross-correlations up to 20 s in each segment, as Fisher's Z."
)
_SAME_ROOM = "What moves both at once (the topic, noise, music) looks like one moving the other."

COUPLING = (
    Measure(
        name="synchrony",
        title="Synchrony",
        group="between speakers",
        scope="pair",
        unit="mean Fisher's Z",
        definition=f"{_HOW} The mean of their absolute values over lags and segments, and, signed, of the values "
        "themselves. chance is the mean over segments that do not belong together; p is how often 499 random orders of "
        "the other's segments give as much.",
        source=_SUSY,
        interpretation="Above chance, the two speakers' affect moves together; signed, below 0 one rises as the other "
        "falls.",
        caution=_SAME_ROOM,
        least=_SEGMENTS,
        over=_synchrony,
        emotional=True,
    ),
    Measure(
        name="synchrony_effect",
        title="Synchrony, effect size",
        group="between speakers",
        scope="pair",
        unit="standard deviations",
        definition="Mean absolute Z of the segments that belong together less that of those that do not, over the "
        "standard deviation over the lags of the latter, as SUSY's ES; p is that of synchrony.",
        source=_SUSY,
        interpretation="How far synchrony is above chance.",
        caution="The deviation is one over lags, not over pairs of speakers: values well above 1 are common, and p "
        "says what they are worth.",
        least=_SEGMENTS,
        over=_effect,
        emotional=True,
    ),
    Measure(
        name="lead",
        title="Who leads (above 0: the one named first)",
        group="between speakers",
        scope="pair",
        unit="difference of mean Fisher's Z",
        definition="Mean absolute Z at the lags at which the speaker is earlier than the other, less that at the lags "
        "at which the other is; p is two-sided over random orders of the segments.",
        source=_SUSY,
        interpretation="Above 0 the speaker's affect moves first and the other's follows.",
        caution="To be first is not to be the cause; without synchrony the number means nothing.",
        least=_SEGMENTS,
        over=_lead,
        emotional=True,
    ),
    Measure(
        name="coupling_by_lag",
        title="Coupling by lag",
        group="between speakers",
        scope="pair",
        unit="mean Fisher's Z",
        definition=f"{_HOW} Their mean at each lag; at lags above 0 the speaker is earlier. p is two-sided over random "
        "orders of the segments, for each lag on its own.",
        source=_SUSY,
        interpretation="How long after the speaker the other follows.",
        caution="Neighbouring lags say much the same, and there are 21 of them: look at the whole curve.",
        least=_SEGMENTS,
        over=_by_lag,
        emotional=True,
        detail=True,
    ),
    Measure(
        name="affect_echo",
        title="Answering in kind",
        group="between speakers",
        scope="pair",
        unit="correlation, -1 to 1",
        definition="Pearson correlation of the valence (arousal) of each scored turn of the other and of the speaker's "
        "turn that comes next in the session; p is two-sided over all rotations of the answers against what they "
        "answer.",
        source="Turntone; Pearson (1895), Proceedings of the Royal Society 58, 240-242; rotations after Theiler et al. "
        "(1992), Physica D 58, 77-94",
        interpretation="Above 0 the speaker answers pleasant with pleasant and unpleasant with unpleasant.",
        caution="A mood that both share for a while is enough for it.",
        least=_ANSWERS,
        over=_echo,
        emotional=True,
    ),
    Measure(
        name="emotion_after",
        title="Emotion after the other's",
        group="between speakers",
        scope="pair",
        unit="share of the answers, 0 to 1",
        definition="Over the turns of the speaker that come next after a turn of the other, both scored: products of "
        "their scores, summed and divided by the row's sum; keys read 'the other's > the speaker's'. chance and p "
        "(two-sided) are over all rotations of the answers against what they answer.",
        source="Bakeman and Quera (2011), Sequential Analysis and Observational Methods, for conditional shares; "
        "Turntone for the use of scores and rotations",
        interpretation="What an emotion of one is answered with by the other.",
        caution="Unsure scores draw all shares towards chance, there are as many tests as cells, and with n answers p "
        "is never below 1/n.",
        least=_ANSWERS,
        over=_emotion_after,
        emotional=True,
        detail=True,
    ),
)
"""Of pairs of speakers' emotions."""
