"""What of a channel is only another party heard through it: echo and cross-talk."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .channel_levels import FRAME_STEP, ChannelLevels

MARGIN_DB = 6.0
"""Speech is the channel's own where it is so much louder than the echo that is expected there."""

FAINT_DB = 26.0
"""So far below the channel's usual speech, while another party speaks, a voice is taken for cross-talk."""

_LEAD_DB = 8.0
_LEAST_CORRELATION = 0.12
_LEAST_LEVEL_CORRELATION = 0.6
_TAIL = 12  # frames over which an echo dies away
_DECAY_DB = 1.5  # a frame
_WIDEST = 1  # frames by which a delay may be off


@dataclass(frozen=True)
class Echo:
    """One party heard in another's channel.

    Parameters
    ----------
    source, channel : int
        Whose voice, and the channel in which it is heard again.
    delay : float
        Seconds by which it comes later.
    attenuation : float
        Decibels by which it is weaker, above 0.
    """

    source: int
    channel: int
    delay: float
    attenuation: float

    def to_json(self) -> dict[str, Any]:
        """JSON values."""
        return {
            "source": self.source,
            "channel": self.channel,
            "delay": round(self.delay, 4),
            "attenuation_db": round(self.attenuation, 1),
        }


def find_echoes(levels: ChannelLevels, speech: NDArray[np.bool_]) -> list[Echo]:
    """The echoes between all channels, from the frames in which the source clearly leads.

    Parameters
    ----------
    levels : ChannelLevels
        Of the recording.
    speech : np.ndarray of bool, shape (frames, channels)
        Where a voice is heard in each channel, its own or another's.
    """
    pairs = permutations(range(levels.decibels.shape[1]), 2)
    found = [_echo(levels, speech, source, channel) for source, channel in pairs]
    return [each for each in found if each is not None]


def own_speech(levels: ChannelLevels, speech: NDArray[np.bool_], echoes: list[Echo]) -> NDArray[np.bool_]:
    """The same as ``speech`` without the frames that hold no more than echoes or cross-talk."""
    own = speech.copy()
    for channel in range(speech.shape[1]):
        expected = [_expected(levels.decibels[:, each.source], each) for each in echoes if each.channel == channel]
        for level in expected:
            own[:, channel] &= levels.decibels[:, channel] > level + MARGIN_DB
    for channel in range(speech.shape[1]):
        others = np.delete(own, channel, axis=1).max(axis=1)
        own[:, channel] &= ~(_spread(others) & (levels.decibels[:, channel] < _usual(levels, own, channel) - FAINT_DB))
    return own


def _echo(levels: ChannelLevels, speech: NDArray[np.bool_], source: int, channel: int) -> Echo | None:
    leading = speech[:, source] & (levels.decibels[:, source] - levels.decibels[:, channel] > _LEAD_DB)
    if leading.sum() < 50:
        return None
    likeness = levels.likeness(source, channel, leading)
    late = round(likeness.delay / FRAME_STEP)
    by_sound = abs(likeness.correlation) >= _LEAST_CORRELATION and likeness.delay > -FRAME_STEP
    if not by_sound:
        late = _level_delay(levels, leading, source, channel)
    moments = np.flatnonzero(leading)
    moments = moments[moments + late < len(leading)]
    its, own = levels.decibels[moments + late, channel], _reverberant(levels.decibels[:, source])[moments]
    if not by_sound and (len(own) < 50 or np.corrcoef(own, its)[0, 1] < _LEAST_LEVEL_CORRELATION):
        return None
    attenuation = float(np.median(own - its))
    return Echo(source, channel, late * FRAME_STEP, attenuation) if attenuation > 3 else None


def _level_delay(levels: ChannelLevels, leading: NDArray[np.bool_], source: int, channel: int) -> int:
    """Frames by which the channel's level follows the source's best: for echoes that a codec has made unlike."""
    own, its = _reverberant(levels.decibels[:, source]), levels.decibels[:, channel]
    moments = np.flatnonzero(leading)

    def follows(late: int) -> float:
        chosen = moments[moments + late < len(its)]
        return float(np.corrcoef(own[chosen], its[chosen + late])[0, 1]) if len(chosen) >= 50 else -1.0

    return max(range(31), key=follows)


def _expected(source: NDArray[np.float32], echo: Echo) -> NDArray[np.float32]:
    """The level of the echo at each frame, shape (frames,)."""
    late = max(0, round(echo.delay / FRAME_STEP))
    level = _reverberant(source) - np.float32(echo.attenuation)
    shifted = [_later(level, late + each) for each in range(-_WIDEST, _WIDEST + 1)]
    return np.asarray(np.max(shifted, axis=0), np.float32)


def _reverberant(level: NDArray[np.float32]) -> NDArray[np.float32]:
    """A level that dies away slowly, as sound does in a room."""
    return np.asarray(np.max([_later(level, each) - each * _DECAY_DB for each in range(_TAIL)], axis=0), np.float32)


def _later(level: NDArray[np.float32], frames: int) -> NDArray[np.float32]:
    if frames <= 0:
        return np.concatenate([level[-frames:], np.full(min(-frames, len(level)), -120, np.float32)])
    return np.concatenate([np.full(min(frames, len(level)), -120, np.float32), level[:-frames]])[: len(level)]


def _spread(active: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The same with 0.3 s after each active frame, for what comes late."""
    return np.asarray(np.convolve(active, np.ones(16), "full")[: len(active)] > 0)


def _usual(levels: ChannelLevels, own: NDArray[np.bool_], channel: int) -> float:
    spoken = levels.decibels[own[:, channel], channel]
    return float(np.percentile(spoken, 90)) if len(spoken) else -np.inf
