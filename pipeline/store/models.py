"""The tables of a workspace's database."""

from __future__ import annotations

import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Double,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

DOUBTFUL = (
    "(speaker_confidence < 0.7 OR confidence < 0.7 OR emotion = 'uncertain') "
    "AND coalesce(substr(reason, 1, 8), '') <> 'masked: '"
)
"""Of which turns the machine is unsure, those left out that a mask hides."""

_NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """What all tables share: constraint names that migrations can refer to."""

    metadata = MetaData(naming_convention=_NAMES)
    type_annotation_map = {dict[str, Any]: JSON, list[Any]: JSON, float: Double}  # noqa: RUF012 (SQLAlchemy reads it off the class)


class CaseRow(Base):
    """A series of sessions that belong together, the models it is pinned to, how its voices are matched, how many days
    its sessions are kept (for ever where null), and what its pseudonyms are made with (it has none where null)."""

    __tablename__ = "cases"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String, unique=True)
    models: Mapped[dict[str, Any]]
    identity: Mapped[dict[str, Any] | None]
    keep_days: Mapped[int | None]
    salt: Mapped[bytes | None] = mapped_column(LargeBinary)
    created: Mapped[datetime.datetime]


class ParticipantRow(Base):
    """A person in the sessions of a case, or, where ``case_id`` is null, in one session without a case.

    ``consent_analysis`` and ``consent_voiceprint`` are null where nobody has asked.
    """

    __tablename__ = "participants"
    __table_args__ = (UniqueConstraint("case_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int | None] = mapped_column(ForeignKey("cases.id", ondelete="CASCADE"))
    name: Mapped[str]
    role: Mapped[str | None]
    consent_analysis: Mapped[bool | None]
    consent_voiceprint: Mapped[bool | None]


class EnrolmentRow(Base):
    """A voice that somebody said is a participant's, from a recording made for it; ``vector`` is float32."""

    __tablename__ = "enrolments"
    __table_args__ = (Index(None, "participant_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    participant_id: Mapped[int] = mapped_column(ForeignKey("participants.id", ondelete="CASCADE"))
    encoder: Mapped[str]
    revision: Mapped[str]
    vector: Mapped[bytes] = mapped_column(LargeBinary)
    seconds: Mapped[float]
    source: Mapped[str]
    created: Mapped[datetime.datetime]


class VoiceCalibrationRow(Base):
    """What this workspace has measured of an encoder's scores, which goes before what comes with the program."""

    __tablename__ = "voice_calibrations"

    encoder: Mapped[str] = mapped_column(primary_key=True)
    revision: Mapped[str] = mapped_column(primary_key=True)
    weights: Mapped[dict[str, Any]]
    created: Mapped[datetime.datetime]


class SessionRow(Base):
    """One analysed recording; what lists show stands in columns, so that they need not open anything else."""

    __tablename__ = "sessions"
    __table_args__ = (Index(None, "case_id", "date"), Index(None, "recording_id"))

    id: Mapped[str] = mapped_column(String(12), primary_key=True)
    case_id: Mapped[int | None] = mapped_column(ForeignKey("cases.id"))
    date: Mapped[datetime.date | None]
    recording_id: Mapped[str] = mapped_column(String(64))
    path: Mapped[str]
    duration: Mapped[float]
    sampling_rate: Mapped[int]
    channels: Mapped[int]
    labels: Mapped[list[Any]]
    quality: Mapped[dict[str, Any]]
    provenance: Mapped[dict[str, Any]]
    models: Mapped[dict[str, Any]]
    notes: Mapped[list[Any]]
    speaker_count: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    num_turns: Mapped[int]
    num_scored: Mapped[int]
    analysis_key: Mapped[str] = mapped_column(String(64))
    diarization_key: Mapped[str] = mapped_column(String(64))
    created: Mapped[datetime.datetime]
    changed: Mapped[datetime.datetime]


class SpeakerRow(Base):
    """One voice of a session, and who it is.

    ``participant_id`` is who it counts as: ``confirmed`` where a person said so, else as the voice says. ``match_id``
    and ``match_probability`` are what the voice says, also where that is too unsure to count.
    """

    __tablename__ = "speakers"
    __table_args__ = (Index(None, "participant_id"), Index(None, "match_id"))

    session_id: Mapped[str] = mapped_column(ForeignKey("sessions.id", ondelete="CASCADE"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    label: Mapped[str]
    participant_id: Mapped[int | None] = mapped_column(ForeignKey("participants.id"))
    role: Mapped[str | None]
    talk_time: Mapped[float]
    confirmed: Mapped[bool] = mapped_column(server_default=false())
    match_id: Mapped[int | None] = mapped_column(ForeignKey("participants.id", ondelete="SET NULL"))
    match_probability: Mapped[float | None]


class RefusalRow(Base):
    """A participant that a speaker is not, as a person said when taking a match back."""

    __tablename__ = "refusals"
    __table_args__ = (
        ForeignKeyConstraint(
            ["session_id", "position"],
            ["speakers.session_id", "speakers.position"],
            name="fk_refusals_session_id_speakers",
            ondelete="CASCADE",
        ),
        Index(None, "participant_id"),
    )

    session_id: Mapped[str] = mapped_column(String(12), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    participant_id: Mapped[int] = mapped_column(ForeignKey("participants.id", ondelete="CASCADE"), primary_key=True)


class TurnRow(Base):
    """One turn of a session; numbers are null and the reason is given where it is not scored.

    ``text`` is what is said, null where nothing says so or it is not kept.
    """

    __tablename__ = "turns"
    # Of which the machine is unsure, for the page that has them reviewed: see ``corrections.doubtful_turns``.
    __table_args__ = (
        Index("ix_turns_doubtful", "session_id", sqlite_where=text(DOUBTFUL), postgresql_where=text(DOUBTFUL)),
    )

    session_id: Mapped[str] = mapped_column(ForeignKey("sessions.id", ondelete="CASCADE"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    start: Mapped[float]
    end: Mapped[float]
    speaker: Mapped[str]
    speaker_confidence: Mapped[float | None]
    emotion: Mapped[str | None]
    confidence: Mapped[float | None]
    valence: Mapped[float | None]
    arousal: Mapped[float | None]
    overlap: Mapped[float]
    scored: Mapped[bool]
    reason: Mapped[str | None]
    text: Mapped[str | None]
    scores: Mapped[list[Any] | None]


class CorrectionRow(Base):
    """What a person said of one turn: its speaker's label, or its emotion.

    ``step`` is what is undone together; ``undone`` marks answers that were taken back and can be put again. Of the
    others the last one of a turn and field counts.
    """

    __tablename__ = "corrections"
    __table_args__ = (Index(None, "session_id", "step"),)

    number: Mapped[int] = mapped_column(primary_key=True)
    session_id: Mapped[str] = mapped_column(String(12), ForeignKey("sessions.id", ondelete="CASCADE"))
    step: Mapped[int]
    position: Mapped[int]
    field: Mapped[str]
    value: Mapped[str]
    undone: Mapped[bool] = mapped_column(server_default=false(), default=False)
    created: Mapped[datetime.datetime]


class LookRow(Base):
    """That a session was looked through for findings, by which rules and measures (``revision``), and when.

    Triggers remove the row as soon as anything changes that findings are made of: a row that is there holds. ``whole``
    is false where the session could not be looked through, as its files are damaged.
    """

    __tablename__ = "looks"
    __table_args__ = (Index(None, "revision", "whole"), Index(None, "made"))

    session_id: Mapped[str] = mapped_column(String(12), ForeignKey("sessions.id", ondelete="CASCADE"), primary_key=True)
    revision: Mapped[str] = mapped_column(String(16))
    whole: Mapped[bool]
    made: Mapped[datetime.datetime]


class FindingRow(Base):
    """Something that was found in a session: a flag by its rule's name, or the shape of a speaker's course as a word.

    ``speaker`` and ``other`` are labels of whom, null where it is of the session.
    """

    __tablename__ = "findings"
    __table_args__ = (Index(None, "kind", "name", "session_id"),)

    session_id: Mapped[str] = mapped_column(
        String(12), ForeignKey("looks.session_id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    name: Mapped[str]
    speaker: Mapped[str | None]
    other: Mapped[str | None]


class ArtifactRow(Base):
    """One file of a session, beside the database."""

    __tablename__ = "artifacts"
    __table_args__ = (Index(None, "file"),)

    session_id: Mapped[str] = mapped_column(ForeignKey("sessions.id", ondelete="CASCADE"), primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    file: Mapped[str]
    sha256: Mapped[str] = mapped_column(String(64))
    size: Mapped[int] = mapped_column(Integer().with_variant(BigInteger(), "postgresql"))


class ExportedRow(Base):
    """A file that was written of a session outside the workspace, so that forgetting a person finds it."""

    __tablename__ = "exported"
    __table_args__ = (Index(None, "session_id"),)

    number: Mapped[int] = mapped_column(primary_key=True)
    session_id: Mapped[str] = mapped_column(String(12))
    path: Mapped[str]
    sha256: Mapped[str] = mapped_column(String(64))
    created: Mapped[datetime.datetime]


class JobRow(Base):
    """One piece of work: what is asked for, how far it is, who works on it, how it ended."""

    __tablename__ = "jobs"
    __table_args__ = (Index(None, "state", "lane"), Index(None, "key"), Index(None, "batch"))

    number: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(String(12), unique=True)
    kind: Mapped[str]
    state: Mapped[str]
    lane: Mapped[str]
    title: Mapped[str]
    key: Mapped[str] = mapped_column(String(64))
    payload: Mapped[dict[str, Any]]
    batch: Mapped[str | None]
    attempts: Mapped[int] = mapped_column(default=0)
    cancel_wanted: Mapped[bool] = mapped_column(default=False)
    stage: Mapped[str | None]
    progress: Mapped[float] = mapped_column(default=0.0)
    session: Mapped[str | None]
    reason: Mapped[str | None]
    worker: Mapped[str | None]
    created: Mapped[datetime.datetime]
    started: Mapped[datetime.datetime | None]
    heartbeat: Mapped[datetime.datetime | None]
    finished: Mapped[datetime.datetime | None]


class UserRow(Base):
    """Somebody who may sign in; ``id`` is random, and what the audit trail knows them by."""

    __tablename__ = "users"

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    name: Mapped[str] = mapped_column(String, unique=True)
    password: Mapped[str]
    role: Mapped[str]
    all_cases: Mapped[bool] = mapped_column(server_default=false(), default=False)
    created: Mapped[datetime.datetime]


class GrantRow(Base):
    """A case that a user sees, by name: it may begin later."""

    __tablename__ = "grants"

    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    case_name: Mapped[str] = mapped_column(primary_key=True)


class TokenRow(Base):
    """An API token of a user; of its secret only the SHA-256 is kept."""

    __tablename__ = "tokens"
    __table_args__ = (Index(None, "user_id"),)

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    label: Mapped[str]
    secret: Mapped[str] = mapped_column(String(64))
    created: Mapped[datetime.datetime]
    expires: Mapped[datetime.datetime | None]


class SignInRow(Base):
    """A browser in which a user is signed in."""

    __tablename__ = "sign_ins"
    __table_args__ = (Index(None, "user_id"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    expires: Mapped[datetime.datetime]


class AuditRow(Base):
    """One thing that somebody did. Triggers keep rows from being changed or deleted; ``digest`` chains them.

    ``actor`` and ``subject`` are random ids: of users, and of ``audit_names``.
    """

    __tablename__ = "audit"

    number: Mapped[int] = mapped_column(primary_key=True)
    time: Mapped[datetime.datetime]
    actor: Mapped[str | None]
    via: Mapped[str]
    action: Mapped[str]
    kind: Mapped[str | None]
    subject: Mapped[str | None]
    detail: Mapped[str | None]
    digest: Mapped[str] = mapped_column(String(64))


class AuditNameRow(Base):
    """Whom or what a random id of the audit trail stands for; it goes with them, and the id then says nothing."""

    __tablename__ = "audit_names"

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    session_id: Mapped[str | None] = mapped_column(String(12), unique=True)
    case_id: Mapped[int | None] = mapped_column(ForeignKey("cases.id", ondelete="CASCADE"), unique=True)
    participant_id: Mapped[int | None] = mapped_column(ForeignKey("participants.id", ondelete="CASCADE"), unique=True)
    account: Mapped[str | None] = mapped_column(unique=True)


def table(model: type[Base]) -> Table:
    """The table behind a model, for statements over many rows at once."""
    found = model.__table__
    assert isinstance(found, Table)
    return found


CASES, PARTICIPANTS, SESSIONS = table(CaseRow), table(ParticipantRow), table(SessionRow)
SPEAKERS, TURNS, ARTIFACTS = table(SpeakerRow), table(TurnRow), table(ArtifactRow)
ENROLMENTS, REFUSALS, VOICE_CALIBRATIONS = table(EnrolmentRow), table(RefusalRow), table(VoiceCalibrationRow)
JOBS, CORRECTIONS, EXPORTED = table(JobRow), table(CorrectionRow), table(ExportedRow)
USERS, GRANTS, TOKENS, SIGN_INS = table(UserRow), table(GrantRow), table(TokenRow), table(SignInRow)
AUDIT, AUDIT_NAMES = table(AuditRow), table(AuditNameRow)
LOOKS, FINDINGS = table(LookRow), table(FindingRow)
LOOKS.add_is_dependent_on(SPEAKERS)  # whose triggers remove looks: a copy writes speakers first
