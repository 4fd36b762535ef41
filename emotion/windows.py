"""What the recogniser hears of a turn: its clean speech, in windows; or the reason why it hears nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil, floor, inf, log10

import numpy as np
from numpy.typing import NDArray

from diarization.recordings import SAMPLING_RATE, Waveform, cut
from diarization.segments import Segment, difference, gaps, intersection, total_duration, union
from diarization.turns import Turn

from .recognizers import EmotionConfig

MAX_PAUSE = 1.0
"""Seconds; a pause up to this long is heard with the speech around it, so that prosody goes on across it."""

OVERLAP = 2.0
"""Seconds that two windows share where speech is cut without a pause, so that both hear what leads up to the seam."""

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
    second half of what still fits, at the longest pause or gap there, which is then left out. Where there is none, what
    is left is divided evenly into windows that share ``OVERLAP`` seconds (a quarter of ``max_window`` where that is
    less) with the next. So no window is shorter than half a second, unless all the turn has to say is.

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
    >>> turn = Turn(Segment(0, 40), "A", (Segment(0, 40),))
    >>> [window.segment for window in windows_of(turn)]
    [Segment(start=0, end=21.0), Segment(start=19.0, end=40)]
    """
    return _windows(clean_speech(turn), turn, max_window)


def clean_speech(turn: Turn, end: float = inf) -> list[Segment]:
    """The stretches before ``end`` in which the turn's speaker speaks alone, in order; pauses are not among them."""
    return _clip(difference(turn.pieces, turn.overlapped), 0, end)


def waveform_of(window: Window, waveform: Waveform) -> Waveform:
    """The sound of a window, ``shape (samples,)``: the stretches it hears, one right after the other."""
    return np.concatenate([cut(waveform, stretch) for stretch in window.heard])


def shared(before: Window, after: Window) -> Segment | None:
    """What two windows of a turn, one after the other, both hear; None where the second begins after the first."""
    return before.segment & after.segment


def seconds_counted(windows: Sequence[Window]) -> list[float]:
    """Seconds of each of a turn's windows, of what two windows share half in each: together all that is heard, once.

    Examples
    --------
    >>> seconds_counted([Window((Segment(0, 20),)), Window((Segment(18, 30),))])
    [19.0, 11.0]
    """
    halves = [_duration(intersection(before.heard, after.heard)) / 2 for before, after in pairwise(windows)]
    parts = pairwise([0.0, *halves, 0.0])
    return [window.duration - left - right for window, (left, right) in zip(windows, parts, strict=False)]


def all_heard(windows: Iterable[Window]) -> list[Segment]:
    """The stretches that the windows hear, in order; what two windows share is there once."""
    return union(stretch for window in windows for stretch in window.heard)


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

    Each cut is at the longest break in the second half of what still fits into the window; without one the next window
    goes on before the first one stops.
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
            stop = done + _even_window(total - done, max_window)
            done = stop - _overlap(max_window)
            cuts.append((_moment(heard, stop), _moment(heard, done)))
    return cuts


def _even_window(left: float, max_window: float) -> float:
    """Seconds of the next window where what is left is divided evenly into windows that overlap.

    A multiple of a quarter of the overlap, where it may be: with windows of 8 s or more that is half a second, of which
    the steps of all recognisers' frames are parts, so that the frames of both windows lie on one grid.
    """
    overlap = _overlap(max_window)
    count = ceil((left - overlap - _TOLERANCE) / (max_window - overlap))
    grid = overlap / 4
    return min(max_window, grid * ceil((left + (count - 1) * overlap) / count / grid - _TOLERANCE))


def _overlap(max_window: float) -> float:
    return min(OVERLAP, max_window / 4)


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
