"""Affect dynamics: how a speaker's emotions are spread, how they move, and where they turn."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from ..resampling import Floats, interval, mean_of
from .conversation import BIN, Conversation
from .courses import trajectory
from .registry import Least, Measure
from .series import Series, deviation, inertia, successive_difference
from .shapes import shape_of
from .transitions import dwellings, own_transitions
from .turning_points import change_points
from .values import NAN, Value

DIMENSIONS = ("valence", "arousal")
LEAST_PEAK = 1.0
"""Seconds; a shorter turn is no peak."""
_POINTS = 60


def _emotion_share(talk: Conversation) -> Iterator[Value]:
    labels = talk.session.scheme.labels
    for speaker, part, chosen in _scored_by_part(talk):
        scores, durations = talk.scores_of(speaker)[chosen], talk.scored_durations(speaker)[chosen]
        shares, low, high = _mean_and_interval(scores, durations)
        for at, label in enumerate(labels):
            yield Value(
                float(shares[at]), len(scores), speaker, part=part, key=label, low=float(low[at]), high=float(high[at])
            )


def _affect_mean(talk: Conversation) -> Iterator[Value]:
    for speaker in talk.speakers:
        for key in DIMENSIONS:
            series = talk.series(speaker, key)
            for part, (start, end) in talk.parts.items():
                own = series.where((series.times >= start) & (series.times < end))
                mean, low, high = _mean_and_interval(own.values[:, None], own.weights)
                yield Value(
                    float(mean[0]), len(own), speaker, part=part, key=key, low=float(low[0]), high=float(high[0])
                )


def _affect_deviation(talk: Conversation) -> Iterator[Value]:
    yield from _of_series(talk, lambda series: deviation(series.values, series.weights) if len(series) > 1 else NAN)


def _instability(talk: Conversation) -> Iterator[Value]:
    yield from _of_series(talk, lambda series: successive_difference(series) if len(series) > 1 else NAN)


def _inertia(talk: Conversation) -> Iterator[Value]:
    for speaker, key, series in _all_series(talk):
        if len(series) < _FOR_INERTIA.count:
            yield Value(NAN, len(series), speaker, key=key)
            continue
        found = inertia(series)
        note = f"over {found.step:.1f} s, the usual step" if np.isfinite(found.value) else "it does not vary"
        yield Value(found.value, len(series), speaker, key=key, low=found.low, high=found.high, note=note)


def _entropy(talk: Conversation) -> Iterator[Value]:
    for speaker, part, chosen in _scored_by_part(talk):
        scores, durations = talk.scores_of(speaker)[chosen], talk.scored_durations(speaker)[chosen]
        yield Value(entropy(mean_of(scores, durations)), len(scores), speaker, part=part)


def entropy(shares: Floats) -> float:
    """Shannon entropy of shares that sum to 1, over the logarithm of their number; nan where they are not known.

    >>> entropy(np.full(4, 0.25)), entropy(np.array([1.0, 0.0]))
    (1.0, 0.0)
    """
    if len(shares) < 2 or not np.isfinite(shares).all():
        return NAN
    some = shares[shares > 0]
    return float(abs(some @ np.log(some)) / np.log(len(shares)))


def _transitions(talk: Conversation) -> Iterator[Value]:
    labels = talk.session.scheme.labels
    for speaker in talk.speakers:
        scores = talk.scores_of(speaker)
        if len(scores) < _FOR_TRANSITIONS.count:
            yield Value(NAN, len(scores), speaker)
            continue
        found = own_transitions(scores)
        for one, two in np.ndindex(found.share.shape):
            yield Value(
                float(found.share[one, two]), len(scores), speaker, key=f"{labels[one]} > {labels[two]}",
                chance=float(found.chance[one, two]), p=float(found.p[one, two]),
            )  # fmt: skip


def _dwell_time(talk: Conversation) -> Iterator[Value]:
    labels = talk.session.scheme.labels
    for speaker in talk.speakers:
        tops = talk.tops_of(speaker)
        sure = tops >= 0
        if sure.sum() < _FOR_TRANSITIONS.count:
            yield Value(NAN, int(sure.sum()), speaker)
            continue
        for label, found in dwellings(tops[sure], talk.scored_durations(speaker)[sure], len(labels)).items():
            runs = f"in {found.runs} {'stretch' if found.runs == 1 else 'stretches'}"
            yield Value(
                found.seconds, int(sure.sum()), speaker, key=labels[label], chance=found.chance, p=found.p, note=runs
            )


def _shape(talk: Conversation) -> Iterator[Value]:
    for speaker in talk.speakers:
        series = talk.series(speaker, "valence")
        if len(series) < _FOR_SHAPE.count:
            yield Value(NAN, len(series), speaker)
            continue
        found = shape_of(series, talk.memory(speaker))
        if found is None:
            yield Value(NAN, len(series), speaker, note=_TOO_ALIKE)
            continue
        yield Value(found.change, len(series), speaker, key=found.word, p=found.p)


def _change_points(talk: Conversation) -> Iterator[Value]:
    for speaker in talk.speakers:
        for key in DIMENSIONS:
            series = talk.series(speaker, key)
            if len(series) < _FOR_CHANGES.count:
                yield Value(NAN, len(series), speaker, key=key)
                continue
            yield from _changes(series, speaker, key)


def _changes(series: Series, speaker: str, key: str) -> Iterator[Value]:
    places = change_points(series.values)
    yield Value(float(len(places)), len(series), speaker, key=key, note="so many changes")
    pieces = np.split(np.arange(len(series)), places)
    means = [float(mean_of(series.values[own], series.weights[own])) for own in pieces]
    for number, place in enumerate(places, 1):
        yield Value(
            means[number] - means[number - 1], len(series), speaker, key=f"{key} {number}",
            at=float(series.times[place]), turn=int(series.turns[place]),
            note=f"from {means[number - 1]:.2f} to {means[number]:.2f}",
        )  # fmt: skip


def _peaks(talk: Conversation) -> Iterator[Value]:
    kinds = (("lowest valence", "valence", -1), ("highest valence", "valence", 1), ("highest arousal", "arousal", 1))
    for speaker in talk.speakers:
        for name, key, sign in kinds:
            series = talk.series(speaker, key)
            series = series.where(series.weights >= LEAST_PEAK)
            if not len(series):
                yield Value(NAN, 0, speaker, key=name)
                continue
            at = int((sign * series.values).argmax())
            turn = int(series.turns[at])
            start = float(talk.session.turns["start"].iloc[turn])
            yield Value(float(series.values[at]), len(series), speaker, key=name, at=start, turn=turn)


def _trajectory(talk: Conversation) -> Iterator[Value]:
    for speaker in talk.speakers:
        for key in DIMENSIONS:
            count = len(talk.series(speaker, key))
            course = trajectory(talk.session, speaker, key, _POINTS)
            if course.empty:
                yield Value(NAN, count, speaker, key=key)
            for time, mean, low, high in course.to_numpy():
                yield Value(float(mean), count, speaker, key=key, low=float(low), high=float(high), at=float(time))


def _of_series(talk: Conversation, find: Callable[[Series], float]) -> Iterator[Value]:
    for speaker, key, series in _all_series(talk):
        yield Value(find(series), len(series), speaker, key=key)


def _all_series(talk: Conversation) -> Iterator[tuple[str, str, Series]]:
    """Speaker, key and series: over turns, and over bins of time."""
    for speaker in talk.speakers:
        for key in DIMENSIONS:
            yield speaker, key, talk.series(speaker, key)
            yield speaker, f"{key}, bins of {BIN:g} s", talk.binned(speaker, key)


def _scored_by_part(talk: Conversation) -> Iterator[tuple[str, str, NDArray[np.bool_]]]:
    """Speaker, part, and which of the speaker's scored turns have their middle in it."""
    for speaker in talk.speakers:
        times = talk.scored_times(speaker)
        for part, (start, end) in talk.parts.items():
            yield speaker, part, (times >= start) & (times < end)


