"""How each turn is spoken: pitch, level and rate, whatever recogniser scores it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from diarization.audio import Sound
from emotion.voices import VOICE_COLUMNS, voice_of

from ..codecs import window_arrays
from .running import Run, stage_key
from .turns import HeardTurn


def turn_voices(turns: Sequence[HeardTurn], sound: Sound, run: Run) -> NDArray[np.float32]:
    """The voice of each turn, ``shape (turns, 3)`` in the order of ``VOICE_COLUMNS``; nan where it is not scored.

    Cached by what is heard of the turns.
    """
    windows = [turn.windows for turn in turns]
    heard = [array.tolist() for array in window_arrays(windows).values()]
    key = stage_key("voices", [], [heard, [turn.channel for turn in turns]])
    known = run.cache.get(sound.recording.id, "voices", key)
    if known is not None:
        return np.asarray(known["voices"], np.float32)
    voices = [voice_of(turn.windows, sound.heard_on(turn.channel)) for turn in turns]
    found = np.array(voices, np.float32).reshape(-1, len(VOICE_COLUMNS))
    run.cache.put(sound.recording.id, "voices", key, {"voices": found})
    return found
