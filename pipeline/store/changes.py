"""A change of who is who, and what follows from it: voices matched again, turns scored again, leftovers removed."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, select

from .artifacts import Staging
from .masks import enforce
from .models import SESSIONS
from .rescoring import Rescoring
from .voiceprints import erase_refused
from .voices import rematch
from .writing import participants_in, sessions_with, tidy


class Change:
    """One transaction in which who is who changes.

    Parameters
    ----------
    connection : Connection
        Of the transaction.
    folder : Path
        The workspace's.
    staging : Staging
        Takes the files that are written anew.

    Attributes
    ----------
    cases : set of int
        Whose voices are matched again.
    changed : set of str
        The sessions whose speakers or scores the change changed, once it is settled.
    purged : list of str
        The recordings from which a mask removed something: their cached stages have to go once the transaction stands.
    voiceless : list of str
        The recordings from which the voice of somebody was removed who wants no voiceprint: likewise.
    """

    def __init__(self, connection: Connection, folder: Path, staging: Staging) -> None:
        self.connection = connection
        self.folder = folder
        self.staging = staging
        self.cases: set[int] = set()
        self.changed: set[str] = set()
        self.purged: list[str] = []
        self.voiceless: list[str] = []
        self._sessions: set[str] = set()
        self._participants: set[int] = set()

    def concerns(self, *session_ids: str, scored: bool = False) -> None:
        """Say that who speaks in these sessions changes: before it does, and where they are new afterwards as well.

        ``scored`` says that their own scores are already those of speakers whom nobody named.
        """
        self._sessions |= set() if scored else set(session_ids)
        self._participants |= participants_in(self.connection, session_ids)
        cases = select(SESSIONS.c.case_id).where(SESSIONS.c.id.in_(session_ids))
        self.cases |= {each for each in self.connection.execute(cases).scalars() if each is not None}

    def settle(self) -> None:
        """Do what follows, once everything is written."""
        self.staging.publish()  # what follows reads files that this change wrote as well
        present = sorted(self._present(self._sessions))
        self.voiceless = erase_refused(self.connection, self.folder, self.staging, present)
        self.staging.publish()
        found = rematch(self.connection, self.folder, self.cases)
        self._sessions |= found.sessions
        concerned = self._participants | found.participants | participants_in(self.connection, self._sessions)
        here = self._present(self._sessions | sessions_with(self.connection, concerned))
        masked = self._present(self._sessions)
        self.purged = enforce(self.connection, self.folder, self.staging, sorted(masked))
        self.staging.publish()
        scored = Rescoring(self.connection, self.folder, self.staging)(here)
        self.changed = (found.sessions | set(scored)) & here
        tidy(self.connection)

    def _present(self, session_ids: set[str]) -> set[str]:
        statement = select(SESSIONS.c.id).where(SESSIONS.c.id.in_(session_ids))
        return set(self.connection.execute(statement).scalars())
