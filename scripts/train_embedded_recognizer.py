"""Trains the embedded recogniser from the Berlin Database of Emotional Speech, measures it and writes its weights.

    python scripts/train_embedded_recognizer.py EMODB [--conversations FOLDER] [--output FILE]

EMODB holds ``metadata.csv`` (columns path, speaker, sentence, emotion, split: train, dev or test) and the sound files
that it names. FOLDER holds conversations (FLAC) with their true turns (JSON) of speakers outside the training split.
The same input gives the same bytes. The corpus is CC0: Burkhardt et al. (2005), A database of German emotional speech,
Interspeech.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, replace
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
from emotion_corpus import LABELS, PLAIN, Corpus, Ints, Matrix, Measured, measure, read_corpus
from emotion_shifts import average_recall
from emotion_training import (
    Settings,
    baseline_of,
    fit,
    kind_of,
    moved,
    random_shift,
    shift_directions,
    simulated_sessions,
)
from voice_conditions import CONDITIONS

from diarization.recordings import Waveform, cut
from diarization.segments import Segment
from emotion.embedded_recognizer import WEIGHTS, EmbeddedModel, EmbeddedRecognizer, save_model, softmax
from emotion.features import feature_names
from emotion.recognizers import Baseline

CREDIT = "Burkhardt, Paeschke, Rolfes, Sendlmeier and Weiss (2005), A database of German emotional speech, Interspeech"
FEW = 6  # utterances of a small baseline

Pools = Callable[[int, Ints], Ints | None]
"""From one of a speaker's rows and all of them, those that the baseline is pooled over; None for no baseline."""


def calibration_error(probabilities: Matrix, truth: Ints, bins: int = 10) -> float:
    """Expected calibration error of the top label, equal bins of confidence."""
    confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == truth
    edges = np.minimum((confidence * bins).astype(int), bins - 1)
    gaps = [
        abs(confidence[edges == each].mean() - right[edges == each].mean()) * (edges == each).mean()
        for each in np.unique(edges)
    ]
    return float(np.sum(gaps))


def temperature_of(logits: Matrix, truth: Ints) -> float:
    """What to divide logits by for the least log loss, every label weighing the same."""
    candidates = np.geomspace(0.5, 5.0, 200)
    losses = [_balanced_loss(logits / candidate, truth) for candidate in candidates]
    return round(float(candidates[int(np.argmin(losses))]), 3)


def _balanced_loss(logits: Matrix, truth: Ints) -> float:
    right = np.take_along_axis(softmax(logits), truth[:, None], 1)[:, 0]
    return float(np.mean([-np.log(right[truth == label] + 1e-9).mean() for label in np.unique(truth)]))


def session_logits(
    model: EmbeddedModel, measured: Measured, corpus: Corpus, rows: Ints, settings: Settings, elsewhere: bool
) -> tuple[Matrix, Ints]:
    """Logits and labels of simulated sessions of some rows' speakers in the plain conditions.

    ``elsewhere`` stands in for a corpus unlike this one: features moved as in training, and three kinds of them
    exchanged among the session's turns, so that they say nothing of the emotion.
    """
    logits, truth = [], []
    random = np.random.default_rng(2)
    shifts = shift_directions(measured, model.population, rows, settings)
    for session in simulated_sessions(corpus, rows, PLAIN, settings, random):
        features = session.features(measured)
        baseline = baseline_of(model.population, features, corpus.durations[session.rows] * (1 + session.long))
        if elsewhere:
            features = with_lost_kinds(features, random)
            features, baseline = moved(features, baseline, random_shift(shifts, random))
        logits.append(model.logits(features, baseline))
        truth.append(corpus.labels[session.rows])
    return np.concatenate(logits), np.concatenate(truth)


def with_lost_kinds(features: Matrix, random: np.random.Generator, lost: int = 3) -> Matrix:
    """The features with some kinds of them exchanged among the turns."""
    kinds = np.array([kind_of(name) for name in feature_names()])
    exchanged = features.copy()
    for kind in random.choice(sorted(set(kinds)), lost, replace=False):
        exchanged[:, kinds == kind] = features[random.permutation(len(features))][:, kinds == kind]
    return exchanged


