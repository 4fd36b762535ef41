"""Where two sets of sessions differ along the session, tested by cluster permutation."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations, pairwise
from math import comb

import numpy as np
from numpy.typing import NDArray

from ..resampling import Floats

_PERMUTATIONS = 1999
_ROUNDING = 1e-9


@dataclass(frozen=True)
class Cluster:
    """Neighbouring parts of the session in which both sets differ the same way.

    Parameters
    ----------
    start, stop : int
        Parts from ``start`` up to, not including, ``stop``.
    mass : float
        Sum of the parts' t; negative where the later sessions lie lower.
    p : float
        How often chance alone gives a cluster of such mass anywhere.
    """

    start: int
    stop: int
    mass: float
    p: float


@dataclass(frozen=True)
class ClusterTest:
    """A difference of two sets of sessions, part by part.

    Parameters
    ----------
    before, after : np.ndarray, shape (parts,)
        Means over the sessions; nan where no session has a value.
    t : np.ndarray, shape (parts,)
        Student's t of after less before; 0 where a side has fewer than two values.
    clusters : tuple of Cluster
        In order; empty where no part passes the threshold.
    p : float
        The smallest of the clusters', 1 without any: the test of the whole.
    """

    before: Floats
    after: Floats
    t: Floats
    clusters: tuple[Cluster, ...]
    p: float


def cluster_permutation(before: Floats, after: Floats, threshold: float | None = None) -> ClusterTest:
    """Compare courses of sessions by the permutation test of Maris and Oostenveld (2007).

    Parts whose t passes the threshold and that are neighbours with the same sign are a cluster; its mass is the sum of
    their t. Whole sessions are shuffled between the sets (every way where there are at most 2,000, else 1,999 drawn
    with a fixed seed), and the largest mass of each shuffle is what the clusters are held against. So one test is made,
    however many parts there are, and the session is the unit.

    Parameters
    ----------
    before, after : np.ndarray, shape (sessions, parts)
        nan where a session has no value; at least two sessions each.
    threshold : float, optional
        Of |t|; the two-sided 5 % point of Student's t where left out.
    """
    from scipy.stats import t as student

    both = np.concatenate([before, after])
    limit = float(student.ppf(0.975, len(both) - 2)) if threshold is None else threshold
    sides = _sides(len(before), len(both))
    t_values = _t_values(both, sides)
    largest = _largest_mass(t_values, limit)
    found = []
    for start, stop in _runs(t_values[0], limit):
        mass = float(t_values[0, start:stop].sum())
        found.append(Cluster(start, stop, mass, float(np.mean(largest >= abs(mass) - _ROUNDING))))
    smallest = min((each.p for each in found), default=1.0)
    return ClusterTest(_means(before), _means(after), t_values[0], tuple(found), smallest)


def _means(values: Floats) -> Floats:
    known = np.isfinite(values)
    count = known.sum(axis=0)
    return np.where(count > 0, np.where(known, values, 0.0).sum(axis=0) / np.maximum(count, 1), np.nan)


def _sides(num_before: int, num_sessions: int) -> NDArray[np.bool_]:
    """Which sessions are after, shape (arrangements, sessions): as they are first, then shuffled."""
    seen = np.arange(num_sessions) >= num_before
    if comb(num_sessions, num_before) <= _PERMUTATIONS + 1:
        chosen = list(combinations(range(num_sessions), num_before))  # the first is how they are
        sides = np.ones((len(chosen), num_sessions), bool)
        np.put_along_axis(sides, np.array(chosen), False, axis=1)
        return sides
    sides = np.tile(seen, (_PERMUTATIONS + 1, 1))
    sides[1:] = np.random.default_rng(0).permuted(sides[1:], axis=1)
    return sides


def _t_values(values: Floats, sides: NDArray[np.bool_]) -> Floats:
    """Pooled t of each arrangement and part, shape (arrangements, parts)."""
    known = np.isfinite(values)
    centred = np.where(known, values - _means(values), 0.0)
    after, before = sides.astype(float), (~sides).astype(float)
    count, others = after @ known, before @ known
    total, squares = centred.sum(axis=0), (centred**2).sum(axis=0)
    ours = after @ centred
    usable = (count >= 2) & (others >= 2)
    count, others = np.where(usable, count, 2.0), np.where(usable, others, 2.0)
    difference = ours / count - (total - ours) / others
    inside = np.maximum(squares - ours**2 / count - (total - ours) ** 2 / others, 0.0)
    error = np.sqrt(inside / (count + others - 2) * (1 / count + 1 / others))
    tiny = 1e-9 * np.sqrt(squares) + 1e-300
    return np.where(usable & (np.abs(difference) > tiny), difference / np.maximum(error, tiny), 0.0)


def _largest_mass(t_values: Floats, limit: float) -> Floats:
    """The largest |mass| of any cluster, for each arrangement."""
    largest = np.zeros(len(t_values))
    for sign in (1.0, -1.0):
        running = np.zeros(len(t_values))
        for part in (sign * t_values).T:
            running = np.where(part > limit, running + part, 0.0)
            largest = np.maximum(largest, running)
    return largest


def _runs(t_values: Floats, limit: float) -> list[tuple[int, int]]:
    """Where clusters begin and end."""
    signs = np.where(np.abs(t_values) > limit, np.sign(t_values), 0.0)
    edges = [0, *(np.flatnonzero(np.diff(signs)) + 1).tolist(), len(signs)]
    return [(start, stop) for start, stop in pairwise(edges) if stop > start and signs[start]]
