"""p-values corrected for how many tests were made."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, get_args

import numpy as np

from diarization.errors import ConfigError

from ..resampling import Floats

Correction = Literal["benjamini-hochberg", "holm", "none"]

CORRECTIONS: tuple[Correction, ...] = get_args(Correction)
"""Share of false findings (Benjamini, Hochberg 1995); chance of any false finding (Holm 1979); as they are."""


def corrected(p_values: Sequence[float] | Floats, correction: str = "benjamini-hochberg") -> Floats:
    """p-values as they are after the correction, to be held against the level that is meant for all tests together.

    Parameters
    ----------
    p_values : sequence of float, shape (tests,)
        In [0, 1]; nan, a test that was not made, stays nan and does not count.
    correction : str
        One of ``CORRECTIONS``.

    Raises
    ------
    ConfigError
        Where there is no such correction.

    Examples
    --------
    >>> corrected([0.01, 0.04, 0.03]).tolist(), corrected([0.01, 0.04, 0.03], "holm").tolist()
    ([0.03, 0.04, 0.04], [0.03, 0.06, 0.06])
    """
    if correction not in CORRECTIONS:
        raise ConfigError(f"correction '{correction}': there is none of that name; they are {', '.join(CORRECTIONS)}")
    given = np.asarray(p_values, np.float64)
    known = np.isfinite(given)
    if correction == "none" or not known.any():
        return given
    found = np.full(given.shape, np.nan)
    found[known] = _holm(given[known]) if correction == "holm" else _benjamini_hochberg(given[known])
    return found


def _benjamini_hochberg(p_values: Floats) -> Floats:
    from scipy.stats import false_discovery_control

    return np.asarray(false_discovery_control(p_values), np.float64)


def _holm(p_values: Floats) -> Floats:
    order = np.argsort(p_values)
    steps = p_values[order] * np.arange(len(p_values), 0, -1)
    found = np.empty_like(p_values)
    found[order] = np.minimum(np.maximum.accumulate(steps), 1)
    return found