def found_with(
    model: EmbeddedModel,
    measured: Measured,
    corpus: Corpus,
    condition: int,
    speaker: str,
    pools: Pools,
) -> Ints:
    """The top label of each of a speaker's utterances, the baseline pooled over the rows that ``pools`` gives."""
    own = corpus.of([speaker])
    features, found = measured.turns[condition], []
    for row in own:
        pool = pools(int(row), own)
        baseline = (
            nothing_known(model)
            if pool is None
            else baseline_of(model.population, features[pool], corpus.durations[pool])
        )
        found.append(model.logits(features[[row]], baseline).argmax())
    return np.array(found)


def nothing_known(model: EmbeddedModel) -> Baseline:
    """The baseline of a speaker of whom nothing is known: the population's."""
    return Baseline(model.population.mean, model.population.deviation, "session", 0)


def recalls(model: EmbeddedModel, measured: Measured, corpus: Corpus, speakers: Sequence[str]) -> dict[str, float]:
    """Unweighted average recall over the utterances of some speakers, by condition and by baseline."""
    truth = np.concatenate([corpus.labels[corpus.of([speaker])] for speaker in speakers])

    def over(condition: int, pools: Pools) -> float:
        found = [found_with(model, measured, corpus, condition, speaker, pools) for speaker in speakers]
        return average_recall(truth, np.concatenate(found))

    random = np.random.default_rng(3)
    figures = {name: over(condition, lambda row, own: own) for condition, name in enumerate(CONDITIONS)}
    few = [over(0, lambda row, own: random.choice(own, min(FEW, len(own)), replace=False)) for _ in range(10)]
    figures["clean, baseline of 6 utterances"] = float(np.mean(few))
    figures["clean, baseline of the utterance alone"] = over(0, lambda row, own: np.array([row]))
    figures["clean, no baseline"] = over(0, lambda row, own: None)
    pieces = [_found_in_pieces(model, measured, corpus, speaker) for speaker in speakers]
    figures["clean, pieces of about 1 s"] = average_recall(truth, np.concatenate(pieces))
    return {name: round(figure, 3) for name, figure in figures.items()}


def _found_in_pieces(model: EmbeddedModel, measured: Measured, corpus: Corpus, speaker: str) -> Ints:
    own = corpus.of([speaker])
    baseline = baseline_of(model.population, measured.turns[0][own], corpus.durations[own])
    return np.asarray(model.logits(measured.pieces[0][own], baseline).argmax(axis=1))


def one_emotion_sessions(model: EmbeddedModel, measured: Measured, corpus: Corpus, speakers: Sequence[str]) -> float:
    """Recall where a speaker's whole session has one emotion, so that the baseline hides it; over all conditions."""
    rows = [
        (condition, corpus.of([speaker])[corpus.labels[corpus.of([speaker])] == label], label)
        for condition in range(PLAIN)
        for speaker in speakers
        for label in range(len(LABELS))
    ]
    right = []
    for condition, own, label in rows:
        features = measured.turns[condition][own]
        found = model.logits(features, baseline_of(model.population, features, corpus.durations[own])).argmax(axis=1)
        right.append((found == label).mean())
    return round(float(np.mean(right)), 3)


def leave_one_speaker_out(measured: Measured, corpus: Corpus, settings: Settings) -> dict[str, Any]:
    """Recall of every speaker by a model of the others, baseline pooled over all of the speaker's utterances."""
    speakers = sorted(set(corpus.speakers))
    by_speaker = {}
    confusion = np.zeros((len(LABELS), len(LABELS)))
    for speaker in speakers:
        model = fit(measured, corpus, corpus.of([other for other in speakers if other != speaker]), settings)
        own = corpus.of([speaker])
        found = [
            found_with(model, measured, corpus, condition, speaker, lambda row, own: own) for condition in range(PLAIN)
        ]
        by_speaker[speaker] = [average_recall(corpus.labels[own], each) for each in found]
        for each in found:
            np.add.at(confusion, (corpus.labels[own], each), 1)
    table = np.array(list(by_speaker.values()))
    resampled = np.random.default_rng(4).integers(0, len(table), (2000, len(table)))
    figures: dict[str, Any] = {}
    for condition, name in enumerate(CONDITIONS):
        low, high = np.quantile(table[resampled, condition].mean(axis=1), [0.025, 0.975])
        figures[name] = {
            "mean": round(float(table[:, condition].mean()), 3),
            "interval": [round(float(low), 3), round(float(high), 3)],
            "lowest": round(float(table[:, condition].min()), 3),
        }
    shares = confusion / confusion.sum(axis=1, keepdims=True)
    figures["taken for"] = {
        label: {other: round(float(share), 2) for other, share in zip(LABELS, row, strict=True)}
        for label, row in zip(LABELS, shares, strict=True)
    }
    return figures


