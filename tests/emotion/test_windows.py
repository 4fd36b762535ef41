from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from diarization.diarizations import diarization_of
from diarization.segments import Segment, difference, intersection, total_duration
from diarization.turns import Turn, TurnRules, turns_of
from emotion.recognizers import EmotionConfig
from emotion.windows import (
    Window,
    all_heard,
    clean_speech,
    level_of,
    seconds_counted,
    turn_speech,
    waveform_of,
    windows_of,
)


def turn(*pieces: tuple[float, float], overlapped: tuple[tuple[float, float], ...] = ()) -> Turn:
    segments = tuple(Segment(*piece) for piece in pieces)
    return Turn(Segment(pieces[0][0], pieces[-1][1]), "A", segments, tuple(Segment(*each) for each in overlapped))


def heard(*stretches: tuple[float, float]) -> Window:
    return Window(tuple(Segment(*stretch) for stretch in stretches))


def tone(seconds: float, level: float = -20.0) -> np.ndarray:
    """A 200 Hz tone at that root mean square level in dBFS."""
    times = np.arange(round(seconds * 16_000)) / 16_000
    return (np.sqrt(2) * 10 ** (level / 20) * np.sin(2 * np.pi * 200 * times)).astype(np.float32)


def test_a_short_turn_is_one_window():
    assert windows_of(turn((2.0, 5.0))) == [heard((2.0, 5.0))]


def test_a_short_pause_is_heard_and_a_long_one_is_not():
    assert windows_of(turn((0.0, 2.0), (2.8, 4.0))) == [heard((0.0, 4.0))]
    assert windows_of(turn((0.0, 2.0), (3.5, 4.0))) == [heard((0.0, 2.0), (3.5, 4.0))]


def test_other_voices_are_cut_out():
    assert windows_of(turn((0.0, 5.0), overlapped=((1.0, 1.5),))) == [heard((0.0, 1.0), (1.5, 5.0))]


def test_a_pause_that_other_voices_reach_into_is_not_heard():
    assert windows_of(turn((0.0, 2.0), (2.5, 4.0), overlapped=((1.5, 2.0),))) == [heard((0.0, 1.5), (2.5, 4.0))]
    assert windows_of(turn((0.0, 2.0), (2.5, 4.0), overlapped=((2.5, 3.0),))) == [heard((0.0, 2.0), (3.0, 4.0))]


def test_a_turn_under_other_voices_has_no_windows():
    assert windows_of(turn((0.0, 2.0), overlapped=((0.0, 2.0),))) == []


def test_a_long_turn_is_cut_at_its_longest_pause():
    pieces = ((0.0, 16.0), (16.2, 20.0), (20.7, 25.0), (25.1, 45.0))
    assert windows_of(turn(*pieces)) == [heard((0.0, 20.0)), heard((20.7, 45.0))]


def test_a_pause_in_the_first_half_of_a_window_does_not_cut_it():
    windows = windows_of(turn((0.0, 3.0), (3.9, 20.0), (20.2, 40.0)))
    assert windows == [heard((0.0, 20.0)), heard((20.2, 40.0))]


def test_a_long_turn_without_pauses_is_heard_in_even_windows_that_share_two_seconds():
    assert windows_of(turn((10.0, 90.0))) == [heard((10.0, 38.0)), heard((36.0, 64.0)), heard((62.0, 90.0))]
    assert windows_of(turn((0.0, 33.0))) == [heard((0.0, 17.5)), heard((15.5, 33.0))]


def test_windows_share_a_quarter_where_they_are_short():
    assert windows_of(turn((0.0, 7.0)), 4.0) == [heard((0.0, 4.0)), heard((3.0, 7.0))]


def test_a_pause_in_reach_is_cut_at_and_nothing_is_shared():
    windows = windows_of(turn((0.0, 35.0), (35.4, 60.0)))
    assert windows == [heard((0.0, 21.5)), heard((19.5, 35.0)), heard((35.4, 60.0))]


