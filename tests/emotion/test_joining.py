from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from diarization.segments import Segment
from diarization.turns import Turn
from emotion.embedded_recognizer import EmbeddedRecognizer
from emotion.emotion2vec import Emotion2vecRecognizer
from emotion.joining import frame_times, join_windows
from emotion.recognizers import EmotionRecognizer, Recognition
from emotion.windows import Window, waveform_of, windows_of
from tests.emotion2vec_checkpoint import make_checkpoint
from tests.real_clips import real_clips


def heard(*stretches: tuple[float, float]) -> Window:
    return Window(tuple(Segment(*stretch) for stretch in stretches))


def recognition(scores: list[float], embedding: list[float], frames: int, step: float = 0.5) -> Recognition:
    return Recognition(np.float32(scores), np.float32(embedding), np.tile(np.float32(scores), (frames, 1)), step)


def test_joining_weighs_each_window_by_its_duration():
    windows = [heard((0.0, 3.0)), heard((4.0, 5.0))]
    joined = join_windows(windows, [recognition([1.0, 0.0], [4.0], 6), recognition([0.0, 1.0], [8.0], 2)])
    assert joined.scores.tolist() == [0.75, 0.25]
    assert joined.embedding.tolist() == [5.0]
    assert joined.frame_scores.shape == (8, 2)


def test_frames_have_their_times_in_the_recording():
    windows = [heard((1.0, 2.0), (5.0, 6.0)), heard((7.0, 8.0))]
    joined = join_windows(windows, [recognition([1.0], [0.0], 4), recognition([1.0], [0.0], 2)])
    assert joined.frame_times.tolist() == [1.25, 1.75, 5.25, 5.75, 7.25, 7.75]


def test_a_frame_that_reaches_past_its_window_counts_as_the_last_moment():
    joined = join_windows([heard((1.0, 2.0), (3.0, 3.2))], [recognition([1.0], [0.0], 3)])
    assert joined.frame_times.tolist() == pytest.approx([1.25, 1.75, 3.2])


def test_joining_needs_a_recognition_for_each_window():
    with pytest.raises(ValueError):
        join_windows([heard((0, 1))], [])


def test_a_second_that_two_windows_share_counts_once():
    windows = [heard((0.0, 6.0)), heard((4.0, 8.0))]
    joined = join_windows(windows, [recognition([1.0, 0.0], [0.0], 12), recognition([0.0, 1.0], [8.0], 8)])
    assert joined.scores.tolist() == [0.625, 0.375]
    assert joined.embedding.tolist() == [3.0]


def test_frames_of_overlapping_windows_are_faded_over_the_middle_of_what_they_share():
    windows = [heard((0.0, 6.0)), heard((4.0, 8.0))]
    joined = join_windows(windows, [recognition([1.0, 0.0], [0.0], 12), recognition([0.0, 1.0], [0.0], 8)])
    assert joined.frame_times.tolist() == [0.25 + 0.5 * index for index in range(16)]
    assert joined.frame_scores[:, 1].tolist() == [0.0] * 9 + [0.25, 0.75] + [1.0] * 5
    assert joined.frame_scores.sum(axis=1).tolist() == [1.0] * 16


def test_a_frame_that_only_the_second_window_has_is_not_lost():
    """A network may give a window a frame less than it has steps, as emotion2vec does."""
    windows = [heard((0.0, 6.0)), heard((4.0, 8.0))]
    joined = join_windows(windows, [recognition([1.0], [0.0], 11), recognition([1.0], [0.0], 8)])
    assert joined.frame_times.tolist() == [0.25 + 0.5 * index for index in range(16)]


def test_windows_with_a_single_row_each_keep_it():
    """As an own head gives them."""
    windows = [heard((0.0, 21.0)), heard((19.0, 40.0))]
    joined = join_windows(windows, [recognition([1.0, 0], [0.0], 1, 21.0), recognition([0, 1.0], [0.0], 1, 21.0)])
    assert joined.frame_times.tolist() == [10.5, 29.5]
    assert joined.frame_scores.tolist() == [[1.0, 0.0], [0.0, 1.0]]


