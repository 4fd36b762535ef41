"""What the recogniser hears of a turn: its clean speech, in windows; or the reason why it hears nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil, floor, inf, log10

import numpy as np
from numpy.typing import NDArray

from diarization.recordings import SAMPLING_RATE, Waveform, cut
from diarization.segments import Segment, difference, gaps, total_duration
from diarization.turns import Turn

from .recognizers import EmotionConfig, Recognition

MAX_PAUSE = 1.0
"""Seconds; a pause up to this long is heard with the speech around it, so that prosody goes on across it."""

_SHORTEST = 0.5  # seconds; no cut leaves less than this
_TOLERANCE = 1e-6  # seconds: far below a sample, far above rounding


@dataclass(frozen=True)
class Window:
    """A stretch of a Turn that the recogniser scores at once.

    Parameters
    ----------
    heard : tuple of Segment
        At least one, in order, on the recording's time line: clean speech and the short pauses in it. What lies between
        them (other voices, long pauses) is left out, so the recogniser hears them one right after the other.
    """

    heard: tuple[Segment, ...]

    @property
    def segment(self) -> Segment:
        """From the first moment heard to the last."""
        return Segment(self.heard[0].start, self.heard[-1].end)

    @property
    def duration(self) -> float:
        """Seconds heard."""
        return _duration(self.heard)


@dataclass(frozen=True)
class TurnSpeech:
    """What the recogniser hears of a turn.

    Parameters
    ----------
    windows : tuple of Window
        In order; empty where the turn cannot be scored.
    reason : str or None
        Why it cannot be scored, as a sentence with the numbers; None where it can.
    """

    windows: tuple[Window, ...]
    reason: str | None = None


@dataclass(frozen=True)
class TurnRecognition:
    """What a recogniser says of a whole turn.

    Parameters
    ----------
    scores : np.ndarray, shape (labels,)
        Probabilities in scheme order, sum 1: the mean over the windows, each weighted by the seconds heard.
    embedding : np.ndarray, shape (dimension,)
        The mean over the windows, weighted likewise.
    frame_scores : np.ndarray, shape (frames, labels)
        Of all windows, one after the other; each row sums to 1.
    frame_times : np.ndarray of float64, shape (frames,)
        Seconds from the beginning of the recording to each row's middle, rising.
    """

    scores: NDArray[np.float32]
    embedding: NDArray[np.float32]
    frame_scores: NDArray[np.float32]
    frame_times: NDArray[np.float64]


def turn_speech(turn: Turn, waveform: Waveform, config: EmotionConfig) -> TurnSpeech:
    """The windows of a turn to be scored, or the reason why it cannot be.

    A turn is not scored where more than ``max_overlap`` of its speech lies under other voices, where less than
    ``min_speech`` of clean speech is left, or where that speech is quieter than ``min_level``, in that order.

    Parameters
    ----------
    turn : Turn
        Its pieces may reach past the waveform's end; what lies there is not heard.
    waveform : np.ndarray, shape (samples,)
        Of the whole recording.
    config : EmotionConfig
        Its bounds and ``max_window``.
    """
    speech = clean_speech(turn, len(waveform) / SAMPLING_RATE)
    reason = _overlapped(turn, config) or _too_short(turn, speech, config) or _too_quiet(speech, waveform, config)
    return TurnSpeech((), reason) if reason else TurnSpeech(tuple(_windows(speech, turn, config.max_window)))


def windows_of(turn: Turn, max_window: float = 30.0) -> list[Window]:
    """The clean speech of a turn in windows of at most ``max_window`` seconds, in order.

    Clean speech is the turn's pieces without the stretches in which others speak too. A pause of up to ``MAX_PAUSE``
    between two pieces stays in, unless other voices reach into it. Speech longer than ``max_window`` is cut: in the
    second half of what still fits, at the longest pause or gap there, which is then left out; where there is none, into
    equal parts. So no window is shorter than half a second, unless all the turn has to say is.

    Parameters
    ----------
    turn : Turn
        A turn whose speech lies all under other voices gives an empty list.
    max_window : float
        Seconds, at least 1.

    Examples
    --------
    >>> turn = Turn(Segment(0, 40), "A", (Segment(0, 18), Segment(18.5, 40)))
    >>> [window.segment for window in windows_of(turn)]
    [Segment(start=0, end=18), Segment(start=18.5, end=40)]
    """
    return _windows(clean_speech(turn), turn, max_window)


def clean_speech(turn: Turn, end: float = inf) -> list[Segment]:
    """The stretches before ``end`` in which the turn's speaker speaks alone, in order; pauses are not among them."""
    return _clip(difference(turn.pieces, turn.overlapped), 0, end)


def waveform_of(window: Window, waveform: Waveform) -> Waveform:
    """The sound of a window, ``shape (samples,)``: the stretches it hears, one right after the other."""
    return np.concatenate([cut(waveform, stretch) for stretch in window.heard])


