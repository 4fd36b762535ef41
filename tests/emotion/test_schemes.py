import math

import numpy as np
import pytest

from emotion.schemes import CANONICAL, EmotionScheme, canonical, scheme_of
from tests.emotion2vec_checkpoint import FIVE_TOKENS, TOKENS


def test_labels_of_emotion2vec_become_canonical_english_in_its_order():
    assert scheme_of(TOKENS).labels == CANONICAL


@pytest.mark.parametrize(
    ("written", "label"),
    [("生气/angry", "angry"), ("<unk>", "unknown"), ("Happiness", "happy"), (" sad ", "sad"), ("disgust", "disgusted")],
)
def test_spellings_of_a_label_are_one(written: str, label: str):
    assert canonical(written) == label


def test_an_unknown_label_is_refused_by_name():
    with pytest.raises(ValueError, match="'unuse_0' is not an emotion label; known are angry, disgusted"):
        scheme_of(FIVE_TOKENS)


def test_a_scheme_has_no_label_twice_and_at_least_one():
    with pytest.raises(ValueError, match="no label twice"):
        EmotionScheme(("happy", "happy"))
    with pytest.raises(ValueError, match="at least one label"):
        EmotionScheme(())


def test_the_top_label_is_the_one_with_the_highest_score():
    assert EmotionScheme(("angry", "happy")).top(np.array([0.25, 0.75])) == ("happy", 0.75)


def test_a_certain_label_has_its_own_valence_and_arousal():
    assert EmotionScheme(("angry", "happy")).valence_arousal(np.array([0.0, 1.0])) == (0.81, 0.51)


def test_valence_and_arousal_are_weighted_by_the_scores():
    valence, arousal = EmotionScheme(("happy", "sad")).valence_arousal(np.array([0.5, 0.5]))
    assert (valence, arousal) == (pytest.approx(0.09), pytest.approx(0.12))


def test_labels_without_norms_take_no_part_in_valence():
    scheme = EmotionScheme(("happy", "other", "unknown"))
    assert scheme.valence_arousal(np.array([0.2, 0.5, 0.3])) == (pytest.approx(0.81), pytest.approx(0.51))
    assert all(math.isnan(value) for value in scheme.valence_arousal(np.array([0.0, 0.6, 0.4])))


def test_neutral_is_the_origin():
    assert EmotionScheme(("neutral", "happy")).valence_arousal(np.array([1.0, 0.0])) == (0.0, 0.0)
