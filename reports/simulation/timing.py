"""When a simulated turn begins: gaps and overlaps as in real conversations."""

from __future__ import annotations

from dataclasses import dataclass

from numpy.random import RandomState

from diarization.errors import ConfigError


@dataclass(frozen=True)
class Timing:
    """How turns follow one another.

    The time from the end of a turn to the begin of the next (floor transfer offset) is a gap or an overlap, each
    exponentially distributed. With the defaults its mean is 0.2 s, as in the ten languages of Stivers et al. (2009,
    PNAS 106, 10587-10592); half of the offsets are within 0.25 s and 87 % within 0.75 s, where De Ruiter, Mitterer and
    Enfield (2006, Language 82, 515-535) count 45 % and 85 % in telephone calls. Share and length of overlaps are those
    that Levinson and Torreira (2015, Frontiers in Psychology 6, 731) report of Switchboard.

    Parameters
    ----------
    gap : float
        Mean seconds of a gap, 0 to 10.
    overlap : float
        Share of turns that begin before the one before has ended, 0 to 1.
    overlap_length : float
        Mean seconds of an overlap, above 0; none is longer than half of either turn.

    Raises
    ------
    ConfigError
        Where one is out of range.
    """

    gap: float = 0.4
    overlap: float = 0.3
    overlap_length: float = 0.275

    def __post_init__(self) -> None:
        if not 0 <= self.gap <= 10:
            raise ConfigError(f"gaps: {self.gap:g} s on average is out of range; 0 to 10 are accepted")
        if not 0 <= self.overlap <= 1:
            raise ConfigError(f"overlap: {self.overlap:g} is out of range; it is a share of the turns, 0 to 1")
        if not 0 < self.overlap_length <= 10:
            raise ConfigError(f"overlap length: {self.overlap_length:g} s is out of range; above 0 to 10 are accepted")

    def offset(self, before: float, after: float, random: RandomState) -> float:
        """Seconds from the end of a turn to the begin of the next; below 0 where they overlap.

        Parameters
        ----------
        before, after : float
            Seconds that the two turns last.
        random : RandomState
            Draws two numbers.
        """
        overlaps, length = random.random_sample() < self.overlap, random.exponential()
        if overlaps:
            return -min(self.overlap_length * length, before / 2, after / 2)
        return self.gap * length
