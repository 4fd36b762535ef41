"""Music and tones in a recording: noted, not scored, and not taken for a speaker."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from diarization.audio import Sound
from diarization.diarizations import Diarization
from diarization.music import find_music
from diarization.segments import Segment, intersection, total_duration
from emotion.windows import TurnSpeech

from .roles import channel_name
from .stages.turns import HeardTurn

MOST_OF_TURN = 0.5
"""Share of a turn's speech in music or tones from which the turn is not scored."""

MOST_OF_SPEAKER = 0.8
"""Share of a speaker's speech in music or tones from which it is no speaker."""


@dataclass(frozen=True)
class Stretch:
    """A stretch of music or tones on one channel; ``channel`` is None where it is heard in the mix."""

    segment: Segment
    kind: str
    channel: int | None = None

    def to_json(self, count: int) -> dict[str, Any]:
        """What ``quality.stretches`` holds."""
        name = None if self.channel is None else channel_name(self.channel, count)
        start, end = round(self.segment.start, 3), round(self.segment.end, 3)
        return {"kind": self.kind, "start": start, "end": end, "channel": name}


def find_stretches(sound: Sound, channels: Sequence[int]) -> list[Stretch]:
    """The music and tones of a recording, in order: on each of the channels, or in the mix where there are none."""
    found = [
        Stretch(each.segment, each.kind, channel)
        for channel in _or_mix(channels)
        for each in find_music(sound.heard_on(channel))
    ]
    return sorted(found, key=lambda each: (each.segment, -1 if each.channel is None else each.channel))


def _or_mix(channels: Sequence[int]) -> list[int | None]:
    return [*channels] if channels else [None]


def stretches_from(quality: Mapping[str, Any], count: int) -> list[Stretch]:
    """The stretches that a session's quality notes."""
    numbers: dict[str | None, int | None] = {channel_name(each, count): each for each in range(count)}
    return [
        Stretch(Segment(each["start"], each["end"]), each["kind"], numbers.get(each["channel"]))
        for each in quality.get("stretches") or ()
    ]


def only_speakers(diarization: Diarization, stretches: Sequence[Stretch]) -> Diarization:
    """The diarization without those who are heard in music and tones alone; labels are given anew in order."""
    kept = [
        each
        for each in diarization.speakers
        if _share(diarization.of(each), stretches, diarization.channel_of.get(each)) < MOST_OF_SPEAKER
    ]
    if len(kept) == len(diarization.speakers):
        return diarization
    names = {old: _renamed(old, index) for index, old in enumerate(kept)}
    rows = [diarization.speakers.index(each) for each in kept] if len(diarization.embeddings) else []
    exclusive = diarization.exclusive_segments
    return replace(
        diarization,
        segments=tuple(
            replace(each, speaker=names[each.speaker]) for each in diarization.segments if each.speaker in names
        ),
        embeddings=diarization.embeddings[np.array(rows, int)],
        exclusive_segments=None
        if exclusive is None
        else tuple(replace(each, speaker=names[each.speaker]) for each in exclusive if each.speaker in names),
        confidences=None
        if diarization.confidences is None
        else tuple(
            sure
            for sure, each in zip(diarization.confidences, diarization.segments, strict=True)
            if each.speaker in names
        ),
        channel_of={names[label]: each for label, each in diarization.channel_of.items() if label in names},
    )


def without_music(turns: Sequence[HeardTurn], stretches: Sequence[Stretch]) -> list[HeardTurn]:
    """The turns, with nothing to be heard of those that lie mostly in music or tones."""
    return [replace(turn, speech=_speech(turn, stretches)) for turn in turns]


def stretch_notes(stretches: Sequence[Stretch]) -> list[str]:
    """A sentence on how much of the recording is music or tones; none where nothing is."""
    if not stretches:
        return []
    seconds = total_duration(each.segment for each in stretches)
    what = " and ".join(sorted({f"{each.kind}s" if each.kind == "tone" else each.kind for each in stretches}))
    return [f"{seconds:.0f} s of the recording are {what}, not speech: turns in it are not scored (quality.stretches)."]


def _speech(turn: HeardTurn, stretches: Sequence[Stretch]) -> TurnSpeech:
    share = _share(turn.turn.pieces, stretches, turn.channel)
    if share < MOST_OF_TURN:
        return turn.speech
    return TurnSpeech((), f"music: {100 * share:.0f} % of the turn lies in music or tones")


def _share(pieces: Sequence[Segment], stretches: Sequence[Stretch], channel: int | None) -> float:
    marked = [each.segment for each in stretches if each.channel == channel]
    return total_duration(intersection(pieces, marked)) / max(1e-9, total_duration(pieces))


def _renamed(label: str, index: int) -> str:
    return f"SPEAKER_{index:02d}" if label.startswith("SPEAKER_") else label