def join_windows(windows: Sequence[Window], recognitions: Sequence[Recognition]) -> TurnRecognition:
    """What a recogniser says of a turn, from what it says of the turn's windows.

    Parameters
    ----------
    windows : sequence of Window
        Of one turn, in order; at least one.
    recognitions : sequence of Recognition
        One a window, in the same order.
    """
    weights = np.array([window.duration for window in windows])
    return TurnRecognition(
        scores=np.average([each.scores for each in recognitions], axis=0, weights=weights).astype(np.float32),
        embedding=np.average([each.embedding for each in recognitions], axis=0, weights=weights).astype(np.float32),
        frame_scores=np.concatenate([each.frame_scores for each in recognitions]),
        frame_times=np.concatenate([frame_times(*pair) for pair in zip(windows, recognitions, strict=True)]),
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


def _overlapped(turn: Turn, config: EmotionConfig) -> str | None:
    if turn.overlap <= config.max_overlap:
        return None
    share = ceil(100 * turn.overlap - _TOLERANCE)
    return f"{share} % of the speech lies under other voices; at most {100 * config.max_overlap:g} % may"


def _too_short(turn: Turn, speech: Sequence[Segment], config: EmotionConfig) -> str | None:
    clean = total_duration(speech)
    if clean >= config.min_speech - _TOLERANCE:
        return None
    under = " (the rest lies under other voices)" if turn.overlapped else ""
    return f"{floor(100 * clean) / 100:.2f} s of clean speech{under}; at least {config.min_speech:g} s are needed"


def _too_quiet(speech: Sequence[Segment], waveform: Waveform, config: EmotionConfig) -> str | None:
    level = level_of(speech, waveform)
    if level >= config.min_level:
        return None
    heard = "nothing but digital silence" if level == -inf else f"speech at {level:.1f} dBFS"
    return f"{heard}; at least {config.min_level:g} dBFS are needed"


def level_of(stretches: Sequence[Segment], waveform: Waveform) -> float:
    """Root mean square level of the stretches together, in dB relative to full scale; -inf for digital silence."""
    sounds = [cut(waveform, stretch).astype(np.float64) for stretch in stretches]
    power = sum(float(sound @ sound) for sound in sounds) / max(1, sum(map(len, sounds)))
    return 10 * log10(power) if power > 0 else -inf


def _windows(speech: Sequence[Segment], turn: Turn, max_window: float) -> list[Window]:
    if not speech:
        return []
    heard = _with_pauses(speech, turn.overlapped, min(MAX_PAUSE, max_window / 4))
    windows: list[Window] = []
    start = heard[0].start
    for stop, go_on in _cuts(heard, gaps(speech), max_window):
        windows.append(Window(tuple(_clip(heard, start, stop))))
        start = go_on
    return [*windows, Window(tuple(_clip(heard, start, inf)))]


def _with_pauses(speech: Sequence[Segment], overlapped: Sequence[Segment], max_pause: float) -> list[Segment]:
    """The speech with the short pauses in it.

    A gap that begins or ends where an overlapped stretch does is no pause: it is that stretch, or a pause into which
    the other voice may go on.
    """
    edges = {edge for stretch in overlapped for edge in (stretch.start, stretch.end)}
    joined = list(speech[:1])
    for before, after in pairwise(speech):
        if after.start - before.end <= max_pause and before.end not in edges and after.start not in edges:
            joined[-1] = Segment(joined[-1].start, after.end)
        else:
            joined.append(after)
    return joined


def _cuts(heard: Sequence[Segment], breaks: Sequence[Segment], max_window: float) -> list[tuple[float, float]]:
    """Where each window but the last stops and where the next goes on, in seconds of the recording.

    Each cut is at the longest break in the second half of what still fits into the window, or else a single moment.
    """
    before, after = _heard_until(heard, [each.start for each in breaks]), _heard_until(heard, [e.end for e in breaks])
    total = _duration(heard)
    cuts: list[tuple[float, float]] = []
    done = 0.0
    while total - done > max_window + _TOLERANCE:
        fits = (before - done >= max_window / 2) & (before - done <= max_window)
        fits &= total - after >= min(_SHORTEST, max_window / 2)
        if fits.any():
            longest = max(np.flatnonzero(fits).tolist(), key=lambda index: breaks[index].duration)
            cuts.append((breaks[longest].start, breaks[longest].end))
            done = float(after[longest])
        else:
            done += (total - done) / ceil((total - done - _TOLERANCE) / max_window)
            cuts.append((_moment(heard, done), _moment(heard, done)))
    return cuts


def _heard_until(heard: Sequence[Segment], times: Sequence[float]) -> NDArray[np.float64]:
    """Seconds heard before each of the times."""
    starts = np.array([stretch.start for stretch in heard])
    durations = np.array([stretch.duration for stretch in heard])
    last = np.searchsorted(starts, times, side="right") - 1
    whole = np.concatenate([[0.0], np.cumsum(durations)])[last]
    return np.asarray(whole + np.minimum(np.asarray(times) - starts[last], durations[last]))


def _moment(heard: Sequence[Segment], duration: float) -> float:
    """The moment of the recording at which that many seconds have been heard, within a stretch."""
    for stretch in heard:
        if duration <= stretch.duration:
            return stretch.start + duration
        duration -= stretch.duration
    raise AssertionError("nothing is heard after the end")


def _clip(segments: Sequence[Segment], start: float, end: float) -> list[Segment]:
    """What lies between start and end, in order."""
    within = [(max(each.start, start), min(each.end, end)) for each in segments]
    return [Segment(begin, stop) for begin, stop in within if begin < stop]


def _duration(segments: Sequence[Segment]) -> float:
    return sum(segment.duration for segment in segments)
