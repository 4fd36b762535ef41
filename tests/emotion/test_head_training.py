from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from diarization.errors import FormatError
from emotion.head_training import average_recall, fit, train

LABELS = ("calm", "tense", "weary")


def clips(
    number: int = 240, apart: float = 2.0, speakers: int = 12, seed: int = 0
) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Embeddings of three labels around three points, each speaker a little beside them."""
    random = np.random.default_rng(seed)
    truth = np.arange(number) % 3
    who = np.arange(number) // 3 % speakers
    points = apart * np.eye(3, 6)[truth] + 0.5 * random.normal(size=(speakers, 6))[who]
    return points + random.normal(size=(number, 6)), truth, [f"S{each}" for each in who]


@pytest.mark.parametrize("num_labels", [2, 3])
def test_the_model_is_scikit_learns(num_labels: int) -> None:
    embeddings, truth, _ = clips()
    embeddings, truth = embeddings[truth < num_labels], truth[truth < num_labels]
    inputs = StandardScaler().fit_transform(embeddings)
    theirs = LogisticRegression(C=0.1, class_weight="balanced", max_iter=1000).fit(inputs, truth)
    ours = fit(embeddings, truth, num_labels, 0.1)
    assert ours.probabilities(embeddings) == pytest.approx(theirs.predict_proba(inputs), abs=1e-9)


def test_a_label_that_is_not_there_gets_no_probability() -> None:
    embeddings, truth, _ = clips()
    model = fit(embeddings[truth != 1], truth[truth != 1], 3, 0.1)
    assert model.probabilities(embeddings)[:, 1].max() < 1e-3


def test_average_recall_by_hand() -> None:
    # calm 3 of 4, tense 1 of 1, weary 0 of 1.
    truth, said = np.array([0, 0, 0, 0, 1, 2]), np.array([0, 0, 0, 1, 1, 0])
    assert average_recall(said, truth, 3) == pytest.approx((0.75 + 1 + 0) / 3)


def test_the_report_is_of_people_not_trained_on() -> None:
    report = train(*reordered(clips())).report
    assert report["grouped_by"] == "speaker"
    assert report["num_speakers"] == 12
    found = report["average_recall"]
    assert found["low"] < found["value"] < found["high"]
    assert found["value"] > 0.75
    assert sum(sum(row.values()) for row in report["confusion"].values()) == 240
    assert report["by_label"]["calm"]["clips"] == 80
    assert report["majority"]["accuracy"] == pytest.approx(1 / 3, abs=1e-4)
    assert report["notes"] == []


def test_labels_without_a_difference_are_told_apart_by_chance() -> None:
    found = train(*reordered(clips(apart=0.0))).report["average_recall"]
    assert found["low"] < 1 / 3 < found["high"]


def test_speakers_that_give_the_label_away_do_not_help() -> None:
    """Each speaker has one label and a voice of their own: by clip that looks perfect, by speaker it is chance."""
    random = np.random.default_rng(0)
    who = np.arange(180) // 10
    embeddings = 5 * random.normal(size=(18, 30))[who] + random.normal(size=(180, 30))
    truth = who % 3
    by_speaker = train(embeddings, truth, LABELS, [f"S{each}" for each in who]).report
    by_clip = train(embeddings, truth, LABELS, [None] * 180).report
    assert by_clip["average_recall"]["value"] > 0.95
    assert by_speaker["average_recall"]["value"] < 0.7
    assert "the same voices again" in by_clip["notes"][0]


def test_few_speakers_are_warned_of() -> None:
    notes = " ".join(train(*reordered(clips(speakers=4))).report["notes"])
    assert "Only 4 speakers" in notes


def test_two_speakers_are_enough_to_learn_from_one_and_test_on_the_other() -> None:
    report = train(*reordered(clips(speakers=2))).report
    assert (report["folds"], report["num_speakers"]) == (2, 2)
    assert report["average_recall"]["low"] is None


def test_a_rare_label_is_not_swallowed() -> None:
    embeddings, truth, speakers = clips(480)
    kept = [row for row in range(480) if truth[row] != 2 or row % 8 == 0]
    report = train(embeddings[kept], truth[kept], LABELS, [speakers[row] for row in kept]).report
    assert report["by_label"]["weary"]["clips"] == 20
    assert report["by_label"]["weary"]["recall"] > 0.6


@pytest.mark.parametrize(
    ("kept", "message"),
    [
        (lambda truth, who: truth == 0, "all scored clips have the label calm"),
        (lambda truth, who: (truth < 2) | ((truth == 2) & (np.arange(240) < 12)), "weary has 4 scored clips"),
        (lambda truth, who: (truth < 2) | (who == "S1"), "only one speaker or fold has weary"),
    ],
)
def test_what_nobody_could_learn_is_refused(kept, message: str) -> None:  # type: ignore[no-untyped-def]
    embeddings, truth, speakers = clips()
    rows = np.flatnonzero(kept(truth, np.array(speakers)))
    with pytest.raises(FormatError, match=message):
        train(embeddings[rows], truth[rows], LABELS, [speakers[row] for row in rows])


def test_embeddings_that_are_no_numbers_are_refused() -> None:
    embeddings, truth, speakers = clips()
    embeddings[3, 2] = np.nan
    with pytest.raises(FormatError, match="no numbers"):
        train(embeddings, truth, LABELS, speakers)


def reordered(
    given: tuple[np.ndarray, np.ndarray, list[str]],
) -> tuple[np.ndarray, np.ndarray, tuple[str, ...], list[str]]:
    embeddings, truth, speakers = given
    return embeddings, truth, LABELS, speakers
