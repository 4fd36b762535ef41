"""Sessions without any effect, in which p-values have to be uniform. What the tests and ``make soak`` draw."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ..measures.series import Series
from ..measures.shapes import shape_of
from ..measures.turning_points import change_points
from ..resampling import Floats
from .blocks import one_thread
from .clusters import cluster_permutation
from .exchange import chance_of_parting, chance_of_spread
from .groups import compare_groups
from .likeness import WAYS, Way, compare_pair
from .memory import in_parts, longest
from .trends import trend
from .voice_blocks import Voice

if TYPE_CHECKING:
    from collections.abc import Sequence

_SHARED = 0.3  # standard deviation of what the turns of a session share, that of a turn being 1
_OBSERVED = ["outcome", "unit", "level", "participant", "session", "value", "num_turns"]
_FIRST_DAY = datetime.date(2026, 1, 1)


def share_below(p_values: Sequence[float] | Floats, level: float) -> float:
    """The share of p-values at most ``level``: with right p-values, about as large, and never clearly larger.

    Of those that there are; nan where there are none.
    """
    known = np.asarray(p_values)[np.isfinite(p_values)]
    return float(np.mean(known <= level + 1e-12)) if len(known) else float("nan")


def alike_turns(random: np.random.Generator, count: int, width: int, alike: float) -> Floats:
    """Values of turns, shape (count, width), each with the correlation ``alike`` with the one before."""
    values = random.normal(size=(count, width))
    for at in range(1, count):
        values[at] = alike * values[at - 1] + np.sqrt(1 - alike**2) * values[at]
    return values


def trend_p_values(rounds: int, num_sessions: int, seed: int = 0, alike: float = 0.3) -> list[float]:
    """Of trends over sessions of 4 to 100 turns, at irregular dates, that differ by chance from day to day."""
    random = np.random.default_rng(seed)
    found = []
    for _ in range(rounds):
        sizes = random.integers(4, 101, num_sessions)
        turns = [_SHARED * random.normal() + alike_turns(random, size, 1, alike)[:, 0] for size in sizes]
        weights = [random.gamma(2, 2, size) + 0.3 for size in sizes]
        days = np.cumsum(random.integers(1, 20, num_sessions)).tolist()
        found.append(trend("valence", turns, weights, [_FIRST_DAY + datetime.timedelta(day) for day in days]).p)
    return found


def cluster_p_values(rounds: int, seed: int = 0) -> list[float]:
    """Of cluster tests of six sessions against five, whose courses wander and have gaps."""
    random = np.random.default_rng(seed)
    found = []
    for _ in range(rounds):
        courses = random.normal(size=(11, 1)) + random.normal(size=(11, 10)).cumsum(axis=1)
        courses[random.random(courses.shape) < 0.1] = np.nan
        found.append(cluster_permutation(courses[:6], courses[6:]).p)
    return found


def likeness_p_values(
    rounds: int, sizes: tuple[int, int], alike: float, seed: int = 0, dimension: int = 16
) -> dict[Way, list[float]]:
    """Of comparisons of two sessions of so many turns that do not differ, by way; nan where turns are too few.

    For how long turns are alike is found from these two sessions alone, the hardest case.
    """
    random = np.random.default_rng(seed)
    found: dict[Way, list[float]] = {way: [] for way in WAYS}
    origin = np.zeros(dimension)
    with one_thread():
        for _ in range(rounds):
            sounds = [_sounds(random, size, dimension, alike) for size in sizes]
            ours, theirs = (Voice(*each, origin) for each in sounds)
            memory = longest([[embeddings for embeddings, _ in sounds], [_scores(seconds) for _, seconds in sounds]])
            for way, likeness in compare_pair(ours, theirs, 0.2 * random.normal(size=dimension), memory).items():
                found[way].append(likeness.p)
    return found


def _sounds(random: np.random.Generator, count: int, dimension: int, alike: float) -> tuple[Floats, Floats]:
    """Embeddings and scored time by emotion, which goes with the embeddings."""
    embeddings = alike_turns(random, count, dimension, alike)
    scores = np.exp(0.8 * embeddings[:, :5])
    seconds = (random.gamma(2, 1.5, count) + 0.3)[:, None] * scores / scores.sum(axis=1, keepdims=True)
    return embeddings, seconds


def course_p_values(rounds: int, sizes: Sequence[int], alike: float, seed: int = 0) -> list[float]:
    """Of differences of valence between sessions of so many turns; nan where turns are too few."""
    random = np.random.default_rng(seed)
    return [
        chance_of_spread(series, memory) for series, memory in (_valences(random, sizes, alike) for _ in range(rounds))
    ]


def parts_p_values(rounds: int, count: int, later: float, alike: float, seed: int = 0) -> list[float]:
    """Of a later part of one session, a share of its turns, against the rest; nan where turns are too few."""
    random = np.random.default_rng(seed)
    found = []
    for _ in range(rounds):
        after = np.arange(count) >= round((1 - later) * count)
        embeddings, seconds = _sounds(random, count, 16, alike)
        parts = [in_parts(each, after.astype(np.int64)) for each in (embeddings, _scores(seconds))]
        found.append(chance_of_parting(_valence(seconds), seconds.sum(axis=1), after, longest(parts, count)))
    return found


def shape_p_values(rounds: int, count: int, alike: float, seed: int = 0) -> list[float]:
    """Of shapes of courses (corrected for both looks); nan where turns are too few."""
    random = np.random.default_rng(seed)
    found = []
    for _ in range(rounds):
        embeddings, seconds = _sounds(random, count, 16, alike)
        thirds = 3 * np.arange(count) // count
        memory = longest([in_parts(each, thirds) for each in (embeddings, _scores(seconds))], count)
        turns = np.arange(count)
        shape = shape_of(Series(turns.astype(np.float64), _valence(seconds), seconds.sum(axis=1), turns), memory)
        found.append(shape.p if shape else float("nan"))
    return found


def turning_point_shares(
    rounds: int, count: int, alike: float, step: float = 2.0, seed: int = 0
) -> tuple[float, float]:
    """Of series of so many turns: in how many without a change one is found, and in how many with one, it.

    The change is a step in the middle by so many standard deviations of the noise; it counts as found within a
    twentieth of the turns, three at least.
    """
    random = np.random.default_rng(seed)
    after, near = np.arange(count) >= count // 2, max(3, count // 20)
    false = found = 0
    for _ in range(rounds):
        noise = alike_turns(random, count, 1, alike)[:, 0]
        false += len(change_points(noise)) > 0
        found += any(abs(place - count // 2) <= near for place in change_points(noise + step * after))
    return false / rounds, found / rounds


def _valences(
    random: np.random.Generator, sizes: Sequence[int], alike: float
) -> tuple[list[tuple[Floats, Floats]], int | None]:
    """Values and durations of the turns of each session, and after how many the voice, as found, is not alike."""
    sounds = [_sounds(random, size, 16, alike) for size in sizes]
    memory = longest([[embeddings for embeddings, _ in sounds], [_scores(seconds) for _, seconds in sounds]])
    return [(_valence(seconds), seconds.sum(axis=1)) for _, seconds in sounds], memory


def _valence(seconds: Floats) -> Floats:
    """Of each turn, made of its scores."""
    return np.asarray(_scores(seconds)[:, 0] - _scores(seconds)[:, 1])


def _scores(seconds: Floats) -> Floats:
    return np.asarray(seconds / seconds.sum(axis=1, keepdims=True))


def group_p_values(rounds: int, design: str, num_people: int, seed: int = 0) -> list[float]:
    """Of groups that do not differ: people in one group each (``between``) or in both (``within``), 1 to 7 sessions."""
    random = np.random.default_rng(seed)
    found = []
    for _ in range(rounds):
        rows = []
        for person in range(num_people):
            own = random.normal()
            for session in range(random.integers(1 if design == "between" else 2, 8)):
                level = "ab"[(person if design == "between" else session) % 2]
                value = own + random.normal()
                rows.append(("valence", "", level, str(person), f"{person}-{session}", value, 1))
        found.append(compare_groups(pd.DataFrame(rows, columns=_OBSERVED))[0].p)
    return found
