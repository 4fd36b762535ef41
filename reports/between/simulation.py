"""Sessions without any effect, in which p-values have to be uniform. What the tests and ``make soak`` draw."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ..resampling import Floats
from .blocks import one_thread
from .clusters import cluster_permutation
from .groups import compare_groups
from .likeness import WAYS, Voice, Way, compare_pair
from .trends import trend

if TYPE_CHECKING:
    from collections.abc import Sequence

_SHARED = 0.3  # standard deviation of what the turns of a session share, that of a turn being 1
_OBSERVED = ["outcome", "unit", "level", "participant", "session", "value", "num_turns"]
_FIRST_DAY = datetime.date(2026, 1, 1)


def share_below(p_values: Sequence[float] | Floats, level: float) -> float:
    """The share of p-values at most ``level``: with right p-values, about as large, and never clearly larger."""
    return float(np.mean(np.asarray(p_values) <= level + 1e-12))


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
    """Of comparisons of two sessions of so many turns that do not differ, by way."""
    random = np.random.default_rng(seed)
    found: dict[Way, list[float]] = {way: [] for way in WAYS}
    origin = np.zeros(dimension)
    with one_thread():
        for _ in range(rounds):
            ours, theirs = (Voice(*_sounds(random, size, dimension, alike), origin) for size in sizes)
            for way, likeness in compare_pair(ours, theirs, 0.2 * random.normal(size=dimension)).items():
                found[way].append(likeness.p)
    return found


def _sounds(random: np.random.Generator, count: int, dimension: int, alike: float) -> tuple[Floats, Floats]:
    """Embeddings and scored time by emotion, which goes with the embeddings."""
    embeddings = alike_turns(random, count, dimension, alike)
    scores = np.exp(0.8 * embeddings[:, :5])
    seconds = (random.gamma(2, 1.5, count) + 0.3)[:, None] * scores / scores.sum(axis=1, keepdims=True)
    return embeddings, seconds


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
