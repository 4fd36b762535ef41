"""The people of a workspace: who they are, how they sound, and where they speak."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, delete, select, update

from diarization.errors import WorkspaceError
from diarization.identity import Voice, VoiceEncoder
from diarization.identity_calibration import Calibration, calibration_for

from .access.visitors import check_sees
from .exported import remove_exports
from .jobs.forgetting import forget_in_jobs
from .sessions import Session
from .store.changes import Change
from .store.forgetting import Forgotten, erase_name, erase_person, rename_in_provenance
from .store.loading import speaker_rows_of, usual_role
from .store.models import CASES, ENROLMENTS, PARTICIPANTS, REFUSALS, SESSIONS, SPEAKERS
from .store.people import check_label, checked_role, clean_name, refuse, write_people
from .store.pseudonyms import stored_name
from .store.seen import seen_cases
from .store.trail import record
from .store.voices import calibration_of, confirmed_encoders, insert_enrolment, keep_calibration
from .store.writing import case_id_of, participant_id_of
from .workspace import Workspace


@dataclass(frozen=True)
class Appearance:
    """A speaker of a session who is a participant, or may be.

    Parameters
    ----------
    session, speaker : str
        Id and label.
    date : str or None
        Of the session, as ``2026-03-02``.
    seconds : float
        Of speech.
    probability : float or None
        What the voice says, 0 to 1; None where a person said it.
    confirmed : bool
        Whether a person said it.
    counts : bool
        Whether the speaker counts as the participant; False for suggestions.
    """

    session: str
    speaker: str
    date: str | None
    seconds: float
    probability: float | None
    confirmed: bool
    counts: bool


@dataclass(frozen=True)
class Enrolment:
    """A voice somebody was enrolled with: seconds of speech, the file it came from, and what encoded it."""

    source: str
    seconds: float
    encoder: str


@dataclass(frozen=True)
class ParticipantSummary:
    """What is known of a participant; their voice itself never leaves the workspace.

    Parameters
    ----------
    name : str
    case : str or None
        None for somebody in a session without a case.
    role : str or None
        The last one a person gave.
    consent_analysis, consent_voiceprint : bool or None
        What they consent to; None where nobody asked.
    appearances : tuple of Appearance
        By date.
    enrolments : tuple of Enrolment
    encoders : tuple of str
        What encoded the voiceprints; none where nothing is known of the voice.
    """

    name: str
    case: str | None
    role: str | None
    consent_analysis: bool | None
    consent_voiceprint: bool | None
    appearances: tuple[Appearance, ...]
    enrolments: tuple[Enrolment, ...]
    encoders: tuple[str, ...]

    @property
    def confirmed(self) -> int:
        """Speakers of whom a person said that they are the participant."""
        return sum(each.confirmed for each in self.appearances)

    @property
    def matched(self) -> int:
        """Speakers of whom the voice alone says so, surely enough to count."""
        return sum(each.counts and not each.confirmed for each in self.appearances)

    @property
    def voice_seconds(self) -> float:
        """Seconds of speech that the voiceprints stand on."""
        own = [each.seconds for each in self.appearances if each.confirmed]
        return sum(own) + sum(each.seconds for each in self.enrolments)

    def to_json(self) -> dict[str, Any]:
        """The same as JSON values: what ``turntone participants list --format json`` prints, one of these each."""
        counts = {"confirmed": self.confirmed, "matched": self.matched, "voice_seconds": round(self.voice_seconds, 3)}
        consent = {"consent_analysis": self.consent_analysis, "consent_voiceprint": self.consent_voiceprint}
        return {"name": self.name, "case": self.case, "role": self.role} | consent | counts | {
            "encoders": list(self.encoders),
            "appearances": [asdict(each) for each in self.appearances],
            "enrolments": [asdict(each) for each in self.enrolments],
        }  # fmt: skip


@dataclass(frozen=True, eq=False)
class HeardVoice:
    """A voice from a file made for enrolment: what it was heard in, and what encoded it."""

    source: str
    voice: Voice
    encoder: VoiceEncoder


@dataclass(frozen=True)
class Farewell:
    """What became of forgetting somebody.

    Parameters
    ----------
    changed : list of Session
        Those that are still there, without them.
    deleted : list of str
        Sessions in which nobody else spoke.
    exports : list of str
        Files that were written of the sessions and are gone.
    exports_left : list of str
        Those that somebody has changed since: look at them yourself.
    recordings : list of str
        The recordings' own files that are still at their place, with the voice in them; they are never touched.
    """

    changed: list[Session]
    deleted: list[str]
    exports: list[str]
    exports_left: list[str]
    recordings: list[str]


class Participants:
    """The participants of a workspace. A name is unique within its case.

    Whatever changes who is who matches the voices of the case again and scores again what that changes; the methods
    give the sessions that were changed.

    Parameters
    ----------
    workspace : Workspace
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    @property
    def workspace(self) -> Workspace:
        """Whose participants they are."""
        return self._workspace

    def all(self, case: str | None = None) -> list[ParticipantSummary]:
        """The participants of a case or of all, by case and name."""
        case = None if case is None else clean_name(case, "case")
        with self._workspace.reading() as connection:
            if connection is None:
                return []
            return [_summary(connection, key) for key, _, _ in _all(connection) if _is_of(connection, key, case)]

    def show(self, name: str, case: str | None = None) -> ParticipantSummary:
        """One participant.

        Raises
        ------
        WorkspaceError
            Where there is none of that name, or where there are several and no case is given.
        """
        with self._workspace.reading() as connection:
            return _summary(*self._found(connection, name, case))

    def check_enrollable(self, name: str, case: str | None = None, role: str | None = None) -> None:
        """Nothing, where ``enroll`` would take these.

        Raises
        ------
        WorkspaceError
            Where the role does not exist, a name is not accepted, or it is not clear which case is meant.
        """
        clean_name(name, "participant")
        checked_role(role)
        self.case_meant(case)
        self._workspace.check_usable()

    def enroll(
        self, name: str, voices: Sequence[HeardVoice], case: str | None = None, role: str | None = None
    ) -> list[Session]:
        """Make voices known as a participant's, who joins the case where new.

        Raises
        ------
        WorkspaceError
            As ``check_enrollable``.
        """
        self.check_enrollable(name, case, role)
        name, case = clean_name(name, "participant"), self.case_meant(case)
        with self._workspace.changing() as change:
            case_id = case_id_of(change.connection, case, {})
            assert case_id is not None
            key = participant_id_of(change.connection, case_id, name)
            _check_voiceprint(change.connection, key, name)
            for heard in voices:
                insert_enrolment(change.connection, key, heard.encoder, heard.voice, heard.source)
            if role is not None:
                change.connection.execute(update(PARTICIPANTS).where(PARTICIPANTS.c.id == key).values(role=role))
            change.cases.add(case_id)
            record(change.connection, "enrolled", "participant", key)
        return self._workspace.changed(None, change)

    def enroll_speaker(
        self, name: str, prefix: str, speaker: str, case: str | None = None, role: str | None = None
    ) -> list[Session]:
        """Make the voice of a session's speaker known as a participant's, which is to say that it is them.

        Raises
        ------
        WorkspaceError
            Where the session is of no case, or of another.
        """
        session = self._workspace.session(prefix)
        if session.case is None:
            raise WorkspaceError(
                f"session {session.id} is of no case, so there is nowhere to know {name} from; "
                "turntone analyze RECORDING --case NAME files it under one"
            )
        if case is not None and clean_name(case, "case") != session.case:
            raise WorkspaceError(f"session {session.id} is of the case {session.case}, not of {case}")
        return self._workspace.assign(session.id, {speaker: (name, role)})

    def case_of_name(self, name: str, case: str | None, prefix: str | None) -> str | None:
        """The case in which a participant was just enrolled."""
        return self._workspace.session(prefix).case if prefix else self.case_meant(case)

    def case_meant(self, case: str | None) -> str:
        """The case that is given, else the only one there is."""
        if case is not None:
            check_sees(clean_name(case, "case"))
            return clean_name(case, "case")
        every = select(CASES.c.name).where(*seen_cases()).order_by(CASES.c.name)
        with self._workspace.reading() as connection:
            names = list(connection.execute(every).scalars()) if connection else []
        if len(names) == 1:
            return str(names[0])
        known = f"there are {', '.join(names[:10])}" if names else "the workspace has none yet"
        raise WorkspaceError(f"participants belong to a case, and {known}; say which one with --case")

    def rename(self, name: str, new: str, case: str | None = None) -> list[Session]:
        """Give a participant another name.

        Raises
        ------
        WorkspaceError
            Where the case has somebody of that name; ``merge`` makes the two one.
        """
        new = clean_name(new, "participant")
        with self._workspace.changing() as change:
            connection, key = self._found(change.connection, name, case)
            case_id = _case_of(connection, key)
            new = stored_name(connection, case_id, new)
            same = select(PARTICIPANTS.c.id).where(PARTICIPANTS.c.case_id == case_id, PARTICIPANTS.c.name == new)
            if case_id is not None and connection.execute(same).scalar() not in (None, key):
                raise WorkspaceError(
                    f"the case has a participant called {new} already; turntone participants merge makes two people one"
                )
            connection.execute(update(PARTICIPANTS).where(PARTICIPANTS.c.id == key).values(name=new))
            record(connection, "renamed", "participant", key)
            sessions = _sessions_of(connection, key)
            rename_in_provenance(connection, _sessions_around(connection, key), clean_name(name, "participant"), new)
        return self._sessions(sessions)

    def merge(self, name: str, others: Sequence[str], case: str | None = None) -> list[Session]:
        """Make several participants of a case one, under the first name.

        Raises
        ------
        WorkspaceError
            Where two of them speak in one session: a participant is one speaker there.
        """
        with self._workspace.changing() as change:
            connection, key = self._found(change.connection, name, case)
            case_id = _case_of(connection, key)
            if case_id is None:
                raise WorkspaceError(f"{name} is in no case, so there is nobody to merge with")
            change.cases.add(case_id)
            record(connection, "merged", "participant", key)
            for other in others:
                _, gone = self._found(connection, other, _case_name(connection, case_id))
                if gone != key:
                    self._absorb(change, key, gone, name)
        return self._workspace.changed(None, change)

    def split(
        self, name: str, new: str, speakers: Sequence[tuple[str, str | None]], case: str | None = None
    ) -> list[Session]:
        """Make some of a participant's speakers another participant's, who joins the case where new.

        Parameters
        ----------
        speakers : sequence of (str, str or None)
            Session and label; without a label the one who is the participant in that session.

        Raises
        ------
        WorkspaceError
            Where one of them is not the participant.
        """
        new = clean_name(new, "participant")
        with self._workspace.changing() as change:
            connection, key = self._found(change.connection, name, case)
            record(connection, "split", "participant", key)
            for prefix, label in speakers:
                session_id = self._workspace.known(connection, prefix)
                own = [row for row in speaker_rows_of(connection, session_id) if row["participant_id"] == key]
                own = [row for row in own if label in (None, row["label"])]
                if not own:
                    raise WorkspaceError(
                        f"session {session_id}: {label or 'nobody'} is {name} there; nothing was changed"
                    )
                change.concerns(session_id)
                write_people(connection, session_id, {row["label"]: (new, row["role"]) for row in own})
                for row in own:
                    refuse(connection, session_id, row["position"], key)
        return self._workspace.changed(None, change)

    def forget(self, name: str, case: str | None = None, everywhere: bool = False) -> Farewell:
        """Remove a participant and all that is kept of them: name, voiceprints, turns, scores, embeddings, their
        stretches of the audio, caches, jobs, log lines, and exports that were not changed since.

        Speakers who count as the participant by voice are forgotten as well. What others said stays. A session in which
        nobody else speaks goes as a whole.

        Parameters
        ----------
        everywhere : bool
            Forget all participants of that name, in whatever case.

        Raises
        ------
        TurntoneError
            Where there is no such participant, or audio is encrypted and the key is not here; nothing is changed then.
        """
        with self._workspace.changing() as change:
            every = self._every(change.connection, name, case)
            keys = [key for _, key in every] if everywhere else [self._found(change.connection, name, case)[1]]
            sessions = sorted(set().union(*(_sessions_of(change.connection, key) for key in keys)))
            around = sorted(set().union(*(_sessions_around(change.connection, key) for key in keys)))
            change.concerns(*sessions)
            done = erase_person(change, keys)
            for key in keys:
                record(change.connection, "forgotten", "participant", key)
                erase_name(change.connection, key)
            stay = sorted({*around, *sessions} - done.deleted)
            rename_in_provenance(change.connection, stay, clean_name(name, "participant"), None)
        forget_in_jobs(self._workspace, clean_name(name, "participant"), done.sessions, done.paths)
        removed, left = remove_exports(self._workspace, done.sessions)
        self._workspace.wipe(done.recordings)
        present = self._sessions(sorted({*sessions, *change.changed} - done.deleted))
        return _farewell(present, done, removed, left)

    def consent(
        self,
        name: str,
        case: str | None = None,
        analysis: bool | None = None,
        voiceprint: bool | None = None,
    ) -> ParticipantSummary:
        """Record what a participant consents to; what is left out stays as it was.

        Without consent to a voiceprint, what is kept of the voice goes at once, and no voice is theirs any more.

        Raises
        ------
        WorkspaceError
            Where there is no such participant.
        """
        said = {"consent_analysis": analysis, "consent_voiceprint": voiceprint}
        with self._workspace.changing() as change:
            connection, key = self._found(change.connection, name, case)
            values = {field: value for field, value in said.items() if value is not None}
            if values:
                connection.execute(update(PARTICIPANTS).where(PARTICIPANTS.c.id == key).values(**values))
                record(connection, "consent", "participant", key)
            if voiceprint is False:
                change.concerns(*_sessions_of(connection, key))
                connection.execute(delete(ENROLMENTS).where(ENROLMENTS.c.participant_id == key))
        if voiceprint is False:
            self._workspace.wipe([])
        with self._workspace.reading() as reader:
            assert reader is not None
            return _summary(reader, key)

    def calibration(self, encoder: VoiceEncoder) -> Calibration:
        """What scores of an encoder mean in this workspace."""
        with self._workspace.reading() as connection:
            return calibration_for(encoder) if connection is None else calibration_of(connection, encoder)

    def calibrate(self, encoder: VoiceEncoder, calibration: Calibration) -> list[Session]:
        """Read an encoder's scores by a calibration from now on, in all cases."""
        with self._workspace.changing() as change:
            keep_calibration(change.connection, encoder, calibration)
            change.cases |= set(change.connection.execute(select(CASES.c.id)).scalars())
        return self._workspace.changed(None, change)

    def confirm(self, prefix: str, speakers: Iterable[str] = ()) -> list[Session]:
        """Say that speakers are who the voice says, suggestions included; all of the session's where none is named.

        Raises
        ------
        WorkspaceError
            Where the voice says nothing of one of them.
        """
        with self._workspace.reading() as connection:
            session_id = self._workspace.known(connection, prefix)
            assert connection is not None
            rows = {row["label"]: row for row in speaker_rows_of(connection, session_id)}
        wanted = list(speakers) or [label for label, row in rows.items() if row["matched"] and not row["confirmed"]]
        for label in wanted:
            check_label(session_id, label, list(rows))
            if not rows[label]["matched"] and not rows[label]["confirmed"]:
                raise WorkspaceError(
                    f"session {session_id}: no voice says who {label} is, so there is nothing to confirm; say it with "
                    f"turntone sessions assign {session_id} {label}=NAME"
                )
        people = {label: (rows[label]["matched"], rows[label]["role"]) for label in wanted if rows[label]["matched"]}
        return self._workspace.assign(session_id, people)

    def unmatch(self, prefix: str, speaker: str) -> list[Session]:
        """Say that a speaker is not who the voice, or a person, said; no voice says it of them again.

        Raises
        ------
        WorkspaceError
            Where the speaker is nobody.
        """
        with self._workspace.reading() as connection:
            session_id = self._workspace.known(connection, prefix)
            assert connection is not None
            rows = {row["label"]: row for row in speaker_rows_of(connection, session_id)}
        check_label(session_id, speaker, list(rows))
        if rows[speaker]["participant_id"] is None and rows[speaker]["match_id"] is None:
            raise WorkspaceError(f"session {session_id}: {speaker} is nobody yet, so there is nothing to take back")
        return self._workspace.assign(session_id, {speaker: (None, None)})

    def _found(self, connection: Connection | None, name: str, case: str | None) -> tuple[Connection, int]:
        found = self._every(connection, name, case)
        if len(found) == 1:
            return found[0]
        open_connection = found[0][0]
        places = [_place(open_connection, key) for _, key in found]
        raise WorkspaceError(
            f"{len(found)} participants are called '{name}': {'; '.join(places)}; say which with --case"
        )

    def _every(self, connection: Connection | None, name: str, case: str | None) -> list[tuple[Connection, int]]:
        name = clean_name(name, "participant")
        case = None if case is None else clean_name(case, "case")
        if connection is None:
            raise WorkspaceError(f"no participant is called '{name}'; the workspace {self._workspace.path} is empty")
        rows = [(key, known) for key, known, _ in _all(connection) if _is_of(connection, key, case)]
        found = [(connection, key) for key, known in rows if known in (name, _called(connection, key, name))]
        if found:
            return found
        names = sorted({known for _, known in rows})
        near = get_close_matches(name, names, 1, 0.5)
        hint = f", did you mean {near[0]!r}?" if near else f"; known are {', '.join(names[:10])}" if names else ""
        where = f" in the case '{case}'" if case else ""
        raise WorkspaceError(f"no participant{where} is called '{name}'{hint or '; nobody is named there yet'}")

    def _absorb(self, change: Change, key: int, gone: int, name: str) -> None:
        connection = change.connection
        confirmed = select(SPEAKERS.c.session_id).where(SPEAKERS.c.confirmed)
        mine = set(connection.execute(confirmed.where(SPEAKERS.c.participant_id == key)).scalars())
        theirs = set(connection.execute(confirmed.where(SPEAKERS.c.participant_id == gone)).scalars())
        if both := sorted(mine & theirs):
            raise WorkspaceError(
                f"session {both[0]}: both speak there, and {name} cannot be two speakers of a session; "
                "nothing was changed"
            )
        sessions = _sessions_of(connection, gone)
        change.concerns(*sessions)
        old = connection.execute(select(PARTICIPANTS.c.name).where(PARTICIPANTS.c.id == gone)).scalar()
        rename_in_provenance(connection, sessions, str(old), name)
        for table in (SPEAKERS, ENROLMENTS):
            connection.execute(update(table).where(table.c.participant_id == gone).values(participant_id=key))
        connection.execute(update(SPEAKERS).where(SPEAKERS.c.match_id == gone).values(match_id=key))
        refused = select(REFUSALS.c.session_id, REFUSALS.c.position).where(REFUSALS.c.participant_id == gone)
        for session_id, position in connection.execute(refused).all():
            refuse(connection, session_id, position, key)
        connection.execute(delete(REFUSALS).where(REFUSALS.c.participant_id == gone))
        connection.execute(delete(PARTICIPANTS).where(PARTICIPANTS.c.id == gone))

    def _sessions(self, ids: Iterable[str]) -> list[Session]:
        return [self._workspace.session(each) for each in sorted(ids)]


