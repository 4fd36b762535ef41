"""Temperature calibration: one number by which a recogniser's scores become as often right as they say."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diarization.errors import FormatError

from .reliability import Ints, Reliability, Scores, log_loss, measured, risk_coverage, rows_of

COOLEST, HOTTEST = 0.1, 10.0
"""The temperatures that are tried."""

LEAST_CLIPS = 50
"""Clips below which no temperature is found: calibration error has 15 bins to fill."""

BOUNDS = np.round(np.arange(0.25, 1.0, 0.05), 2)
"""Top probabilities at which risk and coverage are listed."""

_FOLDS = 5
_TINY = 1e-12


def scaled(scores: NDArray[np.floating], temperature: float) -> Scores:
    """Scores at another temperature: what softmax gives where the logits are divided by it (Guo and others 2017).

    The logits are the scores' logarithms, so the order of the labels stays, a temperature above 1 makes the scores more
    equal, and scaling by ``1 / temperature`` takes it back.

    Parameters
    ----------
    scores : np.ndarray, shape (..., labels)
        Probabilities; a 0 stays 0.
    temperature : float
        Above 0; 1 changes nothing.

    Examples
    --------
    >>> scaled(np.array([0.8, 0.2]), 2.0).round(4).tolist()
    [0.6667, 0.3333]
    """
    values = np.asarray(scores, np.float64)
    with np.errstate(divide="ignore"):
        logits = np.log(values) / temperature
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True), np.float64)


def fit_temperature(scores: Scores, truth: Ints) -> float:
    """The temperature between ``COOLEST`` and ``HOTTEST`` at which the log loss is least.

    Parameters
    ----------
    scores : np.ndarray, shape (clips, labels)
        Probabilities at temperature 1.
    truth : np.ndarray of int, shape (clips,)
        Column of the true label.
    """
    from scipy.optimize import minimize_scalar

    safe = np.maximum(np.asarray(scores, np.float64), _TINY)
    limits = (float(np.log(COOLEST)), float(np.log(HOTTEST)))
    found = minimize_scalar(
        lambda power: log_loss(scaled(safe, float(np.exp(power))), truth),
        bounds=limits,
        method="bounded",
        options={"xatol": 1e-5},
    )
    return float(np.exp(found.x))


@dataclass(frozen=True)
class Calibration:
    """A temperature, and which scores it is for.

    Parameters
    ----------
    name : str
        What the user calls it.
    temperature : float
        For ``scaled``.
    uses : tuple of (str, str)
        Names and revisions of the models that gave the scores.
    labels : tuple of str
        Their scheme.
    made : str
        When, in UTC, ISO 8601.
    facts : dict
        How it was found and what it changed, JSON values.
    """

    name: str
    temperature: float
    uses: tuple[tuple[str, str], ...]
    labels: tuple[str, ...]
    made: str
    facts: dict[str, Any] = field(default_factory=dict)

    def is_for(self, uses: Sequence[Sequence[str]], labels: Sequence[str]) -> bool:
        """Whether these models at these revisions, with these labels, are the ones it was found on."""
        return self.uses == tuple((name, revision) for name, revision in uses) and self.labels == tuple(labels)

    def brief(self) -> dict[str, Any]:
        """What a session's provenance says of it, as JSON values."""
        known = ("num_clips", "num_speakers", "source")
        facts = {name: self.facts.get(name) for name in known}
        return {"name": self.name, "temperature": self.temperature, "made": self.made} | facts

    def to_json(self) -> dict[str, Any]:
        """All of it as JSON values; ``calibration_from`` reads it."""
        return {
            "name": self.name,
            "temperature": self.temperature,
            "uses": [list(each) for each in self.uses],
            "labels": list(self.labels),
            "made": self.made,
            "facts": self.facts,
        }


def calibration_from(text: str, source: object) -> Calibration:
    """The calibration in a JSON text; ``source`` is what sentences call it.

    Raises
    ------
    FormatError
        Where it is not one.
    """
    try:
        known = json.loads(text)
        uses = tuple((str(name), str(revision)) for name, revision in known["uses"])
        temperature = float(known["temperature"])
        if not COOLEST / 2 <= temperature <= HOTTEST * 2:
            raise ValueError(f"the temperature is {temperature:g}")
        return Calibration(
            str(known["name"]), temperature, uses, tuple(known["labels"]), str(known["made"]), dict(known["facts"])
        )
    except (ValueError, KeyError, TypeError) as error:
        raise FormatError(
            f"{source}: not a calibration ({type(error).__name__}: {error}); remove it and run turntone calibrate again"
        ) from None