def conversations(folder: Path) -> Iterator[tuple[str, list[tuple[dict[str, Any], Waveform]]]]:
    """For each speaker of each conversation its condition and its turns (facts, waveform)."""
    import soundfile

    for path in sorted(folder.glob("*.json")):
        facts = json.loads(path.read_text(encoding="utf-8"))
        sound, _ = soundfile.read(path.with_suffix(".flac"), dtype="float32")
        turns = sorted(facts["turns"], key=lambda turn: str(turn["speaker"]))
        for _, own in groupby(turns, key=lambda turn: str(turn["speaker"])):
            yield str(facts["condition"]), [(turn, cut(sound, Segment(turn["start"], turn["end"]))) for turn in own]


def recall_over_time(recognizer: EmbeddedRecognizer, folder: Path) -> dict[str, float]:
    """Recall weighted by seconds over true turns, baseline of the session; other emotions take part only in that."""
    truth, found, seconds, conditions = [], [], [], []
    for condition, stretches in conversations(folder):
        for (turn, _), recognition in zip(
            stretches, recognizer.recognize([waveform for _, waveform in stretches]), strict=True
        ):
            if turn["emotion"] in LABELS:
                truth.append(LABELS.index(turn["emotion"]))
                found.append(int(recognition.scores.argmax()))
                seconds.append(turn["end"] - turn["start"])
                conditions.append(condition)
    arrays = np.array(truth), np.array(found), np.array(seconds, np.float32)
    figures = {"all": average_recall(*arrays), "accuracy": float(np.average(arrays[0] == arrays[1], weights=arrays[2]))}
    for condition in sorted(set(conditions)):
        here = np.array(conditions) == condition
        figures[condition] = average_recall(*(array[here] for array in arrays))
    return {name: round(figure, 3) for name, figure in figures.items()}


def train(corpus: Corpus, settings: Settings) -> EmbeddedModel:
    """The model of the training speakers, its temperature of the dev speakers, its figures of the test speakers."""
    measured = measure(corpus, settings.variants)
    train, dev, test = (corpus.speakers_of(split) for split in ("train", "dev", "test"))
    model = fit(measured, corpus, corpus.of(train), settings)

    def logits_of(speakers: Sequence[str], elsewhere: bool) -> tuple[Matrix, Ints]:
        return session_logits(model, measured, corpus, corpus.of(speakers), settings, elsewhere)

    temperature = temperature_of(*logits_of(dev, True))
    figures = {
        "recall, test speakers": recalls(model, measured, corpus, test),
        "recall, sessions of one emotion, test speakers": one_emotion_sessions(model, measured, corpus, test),
        "recall, leave one speaker out": leave_one_speaker_out(measured, corpus, settings),
        "calibration error, dev sessions as elsewhere": _before_and_after(*logits_of(dev, True), temperature),
        "calibration error, test sessions as elsewhere": _before_and_after(*logits_of(test, True), temperature),
        "calibration error, test sessions": _before_and_after(*logits_of(test, False), temperature),
    }
    facts = {
        "licence": "MIT; trained from CC0-1.0 speech",
        "credit": CREDIT,
        "trained_on": f"{len(corpus.of(train))} acted utterances of {len(train)} speakers, in German",
        "settings": asdict(settings),
        "figures": figures,
    }
    return replace(model, temperature=temperature, facts=facts)


def _before_and_after(logits: Matrix, truth: Ints, temperature: float) -> dict[str, float]:
    before, after = softmax(logits), softmax(logits / temperature)
    return {"before": round(calibration_error(before, truth), 3), "after": round(calibration_error(after, truth), 3)}


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line, train, write, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path, help="the corpus's folder, with metadata.csv")
    parser.add_argument(
        "--conversations", type=Path, help="a folder of conversations with true turns, to measure over time"
    )
    parser.add_argument(
        "--output", type=Path, default=WEIGHTS, help="where to write the weights (a .json file goes beside them)"
    )
    parser.add_argument("--variants", type=int, default=Settings.variants, help="ways in which every speaker is heard")
    given = parser.parse_args(arguments)
    model = train(read_corpus(given.corpus), Settings(variants=given.variants))
    save_model(model, given.output)
    figures = dict(model.facts["figures"])
    if given.conversations:
        figures["recall over time, true turns"] = recall_over_time(
            EmbeddedRecognizer(given.output), given.conversations
        )
    print(json.dumps({"temperature": model.temperature} | figures, indent=1))


if __name__ == "__main__":
    main()
