"""Numbers as people read them, the same in sentences, tables and flags."""

from __future__ import annotations

from math import isnan
from typing import TYPE_CHECKING

from .language import say

if TYPE_CHECKING:
    from .measures.registry import Least

_COUNTS = ("turns", "interruptions", "back-channels")


def clock(seconds: float) -> str:
    """Minutes and whole seconds that have passed, as players show them, with hours where there are any.

    >>> clock(75.6), clock(3723)
    ('1:15', '1:02:03')
    """
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def number(value: float, signed: bool = False) -> str:
    """Two decimals with a true minus, and no minus before zero; nothing where it is not known.

    >>> number(-0.5), number(-0.001), number(0.25, signed=True), number(float("nan"))
    ('−0.50', '0.00', '+0.25', '')
    """
    if isnan(value):
        return ""
    text = f"{value:.2f}"
    if float(text) == 0:
        return "0.00"
    return (f"{value:+.2f}" if signed else text).replace("-", "−")


def percent(value: float) -> str:
    """A share of 1.

    >>> percent(0.254)
    '25%'
    """
    return f"{value:.0%}"


def in_unit(value: float, unit: str) -> str:
    """A measure's value in its unit.

    >>> in_unit(75.0, "s"), in_unit(0.254, "share, 0 to 1"), in_unit(-0.5, "-1 to 1"), in_unit(3.0, "turns")
    ('1:15', '25%', '−0.50', '3')
    """
    if unit.startswith("share"):
        return percent(value)
    if unit == "s" or unit.startswith("s of"):
        return clock(value) if value >= 60 else say("{seconds} s", seconds=number(value))
    if unit == "words a minute":
        return say("{count} words a minute", count=f"{value:.0f}")
    return f"{value:.0f}" if unit in _COUNTS or unit.startswith("number") else number(value)


def by_chance(chance: float) -> str:
    """How likely chance alone is to give such a difference.

    >>> by_chance(0.0004), by_chance(0.007), by_chance(0.26)
    ('p < 0.001', 'p = 0.007', 'p = 0.26')
    >>> by_chance(float("nan"))  # where turns are too few to tell
    'too few turns for p'
    """
    if chance != chance:
        return say("too few turns for p")
    return "p < 0.001" if chance < 0.001 else f"p = {chance:.3f}" if chance < 0.1 else f"p = {chance:.2f}"


def least_words(least: Least) -> str:
    """What a measure needs at least, in the language spoken."""
    return say("{count} {of}", count=least.count, of=say(least.of))