def _farewell(changed: list[Session], done: Forgotten, gone: Sequence[Path], left: Sequence[Path]) -> Farewell:
    recordings = sorted(each for each in done.paths if Path(each).is_file())
    return Farewell(
        changed, sorted(done.deleted), [str(each) for each in gone], [str(each) for each in left], recordings
    )


def _called(connection: Connection, key: int, name: str) -> str:
    """What a person of that name is called in a participant's case."""
    return stored_name(connection, _case_of(connection, key), name)


def _all(connection: Connection) -> list[tuple[int, str, str | None]]:
    """Key, name and case of every participant, by case and name."""
    statement = (
        select(PARTICIPANTS.c.id, PARTICIPANTS.c.name, CASES.c.name)
        .join_from(PARTICIPANTS, CASES, isouter=True)
        .where(*seen_cases())
        .order_by(CASES.c.name.is_(None), CASES.c.name, PARTICIPANTS.c.name, PARTICIPANTS.c.id)
    )
    return [(key, name, case) for key, name, case in connection.execute(statement)]


def _check_voiceprint(connection: Connection, key: int, name: str) -> None:
    refused = select(PARTICIPANTS.c.consent_voiceprint).where(PARTICIPANTS.c.id == key)
    if connection.execute(refused).scalar() is False:
        raise WorkspaceError(
            f"{name} does not consent to being known by voice; where that has changed, say it first with turntone "
            f"participants consent {name} --voiceprint yes"
        )