@dataclass(frozen=True)
class Calibrated:
    """What calibrating a set of clips came to.

    Parameters
    ----------
    temperature : float
        From all the clips.
    before, after : Reliability
        ``after`` scores every clip at the temperature found without its group, so it is an honest guess for others.
    by_fold : list of float
        The temperatures of the folds.
    folds : str
        How the folds were made, as a sentence.
    coverage : list of dict
        ``risk_coverage`` after calibration, at ``BOUNDS``.
    """

    temperature: float
    before: Reliability
    after: Reliability
    by_fold: list[float]
    folds: str
    coverage: list[dict[str, float | int | None]]

    def to_json(self) -> dict[str, Any]:
        """All of it as JSON values."""
        coverage = [
            {key: round(v, 6) if isinstance(v, float) else v for key, v in row.items()} for row in self.coverage
        ]
        return {
            "temperature": round(self.temperature, 6),
            "fold_temperatures": [round(each, 6) for each in self.by_fold],
            "cross_validation": self.folds,
            "before": self.before.to_json(),
            "after": self.after.to_json(),
            "risk_coverage": coverage,
        }

    @property
    def at_limit(self) -> bool:
        """Whether the temperature is the coolest or the hottest that is tried: the clips do not tell it."""
        return self.temperature < COOLEST * 1.02 or self.temperature > HOTTEST / 1.02


def calibrate(scores: Scores, truth: Ints, speakers: Sequence[str | None]) -> Calibrated:
    """Find a temperature, and measure by cross-validation what it changes for speakers it was not found on.

    Parameters
    ----------
    scores : np.ndarray, shape (clips, labels)
        Probabilities at temperature 1.
    truth : np.ndarray of int, shape (clips,)
        Column of the true label.
    speakers : sequence of str or None, length clips
        Who speaks. Folds and intervals are by speaker where all are known and there are at least two, else by clip.

    Raises
    ------
    FormatError
        With fewer than ``LEAST_CLIPS`` clips, or where all have one label.
    """
    _check(truth)
    known = None not in speakers and len(set(speakers)) > 1
    groups = np.array(list(map(str, speakers))) if known else np.arange(len(truth)).astype(str)
    folds = _folds(groups)
    after, temperatures = np.empty(scores.shape), []
    for held_out in folds:
        rest = np.setdiff1d(np.arange(len(truth)), held_out)
        temperatures.append(fit_temperature(scores[rest], truth[rest]))
        after[held_out] = scaled(scores[held_out], temperatures[-1])
    said = f"{len(folds)} folds, " + (
        "no speaker in two of them" if known else "by clip, as speakers are not known: too hopeful for other speakers"
    )
    return Calibrated(
        fit_temperature(scores, truth),
        measured(scores, truth, groups),
        measured(after, truth, groups),
        temperatures,
        said,
        risk_coverage(after, truth, BOUNDS),
    )


def _check(truth: Ints) -> None:
    if len(truth) < LEAST_CLIPS:
        raise FormatError(
            f"{len(truth)} labelled clips could be scored; at least {LEAST_CLIPS} are needed for a calibration"
        )
    if len(set(truth.tolist())) < 2:
        raise FormatError("all the clips have the same emotion; a calibration needs at least two")


def _folds(groups: NDArray[Any]) -> list[Ints]:
    """Rows in up to five folds of about as many clips, each group whole; the same groups give the same folds."""
    rows = rows_of(groups)
    order = np.random.default_rng(0).permutation(len(rows))
    folds: list[list[Ints]] = [[] for _ in range(min(_FOLDS, len(rows)))]
    for index in sorted(order.tolist(), key=lambda each: -len(rows[each])):
        smallest = min(folds, key=lambda fold: sum(map(len, fold)))
        smallest.append(rows[index])
    return [np.sort(np.concatenate(fold)) for fold in folds]


def summary_of(calibrated: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Rows of figure, before and after for people, from ``Calibrated.to_json``."""
    names = {
        "ece": "expected calibration error",
        "adaptive_ece": "the same, equally full bins",
        "nll": "log loss",
        "brier": "Brier score",
        "accuracy": "accuracy",
    }
    before, after = calibrated["before"], calibrated["after"]
    return [(words, _shown(before[key]), _shown(after[key])) for key, words in names.items()]


def _shown(figure: Mapping[str, Any]) -> str:
    limits = "" if figure["low"] is None else f" ({figure['low']:.3f} to {figure['high']:.3f})"
    return f"{figure['value']:.3f}{limits}"
