"""Which turns there are, and what of each the recogniser hears."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from diarization.audio import Sound
from diarization.diarizations import Diarization
from diarization.turns import Turn, turns_of
from emotion.recognizers import EmotionConfig
from emotion.windows import TurnSpeech, Window, turn_speech

from .running import Run


@dataclass(frozen=True)
class HeardTurn:
    """A turn and its clean speech.

    Parameters
    ----------
    turn : Turn
        With its overlap, wherever it is heard.
    speech : TurnSpeech
        What is scored of it.
    channel : int or None
        The channel that its speaker has to himself, which is then what is heard of it; None for the mix.
    """

    turn: Turn
    speech: TurnSpeech
    channel: int | None = None

    @property
    def windows(self) -> list[Window]:
        """In order; empty where the turn is not scored."""
        return list(self.speech.windows)


def find_turns(diarization: Diarization, sound: Sound, run: Run) -> list[HeardTurn]:
    """The turns of a recording, ordered by start. Takes no time worth caching."""
    config = run.engines.config
    with run.stage("turns"):
        return [
            heard_turn(turn, sound, config.emotion, diarization.channel_of.get(turn.speaker))
            for turn in turns_of(diarization, config.turns)
        ]


def heard_turn(turn: Turn, sound: Sound, config: EmotionConfig, channel: int | None = None) -> HeardTurn:
    """A turn with what is heard of it: on a channel of its speaker's own nobody else is, so nothing is left out."""
    alone = turn if channel is None else replace(turn, overlapped=())
    return HeardTurn(turn, turn_speech(alone, sound.heard_on(channel), config), channel)


def masked_turns(turns: Sequence[HeardTurn], reasons: Mapping[str, str]) -> list[HeardTurn]:
    """The turns without anything to be heard of those speakers who are not scored, so that nothing is computed."""
    return [
        replace(turn, speech=TurnSpeech((), reasons[turn.turn.speaker])) if turn.turn.speaker in reasons else turn
        for turn in turns
    ]