def _is_of(connection: Connection, key: int, case: str | None) -> bool:
    return case is None or _case_name(connection, _case_of(connection, key)) == case


def _case_of(connection: Connection, key: int) -> int | None:
    return connection.execute(select(PARTICIPANTS.c.case_id).where(PARTICIPANTS.c.id == key)).scalar()


def _case_name(connection: Connection, case_id: int | None) -> str | None:
    return connection.execute(select(CASES.c.name).where(CASES.c.id == case_id)).scalar()


def _place(connection: Connection, key: int) -> str:
    case = _case_name(connection, _case_of(connection, key))
    return f"in the case {case}" if case else f"in session {', '.join(_sessions_of(connection, key)) or 'none'}"


def _sessions_of(connection: Connection, key: int) -> list[str]:
    """The sessions in which a participant speaks, or may."""
    mine = (SPEAKERS.c.participant_id == key) | (SPEAKERS.c.match_id == key)
    return sorted(set(connection.execute(select(SPEAKERS.c.session_id).where(mine)).scalars()))


def _sessions_around(connection: Connection, key: int) -> list[str]:
    """All sessions of a participant's case; of somebody in none, those in which they speak."""
    case_id = _case_of(connection, key)
    own = select(SESSIONS.c.id).where(SESSIONS.c.case_id == case_id).order_by(SESSIONS.c.id)
    return _sessions_of(connection, key) if case_id is None else list(connection.execute(own).scalars())