def _mean_and_interval(values: Floats, weights: Floats) -> tuple[Floats, Floats, Floats]:
    """Weighted means of the columns and their bootstrap intervals; nan where there are too few rows."""
    nothing = np.full(values.shape[1], NAN)
    if len(values) < 2:
        return mean_of(values, weights), nothing, nothing
    return mean_of(values, weights), *interval(values, weights)


_SCORED = Least(4, "scored turns of the speaker")
_FOR_STEPS = Least(8, "scored turns of the speaker (or bins with speech)")
_FOR_INERTIA = Least(12, "scored turns of the speaker (or bins with speech)")
_FOR_TRANSITIONS = Least(12, "scored turns of the speaker")
_FOR_SHAPE = Least(15, "scored turns of the speaker")
_TOO_ALIKE = "not enough data: for how long neighbouring turns stay alike, there are too few turns"
_FOR_CHANGES = Least(12, "scored turns of the speaker")
_DERIVED = "Valence and arousal are derived from the emotion scores and hold nothing that those do not."
_BOOTSTRAP = (
    "Intervals from 2,000 bootstrap samples of the turns (Hesterberg 2015); of more than 60 turns from the standard "
    "error of a ratio (Cochran 1977)."
)
_BINS = f"Over turns, and over bins of {BIN:g} s with speech of the speaker (means of the scores over time)."
_NORMS = "Russell and Mehrabian (1977), Journal of Research in Personality 11, 273-294, for the norms"

