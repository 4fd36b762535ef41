"""The embedded recogniser: small, trained by this project from CC0 speech, relative to each speaker's own baseline."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diarization.diarizers import ModelUse, Progress
from diarization.errors import ModelError
from diarization.recordings import Waveform

from .features import WINDOW_STEP, feature_names, measure_voice
from .recognizers import Baseline, Recognition, VoiceFeatures, check_waveforms
from .schemes import EmotionScheme

Matrix = NDArray[np.float32]

WEIGHTS = Path(__file__).parent / "weights" / "embedded.safetensors"
"""The trained model, with its facts in a JSON file of the same name beside it."""

SHORTEST = 0.1
"""Seconds of speech that the recogniser needs."""

LIMIT = 4.0
"""Deviations from a mean beyond which a feature says no more."""


@dataclass(frozen=True)
class Population:
    """The training speakers' features: what a speaker is taken for until there is speech enough to know better.

    Parameters
    ----------
    mean : np.ndarray, shape (features,)
        Over speakers.
    deviation : np.ndarray, shape (features,)
        Within a speaker, over turns.
    spread : np.ndarray, shape (features,)
        Over speakers and turns together.
    mean_turns, deviation_turns : float
        How many turns of the speaker weigh as much as the population, for the mean and for the deviation.
    absolute_turns : float
        In how many turns a baseline has halved what the features say beside it, see ``absolute``.
    """

    mean: Matrix
    deviation: Matrix
    spread: Matrix
    mean_turns: float
    deviation_turns: float
    absolute_turns: float

    def pool(self, measured: Sequence[VoiceFeatures], scope: str) -> Baseline:
        """A speaker's baseline: the mean as it is, the deviation drawn towards the population's where turns are few.

        Each stretch weighs as much as it lasts.

        Raises
        ------
        ValueError
            Where there is nothing to pool.
        """
        if not measured:
            raise ValueError("a baseline needs at least one stretch of speech")
        features = np.array([each.features for each in measured], np.float64)
        weights = np.array([max(each.duration, 0.1) for each in measured])
        mean = np.average(features, axis=0, weights=weights)
        variance = np.average((features - mean) ** 2, axis=0, weights=weights)
        num_turns, prior = len(measured), self.deviation_turns
        deviation = np.sqrt((num_turns * variance + prior * self.deviation**2) / (num_turns + prior))
        return Baseline(mean.astype(np.float32), deviation.astype(np.float32), scope, num_turns)

    def relative(self, features: Matrix, baseline: Baseline) -> Matrix:
        """Deviations from the speaker's mean, itself drawn towards the population's where turns are few."""
        share = baseline.num_turns / (baseline.num_turns + self.mean_turns)
        mean = share * baseline.mean + (1 - share) * self.mean
        return np.asarray(np.clip((features - mean) / baseline.deviation, -LIMIT, LIMIT), np.float32)

    def absolute(self, features: Matrix, baseline: Baseline) -> Matrix:
        """Spreads from the population's mean, less the more turns the baseline has.

        A baseline of few turns may be all of one emotion, which only the absolute features can tell. One of many knows
        the speaker and the line better than the population of any corpus does.
        """
        share = self.absolute_turns / (self.absolute_turns + baseline.num_turns)
        return np.asarray(share * np.clip((features - self.mean) / self.spread, -LIMIT, LIMIT), np.float32)

    def inputs(self, features: Matrix, baseline: Baseline) -> Matrix:
        """What the classifier is given, (stretches, 2 * features): relative features first, then absolute ones."""
        return np.concatenate([self.relative(features, baseline), self.absolute(features, baseline)], axis=1)


@dataclass(frozen=True)
class EmbeddedModel:
    """Logistic regression on a stretch's features, each once relative to the speaker and once to the population.

    Parameters
    ----------
    labels : tuple of str
        In the order of the scores.
    features : tuple of str
        Names of the features it was trained on, in order.
    population : Population
        Of the training speakers.
    weights : np.ndarray, shape (labels, 2 * features)
        Relative features first.
    bias : np.ndarray, shape (labels,)
        The logits of a stretch that is average in all.
    temperature : float
        What the logits are divided by, so that scores are as often right as they say.
    facts : dict
        Licence, credit, training and figures, JSON values only.
    """

    labels: tuple[str, ...]
    features: tuple[str, ...]
    population: Population
    weights: Matrix
    bias: Matrix
    temperature: float
    facts: dict[str, Any]

    def logits(self, features: Matrix, baseline: Baseline) -> Matrix:
        """Of stretches given as (stretches, features), before the temperature, (stretches, labels)."""
        return np.asarray(self.population.inputs(features, baseline) @ self.weights.T + self.bias, np.float32)

    def probabilities(self, features: Matrix, baseline: Baseline) -> Matrix:
        """Scores of stretches given as (stretches, features), (stretches, labels); each row sums to 1."""
        return softmax(self.logits(features, baseline) / self.temperature)


def softmax(logits: NDArray[np.floating]) -> Matrix:
    """Probabilities of rows of logits; each row sums to 1."""
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), np.float32)


def load_model(path: Path = WEIGHTS) -> EmbeddedModel:
    """The model in a safetensors file and the JSON file beside it.

    Raises
    ------
    ModelError
        Where a file is missing or broken, or the model was trained on other features than this version measures.
    """
    from safetensors.numpy import load_file

    try:
        tensors = load_file(path)
        facts = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        model = _model(tensors, facts)
    except Exception as error:  # OSError, ValueError, KeyError, or safetensors' own, which derives from none of them
        raise ModelError(
            f"{path}: the embedded recogniser's weights cannot be read ({error}); install Turntone again"
        ) from None
    if model.features != feature_names():
        raise ModelError(
            f"{path}: trained on {len(model.features)} features that are not the {len(feature_names())} measured here; "
            "install Turntone again, or run scripts/train_embedded_recognizer.py"
        )
    return model


def _model(tensors: dict[str, Matrix], facts: dict[str, Any]) -> EmbeddedModel:
    population = Population(
        tensors["population.mean"],
        tensors["population.deviation"],
        tensors["population.spread"],
        float(facts["mean_turns"]),
        float(facts["deviation_turns"]),
        float(facts["absolute_turns"]),
    )
    return EmbeddedModel(
        tuple(facts["labels"]),
        tuple(facts["features"]),
        population,
        tensors["weights"],
        tensors["bias"],
        float(facts["temperature"]),
        facts,
    )


def save_model(model: EmbeddedModel, path: Path) -> None:
    """Write a model as ``load_model`` reads it; the same model gives the same bytes."""
    from safetensors.numpy import save_file

    path.parent.mkdir(parents=True, exist_ok=True)
    population = model.population
    tensors = {
        "population.mean": population.mean,
        "population.deviation": population.deviation,
        "population.spread": population.spread,
        "weights": model.weights,
        "bias": model.bias,
    }
    save_file({name: np.ascontiguousarray(tensor, np.float32) for name, tensor in tensors.items()}, path)
    path.chmod(0o644)  # safetensors keeps its files to their owner
    facts = {
        "labels": list(model.labels),
        "features": list(model.features),
        "temperature": model.temperature,
        "mean_turns": population.mean_turns,
        "deviation_turns": population.deviation_turns,
        "absolute_turns": population.absolute_turns,
    }
    text = json.dumps(model.facts | facts, indent=1, ensure_ascii=False)
    path.with_suffix(".json").write_text(text + "\n", encoding="utf-8")


class EmbeddedRecognizer:
    """Scores angry, happy, neutral and sad with the weights that come with Turntone, relative to speakers' baselines.

    The embedding of a stretch is its features relative to the speaker's baseline, in deviations, ``shape (features,)``:
    86 numbers in the order of ``feature_names()``. Its frame scores are those of the same classifier on windows of 1 s,
    two a second.
    """

    name = "embedded"

    def __init__(self, path: Path = WEIGHTS) -> None:
        self._path = path

    @cached_property
    def model(self) -> EmbeddedModel:
        """The trained model, read at first use."""
        return load_model(self._path)

    @property
    def scheme(self) -> EmotionScheme:
        """The four labels, in the order of the scores."""
        return EmotionScheme(self.model.labels)

    @property
    def uses(self) -> list[ModelUse]:
        """The one model, with the checksum of its weights as revision."""
        facts = self.model.facts
        files = (self._path, self._path.with_suffix(".json"))
        revision = hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:16]
        details = {"trained_on": facts["trained_on"], "figures": facts["figures"]}
        return [ModelUse("turntone-embedded-emotion", revision, facts["licence"], facts["credit"], details)]

    def recognize(self, waveforms: Sequence[Waveform], progress: Progress | None = None) -> list[Recognition]:
        """Score each waveform, in order, relative to all of them together, taken as one speaker's session."""
        measured = self.measure(waveforms, progress)
        return self.score(measured, self.pool(measured, "session")) if measured else []

    def measure(self, waveforms: Sequence[Waveform], progress: Progress | None = None) -> list[VoiceFeatures]:
        """The voice features of each waveform, in order.

        Raises
        ------
        AudioError
            Where a waveform is shorter than ``SHORTEST`` seconds, or holds values that are no numbers.
        """
        check_waveforms(waveforms, SHORTEST)
        measured = []
        for index, waveform in enumerate(waveforms):
            measured.append(measure_voice(waveform))
            if progress:
                progress("recognize", (index + 1) / len(waveforms))
        return measured

    def pool(self, measured: Sequence[VoiceFeatures], scope: str) -> Baseline:
        """The baseline of the speaker who spoke all of these; at least one is needed."""
        return self.model.population.pool(measured, scope)

    def score(self, measured: Sequence[VoiceFeatures], baseline: Baseline) -> list[Recognition]:
        """One Recognition for each, relative to the baseline."""
        return [self._score(each, baseline) for each in measured]

    def _score(self, measured: VoiceFeatures, baseline: Baseline) -> Recognition:
        whole = measured.features[None, :]
        return Recognition(
            self.model.probabilities(whole, baseline)[0],
            self.model.population.relative(whole, baseline)[0],
            self.model.probabilities(measured.frames, baseline),
            WINDOW_STEP,
        )
