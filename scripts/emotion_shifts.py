"""Sets the embedded recogniser beside a usual baseline on speakers, sentences and sexes neither was trained on.

    python scripts/emotion_shifts.py EMODB

EMODB is as for ``scripts/train_embedded_recognizer.py``, with a column ``gender``. What is left out of the training:
each speaker; two speakers and half of the sentences; a sex and half of the sentences. Each model is trained anew on
what remains, the baseline on clean speech unless said otherwise, and both hear the rest clean, noisy, on the telephone
and with echoes. Each speaker is normalised, or has a baseline, over all that he or she says in that condition.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from emotion_baseline import normalised_by_speaker, statistics_of
from emotion_corpus import PLAIN, Corpus, Ints, Matrix, Measured, heard, measure, read_corpus
from emotion_training import Settings, baseline_of, fit
from voice_conditions import CONDITIONS

Found = Callable[[Ints, Ints], Ints]
"""From rows to train on and rows to test on to the labels found, (conditions, test rows)."""


@dataclass(frozen=True)
class Fold:
    """Rows that are trained on, and rows of other speakers that are tested on."""

    train: Ints
    test: Ints


def average_recall(truth: Ints, found: Ints, weights: Matrix | None = None) -> float:
    """Unweighted average recall over the labels that occur."""
    weights = np.ones(len(truth), np.float32) if weights is None else weights
    recalls = [
        np.average(found[truth == label] == label, weights=weights[truth == label]) for label in np.unique(truth)
    ]
    return float(np.mean(recalls))


def left_out(corpus: Corpus, groups: Sequence[Sequence[str]], sentences: bool) -> Iterator[Fold]:
    """A fold for every group of speakers; with ``sentences``, two, each tested on sentences it was not trained on."""
    everybody = sorted(set(corpus.speakers))
    for group in groups:
        train, test = corpus.of([speaker for speaker in everybody if speaker not in group]), corpus.of(group)
        if not sentences:
            yield Fold(train, test)
            continue
        first = corpus.first_half()
        for side in (True, False):
            yield Fold(train[first[train] != side], test[first[test] == side])


def shifts_of(corpus: Corpus) -> dict[str, list[Fold]]:
    """What is left out of the training, by name."""
    everybody = sorted(set(corpus.speakers))
    sexes = [sorted(set(corpus.speakers[corpus.sexes == sex])) for sex in sorted(set(corpus.sexes))]
    pairs = [everybody[start : start + 2] for start in range(0, len(everybody), 2)]
    folds = {
        "speaker": list(left_out(corpus, [[each] for each in everybody], sentences=False)),
        "speaker and sentences": list(left_out(corpus, pairs, sentences=True)),
        "sex and sentences": list(left_out(corpus, sexes, sentences=True)),
    }
    return {name: own for name, own in folds.items() if all(len(fold.train) for fold in own)}


def found_by_ours(measured: Measured, corpus: Corpus, settings: Settings) -> Found:
    """The recogniser, each speaker's baseline pooled over all that the speaker says under the condition."""

    def found(train: Ints, test: Ints) -> Ints:
        model = fit(measured, corpus, train, settings)
        labels = np.zeros((PLAIN, len(test)), np.int64)
        for condition in range(PLAIN):
            for speaker in set(corpus.speakers[test]):
                here, own = corpus.speakers[test] == speaker, corpus.of([speaker])
                features = measured.turns[condition]
                baseline = baseline_of(model.population, features[own], corpus.durations[own])
                labels[condition, here] = model.logits(features[test[here]], baseline).argmax(axis=1)
        return labels

    return found


def baseline_statistics(corpus: Corpus) -> Matrix:
    """The usual statistics of the utterances in the plain conditions, (conditions, utterances, 120)."""
    return np.array([[statistics_of(each) for each in heard(corpus, condition)] for condition in range(PLAIN)])


def found_by_baseline(statistics: Matrix, corpus: Corpus, normalised: bool, conditions: int = 1) -> Found:
    """A support vector machine on the usual statistics, trained on the clean ones or on all ``conditions``."""
    from sklearn.svm import SVC

    inputs = np.array([normalised_by_speaker(each, corpus.speakers) if normalised else each for each in statistics])

    def found(train: Ints, test: Ints) -> Ints:
        known = np.concatenate(inputs[:conditions, train])
        mean, deviation = known.mean(axis=0), known.std(axis=0) + 1e-6
        machine = SVC(C=1.0, gamma="scale", class_weight="balanced")
        machine.fit((known - mean) / deviation, np.tile(corpus.labels[train], conditions))
        return np.array([machine.predict((each[test] - mean) / deviation) for each in inputs])

    return found


def recalls_under(corpus: Corpus, folds: Sequence[Fold], found: Found) -> dict[str, float]:
    """Average recall over all folds' utterances, by condition."""
    labels = np.concatenate([found(fold.train, fold.test) for fold in folds], axis=1)
    truth = corpus.labels[np.concatenate([fold.test for fold in folds])]
    return {name: round(average_recall(truth, each), 3) for name, each in zip(CONDITIONS, labels, strict=True)}


def recalls_of_all(measured: Measured, corpus: Corpus, settings: Settings) -> dict[str, dict[str, dict[str, float]]]:
    """Average recall of the recogniser and of usual baselines, by what was left out and by condition."""
    statistics = baseline_statistics(corpus)
    compared = {
        "embedded recogniser": found_by_ours(measured, corpus, settings),
        "baseline normalised by speaker": found_by_baseline(statistics, corpus, normalised=True),
        "baseline normalised, trained on all conditions": found_by_baseline(statistics, corpus, True, PLAIN),
        "baseline not normalised": found_by_baseline(statistics, corpus, normalised=False),
    }
    shifts = shifts_of(corpus)
    return {
        name: {shift: recalls_under(corpus, folds, found) for shift, folds in shifts.items()}
        for name, found in compared.items()
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path, help="the corpus's folder, with metadata.csv")
    parser.add_argument("--variants", type=int, default=Settings.variants, help="ways in which every speaker is heard")
    given = parser.parse_args(arguments)
    corpus, settings = read_corpus(given.corpus), Settings(variants=given.variants)
    print(json.dumps(recalls_of_all(measure(corpus, settings.variants), corpus, settings), indent=1))


if __name__ == "__main__":
    main()