DYNAMICS = (
    Measure(
        name="emotion_share",
        title="Emotion shares",
        group="affect dynamics",
        scope="speaker",
        unit="share of the scored time, 0 to 1",
        definition="Mean of the turns' scores for each emotion, each turn weighted by its duration, in the session and "
        f"by quarter (turns whose middle is in it). {_BOOTSTRAP}",
        source="Hesterberg (2015), The American Statistician 69(4), 371-386, for the intervals",
        interpretation="How much of the time in which somebody was heard sounded like each emotion.",
        caution="An unsure turn counts for several emotions, so a share is not the number of turns that sound so.",
        least=_SCORED,
        over=_emotion_share,
        emotional=True,
    ),
    Measure(
        name="affect_mean",
        title="Mean valence and arousal",
        group="affect dynamics",
        scope="speaker",
        unit="-1 to 1",
        definition=f"Mean of the scored turns, each weighted by its duration, in the session and by quarter. "
        f"{_BOOTSTRAP}",
        source=_NORMS,
        interpretation="How pleasant (1) or unpleasant (-1), and how excited (1) or calm (-1), somebody sounded.",
        caution=_DERIVED,
        least=_SCORED,
        over=_affect_mean,
        emotional=True,
    ),
    Measure(
        name="affect_deviation",
        title="Spread of valence and arousal",
        group="affect dynamics",
        scope="speaker",
        unit="0 to 1",
        definition=f"Standard deviation, weighted by duration. {_BINS}",
        source="Krone et al. (2018), Emotion 18(5), 739-754, for the within-person standard deviation",
        interpretation="How widely somebody's affect varied.",
        caution="The recogniser's noise is part of it; short turns are noisier.",
        least=_FOR_STEPS,
        over=_affect_deviation,
        emotional=True,
    ),
    Measure(
        name="affect_instability",
        title="Instability (MSSD)",
        group="affect dynamics",
        scope="speaker",
        unit="squared units of valence or arousal",
        definition="Mean squared successive difference; each difference is first divided by (its time step over the "
        "median step) to the power lambda, and lambda, from 0 to 1, is the one that leaves the squares least "
        f"correlated with the steps' logarithm. {_BINS}",
        source="Jahng, Wood and Trull (2008), Psychological Methods 13(4), 354-375",
        interpretation="How much affect jumps from one turn to the next; with the same spread, a slow drift gives a "
        "small value and a back and forth a large one.",
        caution="The recogniser's noise is part of it: compare only what was scored by the same models.",
        least=_FOR_STEPS,
        over=_instability,
        emotional=True,
    ),
    Measure(
        name="affect_inertia",
        title="Inertia",
        group="affect dynamics",
        scope="speaker",
        unit="correlation, 0 to 1",
        definition="Autocorrelation over the median time step of an Ornstein-Uhlenbeck process fitted by maximum "
        "likelihood, so that values further apart in time are less alike, exp(-time / tau); 95 % interval from the "
        f"profile likelihood. {_BINS}",
        source="Kuppens, Allen and Sheeber (2010), Psychological Science 21(7), 984-991; Oravecz, Tuerlinckx and "
        "Vandekerckhove (2011), Psychological Methods 16(4), 468-490, for the process in continuous time",
        interpretation="How much of a state is carried over: 0 starts afresh with every turn, 1 stays where it was.",
        caution="The recogniser's noise makes it look smaller, and so do few turns.",
        least=_FOR_INERTIA,
        over=_inertia,
        emotional=True,
    ),
    Measure(
        name="emotion_entropy",
        title="Variety of emotions",
        group="affect dynamics",
        scope="speaker",
        unit="0 to 1",
        definition="Shannon entropy of the emotion shares over the logarithm of the number of emotions, in the session "
        "and by quarter.",
        source="Quoidbach et al. (2014), Journal of Experimental Psychology: General 143(6), 2057-2066",
        interpretation="0 where all sounds like one emotion, 1 where all emotions have equal shares.",
        caution="A recogniser that is unsure gives a high value as well.",
        least=_SCORED,
        over=_entropy,
        emotional=True,
    ),
    Measure(
        name="emotion_transition",
        title="Emotion after emotion",
        group="affect dynamics",
        scope="speaker",
        unit="share of what follows, 0 to 1",
        definition="From each scored turn to the speaker's next one: products of their scores, summed and divided by "
        "the row's sum. chance is the mean over shuffled orders of the turns (199 to 999), p is two-sided.",
        source="Thornton and Tamir (2017), PNAS 114(23), 5982-5987, for emotion transitions; Turntone for the use of "
        "scores in place of labels, so that unsure turns count for several",
        interpretation="Which emotion tends to follow which in one speaker.",
        caution="Unsure scores draw all shares towards chance, and there are as many tests as cells.",
        least=_FOR_TRANSITIONS,
        over=_transitions,
        emotional=True,
        detail=True,
    ),
    Measure(
        name="dwell_time",
        title="Time in an emotion",
        group="affect dynamics",
        scope="speaker",
        unit="s of the speaker's scored talk",
        definition="Mean seconds of scored talk in a run of turns with the same highest-scored emotion; uncertain "
        "turns are passed over. chance is the mean over shuffled orders, p how often those last at least as long.",
        source="Turntone: mean run length; Wald and Wolfowitz (1940), Annals of Mathematical Statistics 11, 147-162, "
        "for runs under shuffling",
        interpretation="How long a speaker goes on sounding alike before it changes.",
        caution="One wrongly heard turn cuts a run in two.",
        least=_FOR_TRANSITIONS,
        over=_dwell_time,
        emotional=True,
    ),
    Measure(
        name="call_shape",
        title="Shape of the course",
        group="affect dynamics",
        scope="speaker",
        unit="change of valence, last third less first",
        definition="Thirds of the speaker's scored turns, weighted by duration. The key is the word: worsening or "
        "improving where the last third differs from the first, recovered where the middle third lies below both "
        "others (and the end is not clearly lower than the beginning), flat where neither can be told from chance. "
        "Two permutation tests that shuffle blocks of neighbouring turns, between which as many turns are left out as "
        "the speaker goes on sounding alike, corrected for both looks by Holm's method, at p of 0.05.",
        source="Turntone; Winkler et al. (2015), NeuroImage 123, 253-268, for permuting blocks; Holm (1979), "
        "Scandinavian Journal of Statistics 6, 65-70",
        interpretation="Whether somebody sounded better, worse, or better again at the end than before.",
        caution="Flat means that no change can be shown, not that there was none; each speaker is one more look.",
        least=_FOR_SHAPE,
        over=_shape,
        emotional=True,
    ),
    Measure(
        name="change_points",
        title="Turning points",
        group="affect dynamics",
        scope="speaker",
        unit="number of changes; change of the mean at each",
        definition="Exact least-squares segmentation of the turns' values into at most six stretches of at least four "
        "turns (ruptures), their number by the modified BIC of Zhang and Siegmund (a change costs 48 / n more), with "
        "the likelihood of noise whose neighbours are as alike as these are about their means. One row with the "
        "number, then one for each change: the difference of the means, the turn with which the new stretch begins, "
        "and its time.",
        source="Truong, Oudre and Vayatis (2020), Signal Processing 167, 107299; Zhang and Siegmund (2007), Biometrics "
        "63(1), 22-32; Chakar, Lebarbier, Levy-Leduc and Robin (2017), Bernoulli 23(2), 1408-1447, for noise with "
        "memory",
        interpretation="Where the level of valence or arousal changed for good.",
        caution="It finds what is clear: a step of two deviations amid 50 turns in 96 of 100 series, amid 24 turns in "
        "46, and where neighbouring turns are alike (0.6) in 39 and 23; noise alone has one in 5 of 100 at most.",
        least=_FOR_CHANGES,
        over=_change_points,
        emotional=True,
    ),
    Measure(
        name="peak",
        title="Peaks",
        group="affect dynamics",
        scope="speaker",
        unit="-1 to 1",
        definition=f"The scored turn of at least {LEAST_PEAK:g} s with the lowest valence, the highest valence and the "
        "highest arousal, with its row and its beginning.",
        source="Turntone: extremes; Fredrickson and Kahneman (1993), Journal of Personality and Social Psychology "
        "65(1), 45-55, on why peaks are looked at",
        interpretation="Where to listen first.",
        caution="A single turn is often heard wrong, and the extreme one more often than others: listen to it.",
        least=_SCORED,
        over=_peaks,
        emotional=True,
    ),
    Measure(
        name="trajectory",
        title="Course over the session",
        group="affect dynamics",
        scope="speaker",
        unit="-1 to 1",
        definition="Kernel-weighted mean of the turns at 60 times (a Gaussian kernel of a twentieth of the "
        "recording, 8 s to 2 min, times the turn's duration), with a pointwise 95 % band that widens where turns are "
        "few; at is the time.",
        source="Nadaraya (1964), Theory of Probability and its Applications 9(1), 141-142, for kernel regression; "
        "Kish (1965), Survey Sampling, for the effective number",
        interpretation="How somebody's valence and arousal moved over the session.",
        caution="The band is one for each moment on its own; a bump that fits into it may be noise.",
        least=_SCORED,
        over=_trajectory,
        emotional=True,
        detail=True,
    ),
)
"""Of each speaker's emotions."""
