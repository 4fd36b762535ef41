"""The voices of a case, and who of its participants each one is: matched inside a transaction, from what is stored."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import Connection, RowMapping, delete, insert, select, update

from diarization.errors import StoreAway, WorkspaceError
from diarization.identity import (
    IdentityConfig,
    Vector,
    Voice,
    VoiceEncoder,
    Voiceprint,
    encoder_of,
    similarity,
    voiceprint_of,
)
from diarization.identity_calibration import Calibration, calibration_for
from diarization.identity_matching import Match, match_speakers

from .artifacts import Artifact, read_arrays
from .loading import speaker_rows_of
from .models import ARTIFACTS, CASES, ENROLMENTS, PARTICIPANTS, SESSIONS, SPEAKERS, VOICE_CALIBRATIONS
from .people import refusals_of
from .writing import now


@dataclass(frozen=True, eq=False)
class SessionVoices:
    """The speakers of a session with their voices.

    Parameters
    ----------
    session_id : str
    encoder : VoiceEncoder or None
        Of the vectors; None where the diarizer gives no voices.
    rows : list of mapping
        Of the speakers table, in order.
    voices : list of Voice
        One a row.
    """

    session_id: str
    encoder: VoiceEncoder | None
    rows: list[Mapping[str, Any]]
    voices: list[Voice]

    @property
    def confirmed(self) -> set[int]:
        """The participants of whom a person said that they speak here."""
        return {row["participant_id"] for row in self.rows if row["confirmed"]}


@dataclass
class Rematched:
    """What a new look at the voices changed: sessions in which other speakers count as participants than before, and
    the participants concerned."""

    sessions: set[str] = field(default_factory=set)
    participants: set[int] = field(default_factory=set)


def case_voices(connection: Connection, folder: Path, case_id: int) -> list[SessionVoices]:
    """The voices of each session of a case; sessions whose files are damaged have unknown ones.

    Asked for the whole case at once: a server answers three questions sooner than two a session.
    """
    own = SESSIONS.c.case_id == case_id
    sessions = connection.execute(select(SESSIONS.c.id, SESSIONS.c.models).where(own).order_by(SESSIONS.c.id)).all()
    spoken = select(SPEAKERS).join_from(SPEAKERS, SESSIONS, SPEAKERS.c.session_id == SESSIONS.c.id).where(own)
    rows: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in connection.execute(spoken.order_by(SPEAKERS.c.session_id, SPEAKERS.c.position)).mappings():
        rows[row["session_id"]].append(dict(row))
    named = select(ARTIFACTS).join_from(ARTIFACTS, SESSIONS, ARTIFACTS.c.session_id == SESSIONS.c.id)
    files = {
        row["session_id"]: Artifact(row["file"], row["sha256"], row["size"])
        for row in connection.execute(named.where(own, ARTIFACTS.c.name == "conversation")).mappings()
    }
    return [_session_voices(folder, each, models, rows[each], files.get(each)) for each, models in sessions]


def _session_voices(
    folder: Path, session_id: str, models: Mapping[str, Any], rows: list[Mapping[str, Any]], file: Artifact | None
) -> SessionVoices:
    """The voices of one session, whose ``models`` are as an ``Engines.identity``."""
    vectors = _speaker_vectors(folder, file)
    if len(vectors) != len(rows):
        vectors = np.zeros((len(rows), 0), np.float32)
    voices = [Voice(vector, row["talk_time"]) for vector, row in zip(vectors, rows, strict=True)]
    return SessionVoices(session_id, encoder_of(models.get("diarizer", {}).get("uses", ())), rows, voices)


def enrolled_voices(connection: Connection, case_id: int) -> dict[int, list[tuple[VoiceEncoder, Voice]]]:
    """The voices that the participants of a case were enrolled with, by participant."""
    statement = (
        select(ENROLMENTS)
        .join_from(ENROLMENTS, PARTICIPANTS)
        .where(PARTICIPANTS.c.case_id == case_id)
        .order_by(ENROLMENTS.c.id)
    )
    found = defaultdict(list)
    for row in connection.execute(statement).mappings():
        voice = Voice(vector_from(row["vector"]), row["seconds"])
        found[row["participant_id"]].append((VoiceEncoder(row["encoder"], row["revision"]), voice))
    return found


def voiceprints_of(
    sessions: Iterable[SessionVoices], enrolled: Mapping[int, Iterable[tuple[VoiceEncoder, Voice]]]
) -> dict[VoiceEncoder, dict[int, Voiceprint]]:
    """The voiceprint of each participant by encoder, from what persons confirmed and enrolled alone."""
    heard: dict[tuple[VoiceEncoder, int], list[Voice]] = defaultdict(list)
    for participant, voices in enrolled.items():
        for encoder, voice in voices:
            heard[encoder, participant].append(voice)
    for session in sessions:
        for row, voice in zip(session.rows, session.voices, strict=True):
            if session.encoder and row["confirmed"]:
                heard[session.encoder, row["participant_id"]].append(voice)
    prints: dict[VoiceEncoder, dict[int, Voiceprint]] = defaultdict(dict)
    for (encoder, participant), voices_heard in sorted(heard.items(), key=lambda item: item[0][1]):
        if (found := voiceprint_of(voices_heard)) is not None:
            prints[encoder][participant] = found
    return prints


def rematch(connection: Connection, folder: Path, case_ids: Iterable[int | None]) -> Rematched:
    """Match every speaker of the cases whom no person named to the participants by voice, anew.

    What comes out depends on nothing but what persons said and the case's settings: an earlier match counts for
    nothing. Without ``identity.enabled`` it is that nobody is matched.
    """
    changes = Rematched()
    for case_id in sorted({each for each in case_ids if each is not None}):
        sessions = case_voices(connection, folder, case_id)
        prints = voiceprints_of(sessions, enrolled_voices(connection, case_id))
        config = identity_of(connection, case_id)
        for session in sessions:
            _rematch_session(connection, session, prints, config, changes)
    return changes


def identity_of(connection: Connection, case_id: int) -> IdentityConfig:
    """How the voices of a case are matched: as its last analysis said, else the defaults."""
    stored = connection.execute(select(CASES.c.identity).where(CASES.c.id == case_id)).scalar()
    return IdentityConfig(**stored) if stored else IdentityConfig()


def keep_identity(connection: Connection, case_id: int | None, config: IdentityConfig) -> bool:
    """Store how the voices of a case are matched; gives whether that is new."""
    if case_id is None or identity_of(connection, case_id) == config:
        return False
    connection.execute(update(CASES).where(CASES.c.id == case_id).values(identity=config.model_dump()))
    return True


def confirmed_encoders(connection: Connection, participant: int) -> set[VoiceEncoder]:
    """What encoded the voices of a participant's confirmed speakers."""
    own = (SPEAKERS.c.participant_id == participant) & SPEAKERS.c.confirmed
    models = connection.execute(select(SESSIONS.c.models).join_from(SESSIONS, SPEAKERS).where(own)).scalars()
    found = {encoder_of(each.get("diarizer", {}).get("uses", ())) for each in models}
    return {each for each in found if each is not None}


