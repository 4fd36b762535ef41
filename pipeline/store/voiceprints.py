"""Keeps no voice of those who do not consent to it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from sqlalchemy import Connection, select

from .artifacts import Staging, read_arrays
from .loading import artifacts_of, session_row_of
from .models import PARTICIPANTS, SPEAKERS
from .writing import replace_artifact


def erase_refused(connection: Connection, folder: Path, staging: Staging, session_ids: Iterable[str]) -> list[str]:
    """Put NaN in the place of the speaker embeddings of participants who want no voiceprint.

    Gives the recordings in which anything was removed: what their stages have cached has to go as well.
    """
    return [each for one in session_ids if (each := _erase_in(connection, folder, staging, one))]


def _erase_in(connection: Connection, folder: Path, staging: Staging, session_id: str) -> str | None:
    statement = (
        select(PARTICIPANTS.c.consent_voiceprint)
        .join_from(SPEAKERS, PARTICIPANTS, SPEAKERS.c.participant_id == PARTICIPANTS.c.id, isouter=True)
        .where(SPEAKERS.c.session_id == session_id)
        .order_by(SPEAKERS.c.position)
    )
    refused = np.array([each is False for each in connection.execute(statement).scalars()], bool)
    file = artifacts_of(connection, session_id).get("conversation") if refused.any() else None
    if file is None:
        return None
    arrays = read_arrays(folder, file)
    embeddings = np.array(arrays["speaker_embeddings"])
    if len(embeddings) != len(refused) or not np.isfinite(embeddings[refused]).any():
        return None
    embeddings[refused] = np.nan
    replace_artifact(
        connection, session_id, "conversation", staging.arrays(arrays | {"speaker_embeddings": embeddings})
    )
    return str(session_row_of(connection, session_id)["recording_id"])
