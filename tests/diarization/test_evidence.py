from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from diarization.evidence import ConfidenceRules, evidence_of, margins_of


def feature(strengths: np.ndarray, step: float = 1.0) -> object:
    """Chunks of 2 s with 4 frames of half a second each."""
    from pyannote.core import SlidingWindow, SlidingWindowFeature

    return SlidingWindowFeature(strengths, SlidingWindow(start=0.0, duration=2.0, step=step))


def frames() -> object:
    from pyannote.core import SlidingWindow

    return SlidingWindow(start=0.0, duration=0.5, step=0.5)


def test_chunks_add_up_and_the_posterior_is_their_mean() -> None:
    strengths = np.zeros((2, 4, 2), np.float32)
    strengths[0, :, 0] = [0, 0, 1, 1]  # the first chunk hears it from 1 s to 2 s, the second until 1.5 s
    strengths[1, :, 0] = [1, 0, 0, 0]
    clusters = np.array([[0, -2], [0, -2]])
    found = evidence_of(feature(strengths), clusters, frames())
    assert found.activity[:6, 0].tolist() == [0, 0, 2, 1, 0, 0]
    assert found.coverage[:6].tolist() == [1, 1, 2, 2, 1, 1]
    assert found.of(0, 1.0, 2.0)[0] == pytest.approx(0.75)
    assert found.of(0, 3.0, 4.0)[0] == 0


def test_margins_are_weighted_by_how_strongly_the_voice_speaks() -> None:
    strengths = np.zeros((2, 4, 2), np.float32)
    strengths[:, :, 0] = [[1], [0.5]]
    similarities = np.array([[[0.9, 0.1], [0.0, 1.0]], [[0.6, 0.5], [0.0, 1.0]]])
    found = evidence_of(feature(strengths), np.array([[0, 1], [0, 1]]), frames(), similarities)
    assert found.of(0, 1.0, 2.0)[1] == pytest.approx((0.8 + 0.5 * 0.1) / 1.5)
    assert found.of(0, 0.0, 1.0)[1] == pytest.approx(0.8)
    assert found.of(7, 0.0, 1.0) == (0.0, 0.0)  # a phantom


def test_a_voice_like_two_clusters_has_no_margin() -> None:
    similarities = np.array([[[0.5, 0.5, 0.1], [0.2, 0.1, 0.9]]])
    assert margins_of(similarities, np.array([[1, 2]])).round(6).tolist() == [[0.0, 0.7]]
    assert margins_of(similarities[..., :1], np.array([[0, 0]])).tolist() == [[0, 0]]
    assert margins_of(similarities, np.array([[-2, 2]])).round(6).tolist() == [[0.0, 0.7]]


@given(st.floats(0, 1), st.floats(-1, 1), st.floats(0.01, 100), st.floats(0, 0.5))
def test_more_of_anything_never_makes_less_sure(posterior: float, margin: float, duration: float, more: float) -> None:
    rules = ConfidenceRules()
    sure = rules.confidence(posterior, margin, duration)
    assert 0 <= sure <= 1
    assert rules.confidence(posterior + more, margin, duration) >= sure
    assert rules.confidence(posterior, margin + more, duration) >= sure
    assert rules.confidence(posterior, margin, duration + more) >= sure
