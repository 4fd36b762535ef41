"""What each window of each turn sounds like."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias, TypeVar

from diarization.audio import Sound
from diarization.recordings import Waveform
from emotion.recognizers import BaselineRecognizer, Recognition, VoiceFeatures
from emotion.windows import Window, waveform_of

from ..codecs import (
    Arrays,
    feature_arrays,
    features_from,
    recognition_arrays,
    recognitions_from,
    split,
    window_arrays,
)
from ..engines import MODELS_IN_USE
from ..scoring import counted
from .running import Progress, Run, stage_key
from .turns import HeardTurn

AT_ONCE = 64
"""Windows whose sound is in memory at once: half an hour at most, while models still have enough to batch."""

_Found = TypeVar("_Found")
_Heard: TypeAlias = list[tuple[Window, Waveform]]


def recognize(turns: Sequence[HeardTurn], sound: Sound, run: Run) -> list[list[Recognition]]:
    """A Recognition for each window, turn by turn, from a recogniser without baselines."""
    found = _windows_found("recognize", turns, sound, run, _recognized)
    return _by_turn(recognitions_from(found), turns)


def measure(turns: Sequence[HeardTurn], sound: Sound, run: Run) -> list[list[VoiceFeatures]]:
    """The voice features of each window, turn by turn, from a recogniser with baselines."""
    found = _windows_found("measure", turns, sound, run, _measured)
    return [counted(own, turn.windows) for own, turn in zip(_by_turn(features_from(found), turns), turns, strict=True)]


def _windows_found(
    what: str,
    turns: Sequence[HeardTurn],
    sound: Sound,
    run: Run,
    find: Callable[[Run, _Heard, Progress], Arrays],
) -> Any:
    """Cached by the windows themselves: other turn rules cost nothing where they make the same windows."""
    flat = [(window, turn.channel) for turn in turns for window in turn.windows]
    facts = [array.tolist() for array in window_arrays([[window for window, _ in flat]]).values()]
    channels = [channel for _, channel in flat]
    facts += [channels] if any(each is not None for each in channels) else []
    key = stage_key(what, run.engines.models["recognizer"], facts)
    heard = [(window, sound.heard_on(channel)) for window, channel in flat]
    with run.stage("recognize") as report:
        return run.remembered(sound.recording.id, "recognize", key, lambda: find(run, heard, report))


def _recognized(run: Run, heard: _Heard, report: Progress) -> Arrays:
    recognizer = run.engines.recognizer
    return recognition_arrays(_in_parts(heard, recognizer.recognize, report))


def _measured(run: Run, heard: _Heard, report: Progress) -> Arrays:
    recognizer = run.engines.recognizer
    assert isinstance(recognizer, BaselineRecognizer)
    return feature_arrays(_in_parts(heard, recognizer.measure, report))


def _in_parts(
    heard: _Heard,
    work: Callable[[Sequence[Waveform], Progress], list[_Found]],
    report: Progress,
) -> list[_Found]:
    found: list[_Found] = []
    for start in range(0, len(heard), AT_ONCE):
        part = [waveform_of(window, waveform) for window, waveform in heard[start : start + AT_ONCE]]

        def part_done(step: str, share: float, start: int = start, size: int = len(part)) -> None:
            report(step, (start + share * size) / len(heard))

        with MODELS_IN_USE:
            found += work(part, part_done)
    return found


def _by_turn(found: Sequence[Any], turns: Sequence[HeardTurn]) -> list[list[Any]]:
    return [list(own) for own in split(found, [len(turn.windows) for turn in turns])]
