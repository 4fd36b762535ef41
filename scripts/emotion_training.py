"""Training of the embedded recogniser: the corpus as it is heard in many ways, simulated sessions, the fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from voice_conditions import CONDITIONS, Condition, trimmed

from diarization.recordings import SAMPLING_RATE, Waveform
from emotion.embedded_recognizer import EmbeddedModel, Population
from emotion.features import FRAME_RATE, Contours, contours_of, feature_names, features_of
from emotion.recognizers import Baseline, VoiceFeatures

LABELS = ("angry", "happy", "neutral", "sad")
SPEEDS = (0.9, 0.94, 1.06, 1.1)
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

Ints = NDArray[np.int64]
Matrix = NDArray[np.float32]


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


@dataclass(frozen=True)
class Corpus:
    """The utterances, one item a row in every array: label index, speaker, sentence, split, seconds."""

    waveforms: list[Waveform]
    labels: Ints
    speakers: NDArray[np.str_]
    sentences: NDArray[np.str_]
    splits: NDArray[np.str_]
    durations: NDArray[np.float64]

    def of(self, speakers: Sequence[str]) -> Ints:
        """The rows of some speakers."""
        return np.flatnonzero(np.isin(self.speakers, list(speakers)))

    def speakers_of(self, *splits: str) -> list[str]:
        """The speakers of some splits."""
        return sorted(set(self.speakers[np.isin(self.splits, splits)]))


@dataclass(frozen=True)
class Measured:
    """Features under every condition, each (conditions, utterances, features); the first four are the plain conditions.

    ``turns`` are whole utterances, ``long_turns`` are joined with another one of the same speaker and emotion,
    ``pieces`` are seconds out of them.
    """

    turns: Matrix
    long_turns: Matrix
    pieces: Matrix


def read_corpus(folder: Path) -> Corpus:
    """The utterances of the four labels, silence cut off at both ends."""
    import soundfile

    table = pd.read_csv(folder / "metadata.csv", dtype={"speaker": str, "sentence": str})
    table = table[table["emotion"].isin(LABELS)].sort_values("path").reset_index(drop=True)
    waveforms = [trimmed(soundfile.read(folder / path, dtype="float32")[0]) for path in table["path"]]
    return Corpus(
        waveforms,
        np.array([LABELS.index(emotion) for emotion in table["emotion"]]),
        table["speaker"].to_numpy(str),
        table["sentence"].to_numpy(str),
        table["split"].to_numpy(str),
        np.array([len(waveform) / SAMPLING_RATE for waveform in waveforms]),
    )


def condition_of(variant: int, speaker: int) -> Condition:
    """The first four variants are the plain conditions; later ones have another speed and microphone too."""
    random = np.random.default_rng([SEED, variant, speaker])
    seed, speed = int(random.integers(2**31)), float(random.choice(SPEEDS))
    plain = variant < len(CONDITIONS)
    return Condition(CONDITIONS[variant % len(CONDITIONS)], seed, 1.0 if plain else speed, not plain)


def measure(corpus: Corpus, variants: int) -> Measured:
    """All features of the corpus, heard in so many ways."""
    turns, long_turns, pieces = [], [], []
    order = sorted(set(corpus.speakers))
    for variant in range(variants):
        random = np.random.default_rng([SEED, variant])
        conditions = [condition_of(variant, order.index(speaker)) for speaker in corpus.speakers]
        heard = [condition.heard(corpus.waveforms[row], row) for row, condition in enumerate(conditions)]
        contours = [contours_of(waveform) for waveform in heard]
        turns.append([features_of(each) for each in contours])
        long_turns.append([features_of(_joined(contours, row, corpus, random)) for row in range(len(contours))])
        pieces.append([features_of(_piece(each, random)) for each in contours])
        print(f"measured as heard in way {variant + 1} of {variants}: {CONDITIONS[variant % 4]}", flush=True)
    return Measured(*(np.array(each, np.float32) for each in (turns, long_turns, pieces)))


def _joined(contours: list[Contours], row: int, corpus: Corpus, random: np.random.Generator) -> Contours:
    alike = (corpus.speakers == corpus.speakers[row]) & (corpus.labels == corpus.labels[row])
    alike &= _half(corpus) == _half(corpus)[row]  # so that leaving out sentences leaves them out here too
    first, second = contours[row], contours[int(random.choice(np.flatnonzero(alike)))]
    pause = int(random.uniform(0.1, 0.6) * FRAME_RATE)

    def join(name: str) -> NDArray[np.float64]:
        before, after = getattr(first, name), getattr(second, name)
        quiet = np.minimum(before.min(axis=0), after.min(axis=0))
        return np.concatenate([before, np.repeat(quiet[None], pause, axis=0), after])

    return Contours(*(join(name) for name in ("level", "pitch", "strength", "line_bands", "full_bands")))


def _piece(contours: Contours, random: np.random.Generator) -> Contours:
    length = min(len(contours), int(random.uniform(0.6, 1.4) * FRAME_RATE))
    start = int(random.integers(0, len(contours) - length + 1))
    return contours.part(start, start + length)


def _half(corpus: Corpus) -> NDArray[np.bool_]:
    """Which half of the sentences each utterance is of."""
    sentences = sorted(set(corpus.sentences))
    return np.isin(corpus.sentences, sentences[: len(sentences) // 2])


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
