"""How the number of speakers of a recording came about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class SpeakerCount:
    """How many speakers the voices themselves gave, and what was made of that.

    Parameters
    ----------
    found : int or None
        What the diarizer finds when it is told nothing; None where it cannot do without being told.
    forced : int or None
        What the settings made of it, where they gave a number, or a range that ``found`` lies outside of.
    confidence : float or None
        0 to 1: the share of slightly different ways of counting (thresholds moved up and down, every other voice left
        out) that give ``found`` again. None where nothing could be varied.
    """

    found: int | None
    forced: int | None = None
    confidence: float | None = None

    def to_json(self) -> dict[str, int | float | None]:
        """The three as JSON values."""
        confidence = None if self.confidence is None else round(self.confidence, 3)
        return {"found": self.found, "forced": self.forced, "confidence": confidence}


def share_agreeing(found: int, others: Sequence[int]) -> float | None:
    """The share of other counts that are the one found; None where there are no others.

    >>> share_agreeing(2, [2, 2, 3, 2])
    0.75
    """
    return sum(other == found for other in others) / len(others) if others else None


def forced_count(found: int, num: int | None, fewest: int | None, most: float | None) -> int | None:
    """The number that settings make of the one found; None where they leave it.

    >>> forced_count(5, None, 2, 4), forced_count(3, None, 2, 4), forced_count(3, 3, None, None)
    (4, None, 3)
    """
    if num:
        return num
    bounded = int(min(max(found, fewest or 1), most or found))
    return None if bounded == found else bounded


def count_sentence(count: Mapping[str, Any]) -> str:
    """A SpeakerCount's JSON values as a sentence for people.

    >>> count_sentence({"found": 3, "forced": 2, "confidence": 0.8})
    '3 speakers found from the voices (80 % of varied counts agree); 2 by the settings.'
    """
    found, forced, confidence = count["found"], count["forced"], count["confidence"]
    sure = "" if confidence is None else f" ({100 * confidence:.0f} % of varied counts agree)"
    parts = [] if found is None else [f"{found} speaker{'' if found == 1 else 's'} found from the voices{sure}"]
    return "; ".join([*parts, *([] if forced is None else [f"{forced} by the settings"])]) + "."