def _summary(connection: Connection, key: int) -> ParticipantSummary:
    row = connection.execute(select(PARTICIPANTS).where(PARTICIPANTS.c.id == key)).mappings().one()
    appearances = tuple(_appearances(connection, key))
    enrolled = connection.execute(
        select(ENROLMENTS).where(ENROLMENTS.c.participant_id == key).order_by(ENROLMENTS.c.id)
    )
    enrolments = tuple(Enrolment(each["source"], each["seconds"], each["encoder"]) for each in enrolled.mappings())
    encoders = {each.encoder for each in enrolments} | {each.name for each in confirmed_encoders(connection, key)}
    case = _case_name(connection, row["case_id"])
    role = usual_role(connection, key)
    consent = row["consent_analysis"], row["consent_voiceprint"]
    return ParticipantSummary(row["name"], case, role, *consent, appearances, enrolments, tuple(sorted(encoders)))


def _appearances(connection: Connection, key: int) -> Iterable[Appearance]:
    mine = (SPEAKERS.c.participant_id == key) | (SPEAKERS.c.match_id == key)
    statement = (
        select(SPEAKERS, SESSIONS.c.date)
        .join_from(SPEAKERS, SESSIONS)
        .where(mine)
        .order_by(SESSIONS.c.date.is_(None), SESSIONS.c.date, SESSIONS.c.created, SPEAKERS.c.position)
    )
    for row in connection.execute(statement).mappings():
        yield Appearance(
            session=row["session_id"],
            speaker=row["label"],
            date=row["date"].isoformat() if row["date"] else None,
            seconds=row["talk_time"],
            probability=None if row["confirmed"] else row["match_probability"],
            confirmed=row["confirmed"],
            counts=row["participant_id"] == key,
        )
