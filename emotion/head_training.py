"""Trains heads on labelled embeddings, and measures honestly how they would do with people they have not heard."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diarization.errors import FormatError

from .calibration import fit_temperature, scaled
from .reliability import Ints, Scores, calibration_error, resamples, rows_of

STRENGTHS = (0.0001, 0.001, 0.01, 0.1, 1.0)
"""Inverse strengths of the penalty that are tried; the smallest within reach of the best is simplest."""

LEAST_PER_LABEL = 5
"""Clips of a label below which it is refused."""

FEW_SPEAKERS = 10
"""Speakers below which the report warns: their interval is wide, and the next person may be unlike all of them."""

_FOLDS, _INNER_FOLDS = 5, 3
_RESAMPLES = 2000


@dataclass(frozen=True)
class LinearModel:
    """Multinomial logistic regression on standardised inputs; fields as of ``Head``."""

    mean: NDArray[np.float64]
    scale: NDArray[np.float64]
    weights: NDArray[np.float64]
    bias: NDArray[np.float64]

    def probabilities(self, embeddings: NDArray[np.float64]) -> Scores:
        """``shape (clips, labels)``; each row sums to 1."""
        logits = (embeddings - self.mean) / self.scale @ self.weights.T + self.bias
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        return np.asarray(powers / powers.sum(axis=1, keepdims=True), np.float64)


@dataclass(frozen=True)
class Trained:
    """A trained model, its temperature, and the report."""

    model: LinearModel
    temperature: float
    report: dict[str, Any]


def train(
    embeddings: NDArray[np.float64], truth: Ints, labels: Sequence[str], speakers: Sequence[str | None]
) -> Trained:
    """Train a classifier of embeddings, and measure it by cross-validation grouped by speaker.

    Every label weighs the same, however many clips it has. The strength of the penalty is chosen inside each training
    part by a cross-validation of its own, again grouped. The temperature is found on the held-out scores.

    Parameters
    ----------
    embeddings : np.ndarray, shape (clips, dimension)
        Finite.
    truth : np.ndarray of int, shape (clips,)
        Index of each clip's label.
    labels : sequence of str
        At least two.
    speakers : sequence of str or None
        Who speaks. Where any is unknown or there is one only, folds are made of clips, and the report says that it
        promises too much.

    Raises
    ------
    FormatError
        Where there are too few labels or clips, or a label is spoken by one speaker only.
    """
    grouped = None not in speakers and len(set(speakers)) > 1
    groups = np.array([str(each) for each in speakers]) if grouped else np.arange(len(truth)).astype(str)
    _check(embeddings, truth, labels)
    held_out = np.full((len(truth), len(labels)), np.nan)
    chosen = []
    folds = list(_folds(truth, groups, _FOLDS))
    for rest, own in folds:
        _check_fold(truth, rest, labels)
        strength = _strength(embeddings[rest], truth[rest], groups[rest], len(labels))
        held_out[own] = fit(embeddings[rest], truth[rest], len(labels), strength).probabilities(embeddings[own])
        chosen.append(strength)
    strength = _strength(embeddings, truth, groups, len(labels))
    temperature = fit_temperature(held_out, truth)
    report = {
        "num_clips": len(truth),
        "num_speakers": len(set(speakers)) if grouped else None,
        "folds": len(folds),
        "grouped_by": "speaker" if grouped else "clip",
        "penalty": {"chosen": strength, "by_fold": chosen},
        **_figures(held_out, truth, labels, groups),
        "ece": {
            "before": round(calibration_error(held_out, truth), 4),
            "after": round(calibration_error(scaled(held_out, temperature), truth), 4),
        },
        "notes": _notes(truth, labels, speakers, grouped),
    }
    return Trained(fit(embeddings, truth, len(labels), strength), round(temperature, 6), report)


def fit(embeddings: NDArray[np.float64], truth: Ints, num_labels: int, strength: float) -> LinearModel:
    """Logistic regression on standardised embeddings, every label of the same weight.

    A label that ``truth`` does not have gets next to no probability.
    """
    from sklearn.linear_model import LogisticRegression

    mean, scale = embeddings.mean(axis=0), embeddings.std(axis=0)
    scale = np.where(scale > 1e-9, scale, 1.0)
    model = LogisticRegression(C=strength, class_weight="balanced", max_iter=1000)
    model.fit((embeddings - mean) / scale, truth)
    weights, bias = np.zeros((num_labels, embeddings.shape[1])), np.full(num_labels, -30.0)
    if len(model.classes_) == 2:  # one row, for the second against the first
        weights[model.classes_[1]], bias[model.classes_] = model.coef_[0], (0.0, model.intercept_[0])
    else:
        weights[model.classes_], bias[model.classes_] = model.coef_, model.intercept_
    return LinearModel(mean, scale, weights, bias)


def average_recall(predicted: Ints, truth: Ints, num_labels: int) -> float:
    """Unweighted average recall: the mean over the labels that are there of the share found right.

    >>> average_recall(np.array([0, 0, 1, 1]), np.array([0, 0, 0, 1]), 2)
    0.8333333333333333
    """
    own = [predicted[truth == label] == label for label in range(num_labels)]
    return float(np.mean([each.mean() for each in own if len(each)]))


def _strength(embeddings: NDArray[np.float64], truth: Ints, groups: NDArray[Any], num_labels: int) -> float:
    """The inverse penalty with the best average recall over inner folds; of equals the smallest.

    Where one speaker is all there is to train on, the inner folds are made of clips.
    """
    if len(np.unique(groups)) < 2:
        groups = np.arange(len(truth)).astype(str)
    predicted = {strength: np.full(len(truth), -1) for strength in STRENGTHS}
    for rest, own in _folds(truth, groups, _INNER_FOLDS):
        if len(np.unique(truth[rest])) < 2:
            continue
        for strength in STRENGTHS:
            model = fit(embeddings[rest], truth[rest], num_labels, strength)
            predicted[strength][own] = model.probabilities(embeddings[own]).argmax(axis=1)
    return max(STRENGTHS, key=lambda each: (round(average_recall(predicted[each], truth, num_labels), 6), -each))


def _folds(truth: Ints, groups: NDArray[Any], number: int) -> Iterator[tuple[Ints, Ints]]:
    """Rows to train on and rows held out: groups whole, labels spread as evenly as that allows."""
    from sklearn.model_selection import StratifiedGroupKFold

    splits = min(number, len(np.unique(groups)))
    folds = StratifiedGroupKFold(splits, shuffle=True, random_state=0)
    # sklearn refuses where every label has fewer rows than there are folds; one fold a group is all that is left then
    usable = max(Counter(truth.tolist()).values()) >= splits
    rows = folds.split(truth, truth, groups) if usable else _one_by_one(groups)
    return ((rest, own) for rest, own in rows if len(own) and len(rest))


def _one_by_one(groups: NDArray[Any]) -> Iterator[tuple[Ints, Ints]]:
    for own in rows_of(groups):
        yield np.setdiff1d(np.arange(len(groups)), own), own


def _check(embeddings: NDArray[np.float64], truth: Ints, labels: Sequence[str]) -> None:
    counts = Counter(truth.tolist())
    present = [label for index, label in enumerate(labels) if counts[index]]
    if len(present) < 2:
        raise FormatError(f"all scored clips have the label {present[0] if present else '?'}; at least two are needed")
    few = {label: counts[index] for index, label in enumerate(labels) if counts[index] < LEAST_PER_LABEL}
    if few:
        shown = ", ".join(f"{label} has {count}" for label, count in few.items())
        raise FormatError(f"{shown} scored clips; at least {LEAST_PER_LABEL} of each label are needed")
    if not np.isfinite(embeddings).all():
        raise FormatError("an embedding holds values that are no numbers; analyse that recording again")


def _check_fold(truth: Ints, rest: Ints, labels: Sequence[str]) -> None:
    missing = [label for index, label in enumerate(labels) if index not in set(truth[rest].tolist())]
    if missing:
        raise FormatError(
            f"only one speaker or fold has {', '.join(missing)}, so nobody could say how it sounds from others; label "
            "clips of more speakers, or leave it out"
        )


def _figures(held_out: Scores, truth: Ints, labels: Sequence[str], groups: NDArray[Any]) -> dict[str, Any]:
    predicted, size = held_out.argmax(axis=1), len(labels)
    confusion = np.zeros((size, size), int)
    np.add.at(confusion, (truth, predicted), 1)
    drawn = resamples(rows_of(groups), _RESAMPLES) if len(set(groups.tolist())) >= 3 else []
    limits = _limits([average_recall(predicted[own], truth[own], size) for own in drawn])
    largest = int(np.bincount(truth, minlength=size).argmax())
    return {
        "average_recall": {
            "value": round(average_recall(predicted, truth, size), 4),
            "low": limits[0],
            "high": limits[1],
        },
        "chance": round(1 / size, 4),
        "accuracy": round(float((predicted == truth).mean()), 4),
        "majority": {"label": labels[largest], "accuracy": round(float((truth == largest).mean()), 4)},
        "by_label": {label: _of_label(index, predicted, truth, drawn) for index, label in enumerate(labels)},
        "confusion": {
            label: {other: int(confusion[row, column]) for column, other in enumerate(labels)}
            for row, label in enumerate(labels)
        },
    }


def _of_label(label: int, predicted: Ints, truth: Ints, drawn: Sequence[Ints]) -> dict[str, Any]:
    own, said = truth == label, predicted == label
    recalls = [float(said[rows][own[rows]].mean()) for rows in drawn if own[rows].any()]
    low, high = _limits(recalls)
    return {
        "clips": int(own.sum()),
        "recall": round(float(said[own].mean()), 4),
        "recall_low": low,
        "recall_high": high,
        "precision": round(float(own[said].mean()), 4) if said.any() else None,
    }


def _limits(values: Sequence[float]) -> tuple[float | None, float | None]:
    if not values:
        return None, None
    low, high = np.percentile(values, (2.5, 97.5))
    return round(float(low), 4), round(float(high), 4)


def _notes(truth: Ints, labels: Sequence[str], speakers: Sequence[str | None], grouped: bool) -> list[str]:
    notes = []
    if not grouped:
        notes.append(
            "Speakers are not known or there is only one, so the figures are for the same voices again: other people "
            "will fare worse. Name the speaker of each clip to learn how much."
        )
    elif len(set(speakers)) < FEW_SPEAKERS:
        notes.append(
            f"Only {len(set(speakers))} speakers: the figures for other people may lie far outside the interval."
        )
    alone = [
        label
        for index, label in enumerate(labels)
        if len({speakers[row] for row in np.flatnonzero(truth == index).tolist()}) < 3
    ]
    if grouped and alone:
        notes.append(f"Fewer than three speakers have {', '.join(alone)}: their recall says little.")
    return notes
