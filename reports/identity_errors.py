"""Figures of how well people are known by voice, each with its interval over people."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from diarization.identity_calibration import Calibration, fit_calibration
from diarization.identity_measures import ErrorRates, calibration_error, cost_of_evidence

Weights = NDArray[np.floating[Any]]

OPEN_SET = ("false_accept", "false_reject", "wrong_person", "open_set_error")
"""The figures of ``open_set_rates``."""

_RESAMPLES = 1000
_FEWEST = 3  # people that an interval needs


@dataclass(frozen=True)
class Figure:
    """A figure and its 95 % interval; None where it cannot be told."""

    value: float | None
    low: float | None = None
    high: float | None = None


def with_intervals(
    names: Sequence[str], people: Sequence[str], figures: Callable[[Weights], Any], interval: bool = True
) -> dict[str, Figure]:
    """Figures with 95 % percentile bootstrap intervals over people (1,000 samples, fixed seed).

    Parameters
    ----------
    names : sequence of str
        Of the figures.
    people : sequence of str
        All of them; fewer than three give no interval.
    figures : callable
        Gives the figures for how often each of the people counts.
    interval : bool
        Whether intervals are wanted.
    """
    values = np.asarray(figures(np.ones(len(people))), float)
    low = high = np.full(len(values), np.nan)
    if interval and len(people) >= _FEWEST:
        random = np.random.default_rng(0)
        counts = random.multinomial(len(people), np.full(len(people), 1 / len(people)), size=_RESAMPLES)
        drawn = np.array([figures(each.astype(float)) for each in counts], float)
        low, high = _limits(drawn)
    return {name: Figure(*map(_told, row)) for name, *row in zip(names, values, low, high, strict=True)}


def pair_rates(pairs: pd.DataFrame, people: Sequence[str]) -> dict[str, Figure]:
    """``eer`` and ``eer_threshold`` of the similarity, ``eer_evidence`` and ``cllr`` of the evidence."""
    same = pairs["same"].to_numpy(bool)
    tested, enrolled = (_codes(pairs[column], people) for column in ("person", "enrolled"))
    scores, evidence = pairs["similarity"].to_numpy(float), pairs["evidence"].to_numpy(float)
    by_score, by_evidence = ErrorRates(scores, same), ErrorRates(evidence, same)

    def figures(counts: Weights) -> list[float]:
        weights = np.where(same, counts[tested], counts[tested] * counts[enrolled])
        kinds = weights[same], weights[~same]
        cost = cost_of_evidence(evidence[same], evidence[~same], *kinds)
        return [*by_score(weights), by_evidence(weights)[0], cost]

    return with_intervals(("eer", "eer_threshold", "eer_evidence", "cllr"), people, figures)


def open_set_rates(
    trials: pd.DataFrame, people: Sequence[str], accept: float, interval: bool = True
) -> dict[str, Figure]:
    """What goes wrong where a match counts from a probability on.

    ``false_accept``: strangers who count as a participant, of all strangers. ``false_reject``: participants who count
    as nobody, ``wrong_person``: who count as another one, of all participants. ``open_set_error``: the mean of the
    share of strangers and of the share of participants that go wrong.
    """
    who = _codes(trials["person"], people)
    known = trials["known"].to_numpy(bool)
    taken = trials["probability"].to_numpy(float) >= accept
    right = trials["matched"].to_numpy(object) == trials["person"].to_numpy(object)

    def figures(counts: Weights) -> list[float]:
        weights = counts[who]
        strangers, participants = weights[~known].sum(), weights[known].sum()
        accepted = weights[~known & taken].sum() / strangers if strangers else np.nan
        rejected = weights[known & ~taken].sum() / participants if participants else np.nan
        wrong = weights[known & taken & ~right].sum() / participants if participants else np.nan
        return [accepted, rejected, wrong, (accepted + rejected + wrong) / 2]

    return with_intervals(OPEN_SET, people, figures, interval)


def probability_error(trials: pd.DataFrame) -> float | None:
    """How far the probabilities of the likeliest matches lie from the shares that are right, over ten bins."""
    told = trials[trials["matched"].notna()]
    right = (told["matched"] == told["person"]).to_numpy(bool)
    return _told(calibration_error(told["probability"].to_numpy(float), right))


def fit_pairs(pairs: pd.DataFrame, origin: str) -> Calibration:
    """The calibration under which the pairs are likeliest; ``fit_calibration`` says what it raises."""
    columns = pairs["similarity"].to_numpy(float), pairs["scarcity"].to_numpy(float), pairs["same"].to_numpy(bool)
    return fit_calibration(*columns, origin)


def cost_of_own_calibration(pairs: pd.DataFrame, people: Sequence[str]) -> float | None:
    """Cllr of a calibration fitted to these pairs, each person's read by one fitted without that person.

    None for fewer than three people.
    """
    if len(people) < _FEWEST:
        return None
    evidence = np.full(len(pairs), np.nan)
    for person in people:
        own = (pairs["person"] == person).to_numpy()
        others = pairs[~own & (pairs["enrolled"] != person).to_numpy()]
        if own.any() and others["same"].nunique() == 2:
            fitted, mine = fit_pairs(others, "others"), pairs[own]
            slope = fitted.similarity + fitted.similarity_scarcity * mine["scarcity"]
            evidence[own] = fitted.offset + fitted.scarcity * mine["scarcity"] + slope * mine["similarity"]
    same, read = pairs["same"].to_numpy(bool), np.isfinite(evidence)
    return _told(cost_of_evidence(evidence[same & read], evidence[~same & read]))


def _codes(names: pd.Series, people: Sequence[str]) -> NDArray[np.intp]:
    return np.asarray(pd.Categorical(names, categories=list(people)).codes, np.intp)


def _limits(drawn: Weights) -> tuple[Weights, Weights]:
    """Percentiles of the samples in which a figure can be told; NaN for one that never can."""
    columns = [column[np.isfinite(column)] for column in drawn.T]
    found = [np.percentile(each, (2.5, 97.5)) if len(each) else (np.nan, np.nan) for each in columns]
    low, high = np.array(found).T
    return low, high


def _told(value: float) -> float | None:
    return round(float(value), 4) if np.isfinite(value) else None
