"""What a table of sessions asks for, row by row, in the terms of the store."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any, get_args

from pipeline.roles import ROLES
from pipeline.store.listing import Either, Field, Order, Term, Test, Wanted, Word
from reports.language import say

MOST_ROWS = 500
"""Rows that one answer has at most."""

_ABOVE = ("only", "participant", "role", "voices", "flag", "shape", "from", "to")
_FIELDS: tuple[Field, ...] = get_args(Field)
_TESTS: dict[str, Test] = {
    "contains": "contains", "notContains": "not contains", "equals": "equals", "notEqual": "not equal",
    "startsWith": "begins", "endsWith": "ends", "lessThan": "less", "lessThanOrEqual": "at most",
    "greaterThan": "greater", "greaterThanOrEqual": "at least", "inRange": "between", "blank": "empty",
    "notBlank": "not empty",
}  # fmt: skip
"""AG Grid's names of what a field is compared by."""


def wanted_by(request: Mapping[str, Any], revision: str = "") -> Wanted:
    """Which sessions a request of the table is for, and in which order; what makes no sense in it is left out.

    Parameters
    ----------
    request : dict
        ``filterModel`` and ``sortModel`` as AG Grid gives them; the filters above the table stand in the first one
        under ``words``, ``only`` (a case), ``participant``, ``role``, ``voices``, ``flag``, ``shape``, ``from`` and
        ``to``.
    revision : str
        Of the findings that ``flag`` and ``shape`` are about.
    """
    model: Mapping[str, Any] = request.get("filterModel") or {}
    chosen = {name: _given(model, name) for name in _ABOVE}
    order = [each for each in request.get("sortModel") or () if each.get("colId") in _FIELDS]
    return Wanted(
        words=tuple(_word(each) for each in (_given(model, "words") or "").split()[:8]),
        case=chosen["only"],
        participant=chosen["participant"],
        role=chosen["role"],
        first=_day(chosen["from"]),
        last=_day(chosen["to"]),
        voices=int(voices) if (voices := chosen["voices"] or "").isdecimal() else None,
        flag=chosen["flag"],
        shape=chosen["shape"],
        revision=revision if chosen["flag"] or chosen["shape"] else "",
        terms=tuple(term for name in _FIELDS for term in _terms(name, model.get(name) or {})),
        order=tuple(Order(each["colId"], each.get("sort") == "desc") for each in order),
    )


def block_of(request: Mapping[str, Any]) -> tuple[int, int]:
    """From which row on a request is for rows, and for how many."""
    start = max(0, int(request.get("startRow") or 0))
    return start, min(MOST_ROWS, max(0, int(request.get("endRow") or 100) - start))


def _given(model: Mapping[str, Any], name: str) -> str | None:
    value = (model.get(name) or {}).get("filter")
    return str(value) if value not in (None, "") else None


def _word(text: str) -> Word:
    """A word, and the roles that are called so in the language spoken."""
    return Word(text, tuple(role for role in ROLES if text.lower() in say(role).lower()))


def _terms(field: Field, model: Mapping[str, Any]) -> Iterator[Term | Either]:
    """One column's filter: one condition, or several of which all hold or one does."""
    given = [each for each in (_term(field, one) for one in model.get("conditions") or [model]) if each]
    if len(given) > 1 and model.get("operator") == "OR":
        yield Either(tuple(given))
    else:
        yield from given


def _term(field: Field, model: Mapping[str, Any]) -> Term | None:
    test = _TESTS.get(str(model.get("type")))
    if test is None:
        return None
    if test in ("empty", "not empty"):
        return Term(field, test)
    if field == "date":
        value, to = _day(model.get("dateFrom")), _day(model.get("dateTo"))
        return Term(field, test, value, to) if value else None
    if field in ("duration", "turns", "scored"):
        number, end = _number(model.get("filter")), _number(model.get("filterTo"))
        return Term(field, test, number, end) if number is not None else None
    text = model.get("filter")
    return Term(field, test, str(text)) if text not in (None, "") else None


def _day(text: object) -> datetime.date | None:
    with suppress(ValueError):
        return datetime.date.fromisoformat(str(text)[:10])
    return None


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
