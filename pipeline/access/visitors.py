"""Who is at work here: every read and write of a workspace asks what they may.

Who that is belongs to the context (``visiting``), as with requests in web frameworks: whatever code runs inside a
request, however deep, reads the workspace with that person's eyes. Where nobody was named it is the program itself,
which may everything: the command line and workers, which whoever runs them could do without by opening the files.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Literal, get_args

from diarization.errors import AccessError

Role = Literal["viewer", "editor", "admin"]
"""A viewer reads and listens, an editor changes as well, an admin also says who may what."""

ROLES: tuple[Role, ...] = get_args(Role)
"""From the least to the most that one may do."""

Via = Literal["command line", "page", "api", "worker"]
"""By which way somebody comes."""


@dataclass(frozen=True)
class Visitor:
    """Somebody at work, and what they may.

    Parameters
    ----------
    id : str or None
        Random; what the audit trail knows them by. None where nobody signs in: it is whoever runs the program.
    via : str
        By which way they come.
    role : str
        One of ``ROLES``.
    cases : frozenset of str, optional
        The cases that they see; None is all, and sessions without a case as well.
    name : str, optional
        What pages call them; no trail and no log has it.
    """

    id: str | None
    via: Via
    role: Role = "admin"
    cases: frozenset[str] | None = None
    name: str | None = None

    def sees(self, case: str | None) -> bool:
        """Whether sessions of that case are there for them.

        >>> Visitor("a", "api", "viewer", frozenset({"Demo"})).sees("Demo"), Visitor("a", "api").sees(None)
        (True, True)
        """
        return self.cases is None or case in self.cases

    def may(self, role: Role) -> bool:
        """Whether they may what that role may.

        >>> Visitor("a", "api", "editor").may("viewer"), Visitor("a", "api", "editor").may("admin")
        (True, False)
        """
        return ROLES.index(self.role) >= ROLES.index(role)


_HERE: ContextVar[Visitor | None] = ContextVar("visitor", default=None)


def visitor() -> Visitor | None:
    """Who is at work in this context; None is the program itself."""
    return _HERE.get()


@contextmanager
def visiting(who: Visitor | None) -> Iterator[None]:
    """Within it, this person is at work; with None, the program itself."""
    token = _HERE.set(who)
    try:
        yield
    finally:
        _HERE.reset(token)


def cases_seen() -> frozenset[str] | None:
    """The cases that whoever is at work here sees; None is all, and sessions without a case as well."""
    here = visitor()
    return None if here is None else here.cases


def check_sees(case: str | None) -> None:
    """Nothing, where whoever is at work here may put something into that case.

    Whether there is such a case is not told.

    Raises
    ------
    AccessError
        Where they may not.
    """
    here = visitor()
    if here is not None and not here.sees(case):
        what = f"the case '{case}' is not among yours" if case else "without a case it would be nobody's to see"
        raise AccessError(f"{what}; yours are {', '.join(sorted(here.cases or ())) or 'none yet'}")


def check_may_change() -> None:
    """Nothing, where whoever is at work here may change something.

    Raises
    ------
    AccessError
        Where they may only read.
    """
    here = visitor()
    if here is not None and not here.may("editor"):
        raise AccessError("you may read and listen here, not change anything; ask an admin for the role editor")
