"""Reads sessions back from rows and files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from shlex import quote
from typing import Any

from sqlalchemy import Connection, RowMapping, select

from ..masking import mask_of
from ..privacy import privacy_notes
from ..scoring import MeasuredVoices
from ..sessions import Session, said_by_a_person, speakers_table
from ..trust import trust_notes
from .artifacts import Artifact, read_arrays
from .models import ARTIFACTS, CASES, PARTICIPANTS, SESSIONS, SPEAKERS, TURNS
from .rows import recording_from, scheme_of, segments_from, session_arrays_from, turns_from


@dataclass(frozen=True)
class Analysis:
    """How a session was found: what decides whether it has to be found again.

    Parameters
    ----------
    models : dict
        Backends, and names and revisions of their models; what a case is pinned to.
    analysis_key, diarization_key : str
        Stand for all settings and models, and for those of the diarization.
    measured : MeasuredVoices or None
        What a baseline recogniser measured, None for other recognisers.
    """

    models: dict[str, Any] = field(default_factory=dict)
    analysis_key: str = ""
    diarization_key: str = ""
    measured: MeasuredVoices | None = None


def session_row_of(connection: Connection, session_id: str) -> RowMapping:
    """The row of a session that exists, with its case's name as ``case`` and the case's models as ``pinned``."""
    statement = select(SESSIONS, CASES.c.name.label("case"), CASES.c.models.label("pinned"))
    rows = connection.execute(statement.join_from(SESSIONS, CASES, isouter=True).where(SESSIONS.c.id == session_id))
    return rows.mappings().one()


def speaker_rows_of(connection: Connection, session_id: str) -> list[RowMapping]:
    """The rows of a session's speakers, in order, with who they are: ``participant`` and ``matched`` are names."""
    matched = PARTICIPANTS.alias("matched")
    statement = (
        select(SPEAKERS, PARTICIPANTS.c.name.label("participant"), matched.c.name.label("matched"))
        .join_from(SPEAKERS, PARTICIPANTS, SPEAKERS.c.participant_id == PARTICIPANTS.c.id, isouter=True)
        .join(matched, SPEAKERS.c.match_id == matched.c.id, isouter=True)
    )
    rows = connection.execute(statement.where(SPEAKERS.c.session_id == session_id).order_by(SPEAKERS.c.position))
    return list(rows.mappings())


def match_of(row: Mapping[str, Any] | RowMapping) -> dict[str, Any] | None:
    """How a speaker came to be a participant, as a Session's ``speakers`` has it; None for one who is nobody known."""
    if row["confirmed"]:
        return said_by_a_person(row["participant"])
    if row["matched"] is None:
        return None
    return {"participant": row["matched"], "probability": row["match_probability"], "confirmed": False}


def usual_role(connection: Connection, participant: int) -> str | None:
    """The role that a person gave a participant last, else the one they were enrolled with."""
    said = (
        select(SPEAKERS.c.role)
        .join_from(SPEAKERS, SESSIONS, SESSIONS.c.id == SPEAKERS.c.session_id)
        .where(SPEAKERS.c.participant_id == participant, SPEAKERS.c.role.is_not(None), SPEAKERS.c.confirmed)
        .order_by(SESSIONS.c.changed.desc())
    )
    enrolled = select(PARTICIPANTS.c.role).where(PARTICIPANTS.c.id == participant)
    role: str | None = connection.execute(said).scalar() or connection.execute(enrolled).scalar()
    return role


def role_of(connection: Connection, row: Mapping[str, Any] | RowMapping) -> str | None:
    """The role of a speaker: the one said, else where the voice says who it is that participant's."""
    guessed = row["role"] is None and row["participant_id"] is not None and not row["confirmed"]
    role: str | None = usual_role(connection, row["participant_id"]) if guessed else row["role"]
    return role


def turn_rows_of(connection: Connection, session_id: str) -> list[RowMapping]:
    """The rows of a session's turns, in order."""
    statement = select(TURNS).where(TURNS.c.session_id == session_id).order_by(TURNS.c.position)
    return list(connection.execute(statement).mappings())


def artifacts_of(connection: Connection, session_id: str) -> dict[str, Artifact]:
    """The files of a session by what they hold: conversation, emotion, voices, audio."""
    rows = connection.execute(select(ARTIFACTS).where(ARTIFACTS.c.session_id == session_id)).mappings()
    return {row["name"]: Artifact(row["file"], row["sha256"], row["size"]) for row in rows}


