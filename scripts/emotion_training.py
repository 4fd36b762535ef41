"""Training of the embedded recogniser: simulated sessions, what another corpus may change, the fit."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from emotion_corpus import LABELS, Corpus, Ints, Matrix, Measured
from numpy.typing import NDArray

from emotion.embedded_recognizer import EmbeddedModel, Population
from emotion.features import feature_names
from emotion.recognizers import Baseline, VoiceFeatures

SEED = 1

KINDS = {
    "pitch": ("pitch",),
    "level": ("level",),
    "strength": ("strength", "harmonics"),
    "rhythm": ("active", "voiced", "pause", "peak"),
    "modulation": ("modulation",),
    "full band": ("bass", "treble", "slope", "unvoiced"),
}
"""First words of the features that go together; all others are of the spectrum."""


@dataclass(frozen=True)
class Settings:
    """What was chosen by leaving out one speaker and half of the sentences at a time, among train and dev speakers."""

    strength: float = 15.0
    """What the mean log loss weighs against half the squared size of the weights; smaller is simpler."""
    shift: float = 0.8
    """Spreads by which the absolute features of a training session are moved, as another corpus's are."""
    deaf: float = 0.2
    """Chance that a training session goes without one of the kinds of feature, so that no cue is relied on alone."""
    mean_turns: float = 2.0
    deviation_turns: float = 20.0
    absolute_turns: float = 10.0
    sessions: int = 4
    """Simulated sessions for a speaker and a condition."""
    variants: int = 12
    """Conditions that each speaker is heard in."""
    iterations: int = 300


def population_of(measured: Measured, corpus: Corpus, rows: Ints, settings: Settings) -> Population:
    """Mean, deviation and spread of the features of the utterances in some rows, every speaker weighing the same."""
    groups = [measured.turns[:, rows[corpus.speakers[rows] == name]] for name in sorted(set(corpus.speakers[rows]))]
    mean = np.mean([group.mean(axis=(0, 1)) for group in groups], axis=0)
    deviation = np.sqrt(np.mean([group.var(axis=1).mean(axis=0) for group in groups], axis=0))
    spread = np.sqrt(np.mean([((group - mean) ** 2).mean(axis=(0, 1)) for group in groups], axis=0))
    floor = 1e-3
    return Population(
        mean.astype(np.float32),
        np.maximum(deviation, floor).astype(np.float32),
        np.maximum(spread, floor).astype(np.float32),
        settings.mean_turns,
        settings.deviation_turns,
        settings.absolute_turns,
    )


def baseline_of(population: Population, features: Matrix, durations: NDArray[np.float64]) -> Baseline:
    """The baseline of the stretches given, as the recogniser pools it."""
    return population.pool(
        [VoiceFeatures(row, row[None], 0.5, float(seconds)) for row, seconds in zip(features, durations, strict=True)],
        "session",
    )


@dataclass(frozen=True)
class SimulatedSession:
    """Some utterances of one speaker, heard in one way; the emotions mixed evenly or not at all."""

    variant: int
    rows: Ints
    long: NDArray[np.bool_]

    def features(self, measured: Measured) -> Matrix:
        """Of its turns, some of which are joined from two."""
        short, long = measured.turns[self.variant, self.rows], measured.long_turns[self.variant, self.rows]
        return np.asarray(np.where(self.long[:, None], long, short), np.float32)


def simulated_sessions(
    corpus: Corpus, rows: Ints, variants: int, settings: Settings, random: np.random.Generator
) -> list[SimulatedSession]:
    """Sessions of 2 to 24 turns; the mix of emotions goes from even to single, in half of them mostly neutral."""
    sessions = []
    for speaker in sorted(set(corpus.speakers[rows])):
        own = rows[corpus.speakers[rows] == speaker]
        by_label = [own[corpus.labels[own] == label] for label in range(len(LABELS))]
        for variant in np.repeat(np.arange(variants), settings.sessions):
            chosen = _mixed(by_label, random)
            if len(chosen):
                sessions.append(SimulatedSession(int(variant), chosen, random.random(len(chosen)) < 0.3))
    return sessions


