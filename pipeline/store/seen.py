"""What of the tables whoever is at work here sees, as conditions for statements."""

from __future__ import annotations

from sqlalchemy import ColumnElement, ScalarSelect, Select, select

from ..access.visitors import cases_seen
from .jsons import said_in
from .models import CASES, JOBS, SESSIONS

Conditions = list[ColumnElement[bool]]


def seen_cases() -> Conditions:
    """Of ``CASES``; none where everything is seen."""
    names = cases_seen()
    return [] if names is None else [CASES.c.name.in_(sorted(names))]


def seen_sessions() -> Conditions:
    """Of ``SESSIONS``: sessions without a case are for those who see everything."""
    return [] if cases_seen() is None else [SESSIONS.c.case_id.in_(_seen_keys())]


def seen_jobs() -> Conditions:
    """Of ``JOBS``: those of a case that is seen."""
    names = cases_seen()
    return [] if names is None else [said_in(JOBS.c.payload, "case").in_(sorted(names))]


def _seen_keys() -> Select[tuple[int]] | ScalarSelect[int]:
    return select(CASES.c.id).where(*seen_cases())
