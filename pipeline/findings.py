"""Looks sessions through for what lists are chosen by: flags and the shapes of courses.

What findings are is said by a room above (``reports.findings``). Nobody says when they are made: whatever changes a
session takes its findings away in the same transaction (``store.models.LookRow``), and whoever has time makes them
anew, the sessions that changed last first.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Protocol

from diarization.errors import DatabaseLost, StoreAway, TurntoneError

from .sessions import Session
from .store.database import asked_again
from .store.findings import (
    Finding,
    anything_waits,
    findings_of,
    keep_failure,
    keep_findings,
    looks_state,
    not_looked_through,
    waiting_for_a_look,
)
from .workspace import Workspace

__all__ = ["Finder", "Finding", "FindingsOfSessions", "Looking"]

_LOG = logging.getLogger(__name__)

_AT_ONCE = 50
_AGAIN = 2.0  # seconds between two looks for something to do

Wait = Callable[[float], bool]
"""Waits so many seconds, less where it is to stop; gives whether it is."""


class Finder(Protocol):
    """What makes findings of a session."""

    @property
    def revision(self) -> str:
        """Stands for the rules and measures: what was found by another one holds no longer."""
        ...

    def __call__(self, session: Session) -> Sequence[Finding]:
        """What is found in a session."""
        ...


class FindingsOfSessions:
    """What was found in the sessions of a workspace, by one revision.

    Parameters
    ----------
    workspace : Workspace
    revision : str
        Of the ``Finder``.
    """

    def __init__(self, workspace: Workspace, revision: str) -> None:
        self._workspace = workspace
        self.revision = revision

    @asked_again
    def of(self, session_ids: Sequence[str]) -> dict[str, list[Finding]]:
        """What was found in some sessions, by id; those that were not looked through yet are left out."""
        with self._workspace.reading() as connection:
            return findings_of(connection, session_ids, self.revision) if connection and session_ids else {}

    @asked_again
    def missing(self) -> int:
        """How many sessions were not looked through yet, or cannot be."""
        with self._workspace.reading() as connection:
            return not_looked_through(connection, self.revision) if connection else 0

    @asked_again
    def waiting(self) -> bool:
        """Whether there is anything to do for ``Looking``."""
        with self._workspace.reading() as connection:
            return connection is not None and anything_waits(connection, self.revision)

    @asked_again
    def state(self) -> str:
        """What tells the states of all findings from each other."""
        with self._workspace.reading() as connection:
            return looks_state(connection) if connection else ""


class Looking:
    """Looks through the sessions of a workspace that were not, or whose findings hold no longer.

    Parameters
    ----------
    workspace : Workspace
    finder : Finder
    """

    def __init__(self, workspace: Workspace, finder: Finder) -> None:
        self._workspace = workspace
        self._finder = finder

    def keep_on(self, wait: Wait, busy: Callable[[], bool] = lambda: False) -> None:
        """Look through whatever there is until told to stop.

        Parameters
        ----------
        wait : callable
            What it waits with.
        busy : callable
            Whether something else is at work here: then half of the time is left to it.
        """
        stopped = False
        while not stopped:
            pause = _AGAIN
            try:
                if self.go_on(wait, busy):
                    pause = 0.0
            except TurntoneError as error:  # a database or store that is away: later perhaps
                _LOG.warning("%s", error)
            except Exception:  # nobody else looks
                _LOG.warning("looking through sessions failed", exc_info=True)
            stopped = wait(pause)

    def go_on(
        self,
        wait: Wait = lambda _seconds: False,
        busy: Callable[[], bool] = lambda: False,
        seconds: float = float("inf"),
    ) -> int:
        """Look through the next sessions, for so many seconds at most; gives how many were looked through.

        Parameters
        ----------
        wait, busy : callable
            As for ``keep_on``.

        Raises
        ------
        TurntoneError
            Where the database or the store cannot be asked.
        """
        with self._workspace.reading() as connection:
            ids = waiting_for_a_look(connection, self._finder.revision, _AT_ONCE) if connection else []
        done = 0
        until = time.monotonic() + seconds
        random.shuffle(ids)  # others may be at the same ones
        for each in ids:
            began = time.monotonic()
            if began > until:
                break
            done += self._look_through(each)
            if wait(time.monotonic() - began if busy() else 0.0):
                break
        return done

    def _look_through(self, session_id: str) -> bool:
        """Keep what is found in a session; gives whether it is looked through now."""
        version, revision = self._workspace.version(session_id), self._finder.revision
        with self._workspace.reading() as connection:
            assert connection is not None
            known = findings_of(connection, [session_id], revision)
        if version is None or known:
            return bool(known)
        try:
            session = self._workspace.session(session_id)
            found = self._finder(session)
        except (DatabaseLost, StoreAway):
            raise
        except Exception as error:
            _LOG.warning("session %s was not looked through: %s", session_id, error)
            with self._workspace.writing() as connection:
                return keep_failure(connection, session_id, version, revision)
        with self._workspace.writing() as connection:
            return keep_findings(connection, session, version, revision, found)


def findings_json(findings: Sequence[Finding] | None) -> dict[str, Any]:
    """What lists of sessions say of findings, as JSON values; both are None of a session not looked through yet.

    >>> findings_json([Finding("flag", "silence"), Finding("shape", "flat", "SPEAKER_00")])
    {'flags': [{'name': 'silence', 'speaker': None, 'other': None}], 'shapes': {'SPEAKER_00': 'flat'}}
    """
    if findings is None:
        return {"flags": None, "shapes": None}
    return {
        "flags": [
            {"name": each.name, "speaker": each.speaker, "other": each.other}
            for each in findings
            if each.kind == "flag"
        ],
        "shapes": {str(each.speaker): each.name for each in findings if each.kind == "shape"},
    }


def look_while(looking: Looking, seconds: float) -> None:
    """Look through sessions for so many seconds at most; nothing where nothing can be stored."""
    until = time.monotonic() + seconds
    with suppress(TurntoneError):
        while (left := until - time.monotonic()) > 0 and looking.go_on(seconds=left):
            pass