def _mixed(by_label: list[Ints], random: np.random.Generator) -> Ints:
    evenness = np.full(len(LABELS), random.choice([0.3, 1.0, 3.0]))
    if random.random() < 0.5:
        evenness[LABELS.index("neutral")] *= 10  # as conversations are
    counts = random.multinomial(random.integers(2, 24), random.dirichlet(evenness))
    drawn = [
        random.choice(group, min(count, len(group)), replace=False)
        for group, count in zip(by_label, counts, strict=True)
    ]
    return np.concatenate(drawn).astype(np.int64)


def fit(
    measured: Measured, corpus: Corpus, rows: Ints, settings: Settings, seed: int = SEED, variants: int | None = None
) -> EmbeddedModel:
    """A model of the utterances in some rows, without temperature."""
    from sklearn.linear_model import LogisticRegression

    random = np.random.default_rng(seed)
    population = population_of(measured, corpus, rows, settings)
    shifts = shift_directions(measured, population, rows, settings)
    inputs: list[Matrix] = []
    labels: list[Ints] = []
    weights: list[NDArray[np.float64]] = []
    for session in simulated_sessions(corpus, rows, variants or settings.variants, settings, random):
        features = session.features(measured)
        baseline = baseline_of(population, features, corpus.durations[session.rows] * (1 + session.long))
        shift = random_shift(shifts, random)
        for stretch, weight in ((features, 1.0), (measured.pieces[session.variant, session.rows], 0.5)):
            heard = _heard_kinds(random, settings.deaf)
            inputs.append(heard * population.inputs(*moved(stretch, baseline, shift)))
            labels.append(corpus.labels[session.rows])
            weights.append(np.full(len(stretch), weight / np.sqrt(len(stretch))))
    target, importance = np.concatenate(labels), np.concatenate(weights)
    for label in range(len(LABELS)):
        importance[target == label] /= importance[target == label].sum() * len(LABELS)
    classifier = LogisticRegression(C=settings.strength, max_iter=settings.iterations)
    classifier.fit(np.concatenate(inputs), target, sample_weight=importance)
    return EmbeddedModel(
        LABELS,
        feature_names(),
        population,
        classifier.coef_.astype(np.float32),
        classifier.intercept_.astype(np.float32),
        1.0,
        {},
    )


def random_shift(directions: Matrix, random: np.random.Generator) -> Matrix:
    """How another corpus's features lie beside this one's, (features,)."""
    return np.asarray(directions @ random.standard_normal(len(directions)), np.float32)


def moved(features: Matrix, baseline: Baseline, shift: Matrix) -> tuple[Matrix, Baseline]:
    """A session as another corpus might have it: turns and baseline moved alike."""
    return (features + shift).astype(np.float32), replace(baseline, mean=(baseline.mean + shift).astype(np.float32))


def _heard_kinds(random: np.random.Generator, deaf: float) -> NDArray[np.bool_]:
    """For each input whether it is there; those of one kind (pitch, level, ...) come and go together."""
    kinds = np.array([kind_of(name) for name in feature_names()])
    gone = [kind for kind in sorted(set(kinds)) if random.random() < deaf]
    return np.tile(~np.isin(kinds, gone), 2)


def kind_of(feature: str) -> str:
    """The kind of a feature, by its name: ``pitch``, ``level``, ``strength``, ``rhythm``, ``modulation``, ...

    >>> kind_of("pitch_speed"), kind_of("tilt_mean"), kind_of("cepstrum_3_mean")
    ('pitch', 'spectrum', 'cepstrum_mean')
    """
    first, *rest = feature.split("_")
    if first == "cepstrum":
        return f"cepstrum_{rest[-1]}"
    for kind, names in KINDS.items():
        if first in names:
            return kind
    return "spectrum"


def shift_directions(measured: Measured, population: Population, rows: Ints, settings: Settings) -> Matrix:
    """A matrix that turns independent numbers into a shift in which features move together as they do in the corpus."""
    spread = (measured.turns[:, rows].reshape(-1, len(population.mean)) - population.mean) / population.spread
    together = np.corrcoef(spread.T) if spread.std(axis=0).min() > 0 else np.eye(spread.shape[1])
    directions = np.linalg.cholesky(0.95 * together + 0.05 * np.eye(len(together)))
    return np.asarray(settings.shift * population.spread[:, None] * directions, np.float32)
