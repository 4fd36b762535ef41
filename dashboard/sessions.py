"""Reading a workspace for pages: sessions are opened once and kept while they do not change."""

from __future__ import annotations

import datetime
import re
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Generic, TypeVar

from diarization.errors import TurntoneError
from pipeline.access.visitors import cases_seen, visitor

if TYPE_CHECKING:
    from pipeline.findings import Finding, FindingsOfSessions
    from pipeline.sessions import Session
    from pipeline.store.kept_audio import KeptAudio
    from pipeline.store.listing import Names, Totals, Wanted
    from pipeline.store.trail import Action, Kind
    from pipeline.workspace import CaseSummary, SessionSummary, Workspace

_AGAIN = 300.0
"""Seconds within which the trail does not say again that somebody opened or hears the same."""

_LISTS = 8
"""Lists of which the ids in their order are kept, of all who look at one."""

_SESSION_ID = re.compile(r"[0-9a-f]{12}")

T = TypeVar("T")


class Library:
    """The sessions of a workspace, as pages ask for them.

    Parameters
    ----------
    workspace : Workspace
        One that does not exist yet is an empty one.
    size : int > 0
        How many opened sessions are kept.
    parts : int > 0
        How many finished parts of pages are kept.
    """

    def __init__(self, workspace: Workspace, size: int = 32, parts: int = 256) -> None:
        self._workspace = workspace
        self._opened: Kept[Session] = Kept(size)
        self._parts: Kept[object] = Kept(parts)
        self._lists: Kept[list[str]] = Kept(_LISTS)
        self._noted: dict[Hashable, float] = {}
        self._behind = ThreadPoolExecutor(1, "audit-trail")
        self._lock = Lock()

    @cached_property
    def _found(self) -> FindingsOfSessions:
        from pipeline.findings import FindingsOfSessions
        from reports.findings import SessionFinder

        return FindingsOfSessions(self._workspace, SessionFinder().revision)

    @property
    def path(self) -> Path:
        """The workspace's folder."""
        return Path(self._workspace.path)

    @property
    def workspace(self) -> Workspace:
        """What is read."""
        return self._workspace

    def sessions(self) -> list[SessionSummary]:
        """What lists show of every session, by case and date."""
        return self.part(("sessions", self.state()), self._workspace.sessions)

    def listed(self, wanted: Wanted, start: int, count: int) -> tuple[list[SessionSummary], int]:
        """What a list shows of some of the sessions that it wants, from one on, and how many it wants in all."""
        ids = self.list_of(wanted)
        return self._workspace.summaries(ids[start : start + count]), len(ids)

    def summaries(self, session_ids: Sequence[str]) -> list[SessionSummary]:
        """What a list shows of the sessions of exactly those ids, in their order."""
        return self._workspace.summaries([each for each in session_ids if _SESSION_ID.fullmatch(each)])

    def list_of(self, wanted: Wanted) -> list[str]:
        """The ids of the sessions that a list wants, in its order."""
        state = self.state(), self._found.state() if wanted.flag or wanted.shape else ""
        return self._lists.get((cases_seen(), state, wanted), lambda: self._workspace.listed(wanted))

    @property
    def revision(self) -> str:
        """Of the rules and measures that findings come from."""
        return self._found.revision

    def findings(self, session_ids: Sequence[str]) -> dict[str, list[Finding]]:
        """What was found in some sessions, by id; those that were not looked through yet are left out."""
        return self._found.of([each for each in session_ids if _SESSION_ID.fullmatch(each)])

    def not_looked_through(self) -> int:
        """How many sessions were not looked through yet, or cannot be: no list that is chosen by findings has them."""
        return self.part(("not looked through", self.state(), self._found.state()), self._found.missing)

    def middle_day(self) -> datetime.date | None:
        """The day before which half of the dated sessions took place; None where none is dated."""
        return self.part(("middle day", self.state()), self._workspace.middle_day)

    def totals(self) -> Totals:
        """How many sessions and cases there are, and how much sound."""
        return self.part(("totals", self.state()), self._workspace.totals)

    def names(self) -> Names:
        """The cases, participants and roles that sessions can be chosen by."""
        return self.part(("names", self.state()), self._workspace.names)

    def state(self) -> str:
        """What tells the states of all sessions from each other."""
        return self._workspace.state()

    def sessions_of(self, case: str) -> list[SessionSummary]:
        """The same of one case."""
        return self._workspace.sessions(case)

    def cases(self, most: int | None = None) -> list[CaseSummary]:
        """What lists show of every case, by name; of more than ``most``, of those in which something changed last."""
        return self.part(("cases", most, self.state()), lambda: self._workspace.cases(most))

    def courses(self, session_ids: Sequence[str]) -> dict[str, dict[str, list[float | None]]]:
        """How the speakers of some sessions sound over time, as ``Workspace.courses``."""
        return self._workspace.courses([each for each in session_ids if _SESSION_ID.fullmatch(each)])

    def has_session(self, session_id: str) -> bool:
        """Whether there is a session of exactly that id; ids from addresses are checked here."""
        return self.version(session_id) is not None

    def has_case(self, name: str) -> bool:
        """Whether there is a case of exactly that name."""
        return bool(name and self._workspace.versions(name))

    def version(self, session_id: str) -> str | None:
        """What tells the states of a session from each other; None where there is no session of exactly that id."""
        if not _SESSION_ID.fullmatch(session_id):
            return None
        return self._workspace.version(session_id)

    def session(self, session_id: str) -> Session | None:
        """The session of exactly that id, None where there is none."""
        version = self.version(session_id)
        if version is None:
            return None
        self._note("opened", "session", session_id)
        return self._open(session_id, version)

    def case_versions(self, name: str) -> dict[str, str]:
        """The version of each session of the case of exactly that name, by id, in order of date."""
        return self._workspace.versions(name) if name else {}

    def case(self, name: str) -> list[Session] | None:
        """The sessions of the case of exactly that name, by date, None where there is none."""
        found = self.case_versions(name)
        if found:
            self._note("opened", "case", name)
        return [self._open(*each) for each in found.items()] or None

    def part(self, key: Hashable, make: Callable[[], T]) -> T:
        """What was made under a key before, else what is made now; the key names versions, language and colours.

        Whoever sees other cases gets what was made for them.
        """
        found: T = self._parts.get((cases_seen(), key), make)  # type: ignore[assignment]
        return found

    def audio(self, session_id: str) -> KeptAudio | None:
        """The 16 kHz FLAC kept of a session's recording, None where there is none, or it cannot be decrypted here."""
        if not _SESSION_ID.fullmatch(session_id):
            return None
        try:
            kept = self._workspace.kept_audio(session_id)
            with kept.open():
                return kept
        except (TurntoneError, OSError):
            return None

    def listen(self, session_id: str) -> KeptAudio | None:
        """The same, for somebody who hears it."""
        kept = self.audio(session_id)
        if kept is not None:
            self._note("listened", "session", session_id)
        return kept

    def export(self, session_ids: Sequence[str], to: str) -> None:
        """Write to the audit trail that sessions are given out in a format."""
        for each in session_ids:
            self._workspace.note("exported", "session", each, to)

    def assign(self, session_id: str, people: Mapping[str, tuple[str | None, str | None]]) -> list[Session]:
        """Say who is who, as ``Workspace.assign``."""
        from pipeline.unmasking import assign_people

        return assign_people(self._workspace, session_id, people)

    def delete(self, session_id: str) -> None:
        """Remove a session, as ``Workspace.delete``."""
        self._workspace.delete(session_id)

    def check_usable(self) -> None:
        """Nothing, where the workspace can be read and written, as ``Workspace.check_usable``."""
        self._workspace.check_usable()

    def _note(self, action: Action, kind: Kind, name: str) -> None:
        """Write to the audit trail what somebody looks at, once in a while: players ask for audio piece by piece.

        Where people sign in nothing is shown before it is written. One person alone does not wait for it: an analysis
        that is being saved may hold the database for seconds.
        """
        here, now = visitor(), time.monotonic()
        what = (here and (here.id, here.via), action, name)
        with self._lock:
            self._noted = {key: at for key, at in self._noted.items() if now - at < _AGAIN}
            if what in self._noted:
                return
        if here is not None and here.name is not None:
            self._workspace.note(action, kind, name)
        else:
            self._behind.submit(copy_context().run, self._workspace.note, action, kind, name)
        with self._lock:
            self._noted[what] = now

    def _open(self, session_id: str, version: str) -> Session:
        return self._opened.get((session_id, version), lambda: self._workspace.session(session_id))


class Kept(Generic[T]):
    """The last things that were made, by key; each is made once, also where several ask at the same time.

    Parameters
    ----------
    size : int > 0
        How many are kept.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._kept: OrderedDict[Hashable, Future[T]] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """What the key stands for; what cannot be made is tried again when it is asked for again."""
        with self._lock:
            known = self._kept.get(key)
            if known is not None:
                self._kept.move_to_end(key)
            else:
                future = self._kept[key] = Future[T]()
                while len(self._kept) > self._size:
                    self._kept.popitem(last=False)
        if known is not None:
            return known.result()
        try:
            future.set_result(make())
        except BaseException as error:
            with self._lock:
                self._kept.pop(key, None)
            future.set_exception(error)
        return future.result()
