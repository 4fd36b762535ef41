"""What a measure is: a function with its definition, its source, and what one has to know to read it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from .values import COLUMNS, NAN, Value

if TYPE_CHECKING:
    from ..between.case_turns import CaseTurns
    from .conversation import Conversation

__all__ = ["COLUMNS", "GROUPS", "SCOPES", "CaseOver", "Group", "Least", "Measure", "Scope", "SessionOver"]

Scope = Literal["speaker", "pair", "session", "case"]
Group = Literal["turn taking", "affect dynamics", "between speakers", "between sessions"]

SCOPES: tuple[Scope, ...] = ("speaker", "pair", "session", "case")
"""Of what a measure speaks: each speaker, each ordered pair of speakers, the session, a participant over a case."""
GROUPS: tuple[Group, ...] = ("turn taking", "affect dynamics", "between speakers", "between sessions")
"""The parts of the documentation, in order."""

SessionOver = Callable[["Conversation"], Iterable[Value]]
CaseOver = Callable[["CaseTurns"], Iterable[Value]]


@dataclass(frozen=True)
class Least:
    """What a measure needs at least, as a number and what it counts.

    >>> str(Least(4, "scored turns of the speaker"))
    '4 scored turns of the speaker'
    """

    count: int
    of: str

    def __str__(self) -> str:
        return f"{self.count} {self.of}"


@dataclass(frozen=True)
class Measure:
    """One measure: what it is, where it comes from, how to read it, and the function that finds it.

    Parameters
    ----------
    name : str
        As in tables and on the command line: lower case, words joined by underscores.
    title : str
        As in reports.
    group : str
        One of ``GROUPS``.
    scope : str
        One of ``SCOPES``.
    unit : str
        Of the value.
    definition : str
        What is computed, precisely enough to do it again.
    source : str
        The paper it follows; "Turntone" with the reason where there is none.
    interpretation, caution : str
        A sentence each.
    least : Least
        Below it the value is "not enough data".
    over : callable
        Takes a Conversation, or for the scope "case" the CaseTurns of its sessions by date, and gives Values; ``n`` of
        each counts what ``least`` names.
    emotional : bool
        Whether it stands on the emotion scores (or on what is derived from them).
    detail : bool
        Whether it has so many values that it is shown only where it is asked for by name.
    """

    name: str
    title: str
    group: Group
    scope: Scope
    unit: str
    definition: str
    source: str
    interpretation: str
    caution: str
    least: Least
    over: Callable[[Any], Iterable[Value]]
    emotional: bool = False
    detail: bool = False

    def values(self, given: Any) -> list[Value]:
        """The measure's values; each that stands on too little is nan, with a note on what would be enough.

        Parameters
        ----------
        given : Conversation, or CaseTurns for the scope "case"
        """
        return [self._checked(value) for value in self.over(given)]

    def _checked(self, value: Value) -> Value:
        if value.n >= self.least.count:
            return value
        why = f"not enough data: {self.least} are needed, there {'is' if value.n == 1 else 'are'} {value.n}"
        note = f"{why}; {value.note}" if value.note else why
        return Value(NAN, value.n, value.speaker, value.other, value.part, value.key, note=note, session=value.session)
