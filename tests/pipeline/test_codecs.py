from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from diarization.diarizations import Diarization, diarization_of
from diarization.segments import Segment
from diarization.speaker_count import SpeakerCount
from emotion.recognizers import Recognition, VoiceFeatures
from emotion.windows import Window
from pipeline.codecs import (
    diarization_arrays,
    diarization_from,
    feature_arrays,
    features_from,
    recognition_arrays,
    recognitions_from,
    window_arrays,
    windows_from,
)
from pipeline.store.files import pack, unpack

seconds = st.floats(0, 1e5, allow_nan=False)
segments = st.tuples(seconds, st.floats(0.001, 100)).map(lambda pair: Segment(pair[0], pair[0] + pair[1]))
windows = st.lists(segments, min_size=1, max_size=3).map(lambda heard: Window(tuple(heard)))
speakers = st.sampled_from(["SPEAKER_00", "SPEAKER_01", "Zoë"])


@given(st.lists(st.tuples(segments, speakers), max_size=8), st.booleans())
def test_diarizations_come_back(spoken: list[tuple[Segment, str]], exclusive: bool) -> None:
    found = diarization_of([(segment.start, segment.end, speaker) for segment, speaker in spoken])
    embeddings = np.arange(2.0 * len(found.speakers), dtype=np.float32).reshape(-1, 2)
    notes = ("Said.", "Also said.") if exclusive else ()
    diarization = Diarization(found.segments, embeddings, found.segments[:1] if exclusive else None, notes=notes)
    back = diarization_from(unpack(pack(diarization_arrays(diarization))))
    assert (back.segments, back.exclusive_segments) == (diarization.segments, diarization.exclusive_segments)
    assert back.notes == notes
    np.testing.assert_array_equal(back.embeddings, embeddings)


@given(st.lists(st.lists(windows, max_size=3), max_size=4))
def test_windows_come_back_turn_by_turn(turns: list[list[Window]]) -> None:
    assert windows_from(unpack(pack(window_arrays(turns)))) == turns


@given(st.lists(st.integers(0, 4), max_size=4))
def test_recognitions_come_back(frames: list[int]) -> None:
    random = np.random.default_rng(0)
    sizes = [(4,), (3,)]
    given_ones = [
        Recognition(*(random.random(size, np.float32) for size in [*sizes, (count, 4)]), 0.02) for count in frames
    ]
    back = recognitions_from(unpack(pack(recognition_arrays(given_ones))))
    assert len(back) == len(frames)
    for one, other in zip(given_ones, back, strict=True):
        for name, value in vars(one).items():
            np.testing.assert_array_equal(getattr(other, name), value)


@given(st.lists(st.integers(0, 4), max_size=4))
def test_voice_features_come_back(frames: list[int]) -> None:
    random = np.random.default_rng(0)
    given_ones = [
        VoiceFeatures(random.random(3, np.float32), random.random((count, 3), np.float32), 0.5, 1.5 + count)
        for count in frames
    ]
    back = features_from(unpack(pack(feature_arrays(given_ones))))
    assert len(back) == len(frames)
    for one, other in zip(given_ones, back, strict=True):
        for name, value in vars(one).items():
            np.testing.assert_array_equal(getattr(other, name), value)


def test_the_same_arrays_give_the_same_bytes() -> None:
    arrays = {"b": np.arange(3), "a": np.array(["x"])}
    assert pack(arrays) == pack(dict(reversed(arrays.items())))


def test_objects_are_not_taken_for_arrays() -> None:
    import io

    import pytest

    file = io.BytesIO()
    np.savez(file, evil=np.array([{"a": 1}], dtype=object))
    with pytest.raises(ValueError, match="allow_pickle=False"):
        unpack(file.getvalue())
    with pytest.raises(ValueError, match="not a whole"):
        unpack(b"PK\x03\x04 cut")


@pytest.mark.parametrize("count", [None, SpeakerCount(3, 2, 0.5), SpeakerCount(None, 4), SpeakerCount(1)])
def test_confidences_and_the_count_come_back(count: SpeakerCount | None) -> None:
    found = replace(diarization_of([(0, 1, "A"), (0.5, 2, "B")]), confidences=(0.25, 1.0), count=count)
    again = diarization_from(unpack(pack(diarization_arrays(found))))
    assert again.confidences == (0.25, 1.0)
    assert again.count == count