def test_windows_that_overlap_begin_half_seconds_apart_so_that_their_frames_meet():
    windows = windows_of(turn((3.21, 190.33)))
    starts = [window.segment.start - 3.21 for window in windows]
    assert len(windows) == 7
    assert [start % 0.5 for start in starts] == pytest.approx([0] * 7)


def test_what_two_windows_share_counts_half_in_each():
    windows = [heard((0.0, 21.0)), heard((19.0, 35.0)), heard((35.4, 60.0))]
    assert seconds_counted(windows) == pytest.approx([20.0, 15.0, 24.6])
    assert seconds_counted([]) == []


def test_an_hour_of_monologue_is_cut_quickly():
    windows = windows_of(turn(*((3.0 * index, 3.0 * index + 2.6) for index in range(1200))))
    assert len(windows) <= 240


@st.composite
def turns(draw: st.DrawFn) -> Turn:
    """Turns as diarizations give them: segments of two speakers on a grid of 10 ms."""
    lengths = st.integers(1, 2500)
    pairs, time = [], 0
    for _ in range(draw(st.integers(1, 25))):
        start = time + draw(st.integers(0, 150))
        time = start + draw(lengths)
        pairs.append((start / 100, time / 100, "A"))
    for _ in range(draw(st.integers(0, 8))):
        start = draw(st.integers(0, time))
        pairs.append((start / 100, (start + draw(st.integers(1, 400))) / 100, "B"))
    rules = TurnRules(max_pause=draw(st.sampled_from([0.3, 1.0, 3.0])), min_duration=0)
    own = [each for each in turns_of(diarization_of(pairs), rules) if each.speaker == "A"]
    return draw(st.sampled_from(own))


@given(turns(), st.sampled_from([1.0, 2.5, 10.0, 30.0]))
def test_windows_cover_exactly_the_clean_speech(turn: Turn, max_window: float):
    windows = windows_of(turn, max_window)
    stretches = all_heard(windows)
    speech = clean_speech(turn)
    assert total_duration(difference(speech, stretches)) == pytest.approx(0, abs=1e-6)
    assert total_duration(intersection(stretches, turn.overlapped)) == pytest.approx(0, abs=1e-6)
    beyond_pauses = difference(stretches, [turn.segment])
    assert beyond_pauses == []
    assert all(list(each.heard) == sorted(each.heard) for each in windows)


@given(turns(), st.sampled_from([1.0, 2.5, 10.0, 30.0]))
def test_every_second_heard_counts_once(turn: Turn, max_window: float):
    windows = windows_of(turn, max_window)
    assert sum(seconds_counted(windows)) == pytest.approx(total_duration(all_heard(windows)))
    assert all(seconds > 0 for seconds in seconds_counted(windows))


@given(turns(), st.sampled_from([1.0, 2.5, 10.0, 30.0]))
def test_a_window_shares_a_quarter_at_most_and_with_its_neighbours_alone(turn: Turn, max_window: float):
    windows = windows_of(turn, max_window)
    overlap = min(2.0, max_window / 4)
    for before, after in pairwise(windows):
        assert total_duration(intersection(before.heard, after.heard)) <= overlap + 1e-6
    assert all(before.segment.end <= after.segment.start for before, after in zip(windows, windows[2:], strict=False))


@given(turns(), st.sampled_from([1.0, 2.5, 10.0, 30.0]))
def test_no_window_is_too_long_and_none_too_short(turn: Turn, max_window: float):
    windows = windows_of(turn, max_window)
    assert all(window.duration <= max_window + 1e-5 for window in windows)
    if len(windows) > 1:
        assert all(window.duration >= 0.5 - 1e-5 for window in windows)


@given(turns(), st.sampled_from([1.0, 10.0]))
def test_what_is_heard_between_speech_is_a_short_pause(turn: Turn, max_window: float):
    stretches = [stretch for window in windows_of(turn, max_window) for stretch in window.heard]
    pauses = difference(stretches, clean_speech(turn))
    assert all(pause.duration <= 1.0 + 1e-9 for pause in pauses)


