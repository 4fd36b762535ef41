from __future__ import annotations

import numpy as np
import pytest

from emotion.readout import UNCERTAIN, Readout
from emotion.schemes import EmotionScheme

SCHEME = EmotionScheme(("angry", "happy", "sad"))


@pytest.mark.parametrize(
    ("scores", "emotion", "reason"),
    [
        ([0.7, 0.2, 0.1], "angry", None),
        ([0.4, 0.3, 0.3], "angry", None),
        ([0.399, 0.31, 0.291], UNCERTAIN, "angry is the likeliest at 0.39; at least 0.4 is needed"),
        ([0.2, 0.42, 0.38], UNCERTAIN, "happy 0.42 and sad 0.38 are closer than 0.1"),
    ],
)
def test_when_a_turn_is_uncertain(scores: list[float], emotion: str, reason: str | None) -> None:
    found = Readout(SCHEME, 1.0, 0.4, 0.1).verdict(np.array(scores))
    assert (found.emotion, found.reason) == (emotion, reason)
    assert found.confidence == max(scores)


def test_bounds_of_zero_name_every_turn() -> None:
    assert Readout(SCHEME).verdict(np.array([1 / 3, 1 / 3, 1 / 3])).emotion == "angry"


def test_a_scheme_of_one_label_has_no_margin() -> None:
    assert Readout(EmotionScheme(("calm",)), 1.0, 0.5, 0.5).verdict(np.array([1.0])).emotion == "calm"


def test_bounds_are_held_against_calibrated_scores() -> None:
    readout = Readout(SCHEME, 2.0, 0.5, 0.0)
    calibrated = readout.calibrated(np.array([0.64, 0.32, 0.04]))  # roots 0.8, 0.566, 0.2
    assert calibrated == pytest.approx([0.5109, 0.3613, 0.1277], abs=1e-4)
    assert readout.verdict(calibrated).emotion == "angry"
