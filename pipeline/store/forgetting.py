"""Removes a participant: the name wherever it stands, and what the voice was recognised by."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from sqlalchemy import Connection, delete, select, update

from .artifacts import read_arrays
from .changes import Change
from .loading import artifacts_of, session_row_of
from .models import PARTICIPANTS, SESSIONS, SPEAKERS
from .writing import now, replace_artifact


def erase_voices(change: Change, participants: Iterable[int]) -> list[str]:
    """Put NaN in the place of the speaker embeddings of the participants; gives the recordings they were of."""
    spoken = select(SPEAKERS.c.session_id, SPEAKERS.c.position).where(SPEAKERS.c.participant_id.in_(list(participants)))
    positions: dict[str, list[int]] = {}
    for session_id, position in change.connection.execute(spoken):
        positions.setdefault(session_id, []).append(position)
    return [_erase_in_session(change, session_id, own) for session_id, own in sorted(positions.items())]


def erase_name(connection: Connection, participant: int) -> None:
    """Remove a participant with voiceprints and enrolments; speakers who were the participant are unknown again."""
    own = SPEAKERS.c.participant_id == participant
    nobody = {"participant_id": None, "confirmed": False, "match_id": None, "match_probability": None}
    connection.execute(update(SPEAKERS).where(own).values(nobody))
    connection.execute(
        update(SPEAKERS).where(SPEAKERS.c.match_id == participant).values(match_id=None, match_probability=None)
    )
    connection.execute(delete(PARTICIPANTS).where(PARTICIPANTS.c.id == participant))


def rename_in_provenance(connection: Connection, session_ids: Iterable[str], old: str, new: str | None) -> None:
    """Write another name, or none, where sessions say whose baselines their scores stand on."""
    for session_id in session_ids:
        provenance = session_row_of(connection, session_id)["provenance"]
        baselines = [
            each | {"participant": new} if each.get("participant") == old else each
            for each in provenance.get("baselines") or ()
        ]
        changed = {"provenance": provenance | {"baselines": baselines}} if "baselines" in provenance else {}
        connection.execute(update(SESSIONS).where(SESSIONS.c.id == session_id).values(changed=now(), **changed))


def _erase_in_session(change: Change, session_id: str, positions: list[int]) -> str:
    recording: str = session_row_of(change.connection, session_id)["recording_id"]
    file = artifacts_of(change.connection, session_id).get("conversation")
    if file is None:
        return recording
    arrays = read_arrays(change.folder, file)
    embeddings = np.array(arrays["speaker_embeddings"])
    if embeddings.size:
        embeddings[positions] = np.nan
        artifact = change.staging.arrays(arrays | {"speaker_embeddings": embeddings})
        replace_artifact(change.connection, session_id, "conversation", artifact)
    return recording
