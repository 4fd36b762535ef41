"""One contract for every registered recogniser."""

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from diarization.errors import TurntoneError
from emotion.recognizers import (
    BaselineRecognizer,
    EmotionConfig,
    EmotionRecognizer,
    Recognition,
    make_recognizer,
    recognizer_names,
)
from emotion.schemes import CANONICAL
from tests.emotion2vec_checkpoint import make_checkpoint
from tests.real_clips import real_clips

CLIPS = real_clips(5, shortest=0.5, longest=3.0)


@pytest.fixture(scope="module", params=["embedded", "emotion2vec"])
def recognizer(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> EmotionRecognizer:
    model = None
    if request.param == "emotion2vec":
        model = str(make_checkpoint(tmp_path_factory.mktemp("emotion2vec"), sharpness=5.0))
    elif find_spec("emotion.embedded_recognizer") is None:
        pytest.skip("the embedded recogniser is not there")
    return make_recognizer(EmotionConfig(backend=request.param, model=model))


@pytest.fixture(scope="module")
def recognitions(recognizer: EmotionRecognizer) -> list[Recognition]:
    return recognizer.recognize(CLIPS)


def test_every_recognizer_is_under_contract():
    assert {"embedded", "emotion2vec"} <= set(recognizer_names())


def test_its_name_is_the_registered_one(recognizer):
    assert recognizer.name in recognizer_names()


def test_its_labels_are_canonical(recognizer):
    assert set(recognizer.scheme.labels) <= set(CANONICAL)


def test_it_names_its_models_for_provenance(recognizer):
    assert recognizer.uses
    assert all(use.name and use.revision for use in recognizer.uses)


def test_scores_are_probabilities_in_scheme_order(recognizer, recognitions):
    for each in recognitions:
        assert each.scores.shape == (len(recognizer.scheme.labels),)
        assert each.scores.dtype == np.float32
        assert each.scores.min() >= 0
        assert each.scores.sum() == pytest.approx(1, abs=1e-5)


def test_frame_scores_are_probabilities_over_time(recognizer, recognitions):
    for clip, each in zip(CLIPS, recognitions, strict=True):
        frames, labels = each.frame_scores.shape
        assert labels == len(recognizer.scheme.labels)
        assert frames >= 1
        assert each.frame_scores.min() >= 0
        assert np.allclose(each.frame_scores.sum(axis=1), 1, atol=1e-5)
        assert abs(frames * each.frame_step - len(clip) / 16_000) <= 2 * each.frame_step + 0.05


def test_embeddings_are_finite_and_of_one_dimension(recognitions):
    assert len({each.embedding.shape for each in recognitions}) == 1
    for each in recognitions:
        assert each.embedding.ndim == 1
        assert each.embedding.dtype == np.float32
        assert np.isfinite(each.embedding).all()


def test_each_waveform_gets_its_own_recognition_in_order(recognizer, recognitions):
    backwards = recognizer.recognize(CLIPS[::-1])[::-1]
    for one, other in zip(recognitions, backwards, strict=True):
        assert np.allclose(one.scores, other.scores, atol=1e-4)
        assert np.allclose(one.embedding, other.embedding, rtol=1e-3, atol=1e-3)
    assert np.ptp([each.scores for each in recognitions], axis=0).max() > 1e-4


def test_the_same_sound_gives_the_same_answer(recognizer, recognitions):
    for one, other in zip(recognitions, recognizer.recognize(CLIPS), strict=True):
        assert np.array_equal(one.scores, other.scores)
        assert np.array_equal(one.embedding, other.embedding)
        assert np.array_equal(one.frame_scores, other.frame_scores)


def test_the_waveforms_are_left_as_they_are(recognizer):
    clips = [clip.copy() for clip in CLIPS[:2]]
    for clip in clips:
        clip.setflags(write=False)
    recognizer.recognize(clips)


def test_nothing_gives_nothing(recognizer):
    assert recognizer.recognize([]) == []


def test_a_tenth_of_a_second_is_enough(recognizer):
    (recognition,) = recognizer.recognize([CLIPS[0][:1_600]])
    assert np.isfinite(recognition.scores).all()


@pytest.mark.parametrize("samples", [0, 3])
def test_sound_too_short_to_score_is_an_error_that_says_so(recognizer, samples: int):
    with pytest.raises(TurntoneError, match=r"stretch 2 of 2: 0\.000 s of sound; at least .* s are needed"):
        recognizer.recognize([CLIPS[0], np.zeros(samples, np.float32)])


def test_samples_that_are_no_numbers_are_an_error(recognizer):
    with pytest.raises(TurntoneError, match="stretch 1 of 1: holds samples that are no numbers"):
        recognizer.recognize([np.full(16_000, np.nan, np.float32)])


@pytest.mark.parametrize("sound", [np.zeros(16_000, np.float32), np.ones(16_000, np.float32)], ids=["zeros", "ones"])
def test_sound_without_content_has_finite_scores(recognizer, sound):
    (recognition,) = recognizer.recognize([sound])
    assert recognition.scores.sum() == pytest.approx(1, abs=1e-5)
    assert np.isfinite(recognition.embedding).all()


def test_progress_rises_to_one(recognizer):
    shares: list[float] = []
    recognizer.recognize(CLIPS, lambda step, share: shares.append(share))
    assert shares == sorted(shares)
    assert shares[-1] == pytest.approx(1)


def test_a_baseline_recognizer_scores_relative_to_the_baseline_it_is_given(recognizer):
    if not isinstance(recognizer, BaselineRecognizer):
        pytest.skip("its scores are not relative to a baseline")
    measured = recognizer.measure(CLIPS)
    baseline = recognizer.pool(measured, "session")
    assert (baseline.scope, baseline.num_turns) == ("session", len(CLIPS))
    assert (baseline.deviation > 0).all()
    for one, other in zip(recognizer.score(measured, baseline), recognizer.recognize(CLIPS), strict=True):
        assert np.allclose(one.scores, other.scores, atol=1e-6)


def test_a_misspelt_backend_is_an_error_with_a_hint():
    with pytest.raises(TurntoneError, match="no recogniser is called 'emotion2vek', did you mean 'emotion2vec'"):
        make_recognizer(EmotionConfig(backend="emotion2vek"))


def test_a_checkpoint_folder_can_be_named_by_its_path(tmp_path: Path):
    recognizer = make_recognizer(EmotionConfig(backend="emotion2vec", model=str(make_checkpoint(tmp_path))))
    assert recognizer.scheme.labels == CANONICAL
