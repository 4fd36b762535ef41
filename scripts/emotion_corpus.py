"""The training speech of the embedded recogniser: read, heard in many ways and measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from voice_conditions import CONDITIONS, Condition, trimmed

from diarization.recordings import SAMPLING_RATE, Waveform
from emotion.features import FRAME_RATE, Contours, contours_of, features_of

LABELS = ("angry", "happy", "neutral", "sad")
PLAIN = len(CONDITIONS)
"""Variants up to here are the plain conditions; later ones have another speed and microphone too."""

_SPEEDS = (0.9, 0.94, 1.06, 1.1)
_SEED = 1

Ints = NDArray[np.int64]
Matrix = NDArray[np.float32]


@dataclass(frozen=True)
class Corpus:
    """The utterances, one item a row in every array: label index, speaker, sentence, split, sex, seconds."""

    waveforms: list[Waveform]
    labels: Ints
    speakers: NDArray[np.str_]
    sentences: NDArray[np.str_]
    splits: NDArray[np.str_]
    sexes: NDArray[np.str_]
    durations: NDArray[np.float64]

    def of(self, speakers: Sequence[str]) -> Ints:
        """The rows of some speakers."""
        return np.flatnonzero(np.isin(self.speakers, list(speakers)))

    def speakers_of(self, *splits: str) -> list[str]:
        """The speakers of some splits."""
        return sorted(set(self.speakers[np.isin(self.splits, splits)]))

    def first_half(self) -> NDArray[np.bool_]:
        """Which utterances are of the first half of the sentences."""
        sentences = sorted(set(self.sentences))
        return np.isin(self.sentences, sentences[: len(sentences) // 2])


@dataclass(frozen=True)
class Measured:
    """Features in every variant, each (variants, utterances, features), see ``PLAIN``.

    ``turns`` are whole utterances, ``long_turns`` are joined with another one of the same speaker and emotion,
    ``pieces`` are seconds out of them.
    """

    turns: Matrix
    long_turns: Matrix
    pieces: Matrix


def read_corpus(folder: Path) -> Corpus:
    """The utterances of the four labels, silence cut off at both ends; without a column ``gender`` sexes are empty."""
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
        table["gender"].to_numpy(str) if "gender" in table else np.full(len(table), ""),
        np.array([len(waveform) / SAMPLING_RATE for waveform in waveforms]),
    )


def condition_of(variant: int, speaker: int) -> Condition:
    """How a speaker is heard in a variant."""
    random = np.random.default_rng([_SEED, variant, speaker])
    seed, speed = int(random.integers(2**31)), float(random.choice(_SPEEDS))
    plain = variant < PLAIN
    return Condition(CONDITIONS[variant % PLAIN], seed, 1.0 if plain else speed, not plain)


def heard(corpus: Corpus, variant: int) -> list[Waveform]:
    """Every utterance as it is heard in a variant."""
    order = sorted(set(corpus.speakers))
    conditions = [condition_of(variant, order.index(speaker)) for speaker in corpus.speakers]
    return [condition.heard(corpus.waveforms[row], row) for row, condition in enumerate(conditions)]


def measure(corpus: Corpus, variants: int) -> Measured:
    """All features of the corpus, heard in so many ways."""
    turns, long_turns, pieces = [], [], []
    for variant in range(variants):
        random = np.random.default_rng([_SEED, variant])
        contours = [contours_of(waveform) for waveform in heard(corpus, variant)]
        turns.append([features_of(each) for each in contours])
        long_turns.append([features_of(_joined(contours, row, corpus, random)) for row in range(len(contours))])
        pieces.append([features_of(_piece(each, random)) for each in contours])
        print(f"measured as heard in way {variant + 1} of {variants}: {CONDITIONS[variant % PLAIN]}", flush=True)
    return Measured(*(np.array(each, np.float32) for each in (turns, long_turns, pieces)))


def _joined(contours: list[Contours], row: int, corpus: Corpus, random: np.random.Generator) -> Contours:
    alike = (corpus.speakers == corpus.speakers[row]) & (corpus.labels == corpus.labels[row])
    alike &= corpus.first_half() == corpus.first_half()[row]  # so that leaving out sentences leaves them out here too
    first, second = contours[row], contours[int(random.choice(np.flatnonzero(alike)))]
    pause = int(random.uniform(0.1, 0.6) * FRAME_RATE)

    def join(name: str) -> NDArray[np.float64]:
        before, after = getattr(first, name), getattr(second, name)
        quiet = np.minimum(before.min(axis=0), after.min(axis=0))
        return np.concatenate([before, np.repeat(quiet[None], pause, axis=0), after])

    return Contours(*(join(field.name) for field in fields(Contours)))


def _piece(contours: Contours, random: np.random.Generator) -> Contours:
    length = min(len(contours), int(random.uniform(0.6, 1.4) * FRAME_RATE))
    start = int(random.integers(0, len(contours) - length + 1))
    return contours.part(start, start + length)
