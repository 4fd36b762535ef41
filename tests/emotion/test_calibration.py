from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from diarization.errors import FormatError
from emotion.calibration import Calibration, calibrate, calibration_from, fit_temperature, scaled
from emotion.reliability import calibration_error


def drawn(temperature: float, number: int = 4000, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Scores whose truth is drawn from the same logits over ``temperature``: what calibration should find."""
    random = np.random.default_rng(seed)
    logits = random.normal(0, 2, (number, 4))
    exact = np.exp(logits / temperature)
    exact /= exact.sum(axis=1, keepdims=True)
    truth = (exact.cumsum(axis=1) < random.random((number, 1))).sum(axis=1)
    powers = np.exp(logits)
    return powers / powers.sum(axis=1, keepdims=True), truth


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.5])
def test_the_temperature_of_a_known_distribution_is_found(temperature: float) -> None:
    assert fit_temperature(*drawn(temperature)) == pytest.approx(temperature, rel=0.06)


def test_scaling_by_hand() -> None:
    # 0.8 : 0.2 is 4 : 1; its square root is 2 : 1, its square 16 : 1.
    assert scaled(np.array([0.8, 0.2]), 2.0) == pytest.approx([2 / 3, 1 / 3])
    assert scaled(np.array([0.8, 0.2]), 0.5) == pytest.approx([16 / 17, 1 / 17])


def test_a_zero_stays_zero() -> None:
    assert scaled(np.array([0.75, 0.25, 0.0]), 3.0)[2] == 0


@given(
    st.lists(st.floats(1e-6, 1.0), min_size=2, max_size=9).map(lambda each: np.array(each) / sum(each)),
    st.floats(0.1, 10),
)
def test_scaling_keeps_the_order_and_can_be_taken_back(scores: np.ndarray, temperature: float) -> None:
    there = scaled(scores, temperature)
    assert there.sum() == pytest.approx(1)
    assert there[scores.argmax()] == pytest.approx(there.max())
    if temperature > 0.3:
        assert scaled(there, 1 / temperature) == pytest.approx(scores, rel=1e-6, abs=1e-9)


def test_calibration_mends_scores_that_are_too_sure() -> None:
    scores, truth = drawn(3.0, 1200)
    found = calibrate(scores, truth, [f"speaker {index % 8}" for index in range(1200)])
    assert found.temperature == pytest.approx(3.0, rel=0.15)
    assert found.after.figures["ece"] < 0.06 < 0.15 < found.before.figures["ece"]
    assert found.after.figures["accuracy"] == found.before.figures["accuracy"]
    assert found.folds == "5 folds, no speaker in two of them"
    assert len(found.by_fold) == 5


def test_clips_of_unknown_speakers_are_folded_one_by_one_and_that_is_said() -> None:
    scores, truth = drawn(1.0, 60)
    found = calibrate(scores, truth, [None] * 60)
    assert "speakers are not known" in found.folds


def test_what_is_said_of_a_fold_does_not_come_from_it() -> None:
    scores, truth = drawn(1.0, 400)
    speakers = ["A"] * 200 + ["B"] * 200
    scores[200:] = scaled(scores[200:], 0.25)  # B is scored far too sure
    found = calibrate(scores, truth, speakers)
    assert max(found.by_fold) > 2.5 * min(found.by_fold)
    assert calibration_error(scaled(scores, found.temperature), truth) < found.after.figures["ece"]


def test_too_few_clips_or_one_emotion_are_refused() -> None:
    scores, truth = drawn(1.0, 49)
    with pytest.raises(FormatError, match="49 labelled clips could be scored; at least 50 are needed"):
        calibrate(scores, truth, [None] * 49)
    scores, _ = drawn(1.0, 60)
    with pytest.raises(FormatError, match="same emotion"):
        calibrate(scores, np.zeros(60, np.int64), [None] * 60)


def test_a_calibration_reads_back_and_knows_what_it_is_for() -> None:
    made = Calibration("clinic", 1.5, (("model", "abc"),), ("angry", "sad"), "2026-01-01T00:00:00+00:00", {"x": 1})
    assert calibration_from(json.dumps(made.to_json()), "file") == made
    assert made.is_for([["model", "abc"]], ["angry", "sad"])
    assert not made.is_for([["model", "abd"]], ["angry", "sad"])
    assert not made.is_for([["model", "abc"]], ["sad", "angry"])


@pytest.mark.parametrize("text", ["", "[]", '{"name": "x"}', '{"temperature": 0}'])
def test_a_broken_file_is_named(text: str) -> None:
    with pytest.raises(FormatError, match=r"a\.json: not a calibration"):
        calibration_from(text, "a.json")
