"""What the channels of a recording are: one party each, copies of one another, or one scene heard from all sides."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import cached_property
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .channel_levels import FRAME_STEP, ChannelLevels, Likeness
from .channel_sound import ChannelSound

COPIES = 0.8
"""Correlation from which one channel is a copy of the other, be it late or inverted, at a level that stays the same."""

_LEAD_DB = 8.0  # a party is so much louder in its own channel than in any other
_LEAST_LEAD = 0.6  # share of the active time in which some channel leads so
_LEAST_PARTY = 0.04  # share of that time that each party has at least
_LEAST_SECONDS = 1.0
_SAME_SOUND = 0.5  # correlation from which two channels hear the same
_MOST_SPREAD = 3.0  # dB between the quartiles of the difference in level of copies, once they are aligned
_MOST_SAME = 0.3  # correlation of levels over time, where both are active, up to which two channels may be two parties


@dataclass(frozen=True)
class ChannelLayout:
    """What the channels are.

    Parameters
    ----------
    kind : str
        ``parties`` (one party a channel), ``copies``, ``single`` (sound in one channel only), ``silent`` or ``scene``
        (all channels hear the same people).
    reason : str
        A sentence with the figures.
    leads : float
        Share of the active time in which one channel is clearly louder than the others, 0 to 1.
    shares : tuple of float
        How that time is shared out among the channels.
    correlation : float
        Highest between any two channels, at the best delay, where both are active.
    """

    kind: str
    reason: str
    leads: float = 0.0
    shares: tuple[float, ...] = ()
    correlation: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """JSON values, shares and correlations to three digits."""
        rounded = {"leads": round(self.leads, 3), "correlation": round(self.correlation, 3)}
        return asdict(self) | rounded | {"shares": [round(each, 3) for each in self.shares]}


def layout_of(sound: ChannelSound, levels: ChannelLevels | None = None) -> ChannelLayout:
    """What the channels of a recording are, from how loud they are when and how alike they sound.

    Parties are told by level: most of the active time one channel is 8 dB or more above the others, and each has its
    part of that. Copies are told by correlation, at any delay up to 0.6 s and with either sign.
    """
    return _Layout(levels or ChannelLevels(sound)).found()


class _Layout:
    def __init__(self, levels: ChannelLevels) -> None:
        self._levels = levels
        silent = set(levels.silent)
        self._heard = [each for each in range(levels.decibels.shape[1]) if each not in silent]

    def found(self) -> ChannelLayout:
        if not self._heard:
            return ChannelLayout("silent", "no channel holds any sound")
        if len(self._heard) == 1:
            return ChannelLayout("single", "only one channel holds any sound")
        figures = self._leads, tuple(self._shares), self._correlation
        if self._copies:
            how = "inverted " if self._correlation < 0 else ""
            return ChannelLayout(
                "copies", f"the channels are {how}copies of one another (correlation {self._correlation:.2f})", *figures
            )
        if self._apart:
            shares = ", ".join(f"{100 * share:.0f} %" for share in self._shares)
            return ChannelLayout(
                "parties",
                f"one party a channel: in {100 * self._leads:.0f} % of the speech one channel is at least "
                f"{_LEAD_DB:g} dB above the others ({shares})",
                *figures,
            )
        said = f"one channel is clearly louder in only {100 * self._leads:.0f} % of the sound"
        return ChannelLayout("scene", f"the channels hear the same people: {said}", *figures)

    @cached_property
    def _active(self) -> NDArray[np.bool_]:
        active: NDArray[np.bool_] = self._levels.active.max(axis=1)
        return active

    @cached_property
    def _leading(self) -> NDArray[np.bool_]:
        """Which channel leads when, shape (frames, heard channels)."""
        columns = [self._levels.active[:, each] & (self._levels.lead(each) >= _LEAD_DB) for each in self._heard]
        return np.stack(columns, axis=1)

    @cached_property
    def _leads(self) -> float:
        led: NDArray[np.bool_] = self._leading.max(axis=1)
        return float(led[self._active].mean())

    @cached_property
    def _shares(self) -> NDArray[np.float64]:
        totals = self._leading.sum(axis=0)
        return np.asarray(totals / max(1, totals.sum()))

    @property
    def _apart(self) -> bool:
        enough = self._leading.sum(axis=0) >= max(_LEAST_SECONDS * 50, _LEAST_PARTY * self._leading.sum())
        return bool(enough.all()) and (self._leads >= _LEAST_LEAD or self._unrelated)

    @property
    def _unrelated(self) -> bool:
        """Whether the levels of the channels, where both are active, have nothing to do with one another.

        So it is where somebody speaks against hold music in the other channel, and neither is clearly louder.
        """
        return abs(self._correlation) < _SAME_SOUND and all(
            self._level_correlation(*pair) < _MOST_SAME for pair in combinations(self._heard, 2)
        )

    def _level_correlation(self, one: int, other: int) -> float:
        pair: NDArray[np.float32] = self._levels.decibels[:, [one, other]]
        levels = pair[self._active]
        floored = np.maximum(levels, levels.max(axis=0) - 40)
        if len(levels) < 50 or floored.std(axis=0).min() < 0.1:
            return 0.0
        return float(np.corrcoef(floored.T)[0, 1])

    @property
    def _copies(self) -> bool:
        """Whether every channel repeats the first, at one level and one delay."""
        first, *others = self._heard
        return all(self._is_copy(first, each) for each in others)

    def _is_copy(self, one: int, other: int) -> bool:
        likeness = self._likenesses[one, other]
        late = round(likeness.delay / FRAME_STEP)
        levels = self._levels.decibels
        own, its = levels[max(0, -late) :, one], levels[max(0, late) :, other]
        size = min(len(own), len(its))
        heard = self._levels.active[max(0, -late) :, one][:size]
        low, high = np.percentile((its[:size] - own[:size])[heard], (25, 75)) if heard.any() else (0.0, 99.0)
        return abs(likeness.correlation) >= COPIES and bool(high - low <= _MOST_SPREAD)

    @property
    def _correlation(self) -> float:
        return max((each.correlation for each in self._likenesses.values()), key=abs)

    @cached_property
    def _likenesses(self) -> dict[tuple[int, int], Likeness]:
        return {pair: self._pair(*pair) for pair in combinations(self._heard, 2)}

    def _pair(self, one: int, other: int) -> Likeness:
        return self._levels.likeness(one, other, self._levels.active[:, [one, other]].max(axis=1))