def voice_notes(connection: Connection, session_id: str) -> list[str]:
    """What a reader should know of how a session's speakers came to be who they are, a sentence each."""
    rows = speaker_rows_of(connection, session_id)
    notes = []
    told = [row for row in rows if row["match_id"] is not None and not row["confirmed"]]
    counted = [row for row in told if row["participant_id"] is not None]
    for who, known, after in (
        (counted, "Known by voice alone", "nobody has confirmed it"),
        ([row for row in told if row not in counted], "Perhaps, by voice alone", "that is too unsure to count"),
    ):
        said = "; ".join(f"{each['label']} = {_sure(each)}" for each in who)
        if said:
            notes.append(
                f"{known}: {said}. {after.capitalize()} (turntone participants confirm or unmatch {session_id})."
            )
    if any(row["participant_id"] is None for row in rows):
        notes += _other_encoder(connection, session_id)
    return notes


def _sure(row: Mapping[str, Any] | RowMapping) -> str:
    return f"{row['matched']}, {min(99, int(100 * row['match_probability']))} %"


def _other_encoder(connection: Connection, session_id: str) -> list[str]:
    """A sentence where the case's people are known by other encoders alone than the one that heard the session."""
    statement = select(SESSIONS.c.case_id, SESSIONS.c.models).where(SESSIONS.c.id == session_id)
    case_id, models = connection.execute(statement).one()
    own = encoder_of(models.get("diarizer", {}).get("uses", ()))
    if case_id is None or not identity_of(connection, case_id).enabled:
        return []
    people = list(connection.execute(select(PARTICIPANTS.c.id).where(PARTICIPANTS.c.case_id == case_id)).scalars())
    enrolled = enrolled_voices(connection, case_id)
    known = {each: confirmed_encoders(connection, each) | {one for one, _ in enrolled.get(each, ())} for each in people}
    others = sorted({encoder.name for encoders in known.values() if own not in encoders for encoder in encoders})
    if not others:
        return []
    return [
        f"Voices heard by {', '.join(others)} are not compared with those of this session, heard by "
        f"{own.name if own else 'a diarizer without voices'}: analyse or enroll again with the same models."
    ]


def insert_enrolment(
    connection: Connection, participant: int, encoder: VoiceEncoder, voice: Voice, source: str
) -> None:
    """Keep a voice that a participant is enrolled with."""
    values = {"encoder": encoder.name, "revision": encoder.revision, "seconds": voice.seconds, "source": source}
    content = np.asarray(voice.vector, "<f4").tobytes()
    row = values | {"participant_id": participant, "vector": content, "created": now()}
    connection.execute(insert(ENROLMENTS).values(row))