@given(st.floats(31, 200), st.floats(0, 10), st.sampled_from([1.0, 2.5, 10.0, 30.0]), st.sampled_from([0.02, 0.5]))
def test_times_rise_and_rows_sum_to_one_however_windows_lie(length: float, start: float, longest: float, step: float):
    segment = Segment(start, start + length)
    windows = windows_of(Turn(segment, "A", (segment,)), longest)
    random = np.random.default_rng(0)
    found = [
        Recognition(np.float32([1, 0]), np.zeros(1, np.float32), random.dirichlet([1, 1], count).astype("f4"), step)
        for count in (max(1, round(window.duration / step)) for window in windows)
    ]
    joined = join_windows(windows, found)
    assert np.diff(joined.frame_times).min() > 0
    assert np.abs(joined.frame_scores.sum(axis=1) - 1).max() < 1e-6
    assert np.diff(joined.frame_times).max() <= 2.01 * step


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_checkpoint(tmp_path_factory.mktemp("models") / "tiny", sharpness=5.0)


@pytest.fixture(scope="module", params=["emotion2vec", "embedded"])
def recognizer(request: pytest.FixtureRequest, tiny: Path) -> EmotionRecognizer:
    return Emotion2vecRecognizer(str(tiny)) if request.param == "emotion2vec" else EmbeddedRecognizer()


def hum(seconds: float) -> np.ndarray:
    """A voice-like hum of 100 Hz, which is the same in every frame."""
    times = np.arange(round(seconds * 16_000)) / 16_000
    return sum(0.1 * np.sin(2 * np.pi * 100 * number * times) / number for number in range(1, 20)).astype(np.float32)


def test_frame_scores_of_a_steady_sound_do_not_jump_at_the_seam(recognizer: EmotionRecognizer):
    sound, segment = hum(34.0), Segment(0.0, 34.0)
    windows = windows_of(Turn(segment, "A", (segment,)))
    recognitions = recognizer.recognize([waveform_of(window, sound) for window in windows])
    joined = join_windows(windows, recognitions)
    steps = np.abs(np.diff(joined.frame_scores, axis=0)).max(axis=1)
    cut_at_the_ends = np.abs(recognitions[0].frame_scores[-1] - recognitions[1].frame_scores[0]).max()
    assert windows == [heard((0.0, 18.0)), heard((16.0, 34.0))]
    assert cut_at_the_ends > 0.1
    assert steps[(joined.frame_times[1:] > 15) & (joined.frame_times[1:] < 19)].max() < 0.01


def test_frame_scores_in_the_overlap_lie_between_those_of_both_windows(recognizer: EmotionRecognizer):
    sound, segment = np.concatenate(real_clips(4, 9.0, 10.0))[:544_000], Segment(0.0, 34.0)
    windows = windows_of(Turn(segment, "A", (segment,)))
    recognitions = recognizer.recognize([waveform_of(window, sound) for window in windows])
    joined = join_windows(windows, recognitions)
    rows = [
        dict(zip(np.round(frame_times(*pair), 6).tolist(), pair[1].frame_scores, strict=True))
        for pair in zip(windows, recognitions, strict=True)
    ]
    both = [at for at in rows[0] if at in rows[1]]
    assert len(both) >= 1.9 / recognitions[0].frame_step
    found = dict(zip(np.round(joined.frame_times, 6).tolist(), joined.frame_scores, strict=True))
    assert np.abs(np.array([rows[0][at] - rows[1][at] for at in both])).max() > 0.01
    for at in both:
        low, high = np.minimum(rows[0][at], rows[1][at]), np.maximum(rows[0][at], rows[1][at])
        assert (found[at] >= low - 1e-6).all() and (found[at] <= high + 1e-6).all()
    for before, after in pairwise(joined.frame_times):
        assert after - before == pytest.approx(recognitions[0].frame_step)
