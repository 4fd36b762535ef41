"""A Workspace: the folder that holds analysed sessions, their cases and who speaks in them."""

from __future__ import annotations

import datetime
import hashlib
import logging
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from secrets import token_bytes
from typing import Any

from sqlalchemy import Connection, select

from diarization.channel_sound import ChannelSound
from diarization.errors import AccessError, WorkspaceError
from diarization.identity import IdentityConfig
from diarization.recordings import Waveform
from emotion.calibration import Calibration

from .access.visitors import check_sees, visiting, visitor
from .cache import StageCache
from .masking import Mask, mask_of
from .own_models import FOLDERS as OWN_FOLDERS
from .own_models import OwnModels
from .privacy import privacy_of
from .reviews import reviewed
from .sessions import Session
from .store.artifacts import FOLDERS, Artifact, Staging, file_of, is_whole, shared_files_of, sweep
from .store.changes import Change
from .store.corrections import KeptAnswers, answer_again, answers_of, corrected_sessions, kept_answers
from .store.database import Database, as_sentences, asked_again
from .store.kept_audio import Keeping, KeptAudio, rekeep, stage_channels, stage_waveform
from .store.listing import (
    Names,
    Totals,
    Wanted,
    middle_day,
    names_of,
    session_ids,
    sessions_with_strangers,
    summaries_of,
    totals_of,
)
from .store.loading import Analysis, artifacts_of, load_analysis, load_session, presented, session_row_of
from .store.masks import enforce, mask_in_force, said_roles, sessions_of_case, set_mask
from .store.models import CASES, SESSIONS
from .store.people import checked_roles, clean_name, people_to_keep, refusals_by_label, refuse_again, write_people
from .store.pseudonyms import begin_pseudonyms, pseudonym
from .store.recalibrating import recalibrate
from .store.rescoring import Rescoring
from .store.rows import conversation_arrays, emotion_arrays
from .store.seen import seen_cases, seen_sessions
from .store.shared import shared_of
from .store.summaries import (
    CaseSummary,
    SessionSummary,
    SpeakerSummary,
    by_date,
    case_summaries,
    course_of,
    session_courses,
    session_id_like,
    session_summaries,
    session_versions,
    state_of,
)
from .store.trail import Action, Kind, case_key, follow_refiled, forget_session, record
from .store.voices import identity_of, keep_identity, voice_notes
from .store.writing import (
    Assignment,
    case_id_of,
    delete_sessions,
    earlier_ids,
    files_in_use,
    insert_artifacts,
    insert_session,
    insert_speakers,
    participants_in,
    pin_anew,
    sessions_with,
)

__all__ = ["CaseSummary", "SessionSummary", "SpeakerSummary", "Workspace", "default_workspace", "session_id"]

_LOG = logging.getLogger(__name__)

DEFAULT_WORKSPACE = "turntone-workspace"
_DATABASE = "workspace.db"

SWEEP_SECONDS = 600.0
"""After at most so long a machine at work has removed what is gone from a shared workspace."""


def default_workspace() -> Path:
    """Where sessions go unless somebody says otherwise: ``TURNTONE_WORKSPACE``, else a folder where one stands."""
    return Path(os.environ.get("TURNTONE_WORKSPACE") or DEFAULT_WORKSPACE)


def session_id(recording_id: str, case: str | None) -> str:
    """The id of a recording's session: 12 hexadecimal digits.

    >>> session_id("ab" * 32, None) == session_id("ab" * 32, "Anna")
    False
    """
    return hashlib.sha256(f"{recording_id}\0{case or ''}".encode()).hexdigest()[:12]


@dataclass(frozen=True)
class KnownSession:
    """What decides whether a recording has to be analysed again.

    Parameters
    ----------
    id, case, date
        As a Session's.
    analysis_key : str
        Stands for the settings and models that it was analysed with.
    whole : bool
        Whether its files are all there, with the bytes that were written.
    """

    id: str
    case: str | None
    date: datetime.date | None
    analysis_key: str
    whole: bool