def vector_from(content: bytes) -> Vector:
    """The vector in an enrolment's bytes."""
    return np.frombuffer(content, "<f4")


def calibration_of(connection: Connection, encoder: VoiceEncoder) -> Calibration:
    """What scores of an encoder mean: as measured in this workspace, else as comes with the program."""
    own = (VOICE_CALIBRATIONS.c.encoder == encoder.name) & (VOICE_CALIBRATIONS.c.revision == encoder.revision)
    weights = connection.execute(select(VOICE_CALIBRATIONS.c.weights).where(own)).scalar()
    return Calibration(**weights) if weights else calibration_for(encoder)


def keep_calibration(connection: Connection, encoder: VoiceEncoder, calibration: Calibration) -> None:
    """Let this workspace read an encoder's scores by a calibration from now on."""
    own = (VOICE_CALIBRATIONS.c.encoder == encoder.name) & (VOICE_CALIBRATIONS.c.revision == encoder.revision)
    connection.execute(delete(VOICE_CALIBRATIONS).where(own))
    row = {"encoder": encoder.name, "revision": encoder.revision, "weights": asdict(calibration), "created": now()}
    connection.execute(insert(VOICE_CALIBRATIONS).values(row))


def _rematch_session(
    connection: Connection,
    session: SessionVoices,
    prints: Mapping[VoiceEncoder, Mapping[int, Voiceprint]],
    config: IdentityConfig,
    changes: Rematched,
) -> None:
    matches: dict[int, tuple[int, float]] = {}
    accept = config.accept
    if config.enabled and session.encoder:
        calibration = calibration_of(connection, session.encoder)
        matches = _matches(connection, session, calibration, prints.get(session.encoder, {}), config)
        accept = config.accept if calibration.is_measured else 2.0  # a guess may suggest, but decides nothing
    for row in session.rows:
        if not row["confirmed"]:
            _store(connection, row, matches.get(row["position"]), accept, changes)


def _matches(
    connection: Connection,
    session: SessionVoices,
    calibration: Calibration,
    prints: Mapping[int, Voiceprint],
    config: IdentityConfig,
) -> dict[int, tuple[int, float]]:
    """Participant and probability by position, for those speakers who are somebody's voice rather than nobody's."""
    people = [each for each in prints if each not in session.confirmed and prints[each].seconds >= config.min_speech]
    heard = [
        (row["position"], voice)
        for row, voice in zip(session.rows, session.voices, strict=True)
        if not row["confirmed"] and voice.is_known and voice.seconds >= config.min_speech
    ]
    if not people or not heard:
        return {}
    refused = refusals_of(connection, session.session_id)
    evidence = np.full((len(heard), len(people)), np.nan)
    for at, (position, voice) in enumerate(heard):
        for column, participant in enumerate(people):
            if (position, participant) not in refused:
                evidence[at, column] = evidence_of(voice, prints[participant], calibration)
    found = match_speakers(evidence, config.stranger)
    return {
        position: (people[match.participant], match.probability)
        for (position, _), match in zip(heard, found, strict=True)
        if isinstance(match, Match) and match.probability >= config.suggest
    }


def evidence_of(voice: Voice, voiceprint: Voiceprint, calibration: Calibration) -> float:
    """Natural logarithm of how much likelier the voice is if it is the voiceprint's; NaN where they do not compare."""
    score = similarity(voice, voiceprint)
    return float(calibration.evidence(score, voice.seconds, voiceprint.seconds))


def _store(
    connection: Connection,
    row: Mapping[str, Any],
    match: tuple[int, float] | None,
    accept: float,
    changes: Rematched,
) -> None:
    who, probability = match or (None, None)
    counts = who if probability is not None and probability >= accept else None
    # The role stays as it was said, by a person or by the channel: a voice lifts no mask.
    found = {"participant_id": counts, "match_id": who, "match_probability": probability}
    if all(row[name] == value for name, value in found.items()):
        return
    own = (SPEAKERS.c.session_id == row["session_id"]) & (SPEAKERS.c.position == row["position"])
    connection.execute(update(SPEAKERS).where(own).values(found))
    connection.execute(update(SESSIONS).where(SESSIONS.c.id == row["session_id"]).values(changed=now()))
    if row["participant_id"] != counts:
        changes.sessions.add(row["session_id"])
        changes.participants |= {each for each in (row["participant_id"], counts) if each is not None}


def _speaker_vectors(folder: Path, file: Artifact | None) -> Vector:
    """Shape (num_speakers, dimension); nothing where the file is gone or damaged, which reading the session says."""
    try:
        return np.asarray(read_arrays(folder, file)["speaker_embeddings"]) if file else np.zeros((0, 0), np.float32)
    except StoreAway:  # which says nothing of the file
        raise
    except WorkspaceError:
        return np.zeros((0, 0), np.float32)
