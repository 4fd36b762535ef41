"""How high, how loud and how fast a turn is spoken: what entrainment between speakers is measured on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from diarization.recordings import SAMPLING_RATE, Waveform

from .features import contours_of, feature_names, features_of
from .windows import Window, all_heard, level_of, waveform_of

VOICE_COLUMNS = ("pitch", "level", "rate")
"""Of the columns of a turn's voice: median pitch in semitones over 55 Hz, level in dBFS, loudness peaks a second."""

_HEARD = 10.0  # seconds of a turn on which pitch and rate are measured; more would cost time and say little
_LEAST = 0.5  # seconds; a shorter stretch has no rate


def voice_of(windows: Sequence[Window], waveform: Waveform) -> NDArray[np.float64]:
    """The voice of one turn, ``shape (3,)`` in the order of ``VOICE_COLUMNS``.

    The level is that of all its clean speech, pitch and rate are those of the first 10 s of it. nan where the turn has
    no window, that is, where it is not scored, or where less than half a second is heard of it.
    """
    if not windows or sum(window.duration for window in windows) < _LEAST:
        return np.full(len(VOICE_COLUMNS), np.nan)
    heard = np.concatenate([waveform_of(window, waveform) for window in windows[:1]])[: int(_HEARD * SAMPLING_RATE)]
    features = dict(zip(feature_names(), features_of(contours_of(heard)), strict=True))
    level = level_of(all_heard(windows), waveform)
    return np.array([features["pitch_median"], level if np.isfinite(level) else np.nan, features["peak_rate"]])