class Workspace:
    """A folder with a database (``workspace.db``), arrays (``artifacts``), 16 kHz audio and the stage cache.

    A folder that does not exist yet is an empty workspace; only writing creates it. A write is all or nothing, also
    where the process is killed, and other processes may read and write at the same time.

    Parameters
    ----------
    path : Path or str, optional
        The folder; ``default_workspace()`` where left out.
    guarded : bool
        Whether it opens only where it is known who is at work, as behind a server.

    Notes
    -----
    Whoever is at work (``pipeline.access.visitors``) finds the cases that they may see and no others, and what they
    change goes to the audit trail in the same transaction.
    """

    def __init__(self, path: Path | str | None = None, guarded: bool = False) -> None:
        self.path = default_workspace() if path is None else Path(path).expanduser()
        self.cache = StageCache(self.path / "cache")
        self.own = OwnModels(self.path)
        self._database = Database(self.path / _DATABASE, guarded)
        self._trail = Database(self.path / _DATABASE)
        self._swept = False
        self._last_sweep = -SWEEP_SECONDS

    def __repr__(self) -> str:
        return f"Workspace({str(self.path)!r})"

    # What it holds

    @asked_again
    def sessions(self, case: str | None = None) -> list[SessionSummary]:
        """The sessions of a case or of all, ordered by case, date and time of analysis.

        Raises
        ------
        WorkspaceError
            Where there is no such case, or the folder is no workspace.
        """
        case = None if case is None else clean_name(case, "case")
        with self._reading() as connection:
            if case is not None:
                self._check_case(connection, case)
            return session_summaries(connection, case) if connection else []

    @asked_again
    def summary(self, session_id: str) -> SessionSummary | None:
        """What lists show of the session of exactly that id; None where there is none."""
        with self._reading() as connection:
            found = session_summaries(connection, session_ids=[session_id]) if connection else []
        return found[0] if found else None

    @asked_again
    def listed(self, wanted: Wanted) -> list[str]:
        """The ids of the sessions that a list wants, in its order."""
        with self._reading() as connection:
            return session_ids(connection, wanted) if connection else []

    @asked_again
    def summaries(self, session_ids: Sequence[str]) -> list[SessionSummary]:
        """What lists show of the sessions of exactly those ids, in their order; those that are gone are left out."""
        with self._reading() as connection:
            return summaries_of(connection, session_ids) if connection else []

    @asked_again
    def totals(self) -> Totals:
        """How many sessions and cases there are, and how much sound."""
        with self._reading() as connection:
            return totals_of(connection) if connection else Totals(0, 0, 0.0)

    @asked_again
    def names(self) -> Names:
        """The cases, participants and roles that sessions can be chosen by."""
        with self._reading() as connection:
            return names_of(connection) if connection else Names([], [], [])

    @asked_again
    def with_strangers(self, most: int) -> list[SessionSummary]:
        """The first sessions in which somebody speaks of whom neither a person nor a voice says who it is."""
        with self._reading() as connection:
            return summaries_of(connection, sessions_with_strangers(connection, most)) if connection else []

    @asked_again
    def middle_day(self) -> datetime.date | None:
        """The day before which half of the dated sessions took place; None where none is dated."""
        with self._reading() as connection:
            return middle_day(connection) if connection else None

    @asked_again
    def cases(self, most: int | None = None) -> list[CaseSummary]:
        """The cases by name; where there are more than ``most``, those in which something changed last."""
        with self._reading() as connection:
            return case_summaries(connection, most) if connection else []

    @asked_again
    def state(self) -> str:
        """What tells the states of all sessions from each other; the same while nothing of any of them changes."""
        with self._reading() as connection:
            return state_of(connection) if connection else ""

    @asked_again
    def courses(self, session_ids: Sequence[str]) -> dict[str, dict[str, list[float | None]]]:
        """How the speakers of some sessions sound over time, as ``session_courses`` says, without opening them."""
        with self._reading() as connection:
            if connection is None:
                return {}
            seen = select(SESSIONS.c.id).where(SESSIONS.c.id.in_(list(session_ids)), *seen_sessions())
            session_ids = list(connection.execute(seen).scalars())
            found = session_courses(connection, session_ids)
            corrected = {each for each in corrected_sessions(connection, session_ids) if each in found}
        return found | {each: course_of(self.session(each)) for each in corrected}

    @asked_again
    def version(self, session_id: str) -> str | None:
        """What tells the states of the session of exactly that id from each other; None where there is none."""
        with self._reading() as connection:
            return session_versions(connection, session_id=session_id).get(session_id) if connection else None

    @asked_again
    def versions(self, case: str) -> dict[str, str]:
        """The same of every session of the case of exactly that name, by id, in order of date."""
        with self._reading() as connection:
            return session_versions(connection, case=case) if connection else {}

    @asked_again
    def session(self, prefix: str, corrected: bool = True) -> Session:
        """One session, by its id or by as many first digits as tell it from the others.

        Where ``corrected`` is False, as the machine found it, without what a person said of its turns.

        Raises
        ------
        WorkspaceError
            Where no session or several are meant, or its files are damaged.
        """
        with self._reading() as connection:
            return self._loaded(connection, self._known(connection, prefix), corrected)

    @asked_again
    def case(self, name: str) -> list[Session]:
        """The sessions of a case by date; undated ones come last.

        Raises
        ------
        WorkspaceError
            Where there is no such case.
        """
        name = clean_name(name, "case")
        with self._reading() as connection:
            open_connection = self._check_case(connection, name)
            statement = (
                select(SESSIONS.c.id).join_from(SESSIONS, CASES).where(CASES.c.name == name).order_by(*by_date())
            )
            return [self._loaded(open_connection, each) for each in open_connection.execute(statement).scalars()]

    def audio(self, prefix: str) -> Path:
        """The file of a session's audio, as ``kept_audio``."""
        return self.kept_audio(prefix).path

    @asked_again
    def kept_audio(self, prefix: str) -> KeptAudio:
        """The 16 kHz FLAC copy of a session's recording, plain or encrypted.

        Raises
        ------
        WorkspaceError
            Where there is no such session, or no copy of its audio.
        """
        with self._reading() as connection:
            known = self._known(connection, prefix)
            assert connection is not None
            file = artifacts_of(connection, known).get("audio")
        path = None if file is None else self._file_of(file)
        if path is None or not path.is_file():
            raise WorkspaceError(f"session {known}: no copy of its audio is kept; analyse the recording again")
        return KeptAudio(path)

    @asked_again
    def of_recording(self, recording_id: str) -> KnownSession | None:
        """The session of a recording; None where the recording was not analysed yet."""
        with self._reading() as connection:
            if connection is None:
                return None
            same = select(SESSIONS.c.id).where(SESSIONS.c.recording_id == recording_id, *seen_sessions())
            found = connection.execute(same.order_by(SESSIONS.c.changed.desc())).scalar()
            if found is None:
                return None
            row, files = session_row_of(connection, found), artifacts_of(connection, found).values()
            whole = all(is_whole(self.path, each) for each in files)
            return KnownSession(found, row["case"], row["date"], row["analysis_key"], whole)

    @asked_again
    def pinned(self, case: str | None) -> dict[str, Any] | None:
        """The models a case is pinned to; None where it has not begun yet."""
        with self._reading() as connection:
            if connection is None or case is None:
                return None
            models = connection.execute(select(CASES.c.models).where(CASES.c.name == case)).scalar()
            return models or None

    # What changes it

    @asked_again
    def save(
        self,
        session: Session,
        waveform: Waveform | None = None,
        analysis: Analysis | None = None,
        channels: ChannelSound | None = None,
        identity: IdentityConfig | None = None,
        keeping: Keeping | None = None,
    ) -> Session:
        """Keep a session; it takes the place of the recording's earlier one, in whatever case that was.

        Participants named in ``session.speakers`` are who speaks. Where none is named, those of the earlier session
        hold on, if its speakers were found in the same way; so do its date where the new one has none, and its audio
        where no waveform is given. Speakers whom nobody named are matched to the case's participants by voice.

        Parameters
        ----------
        session : Session
            Its id, case and date are stored as they are.
        waveform : np.ndarray, shape (samples,), optional
            16 kHz audio to keep for playing.
        analysis : Analysis, optional
            How it was found.
        channels : ChannelSound, optional
            The channels to keep beside the audio, where the speakers have one each: they are scored from it.
        identity : IdentityConfig, optional
            How voices are matched in the case from now on; as before where left out.
        keeping : Keeping, optional
            Whether and how audio is kept; where it is not, that of the earlier session goes as well.

        Returns
        -------
        Session
            As stored, with what the case adds: baselines, whether it may be compared, notes.

        Raises
        ------
        WorkspaceError
            Where it cannot be written; the workspace is then as it was.
        AccessError
            Where it is for a case, or in the place of a session, that whoever is at work does not see.
        """
        self.check_usable()
        check_sees(session.case)
        analysis = analysis or Analysis()
        with as_sentences(self.path), Staging(self.path) as staging:
            artifacts = self._staged(staging, session, waveform, analysis, channels, keeping or Keeping())
            staging.upload()
            with self._database.writing() as connection:
                notes, purged, voiceless = self._replace(
                    connection, staging, session, analysis, artifacts, identity, keeping
                )
                staging.publish()
        self._sweep_after(keeping)
        self._wipe(purged)
        self._wipe_voices(voiceless)
        stored = self.session(session.id)
        return replace(stored, notes=(*stored.notes, *notes))

    def refile(
        self, prefix: str, case: str | None = None, date: datetime.date | None = None, path: Path | None = None
    ) -> Session:
        """Give a session another case or date, or its recording another path; what is left out stays.

        Another case is another id.
        """
        with self._reading() as connection:
            known = self._known(connection, prefix)
            assert connection is not None
            session, analysis = load_session(connection, self.path, known), load_analysis(connection, self.path, known)
        case = clean_name(case, "case") if case is not None else session.case
        recording = replace(session.recording, path=path or session.recording.path)
        new_id = session_id(recording.id, case)
        moved = replace(session, id=new_id, case=case, date=date or session.date, recording=recording)
        return self.save(moved, analysis=analysis)

    def assign(self, prefix: str, people: Mapping[str, tuple[str | None, str | None]]) -> list[Session]:
        """Say who is who in a session; match the case's voices again, and score again what that changes.

        Parameters
        ----------
        prefix : str
            The session.
        people : mapping
            Participant and role by speaker label. Without a participant the speaker is unknown again, and no voice
            says once more that it is who it was; without a role it is the one that the participant has elsewhere in
            the case.

        Returns
        -------
        list of Session
            Those changed, this one first: others have speakers whom the voice now says to be somebody else, or scores
            relative to another baseline.

        Raises
        ------
        WorkspaceError
            Where a speaker or role does not exist, or one participant would be two speakers of the session.
        """
        with self._reading() as connection:
            known = self._known(connection, prefix)
        with self.changing() as change:
            change.concerns(known)
            write_people(change.connection, known, people)
            record(change.connection, "assigned", "session", known)
        return self.changed(known, change)

    @contextmanager
    def changing(self) -> Iterator[Change]:
        """A transaction that changes who is who; what follows from that is done at its end.

        Raises
        ------
        WorkspaceError
            Where it cannot be written; the workspace is then as it was.
        """
        with as_sentences(self.path), Staging(self.path) as staging, self._database.writing() as connection:
            change = Change(connection, self.path, staging)
            yield change
            change.settle()
            staging.publish()
        self._wipe(change.purged)
        self._wipe_voices(change.voiceless)

    def changed(self, first: str | None, change: Change) -> list[Session]:
        """The sessions that a change concerned, as they are now; the one named first comes first."""
        ids = [first] if first else []
        with self._reading() as reader:
            return [self._loaded(reader, each) for each in [*ids, *(sorted(change.changed - {first}))]]

    def match_again(self, case: str, identity: IdentityConfig) -> list[Session]:
        """Match the voices of a case by these settings from now on; gives the sessions that it changed."""
        with self._reading() as connection:
            key = self._case_key(connection, case)
            if connection is None or key is None or identity_of(connection, key) == identity:
                return []
        with self.changing() as change:
            if keep_identity(change.connection, key, identity):
                change.cases.add(key)
        return self.changed(None, change)

    def mask(self, roles: Iterable[str], session: str | None = None, case: str | None = None) -> list[Session]:
        """Mask roles from now on, and remove what is stored of the emotions of those who have them, or have none.

        Parameters
        ----------
        roles : iterable of str
            Of ``pipeline.roles.ROLES``; they are added to those masked before.
        session, case : str, optional
            The session and those of its case, or a case's; one of the two.

        Returns
        -------
        list of Session
            Those now under the mask.

        Raises
        ------
        WorkspaceError
            Where a role, session or case does not exist.
        """
        return self._remask("masked", session, case, lambda mask: mask | Mask(frozenset(checked_roles(roles))))

    def unmask(self, roles: Iterable[str], session: str | None = None, case: str | None = None) -> list[Session]:
        """Lift the mask from roles. Their turns then wait to be scored from the audio that is kept.

        Parameters, what it gives and what it raises are those of ``mask``.
        """
        return self._remask("unmasked", session, case, lambda mask: Mask(mask.roles - checked_roles(roles)))

    @asked_again
    def mask_of(self, recording_id: str, case: str | None) -> Mask:
        """The mask that a recording is under before it is analysed: its case's, and that of its earlier session."""
        with self._reading() as connection:
            return mask_in_force(connection, case, recording_id) if connection else Mask()

    @asked_again
    def roles_of(self, recording_id: str, diarization_key: str) -> dict[str, str | None]:
        """The roles of a recording's speakers, by label, where its speakers were found in the way of that key."""
        with self._reading() as connection:
            if connection is None:
                return {}
            same = (SESSIONS.c.recording_id == recording_id) & (SESSIONS.c.diarization_key == diarization_key)
            known = connection.execute(select(SESSIONS.c.id).where(same)).scalar()
            return said_roles(connection, known) if known else {}

    @asked_again
    def said_roles(self, prefix: str) -> dict[str, str | None]:
        """The roles of a session's speakers, by label, as far as a person said them; what masks go by."""
        with self._reading() as connection:
            known = self._known(connection, prefix)
            assert connection is not None
            return said_roles(connection, known)

    @asked_again
    def analysis(self, prefix: str) -> Analysis:
        """How a session was found."""
        with self._reading() as connection:
            known = self._known(connection, prefix)
            assert connection is not None
            return load_analysis(connection, self.path, known)

    @asked_again
    def channels(self, prefix: str) -> KeptAudio | None:
        """The channels kept of a session's recording; None where its speakers have none to themselves."""
        with self._reading() as connection:
            known = self._known(connection, prefix)
            assert connection is not None
            file = artifacts_of(connection, known).get("channels")
        return KeptAudio(self._file_of(file)) if file else None

    def keep_audio_as(self, session: Session, keeping: Keeping) -> Session:
        """Drop a session's audio, or encrypt it, where that is asked for and it is not so yet; gives it as it is then.

        Raises
        ------
        TurntoneError
            Where there is no key to encrypt with; the audio is then as it was.
        """
        if keeping == Keeping():
            return session
        with as_sentences(self.path), Staging(self.path) as staging, self._database.writing() as connection:
            if not rekeep(connection, self.path, staging, session.id, keeping):
                return session
            staging.publish()
        self.sweep()
        return replace(session, notes=tuple(dict.fromkeys((*self.session(session.id).notes, *session.notes[-1:]))))

    def _remask(
        self, action: Action, session: str | None, case: str | None, changed: Callable[[Mask], Mask]
    ) -> list[Session]:
        with self._reading() as connection:
            known = self._known(connection, session) if session is not None else self._first_of(connection, case)
        with as_sentences(self.path), Staging(self.path) as staging, self._database.writing() as connection:
            together = sessions_of_case(connection, known)
            for each in together:
                set_mask(connection, each, changed(mask_of(session_row_of(connection, each)["provenance"])))
                record(connection, action, "session", each)
            purged = enforce(connection, self.path, staging, together)
            staging.publish()
            concerned = participants_in(connection, together)
            Rescoring(connection, self.path, staging)(sessions_with(connection, concerned))
            staging.publish()
        self._wipe(purged)
        with self._reading() as reader:
            return [self._loaded(reader, each) for each in together]

    def _first_of(self, connection: Connection | None, case: str | None) -> str:
        name = clean_name(case or "", "case")
        found = self._check_case(connection, name)
        first = select(SESSIONS.c.id).join_from(SESSIONS, CASES).where(CASES.c.name == name)
        return str(found.execute(first).scalars().first())

    def calibrate(self, calibration: Calibration) -> list[str]:
        """Keep a calibration, and score the sessions that it is for again, from the scores that are stored.

        Sessions that were analysed with the calibration turned off, or with another one by name, are left as they are.

        Returns
        -------
        list of str
            The ids of the sessions scored again.

        Raises
        ------
        WorkspaceError
            Where it cannot be written; the sessions are then as they were.
        """
        self.check_usable()
        self.own.keep_calibration(calibration)
        return self._recalibrated(calibration, calibration)

    def forget_calibration(self, name: str) -> list[str]:
        """Remove a calibration; sessions that it was applied to are scored again, with the next newest or with none.

        Raises
        ------
        ConfigError
            Where there is no such calibration.
        """
        gone = self.own.delete_calibration(name)
        return self._recalibrated(gone, self.own.calibration_for("auto", gone.uses, gone.labels)[0])

    def _recalibrated(self, subject: Calibration, applied: Calibration | None) -> list[str]:
        if not self._database.exists():
            return []
        with as_sentences(self.path), self._database.writing() as connection:
            return recalibrate(connection, subject, applied)

    @asked_again
    def delete(self, prefix: str) -> str:
        """Remove a session with its files, cached stages included; its participants' other sessions are scored again.

        Returns
        -------
        str
            Its id.

        Raises
        ------
        WorkspaceError
            Where there is no such session.
        """
        with self._reading() as connection:
            known = self._known(connection, prefix)
        with self.changing() as change:
            row = session_row_of(change.connection, known)
            change.concerns(known)
            record(change.connection, "deleted", "session", known)
            delete_sessions(change.connection, [known])
            forget_session(change.connection, known)
            pin_anew(change.connection, [row["case_id"]])
        self._forget_stages([row["recording_id"]])
        self.sweep()
        return known

    def sweep(self, thoroughly: bool = False) -> list[Path]:
        """Remove files that belong to no session, as a killed analysis leaves them; gives what went.

        Of a shared workspace they are known, from what was dropped and what was about to be written; where
        ``thoroughly``, the whole store is listed besides. Copies above what the folder is to keep go too.
        """
        if not self._database.exists():
            return []
        shared = shared_files_of(self.path)
        if shared is not None and thoroughly:
            with self._reading() as reader:
                assert reader is not None
                orphans = shared.orphans(files_in_use(reader))
            with self._database.writing() as connection:
                shared.forget(connection, orphans)  # and the sweep looks again whether any row names them
        with as_sentences(self.path):
            with self._database.writing() as connection:
                gone = shared.sweep(connection) if shared else sweep(self.path, files_in_use(connection))
            return gone + (shared.trim() if shared else [])

    def keep_swept(self) -> None:
        """Let no copy stay here of what other machines removed from a shared workspace; whoever works for long calls
        this often, and something is done every ten minutes. Nothing where the folder is the workspace."""
        shared = shared_files_of(self.path)
        if shared is not None and time.monotonic() - self._last_sweep > SWEEP_SECONDS:
            self._last_sweep = time.monotonic()
            with visiting(None):
                self.sweep()

    def wipe(self, recordings: Iterable[str]) -> None:
        """Remove what stages found of the recordings, files that nobody names, and free pages of the database."""
        self._forget_stages(recordings)
        self.sweep()
        self._database.wipe()

    @asked_again
    def note(self, action: Action, kind: Kind, name: str | None = None, detail: str | None = None) -> None:
        """Write to the audit trail what somebody did without changing anything: opened, listened, exported.

        Parameters
        ----------
        action : str
            One of ``pipeline.store.trail.ACTIONS``.
        kind, name : str
            ``session`` with its whole id, ``case`` with its name, or ``workspace``.
        detail : str, optional
            A word of ours, such as a format.

        Raises
        ------
        WorkspaceError
            Where the trail cannot be written although several people use the workspace: what leaves no trace is then
            not done. A workspace of one person that cannot be written, as on a read-only disk, is read all the same.
        """
        if not self._database.exists():
            return
        here = visitor()
        try:
            with visiting(None), self._trail.writing() as connection, visiting(here):
                key = case_key(connection, name) if kind == "case" else name
                record(connection, action, kind, key, detail)
        except WorkspaceError as error:
            if here is not None and here.name is not None:
                raise
            _LOG.warning("not in the audit trail: %s", error)

    def note_each(self, action: Action, sessions: Iterable[Session], detail: str | None = None) -> None:
        """``note`` of several sessions."""
        for each in sessions:
            self.note(action, "session", each.id, detail)

    # For what stands beside it

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A connection that alone may write; all of it is stored, or nothing where anything was raised."""
        with self._database.writing() as connection:
            yield connection

    def reading(self) -> AbstractContextManager[Connection | None]:
        """A connection that sees one state of the workspace; None where nothing was ever stored."""
        return self._reading()

    def known(self, connection: Connection | None, prefix: str) -> str:
        """The id of the one session that is meant; a WorkspaceError where there is none or several are."""
        return self._known(connection, prefix)

    # Whether it is well

    def check_usable(self) -> None:
        """Nothing, where sessions can be kept here.

        Raises
        ------
        WorkspaceError
            Where the folder is something else, is not ours to write, or was written by a newer program.
        """
        with self._reading():
            pass
        nearest = next(each for each in (self.path.absolute(), *self.path.absolute().parents) if each.exists())
        for place in (nearest, self._database.file if self._database.file.exists() else nearest):
            if not os.access(place, os.W_OK):
                raise WorkspaceError(f"{place}: permission denied; choose another folder with --workspace")

    def check(self) -> list[str]:
        """What is wrong with the files, a sentence each; empty where every session is whole."""
        with self._reading() as connection:
            if connection is None:
                return []
            ids = list(connection.execute(select(SESSIONS.c.id)).scalars())
            return [
                f"session {each}: {artifact.file} is missing or damaged; analyse the recording again"
                for each in ids
                for artifact in artifacts_of(connection, each).values()
                if not is_whole(self.path, artifact)
            ]

    @contextmanager
    def _reading(self) -> Iterator[Connection | None]:
        """A connection to read from; None where nothing was ever stored."""
        with as_sentences(self.path, writing=False):
            self._check_folder()
            there = self._database.exists()
        if not there:
            yield None
            return
        with self._database.reading() as connection:
            yield connection

    def _check_folder(self) -> None:
        if not self.path.exists():
            return
        if not self.path.is_dir():
            raise WorkspaceError(f"{self.path}: a file, not a folder; choose another one with --workspace")
        if (self.path / _DATABASE).exists() or shared_of(self.path) is not None:
            return
        ours = {*FOLDERS, *OWN_FOLDERS, "cache", "uploads", "access.key", f"{_DATABASE}-journal"}
        if any(each.name not in ours and not each.name.startswith(".") for each in self.path.iterdir()):
            raise WorkspaceError(
                f"{self.path}: not a workspace, it holds other files and no {_DATABASE}; "
                "choose a new folder or an empty one with --workspace"
            )

    def _known(self, connection: Connection | None, prefix: str) -> str:
        if connection is None:
            raise WorkspaceError(f"no session is called '{prefix}'; the workspace {self.path} is empty")
        return session_id_like(connection, prefix)

    def _check_case(self, connection: Connection | None, name: str) -> Connection:
        every = select(CASES.c.name).where(*seen_cases()).order_by(CASES.c.name)
        names = list(connection.execute(every).scalars()) if connection else []
        if connection is not None and name in names:
            return connection
        near = get_close_matches(name, names, 1, 0.5)
        known = f"known are {', '.join(names[:10])}" if names else f"the workspace {self.path} has no cases yet"
        raise WorkspaceError(f"no case is called '{name}'{f', did you mean {near[0]!r}?' if near else f'; {known}'}")

    def _case_key(self, connection: Connection | None, name: str) -> int | None:
        named = select(CASES.c.id).where(CASES.c.name == name, *seen_cases())
        found = connection.execute(named).scalar() if connection else None
        return None if found is None else int(found)

    def _loaded(self, connection: Connection | None, known: str, corrected: bool = True) -> Session:
        assert connection is not None
        session = presented(connection, load_session(connection, self.path, known))
        if corrected:
            session = reviewed(session, answers_of(connection, known))
        return replace(session, notes=(*session.notes, *voice_notes(connection, known)))

    def _staged(
        self,
        staging: Staging,
        session: Session,
        waveform: Waveform | None,
        analysis: Analysis,
        channels: ChannelSound | None,
        keeping: Keeping,
    ) -> dict[str, Artifact]:
        artifacts = {
            "conversation": staging.arrays(conversation_arrays(session)),
            "emotion": staging.arrays(emotion_arrays(session.arrays)),
        }
        if analysis.measured is not None:
            artifacts["voices"] = staging.arrays(analysis.measured.to_arrays())
        if waveform is not None and keeping.audio:
            artifacts["audio"] = stage_waveform(staging, session.recording.id, waveform, keeping)
        if channels is not None and keeping.audio:
            artifacts["channels"] = stage_channels(staging, session.recording.id, channels, keeping)
        return artifacts

    def _replace(
        self,
        connection: Connection,
        staging: Staging,
        session: Session,
        analysis: Analysis,
        artifacts: dict[str, Artifact],
        identity: IdentityConfig | None,
        keeping: Keeping | None,
    ) -> tuple[list[str], list[str], list[str]]:
        """The transaction of ``save``; gives notes on what became of the earlier session, and recordings to wipe:
        of what a mask hides, and of voices that are not to be kept."""
        mask = mask_of(session.provenance) | mask_in_force(connection, session.case, session.recording.id)
        if mask.roles:
            session = replace(session, provenance=session.provenance | {"privacy": mask.to_json()})
        earlier = earlier_ids(connection, session)
        self._check_mine(connection, earlier)
        rows = [session_row_of(connection, each) for each in earlier]
        people, notes = people_to_keep(connection, session, analysis, rows)
        if rows:
            session = replace(session, date=session.date or rows[0]["date"])
            kept = artifacts_of(connection, earlier[0])
            audio = ("audio", "channels") if keeping is None or keeping.audio else ()
            artifacts = {name: kept[name] for name in audio if name in kept} | artifacts
        change = Change(connection, self.path, staging)
        change.concerns(*earlier)
        refused = refusals_by_label(connection, earlier[0]) if earlier else []
        answered = kept_answers(connection, earlier[0]) if earlier else KeptAnswers([], [], [])
        same_voices = bool(rows) and rows[0]["diarization_key"] == analysis.diarization_key
        delete_sessions(connection, earlier)
        case_id = case_id_of(connection, session.case, analysis.models)
        privacy = privacy_of(session.provenance)
        if privacy is not None and privacy.pseudonyms:
            begin_pseudonyms(connection, case_id)
            people = _nameless(people) if case_id is None else people
        insert_session(connection, session, case_id, analysis, rows[0]["created"] if rows else None)
        insert_speakers(connection, session, case_id, people)
        insert_artifacts(connection, session.id, artifacts)
        if same_voices:
            refuse_again(connection, session.id, case_id, refused)
        lost = answer_again(connection, session.id, answered, session.speakers["label"], session.scheme.labels)
        notes = [*notes, *([_lost_corrections(lost)] if lost else [])]
        purged = self._masked(connection, staging, session.id, mask)
        pin_anew(connection, [case_id, *(row["case_id"] for row in rows)])
        if earlier:
            follow_refiled(connection, earlier[0], session.id)
        record(connection, "analysed", "session", session.id, "again" if earlier else None)
        if identity is not None:
            keep_identity(connection, case_id, identity)
        change.concerns(session.id, scored=True)
        change.settle()
        purged += change.purged + [session.recording.id] * bool(rows and mask.roles)
        return notes, purged, change.voiceless

    def _check_mine(self, connection: Connection, session_ids: Sequence[str]) -> None:
        """Nothing, where whoever is at work sees all of these sessions."""
        seen = select(SESSIONS.c.id).where(SESSIONS.c.id.in_(session_ids), *seen_sessions())
        if set(session_ids) - set(connection.execute(seen).scalars()):
            raise AccessError("this recording was analysed before, where you do not see it; nothing was changed")

    def _masked(self, connection: Connection, staging: Staging, known: str, mask: Mask) -> list[str]:
        """Put a mask over a session and those of its case; gives the recordings from which something was removed."""
        if not mask.roles:
            return []
        together = sessions_of_case(connection, known)
        for each in together:
            set_mask(connection, each, mask)
        staging.publish()  # what is read again below lies under its name
        return enforce(connection, self.path, staging, together)

    def _wipe(self, recordings: list[str]) -> None:
        """Remove what the database and the files no longer name but still hold: cached stages, old files, old pages."""
        self._forget_stages(recordings, "recognize", "voices")
        if recordings:
            self.sweep()
            self._database.wipe()

    def _wipe_voices(self, recordings: list[str]) -> None:
        self._forget_stages(recordings, "diarize")
        if recordings:
            self.sweep()

    def _forget_stages(self, recordings: Iterable[str], *stages: str) -> None:
        """Remove what some stages found of recordings, all where none is named, here and on other machines."""
        known = sorted(set(recordings))
        for each in known:
            for stage in stages:
                self.cache.forget_stage(each, stage)
            if not stages:
                self.cache.forget(each)
        shared = shared_files_of(self.path)
        if shared is not None and known:
            with self._database.writing() as connection:
                shared.forget(connection, [f"cache/{each}{f'/{stage}' * bool(stage)}" for each in known
                                           for stage in stages or ("",)])  # fmt: skip

    def _file_of(self, artifact: Artifact) -> Path:
        with as_sentences(self.path, writing=False):
            return file_of(self.path, artifact)

    def _sweep_after(self, keeping: Keeping | None) -> None:
        """Once a process, and wherever audio is not to stay as it was; never at the cost of what was just stored."""
        if not self._swept or (keeping is not None and keeping != Keeping()):
            self._swept = True
            with suppress(WorkspaceError):
                self.sweep()


def _nameless(people: Mapping[str, Assignment]) -> dict[str, Assignment]:
    """Pseudonyms of people who are of no case: new ones each time."""
    return {label: (name and pseudonym(name, token_bytes(32)), role) for label, (name, role) in people.items()}


def _lost_corrections(count: int) -> str:
    which = "A turn that was corrected is" if count == 1 else f"{count} turns that were corrected are"
    return f"{which} not found in the same place any more, so the correction is gone; look at the turns again."
