from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from diarization.embedded_diarizer import EmbeddedDiarizer
from diarization.identity import Voice, VoiceEncoder, encoder_of, similarity, voiceprint_of
from diarization.identity_calibration import GUESS, Calibration, calibration_for, fit_calibration, scarcity
from diarization.identity_measures import ErrorRates, calibration_error, cost_of_evidence, equal_error_rate


def test_a_voiceprint_weighs_voices_by_their_seconds() -> None:
    found = voiceprint_of([Voice(np.array([2.0, 0.0]), 30.0), Voice(np.array([0.0, 1.0]), 40.0)])
    assert found is not None
    assert found.vector.tolist() == pytest.approx([0.6, 0.8])
    assert (found.seconds, found.recordings) == (70.0, 2)


@pytest.mark.parametrize("vector", [[], [0.0, 0.0], [np.nan, 1.0]])
def test_a_voice_that_could_not_be_told_is_nobodys(vector: list[float]) -> None:
    voice = Voice(np.array(vector), 30.0)
    assert not voice.is_known
    assert voiceprint_of([voice]) is None
    known = voiceprint_of([Voice(np.array([1.0, 0.0]), 1.0)])
    assert known is not None
    assert np.isnan(similarity(voice, known))


def test_the_encoder_is_what_made_the_vector() -> None:
    assert encoder_of([]) is None
    assert encoder_of([("embedded-segmentation", "1"), ("embedded-speaker", "2")]) == VoiceEncoder(
        "embedded-speaker", "2"
    )
    assert encoder_of([("pyannote-community-1", "abc")]) == VoiceEncoder("pyannote-community-1", "abc")


def test_evidence_by_hand() -> None:
    calibration = Calibration(-2.0, 5.0, -1.0, 2.0, "by hand")
    assert calibration.evidence(0.5, 60.0, 90.0) == pytest.approx(0.5)
    assert calibration.evidence(0.5, 6.0, 90.0) == pytest.approx(-2.0 - 1.0 + 0.5 * 7.0)
    assert scarcity(90.0, 0.6) == pytest.approx(2.0)


def test_the_fit_finds_the_weights_that_made_the_pairs() -> None:
    """Two normal distributions with one variance have evidence (m1 - m2) / v * (x - (m1 + m2) / 2)."""
    random = np.random.default_rng(0)
    same, different = random.normal(0.7, 0.2, 4000), random.normal(0.1, 0.2, 40_000)
    scores, scarce = np.concatenate([same, different]), np.zeros(44_000)
    found = fit_calibration(scores, scarce, np.arange(44_000) < 4000, "drawn")
    assert found.similarity == pytest.approx(15.0, rel=0.15)
    assert -found.offset / found.similarity == pytest.approx(0.4, abs=0.01)
    with pytest.raises(ValueError, match="both needed"):
        fit_calibration(same, same, np.ones(4000, bool), "one kind")


def test_the_shipped_calibration_is_for_the_embedded_encoder_as_it_is(embedded_models: None) -> None:
    encoder = encoder_of([(use.name, use.revision) for use in EmbeddedDiarizer().uses])
    assert encoder is not None
    calibration = calibration_for(encoder)
    assert calibration.is_measured, "run scripts/calibrate_identity.py, the encoder or its space has changed"
    assert calibration.evidence(0.95, 60.0, 60.0) > 1 > 0 > calibration.evidence(0.0, 60.0, 60.0)
    assert calibration_for(VoiceEncoder("another", "1")) is GUESS


def test_measures_by_hand() -> None:
    assert equal_error_rate(np.array([0.9, 0.8, 0.3, 0.7]), np.array([0.1, 0.2, 0.75, 0.0])) == (0.25, 0.7)
    assert np.isnan(equal_error_rate(np.array([]), np.array([0.1]))[0])
    # One bit of each kind: log2(1 + 1/3) for evidence of three to one that is right, log2(1 + 3) for what is wrong.
    three = np.log(3.0)
    assert cost_of_evidence(np.array([three]), np.array([-three])) == pytest.approx(np.log2(4 / 3))
    assert cost_of_evidence(np.array([-three]), np.array([three])) == pytest.approx(2.0)
    assert calibration_error(np.array([0.9, 0.9, 0.2, 0.2]), np.array([True, True, False, True])) == 0.2


def test_less_speech_never_counts_for_more() -> None:
    """Short voices that are easy and long ones that are hard say the contrary, which is not believed."""
    random = np.random.default_rng(0)
    same, different = random.normal(0.7, 0.1, 500), random.normal(0.1, 0.1, 500)
    hard, harder = random.normal(0.5, 0.3, 500), random.normal(0.3, 0.3, 500)
    scores, scarce = np.concatenate([same, different, hard, harder]), np.repeat([1.0, 0.0], 1000)
    found = fit_calibration(scores, scarce, np.tile(np.repeat([True, False], 500), 2), "drawn")
    assert found.similarity_scarcity == 0.0
    assert found.evidence(0.9, 60, 60) > 0


@given(
    scores=st.lists(st.floats(-1, 1), min_size=2, max_size=20),
    counts=st.lists(st.integers(0, 3), min_size=20, max_size=20),
    kinds=st.lists(st.booleans(), min_size=20, max_size=20),
)
def test_pairs_that_count_twice_are_as_two_pairs(scores: list[float], counts: list[int], kinds: list[bool]) -> None:
    values, times = np.array(scores), np.array(counts[: len(scores)])
    same = np.array(kinds[: len(scores)])
    often, often_same = np.repeat(values, times), np.repeat(same, times)
    found = ErrorRates(values, same)(times.astype(float))[0]
    assert found == pytest.approx(equal_error_rate(often[often_same], often[~often_same])[0], nan_ok=True)
