"""One rule: of whom, which measure or value of turns, and what of it is worth a look."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from ..measures import find_measures
from ..measures.conversation import QUARTERS

TURN_VALUES = ("valence", "arousal", "confidence", "overlap", "duration")
"""What a rule over turns may look at beside the labels of the session's emotions."""

Part = Literal["session", "first quarter", "second quarter", "third quarter", "last quarter"]

_QUARTERS = dict(zip(("first quarter", "second quarter", "third quarter", "last quarter"), QUARTERS, strict=True))


class Rule(BaseModel):
    """What raises a flag, as a file of rules has it.

    A rule looks either at a ``measure`` or at a value of ``turns``, and has one of ``above``, ``below``, ``rises_by``
    and ``falls_by``.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    name: str = Field(min_length=1, description="what the flag is called, one of a kind in the file")
    title: str = Field(min_length=1, description="what the flag says, as a heading")
    about: str = Field("", description="why it is worth a look, and what else it may be")
    measure: str | None = Field(None, description="a measure of docs/measures.md")
    key: str | None = Field(None, description="which of the measure's values, where it has several: `valence`, `angry`")
    turns: str | None = Field(
        None, description="an emotion (its probability), or valence, arousal, confidence, overlap or duration (seconds)"
    )
    of: str | None = Field(None, description="whose: a role, a participant or a speaker's label; anybody's without it")
    towards: str | None = Field(None, description="of a measure of pairs: the other of the two, likewise")
    part: Part = Field("session", description="the part of the recording that is looked at")
    above: float | None = Field(None, description="the value is larger")
    below: float | None = Field(None, description="the value is smaller")
    rises_by: float | None = Field(
        None, gt=0, description="turns only: the mean of the part is higher than before it by so much at least"
    )
    falls_by: float | None = Field(None, gt=0, description="turns only: the same, lower")
    seconds: float = Field(
        0.0,
        ge=0,
        alias="for",
        description="turns only, with above or below: so many seconds of talk at a stretch, no other turn of the "
        "speaker's between them",
    )
    p_below: float | None = Field(
        None, gt=0, le=1, description="only where chance alone gives that at most so often; 0.05 for rises and falls"
    )

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        problem = next(self._problems(), None)
        if problem:
            raise ValueError(problem)
        if self.measure is not None and find_measures([self.measure])[0].scope == "case":
            raise ValueError(f"measure: '{self.measure}' is of a case; flags look at one session")
        return self

    def _problems(self) -> Iterator[str]:
        given = [name for name in ("above", "below", "rises_by", "falls_by") if getattr(self, name) is not None]
        if (self.measure is None) == (self.turns is None):
            yield "give either 'measure' or 'turns'"
        if len(given) != 1:
            yield "give one of 'above', 'below', 'rises_by' and 'falls_by'" + (f", not {len(given)}" if given else "")
        if self.measure is not None and (self.moves or self.seconds):
            yield "'rises_by', 'falls_by' and 'for' are of turns, not of a measure"
        if self.turns is not None and (self.key or self.towards):
            yield "'key' and 'towards' are of a measure, not of turns"
        if self.moves and self.part in ("session", "first quarter"):
            yield "'rises_by' and 'falls_by' compare a part with what was before it; give a later 'part'"
        if self.moves and self.seconds:
            yield "'for' goes with 'above' or 'below'"
        if self.turns is not None and self.p_below is not None and not self.moves:
            yield "'p_below' is of measures, 'rises_by' and 'falls_by'"

    @property
    def moves(self) -> bool:
        """Whether it compares a part with what was before."""
        return self.rises_by is not None or self.falls_by is not None

    @property
    def quarter(self) -> str:
        """The part as tables of measures call it."""
        return _QUARTERS.get(self.part, self.part)

    def holds(self, value: float) -> bool:
        """Whether a value is beyond the limit.

        >>> Rule(name="a", title="A", measure="talk_share", above=0.6).holds(0.61)
        True
        """
        return value > self.above if self.above is not None else self.below is not None and value < self.below

    def moved(self, before: float, after: float) -> bool:
        """Whether a mean has gone as far as the rule says."""
        if self.rises_by is not None:
            return after - before >= self.rises_by
        return self.falls_by is not None and before - after >= self.falls_by
