"""What the recogniser says of labelled clips: each is heard, windowed and joined as a turn of an analysis is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diarization.audio import read
from diarization.errors import FormatError
from diarization.recordings import SAMPLING_RATE, Waveform
from diarization.segments import Segment
from diarization.turns import Turn
from emotion.joining import TurnRecognition, join_windows
from emotion.recognizers import BaselineRecognizer, Recognition
from emotion.windows import Window, turn_speech, waveform_of

from .engines import MODELS_IN_USE, Engines
from .labels import LabelledClip
from .scoring import counted
from .workspace import Workspace

_AT_ONCE = 64  # windows

Watch = Callable[[str, float], None]


@dataclass(frozen=True)
class HeardClip:
    """A labelled clip and what the recogniser hears of it; ``reason`` says why where that is nothing."""

    clip: LabelledClip
    windows: list[Window]
    sounds: list[Waveform]
    reason: str | None


@dataclass(frozen=True)
class RecognizedClips:
    """The clips that could be scored, what was said of each, and the reasons for those that could not."""

    clips: list[LabelledClip]
    turns: list[TurnRecognition]
    left_out: list[str]

    @property
    def scores(self) -> NDArray[np.float64]:
        """At temperature 1, ``shape (clips, labels)``."""
        return np.array([each.scores for each in self.turns], np.float64)

    @property
    def embeddings(self) -> NDArray[np.float64]:
        """``shape (clips, dimension)``."""
        return np.array([each.embedding for each in self.turns], np.float64)


def recognize_clips(
    clips: Sequence[LabelledClip], engines: Engines, workspace: Workspace, watch: Watch | None = None
) -> RecognizedClips:
    """Score labelled clips; nothing is stored.

    A recogniser with baselines scores relative to the speaker. Several clips of a speaker in one recording share a
    baseline, as a session's turns do; recordings with a single clip of a speaker share that of the speaker over all
    such recordings. Clips of one recording without a speaker are taken as one speaker's.

    Raises
    ------
    FormatError
        Where a stretch lies outside its recording.
    AudioError, WorkspaceError
        Where a recording cannot be read, or a session does not exist.
    """
    heard = _heard(clips, engines, workspace, watch)
    scored = [each for each in heard if each.windows]
    recognitions = _recognized(scored, engines, watch)
    turns = [
        join_windows(each.windows, engines.readout.read(own, each.windows))
        for each, own in zip(scored, recognitions, strict=True)
    ]
    left_out = [f"{each.clip.where}: {each.reason}" for each in heard if not each.windows]
    return RecognizedClips([each.clip for each in scored], turns, left_out)


def _heard(
    clips: Sequence[LabelledClip], engines: Engines, workspace: Workspace, watch: Watch | None
) -> list[HeardClip]:
    by_source: dict[tuple[str, bool], list[int]] = {}
    for index, clip in enumerate(clips):
        by_source.setdefault((clip.source, clip.is_session), []).append(index)
    found: dict[int, HeardClip] = {}
    for done, ((source, is_session), own) in enumerate(by_source.items()):
        if watch:
            watch("reading", 0.3 * done / len(by_source))
        waveform = workspace.kept_audio(source).waveform() if is_session else read(Path(source)).waveform
        found |= {index: _heard_clip(clips[index], waveform, engines) for index in own}
    return [found[index] for index in range(len(clips))]


def _heard_clip(clip: LabelledClip, waveform: Waveform, engines: Engines) -> HeardClip:
    duration = len(waveform) / SAMPLING_RATE
    if clip.segment and clip.segment.end > duration + 0.1:
        raise FormatError(
            f"{clip.where}: ends at {clip.segment.end:g} s, and the recording at {duration:.2f} s; mend the times"
        )
    segment = clip.segment or Segment(0.0, duration)
    turn = Turn(segment, clip.speaker or "", (segment,), clip.overlapped)
    speech = turn_speech(turn, waveform, engines.config.emotion)
    windows = list(speech.windows)
    return HeardClip(clip, windows, [waveform_of(each, waveform) for each in windows], speech.reason)


def _recognized(heard: Sequence[HeardClip], engines: Engines, watch: Watch | None) -> list[list[Recognition]]:
    recognizer = engines.recognizer
    sounds = [sound for each in heard for sound in each.sounds]
    relative = isinstance(recognizer, BaselineRecognizer)
    found: list[Any] = []
    for start in range(0, len(sounds), _AT_ONCE):
        with MODELS_IN_USE:
            part = sounds[start : start + _AT_ONCE]
            found += (
                recognizer.measure(part) if isinstance(recognizer, BaselineRecognizer) else recognizer.recognize(part)
            )
        if watch:
            watch("recognizing", 0.3 + 0.7 * min(1.0, (start + _AT_ONCE) / len(sounds)))
    rest = iter(found)
    each_own = [[next(rest) for _ in each.windows] for each in heard]
    if not relative:
        return each_own
    return _relative(recognizer, heard, [counted(own, each.windows) for own, each in zip(each_own, heard, strict=True)])


def _relative(recognizer: Any, heard: Sequence[HeardClip], measured: list[list[Any]]) -> list[list[Recognition]]:
    keys = baseline_keys([each.clip for each in heard])
    baselines = {
        key: recognizer.pool(
            [each for own, other in zip(measured, keys, strict=True) if other == key for each in own], "session"
        )
        for key in dict.fromkeys(keys)
    }
    return [list(recognizer.score(own, baselines[key])) for own, key in zip(measured, keys, strict=True)]


def baseline_keys(clips: Sequence[LabelledClip]) -> list[tuple[str, str | None]]:
    """Clips with the same key are heard relative to the same baseline."""
    together = Counter((clip.source, clip.speaker) for clip in clips)
    return [
        ("" if clip.speaker and together[clip.source, clip.speaker] == 1 else clip.source, clip.speaker)
        for clip in clips
    ]
