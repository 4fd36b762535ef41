"""What to simulate: how many conversations, how long, of whom, in which rooms."""

from __future__ import annotations

from dataclasses import dataclass, field

from numpy.random import RandomState

from diarization.errors import ConfigError

from ..recovery import LEAST_SESSIONS
from .courses import check_course
from .sound import Room
from .timing import Timing

CONDITIONS = ("clean", "noisy", "telephone", "reverberant")
"""What rooms and lines there are."""


@dataclass(frozen=True)
class Plan:
    """What to simulate.

    Parameters
    ----------
    conversations, speakers : int
        How many, and of how many speakers each (2 to 10).
    minutes : float
        How long each lasts, to the turn: 0.1 to 120.
    timing : Timing
        Gaps and overlaps.
    conditions : tuple of str
        Of ``CONDITIONS``; conversations take them in turn.
    course, trend : str
        Of ``COURSES`` and ``TRENDS``.
    seed : int
        Decides everything that is drawn; 0 to 2**32 - 1.

    Raises
    ------
    ConfigError
        Where one of them is out of range.
    """

    conversations: int = 8
    speakers: int = 2
    minutes: float = 3.0
    timing: Timing = field(default_factory=Timing)
    conditions: tuple[str, ...] = ("clean",)
    course: str = "mixed"
    trend: str = "none"
    seed: int = 0

    def __post_init__(self) -> None:
        check_course(self.course, self.trend)
        limits = {"conversations": (1, 10_000), "speakers": (2, 10), "minutes": (0.1, 120), "seed": (0, 2**32 - 1)}
        for name, (least, most) in limits.items():
            if not least <= getattr(self, name) <= most:
                raise ConfigError(f"{name}: {getattr(self, name):g} is out of range; {least:g} to {most} are accepted")
        if self.trend != "none" and self.conversations < LEAST_SESSIONS:
            raise ConfigError(f"a trend needs at least {LEAST_SESSIONS} conversations, got {self.conversations}")
        if unknown := [each for each in self.conditions if each not in CONDITIONS]:
            raise ConfigError(f"condition '{unknown[0]}' is unknown; known are {', '.join(CONDITIONS)}")
        if not self.conditions:
            raise ConfigError(f"no condition; name at least one of {', '.join(CONDITIONS)}")


def room_of(condition: str, random: RandomState) -> Room:
    """A room or line of that condition."""
    if condition == "noisy":
        return Room(condition, snr=random.uniform(12, 18), rumble=0.9)
    if condition == "telephone":
        return Room(condition, snr=27.0, telephone=True)
    if condition == "reverberant":
        return Room(condition, snr=30.0, reverberation=random.uniform(0.4, 0.8))
    return Room(condition, snr=30.0)
