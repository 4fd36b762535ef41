"""What stages find, as named arrays and back: for the stage cache and for a session's artifacts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from math import isnan
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diarization.diarizations import Diarization, SpeakerSegment
from diarization.segments import Segment
from diarization.speaker_count import SpeakerCount
from emotion.recognizers import Recognition, VoiceFeatures
from emotion.windows import Window

Arrays = dict[str, NDArray[Any]]


def diarization_arrays(diarization: Diarization) -> Arrays:
    """A diarization as arrays; ``diarization_from`` gives it back."""
    arrays = _segment_arrays("", diarization.segments) | {"embeddings": diarization.embeddings}
    if diarization.exclusive_segments is not None:
        arrays |= _segment_arrays("exclusive_", diarization.exclusive_segments)
    if diarization.channel_of:
        arrays["channel_speakers"] = np.array(list(diarization.channel_of), np.str_)
        arrays["channel_numbers"] = np.array(list(diarization.channel_of.values()), np.int64)
    if diarization.notes:
        arrays["notes"] = np.array(diarization.notes, np.str_)
    if diarization.confidences is not None:
        arrays["confidences"] = np.array(diarization.confidences, np.float64)
    if (count := diarization.count) is not None:
        arrays["count"] = np.array([count.found, count.forced, count.confidence], np.float64)  # None becomes nan
    return arrays


def diarization_from(arrays: Mapping[str, NDArray[Any]]) -> Diarization:
    """The diarization in its arrays."""
    exclusive = _segments_from("exclusive_", arrays) if "exclusive_times" in arrays else None
    speakers, numbers = arrays.get("channel_speakers", np.array([])), arrays.get("channel_numbers", np.array([]))
    channel_of = dict(zip(speakers.tolist(), numbers.tolist(), strict=True))
    confidences = tuple(arrays["confidences"].tolist()) if "confidences" in arrays else None
    count = _count_from(arrays["count"].tolist()) if "count" in arrays else None
    notes = tuple(arrays["notes"].tolist()) if "notes" in arrays else ()
    return Diarization(
        _segments_from("", arrays), arrays["embeddings"], exclusive, confidences, count, channel_of, notes
    )


def _count_from(numbers: Sequence[float]) -> SpeakerCount:
    found, forced, confidence = (None if isnan(each) else each for each in numbers)
    return SpeakerCount(None if found is None else int(found), None if forced is None else int(forced), confidence)


def window_arrays(windows: Sequence[Sequence[Window]]) -> Arrays:
    """The windows of each turn as arrays; ``windows_from`` gives them back."""
    flat = [window for own in windows for window in own]
    heard = [(each.start, each.end) for window in flat for each in window.heard]
    return {
        "windows_per_turn": np.array([len(own) for own in windows], np.int64),
        "stretches_per_window": np.array([len(window.heard) for window in flat], np.int64),
        "heard": np.array(heard, np.float64).reshape(-1, 2),
    }


def windows_from(arrays: Mapping[str, NDArray[Any]]) -> list[list[Window]]:
    """The windows of each turn in their arrays."""
    heard = [Segment(float(start), float(end)) for start, end in arrays["heard"]]
    flat = [Window(tuple(own)) for own in split(heard, arrays["stretches_per_window"])]
    return list(split(flat, arrays["windows_per_turn"]))


def recognition_arrays(recognitions: Sequence[Recognition]) -> Arrays:
    """Recognitions as arrays, one row each; ``recognitions_from`` gives them back."""
    frames = _frame_arrays([each.frame_scores for each in recognitions], [each.frame_step for each in recognitions])
    rows = _rows([each.scores for each in recognitions]), _rows([each.embedding for each in recognitions])
    return frames | {"scores": rows[0], "embeddings": rows[1]}


def recognitions_from(arrays: Mapping[str, NDArray[Any]]) -> list[Recognition]:
    """The recognitions in their arrays."""
    frames = split(arrays["frames"], arrays["frames_per_row"])
    rows = zip(arrays["scores"], arrays["embeddings"], frames, arrays["frame_steps"], strict=True)
    return [Recognition(scores, embedding, frame, float(step)) for scores, embedding, frame, step in rows]


def feature_arrays(measured: Sequence[VoiceFeatures]) -> Arrays:
    """Voice features as arrays, one row a stretch; ``features_from`` gives them back."""
    frames = _frame_arrays([each.frames for each in measured], [each.frame_step for each in measured])
    durations = np.array([each.duration for each in measured], np.float64)
    return frames | {"features": _rows([each.features for each in measured]), "durations": durations}


def features_from(arrays: Mapping[str, NDArray[Any]]) -> list[VoiceFeatures]:
    """The voice features in their arrays."""
    frames = split(arrays["frames"], arrays["frames_per_row"])
    rows = zip(arrays["features"], frames, arrays["frame_steps"], arrays["durations"], strict=True)
    return [VoiceFeatures(features, frame, float(step), float(duration)) for features, frame, step, duration in rows]


def split(rows: Any, counts: Sequence[int] | NDArray[np.int64]) -> Iterator[Any]:
    """Consecutive runs of the rows, as long as the counts say.

    >>> list(split("abc", [2, 0, 1]))
    ['ab', '', 'c']
    """
    ends = np.concatenate([[0], np.cumsum(np.asarray(counts, np.int64))])
    return (rows[start:end] for start, end in pairwise(ends.tolist()))


def _segment_arrays(prefix: str, segments: Sequence[SpeakerSegment]) -> Arrays:
    times = [(each.segment.start, each.segment.end) for each in segments]
    return {
        f"{prefix}times": np.array(times, np.float64).reshape(-1, 2),
        f"{prefix}who": np.array([each.speaker for each in segments], np.str_),
    }


def _segments_from(prefix: str, arrays: Mapping[str, NDArray[Any]]) -> tuple[SpeakerSegment, ...]:
    rows = zip(arrays[f"{prefix}times"].tolist(), arrays[f"{prefix}who"].tolist(), strict=True)
    return tuple(SpeakerSegment(Segment(start, end), who) for (start, end), who in rows)


def _frame_arrays(frames: Sequence[NDArray[np.float32]], steps: Sequence[float]) -> Arrays:
    return {
        "frames": np.concatenate(frames) if frames else np.zeros((0, 0), np.float32),
        "frames_per_row": np.array([len(each) for each in frames], np.int64),
        "frame_steps": np.array(steps, np.float64),
    }


def _rows(rows: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    return np.stack(rows) if rows else np.zeros((0, 0), np.float32)