def test_a_turn_that_can_be_scored_has_windows_and_no_reason():
    speech = turn_speech(turn((0.5, 2.5)), tone(3), EmotionConfig())
    assert (speech.windows, speech.reason) == ((heard((0.5, 2.5)),), None)


def test_only_what_nobody_else_says_is_heard_whoever_the_exclusive_view_gives_it_to():
    both = diarization_of([(0.0, 5.0, "A"), (4.0, 9.0, "B")])
    exclusive = diarization_of([(0.0, 4.5, "A"), (4.5, 9.0, "B")])
    first, second = turns_of(replace(both, exclusive_segments=exclusive.segments))
    assert windows_of(first) == [heard((0.0, 4.0))]
    assert windows_of(second) == [heard((5.0, 9.0))]
    for turn in (first, second):
        stretches = [stretch for window in windows_of(turn) for stretch in window.heard]
        own = [each.segment for each in exclusive.segments if each.speaker == turn.speaker]
        assert difference(stretches, own) == []


def test_a_mostly_overlapped_turn_is_not_scored():
    speech = turn_speech(turn((0.0, 3.0), overlapped=((0.0, 1.9),)), tone(3), EmotionConfig())
    assert speech.windows == ()
    assert speech.reason == "64 % of the speech lies under other voices; at most 50 % may"


def test_a_turn_without_enough_speech_is_not_scored():
    assert turn_speech(turn((0.0, 0.3)), tone(3), EmotionConfig()).reason == (
        "0.30 s of clean speech; at least 0.5 s are needed"
    )
    assert turn_speech(turn((0.0, 0.498)), tone(3), EmotionConfig()).reason == (
        "0.49 s of clean speech; at least 0.5 s are needed"
    )
    assert turn_speech(turn((0.0, 0.8), overlapped=((0.0, 0.4),)), tone(3), EmotionConfig()).reason == (
        "0.40 s of clean speech (the rest lies under other voices); at least 0.5 s are needed"
    )


def test_a_turn_with_just_enough_speech_is_scored():
    assert turn_speech(turn((0.1, 0.6)), tone(3), EmotionConfig()).reason is None


def test_speech_past_the_end_of_the_recording_does_not_count():
    assert turn_speech(turn((2.8, 5.0)), tone(3), EmotionConfig()).reason == (
        "0.20 s of clean speech; at least 0.5 s are needed"
    )
    assert turn_speech(turn((2.0, 5.0)), tone(3), EmotionConfig()).windows == (heard((2.0, 3.0)),)
    assert turn_speech(turn((4.0, 5.0)), tone(3), EmotionConfig()).windows == ()


def test_a_turn_too_quiet_is_not_scored():
    assert turn_speech(turn((0.0, 2.0)), tone(3, -71), EmotionConfig()).reason == (
        "speech at -71.0 dBFS; at least -60 dBFS are needed"
    )
    assert turn_speech(turn((0.0, 2.0)), np.zeros(48_000, np.float32), EmotionConfig()).reason == (
        "nothing but digital silence; at least -60 dBFS are needed"
    )


def test_level_is_that_of_the_speech_alone():
    sound = np.concatenate([tone(1, -20), tone(1, -90), tone(1, -20)])
    assert level_of([Segment(0, 1), Segment(2, 3)], sound) == pytest.approx(-20, abs=0.01)


def test_the_sound_of_a_window_leaves_out_what_is_not_heard():
    recording = np.arange(48_000, dtype=np.float32)
    sound = waveform_of(heard((0.5, 1.0), (2.0, 2.25)), recording)
    assert np.array_equal(sound, np.concatenate([recording[8_000:16_000], recording[32_000:36_000]]))


@given(turns(), st.sampled_from([1.0, 10.0]))
def test_a_window_hears_no_sample_twice(turn: Turn, max_window: float):
    recording = np.arange(round(turn.end * 16_000), dtype=np.float64)
    for window in windows_of(turn, max_window):
        assert np.all(np.diff(waveform_of(window, recording)) > 0)
