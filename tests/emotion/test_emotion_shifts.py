"""The comparison of the embedded recogniser with a usual baseline trains on nothing that it tests on."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
SCRIPTS = str(ROOT / "scripts")
sys.path.insert(0, SCRIPTS)  # they import one another by name, as scripts do

from emotion_baseline import normalised_by_speaker  # noqa: E402
from emotion_corpus import Corpus  # noqa: E402
from emotion_shifts import average_recall, found_by_baseline, shifts_of  # noqa: E402

sys.path.remove(SCRIPTS)


@pytest.fixture
def corpus() -> Corpus:
    """Two women and two men; each says four sentences, angry (0) or sad (3)."""
    speakers = np.repeat(["ann", "bea", "cem", "dan"], 4)
    sexes = np.repeat(["f", "m"], 8)
    sentences, labels = np.tile(["s1", "s2", "s3", "s4"], 4), np.tile([0, 3, 3, 0], 4)
    return Corpus([], labels, speakers, sentences, np.full(16, "train"), sexes, np.ones(16))


@pytest.mark.parametrize(
    ("shift", "num_folds", "num_train"),
    [("speaker", 4, 12), ("speaker and sentences", 4, 4), ("sex and sentences", 4, 4)],
)
def test_what_is_left_out_is_not_trained_on(corpus: Corpus, shift: str, num_folds: int, num_train: int) -> None:
    folds = shifts_of(corpus)[shift]
    assert [len(fold.train) for fold in folds] == [num_train] * num_folds
    assert sorted(np.concatenate([fold.test for fold in folds])) == list(range(16))
    for fold in folds:
        assert not set(corpus.speakers[fold.train]) & set(corpus.speakers[fold.test])
        if "sex" in shift:
            assert not set(corpus.sexes[fold.train]) & set(corpus.sexes[fold.test])
        if "sentences" in shift:
            assert not set(corpus.sentences[fold.train]) & set(corpus.sentences[fold.test])


def test_a_corpus_of_one_sex_is_not_split_by_it(corpus: Corpus) -> None:
    corpus.sexes[:] = ""
    assert list(shifts_of(corpus)) == ["speaker", "speaker and sentences"]


def test_the_baseline_has_120_statistics() -> None:
    """In a process of its own, as the script has: in one that has compiled much else, librosa's pitch crashes it."""
    asked = (
        "from emotion_baseline import statistics_of; from tests.emotion.test_features import speech_like; "
        "print(statistics_of(speech_like(1.0)).shape)"
    )
    path = os.pathsep.join((str(ROOT), SCRIPTS))
    done = subprocess.run(
        [sys.executable, "-c", asked],
        env=os.environ | {"PYTHONPATH": path}, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert (done.returncode, done.stdout.strip()) == (0, "(120,)"), done.stderr


def test_a_speakers_own_average_is_nothing() -> None:
    normalised = normalised_by_speaker(
        np.array([[1.0], [3.0], [50.0], [90.0]], np.float32), ["ann", "ann", "bea", "bea"]
    )
    assert normalised[:, 0] == pytest.approx([-1, 1, -1, 1], abs=1e-4)


def test_the_normalised_baseline_finds_what_speakers_share_and_the_other_does_not(corpus: Corpus) -> None:
    """Angry is two above each speaker's own sad, whose height says nothing."""
    heights = np.repeat([0.0, 40.0, 10.0, 30.0], 4) + np.where(corpus.labels == 0, 2.0, 0.0)
    statistics = np.tile(heights.astype(np.float32)[None, :, None], (4, 1, 3))
    fold = shifts_of(corpus)["speaker"][1]
    normalised, plain = (
        average_recall(corpus.labels[fold.test], found_by_baseline(statistics, corpus, how)(fold.train, fold.test)[0])
        for how in (True, False)
    )
    assert normalised == 1
    assert plain <= 0.5
