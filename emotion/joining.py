"""From what a recogniser says of a turn's windows to what it says of the turn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from diarization.segments import Segment

from .recognizers import Recognition
from .windows import Window, seconds_counted, shared


@dataclass(frozen=True)
class TurnRecognition:
    """What a recogniser says of a whole turn.

    Parameters
    ----------
    scores : np.ndarray, shape (labels,)
        Probabilities in scheme order, sum 1: the mean over the windows, each weighted by the seconds heard; those that
        two windows share count half in each.
    embedding : np.ndarray, shape (dimension,)
        The mean over the windows, weighted likewise.
    frame_scores : np.ndarray, shape (frames, labels)
        Of all windows, one after the other, faded over where two share a stretch; each row sums to 1.
    frame_times : np.ndarray of float64, shape (frames,)
        Seconds from the beginning of the recording to each row's middle, rising.
    """

    scores: NDArray[np.float32]
    embedding: NDArray[np.float32]
    frame_scores: NDArray[np.float32]
    frame_times: NDArray[np.float64]


@dataclass(frozen=True)
class _Course:
    """Scores over time: ``times``, ``shape (frames,)``, rising; ``scores``, ``shape (frames, labels)``."""

    times: NDArray[np.float64]
    scores: NDArray[np.float32]
    step: float

    def at(self, times: NDArray[np.float64]) -> NDArray[np.float64]:
        """Scores at any times, between two frames a mixture of both, ``shape (times, labels)``."""
        return np.stack([np.interp(times, self.times, column) for column in self.scores.T], axis=1)

    def __getitem__(self, kept: NDArray[np.bool_]) -> _Course:
        return _Course(self.times[kept], self.scores[kept], self.step)


def join_windows(windows: Sequence[Window], recognitions: Sequence[Recognition]) -> TurnRecognition:
    """What a recogniser says of a turn, from what it says of the turn's windows.

    Parameters
    ----------
    windows : sequence of Window
        Of one turn, in order; at least one. None shares anything with any but its neighbours.
    recognitions : sequence of Recognition
        One a window, in the same order.
    """
    weights = seconds_counted(windows)
    courses = _joined([_course(*pair) for pair in zip(windows, recognitions, strict=True)], windows)
    return TurnRecognition(
        scores=np.average([each.scores for each in recognitions], axis=0, weights=weights).astype(np.float32),
        embedding=np.average([each.embedding for each in recognitions], axis=0, weights=weights).astype(np.float32),
        frame_scores=np.concatenate([each.scores for each in courses]),
        frame_times=np.concatenate([each.times for each in courses]),
    )


def frame_times(window: Window, recognition: Recognition) -> NDArray[np.float64]:
    """Seconds from the beginning of the recording to the middle of each row of frame scores, ``shape (frames,)``.

    A row that reaches past what the window hears counts as its last moment.
    """
    middles = (np.arange(len(recognition.frame_scores)) + 0.5) * recognition.frame_step
    ends = np.cumsum([stretch.duration for stretch in window.heard])
    at = np.minimum(np.searchsorted(ends, middles, side="right"), len(ends) - 1)
    offsets = np.array([stretch.end for stretch in window.heard]) - ends
    return np.asarray(np.minimum(middles, ends[-1]) + offsets[at])


def _course(window: Window, recognition: Recognition) -> _Course:
    return _Course(frame_times(window, recognition), recognition.frame_scores, recognition.frame_step)


def _joined(courses: list[_Course], windows: Sequence[Window]) -> list[_Course]:
    """The courses with those of overlapping windows faded into one another, so that no time is there twice."""
    joined = courses[:1]
    for following, pair in zip(courses[1:], pairwise(windows), strict=True):
        stretch = shared(*pair)
        joined[-1:] = [joined[-1], following] if stretch is None else _faded(joined[-1], following, stretch)
    return joined


def _faded(before: _Course, after: _Course, stretch: Segment) -> list[_Course]:
    """Both courses, where they share a stretch mixed into one another.

    At the stretch's beginning the first one counts alone and at its end the second one; over its middle half the weight
    of the second one grows evenly. So the last frames of a window, which hear nothing of what follows, do not count.
    """
    rest = after[after.times > before.times[-1] + after.step / 2]
    return [_mixed(frames, before, after, stretch) for frames in (before, rest)]


def _mixed(frames: _Course, before: _Course, after: _Course, stretch: Segment) -> _Course:
    within = (frames.times >= stretch.start) & (frames.times <= stretch.end)
    times = frames.times[within]
    share = np.clip(2 * (times - stretch.start) / stretch.duration - 0.5, 0, 1)[:, None]
    scores = frames.scores.copy()
    scores[within] = (1 - share) * before.at(times) + share * after.at(times)
    return _Course(frames.times, scores, frames.step)