def load_session(connection: Connection, folder: Path, session_id: str) -> Session:
    """A session as it was stored, without what its neighbours say about it (see ``presented``)."""
    row = session_row_of(connection, session_id)
    files = artifacts_of(connection, session_id)
    conversation, emotion = read_arrays(folder, files["conversation"]), read_arrays(folder, files["emotion"])
    scheme = scheme_of(row)
    speakers = [
        {name: each[name] for name in ("label", "participant", "talk_time")}
        | {"role": role_of(connection, each), "match": match_of(each)}
        for each in speaker_rows_of(connection, session_id)
    ]
    return Session(
        id=row["id"],
        case=row["case"],
        date=row["date"],
        recording=recording_from(row),
        scheme=scheme,
        speakers=speakers_table(speakers),
        segments=segments_from(conversation),
        turns=turns_from(turn_rows_of(connection, session_id), scheme),
        quality=row["quality"],
        provenance=row["provenance"],
        arrays=session_arrays_from(conversation, emotion),
        notes=tuple(row["notes"]),
        speaker_count=row["speaker_count"],
    )


def load_analysis(connection: Connection, folder: Path, session_id: str) -> Analysis:
    """How a session was found."""
    row = session_row_of(connection, session_id)
    voices = artifacts_of(connection, session_id).get("voices")
    measured = MeasuredVoices.from_arrays(read_arrays(folder, voices)) if voices else None
    return Analysis(row["models"], row["analysis_key"], row["diarization_key"], measured)


def presented(connection: Connection, session: Session) -> Session:
    """The session with what a reader should know of it: whether it may be compared, and what its scores stand on."""
    row = session_row_of(connection, session.id)
    comparable = is_comparable(row)
    notes = [*session.notes, *trust_notes(session), *_relative_note(session), *_mask_note(session)]
    notes += privacy_notes(session, _consents(connection, session.id))
    if not comparable:
        notes.append(_other_models(session, row["pinned"], row["models"]))
    return replace(
        session, provenance=session.provenance | {"comparable": comparable}, notes=tuple(dict.fromkeys(notes))
    )


def _consents(connection: Connection, session_id: str) -> list[bool | None]:
    """What the speakers of a session consent to, as far as they are known; None where nobody asked, or they are not."""
    statement = select(PARTICIPANTS.c.consent_analysis).join_from(
        SPEAKERS, PARTICIPANTS, SPEAKERS.c.participant_id == PARTICIPANTS.c.id, isouter=True
    )
    return list(connection.execute(statement.where(SPEAKERS.c.session_id == session_id)).scalars())


def is_comparable(row: RowMapping) -> bool:
    """Whether the models of a sessions row are those its case is ``pinned`` to, where there is such a case."""
    return not row["pinned"] or bool(row["pinned"] == row["models"])


def _relative_note(session: Session) -> list[str]:
    baselines: Iterable[Mapping[str, Any]] = session.provenance.get("baselines") or ()
    alone = [str(each["participant"] or each["speaker"]) for each in baselines if each["scope"] == "session"]
    if not alone:
        return []
    verb = "are" if len(alone) > 1 else "is"
    return [
        f"The emotions of {_list(alone)} {verb} relative to this session: they take no part in comparisons between "
        "sessions until a case with several sessions says who speaks (turntone sessions assign)."
    ]


def _mask_note(session: Session) -> list[str]:
    roles = sorted(mask_of(session.provenance).roles)
    if not roles:
        return []
    return [
        f"Masked here: {_list(roles)}, and whoever has no role. Nothing of their emotions is computed, stored or shown."
    ]


def _other_models(session: Session, pinned: Mapping[str, Any], own: Mapping[str, Any]) -> str:
    command = f"turntone analyze RECORDING... --case {quote(str(session.case))}{_settings(pinned)}"
    which = "the others" if _settings(own) == _settings(pinned) else "it"  # only newer revisions, or other models
    return (
        f"Analysed with {model_names(own)}, while the case '{session.case}' was begun with {model_names(pinned)}: "
        f"not compared with the case's other sessions. To compare them, analyse {which} again: {command}"
    )


def model_names(models: Mapping[str, Any]) -> str:
    """Backends and the revisions of their models, for a sentence."""
    return " and ".join(
        f"{own['backend']} ({', '.join(f'{name} {revision[:12]}' for name, revision in own['uses'])})"
        for own in models.values()
    )


def _settings(models: Mapping[str, Any]) -> str:
    sections = {"diarizer": "diarization", "recognizer": "emotion"}
    return "".join(
        f" --set {quote(f'{sections[kind]}.{name}={own[name]}')}"
        for kind, own in models.items()
        for name in ("backend", "model")
        if own[name] is not None
    )


def _list(names: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
