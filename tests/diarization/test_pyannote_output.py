from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
from pyannote.core import Annotation, Segment

from diarization.pyannote_output import diarization_from


def output_of(tracks: list[tuple[float, float, str]], alone: list[tuple[float, float, str]], embeddings: Any) -> Any:
    return SimpleNamespace(
        speaker_diarization=annotation_of(tracks),
        exclusive_speaker_diarization=annotation_of(alone),
        speaker_embeddings=embeddings,
    )


def annotation_of(tracks: list[tuple[float, float, str]]) -> Annotation:
    annotation = Annotation()
    for track, (start, end, label) in enumerate(tracks):
        annotation[Segment(start, end), track] = label
    return annotation


def rows(segments: Any) -> list[tuple[float, float, str]]:
    return [(each.segment.start, each.segment.end, each.speaker) for each in segments]


def test_labels_and_embeddings_follow_the_order_of_first_speech() -> None:
    tracks = [(0.0, 1.0, "B"), (2.0, 3.0, "A"), (4.0, 5.0, "B")]
    diarization = diarization_from(output_of(tracks, tracks, np.array([[1.0, 1.0], [2.0, 2.0]])), 6.0)
    assert rows(diarization.segments) == [(0.0, 1.0, "SPEAKER_00"), (2.0, 3.0, "SPEAKER_01"), (4.0, 5.0, "SPEAKER_00")]
    assert diarization.embeddings.tolist() == [[2.0, 2.0], [1.0, 1.0]]
    assert diarization.embeddings.dtype == np.float32


def test_overlap_is_kept_and_the_exclusive_view_is_pyannotes() -> None:
    tracks = [(0.0, 2.0, "A"), (1.0, 3.0, "B")]
    alone = [(0.0, 1.2, "A"), (1.2, 3.0, "B")]
    diarization = diarization_from(output_of(tracks, alone, np.eye(2)), 3.0)
    assert rows(diarization.segments) == [(0.0, 2.0, "SPEAKER_00"), (1.0, 3.0, "SPEAKER_01")]
    assert rows(diarization.exclusive().segments) == [(0.0, 1.2, "SPEAKER_00"), (1.2, 3.0, "SPEAKER_01")]


def test_a_phantom_that_never_speaks_alone_is_dropped() -> None:
    tracks = [(0.0, 5.0, "A"), (1.0, 1.5, "B")]
    diarization = diarization_from(output_of(tracks, [(0.0, 5.0, "A")], np.array([[1.0, 2.0], [0.0, 0.0]])), 5.0)
    assert diarization.speakers == ["SPEAKER_00"]
    assert diarization.embeddings.tolist() == [[1.0, 2.0]]


def test_a_speaker_too_brief_for_a_voice_is_kept_without_one() -> None:
    tracks = [(0.0, 0.3, "A"), (1.0, 4.0, "B")]
    diarization = diarization_from(output_of(tracks, tracks, np.array([[np.nan, np.nan], [1.0, 2.0]])), 5.0)
    assert diarization.speakers == ["SPEAKER_00", "SPEAKER_01"]
    assert np.isnan(diarization.embeddings[0]).all()
    assert diarization.embeddings[1].tolist() == [1.0, 2.0]


def test_speech_in_the_padding_after_the_end_is_cut_off() -> None:
    tracks = [(-0.01, 1.0, "A"), (1.5, 2.5, "A"), (2.1, 3.0, "B")]
    diarization = diarization_from(output_of(tracks, tracks, np.eye(2)), 2.0)
    assert rows(diarization.segments) == [(0.0, 1.0, "SPEAKER_00"), (1.5, 2.0, "SPEAKER_00")]
    assert diarization.embeddings.tolist() == [[1.0, 0.0]]


def test_no_speech_gives_no_segments() -> None:
    diarization = diarization_from(output_of([], [], np.zeros((0, 256))), 2.0)
    assert diarization.segments == ()
    assert diarization.speakers == []


def test_a_pipeline_without_embeddings_gives_empty_ones() -> None:
    tracks = [(0.0, 1.0, "A")]
    diarization = diarization_from(output_of(tracks, tracks, None), 2.0)
    assert diarization.speakers == ["SPEAKER_00"]
    assert diarization.embeddings.shape == (1, 0)
