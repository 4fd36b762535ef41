"""Reading a workspace for pages: sessions are opened once and kept while they do not change."""

from __future__ import annotations

import re
import time
from collections import OrderedDict
from collections.abc import Hashable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from diarization.errors import TurntoneError
from pipeline.access.visitors import visitor

if TYPE_CHECKING:
    from pipeline.sessions import Session
    from pipeline.store.kept_audio import KeptAudio
    from pipeline.store.trail import Action, Kind
    from pipeline.workspace import CaseSummary, SessionSummary, Workspace

_AGAIN = 300.0
"""Seconds within which the trail does not say again that somebody opened or hears the same."""

_SESSION_ID = re.compile(r"[0-9a-f]{12}")


class Library:
    """The sessions of a workspace, as pages ask for them.

    Parameters
    ----------
    workspace : Workspace
        One that does not exist yet is an empty one.
    size : int > 0
        How many opened sessions are kept.
    """

    def __init__(self, workspace: Workspace, size: int = 32) -> None:
        self._workspace = workspace
        self._size = size
        self._opened: OrderedDict[Hashable, Session] = OrderedDict()
        self._noted: dict[Hashable, float] = {}
        self._behind = ThreadPoolExecutor(1, "audit-trail")
        self._lock = Lock()

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
        return self._workspace.sessions()

    def cases(self) -> list[CaseSummary]:
        """What lists show of every case, by name."""
        return self._workspace.cases()

    def courses(self, session_ids: Sequence[str]) -> dict[str, dict[str, list[float | None]]]:
        """How the speakers of some sessions sound over time, as ``Workspace.courses``."""
        return self._workspace.courses([each for each in session_ids if _SESSION_ID.fullmatch(each)])

    def has_session(self, session_id: str) -> bool:
        """Whether there is a session of exactly that id; ids from addresses are checked here."""
        return self._summary(session_id) is not None

    def has_case(self, name: str) -> bool:
        """Whether there is a case of exactly that name."""
        return bool(self._of_case(name))

    def session(self, session_id: str) -> Session | None:
        """The session of exactly that id, None where there is none."""
        summary = self._summary(session_id)
        if summary is None:
            return None
        self._note("opened", "session", session_id)
        return self._open(summary)

    def case(self, name: str) -> list[Session] | None:
        """The sessions of the case of exactly that name, by date, None where there is none."""
        found = self._of_case(name)
        if found:
            self._note("opened", "case", name)
        return [self._open(summary) for summary in found] if found else None

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

    def _of_case(self, name: str) -> list[SessionSummary]:
        """The sessions of the case of exactly that name, without a look at all others."""
        try:
            return [each for each in self._workspace.sessions(name) if each.case == name]
        except TurntoneError:
            return []

    def _summary(self, session_id: str) -> SessionSummary | None:
        if not _SESSION_ID.fullmatch(session_id):
            return None
        return self._workspace.summary(session_id)

    def _open(self, summary: SessionSummary) -> Session:
        key = (summary.id, summary.changed)
        with self._lock:
            if key in self._opened:
                self._opened.move_to_end(key)
                return self._opened[key]
        session = self._workspace.session(summary.id)
        with self._lock:
            self._opened[key] = session
            while len(self._opened) > self._size:
                self._opened.popitem(last=False)
        return session
