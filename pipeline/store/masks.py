"""Keeps masks in the store: which are in force, and nothing left of whom they hide."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, RowMapping, select, update

from ..masking import AWAITING, MASKED, Mask, mask_of
from ..scoring import MeasuredVoices
from .artifacts import Staging, read_arrays
from .corrections import forget_emotions, pieces_in
from .loading import artifacts_of, session_row_of, speaker_rows_of, turn_rows_of
from .models import CASES, SESSIONS, TURNS
from .writing import now, replace_artifact

_NOTHING = {"emotion": None, "confidence": None, "valence": None, "arousal": None, "scores": None, "scored": False,
            "text": None}  # fmt: skip


def mask_in_force(connection: Connection, case: str | None, recording_id: str) -> Mask:
    """All masks of a case's sessions and of the recording's own earlier ones: once masked, masked until unmasked."""
    same = SESSIONS.c.recording_id == recording_id
    wanted = same if case is None else same | (CASES.c.name == case)
    statement = select(SESSIONS.c.provenance).join_from(SESSIONS, CASES, isouter=True).where(wanted)
    found = Mask()
    for provenance in connection.execute(statement).scalars():
        found |= mask_of(provenance)
    return found


def said_roles(connection: Connection, session_id: str) -> dict[str, str | None]:
    """The roles of a session's speakers, by label, as far as they were said: a match by voice gives none."""
    return {row["label"]: row["role"] for row in speaker_rows_of(connection, session_id)}


def sessions_of_case(connection: Connection, session_id: str) -> list[str]:
    """The sessions of a session's case; itself alone where it has none."""
    case_id = session_row_of(connection, session_id)["case_id"]
    if case_id is None:
        return [session_id]
    statement = select(SESSIONS.c.id).where(SESSIONS.c.case_id == case_id).order_by(SESSIONS.c.id)
    return list(connection.execute(statement).scalars())


def set_mask(connection: Connection, session_id: str, mask: Mask) -> None:
    """Put a mask into a session's provenance."""
    row = session_row_of(connection, session_id)
    provenance = {**row["provenance"], "privacy": mask.to_json()}
    _update(connection, session_id, provenance=provenance)


def enforce(connection: Connection, folder: Path, staging: Staging, session_ids: Iterable[str]) -> list[str]:
    """Remove what is stored of speakers whom the masks hide, and mark the turns of those whom none hides any more.

    Gives the recordings of the sessions from which something was removed: their cached stages and old files have to go
    too, once the transaction stands.
    """
    return [each for each in (_enforce(connection, folder, staging, one) for one in session_ids) if each]


def _enforce(connection: Connection, folder: Path, staging: Staging, session_id: str) -> str | None:
    row = session_row_of(connection, session_id)
    reasons = mask_of(row["provenance"]).reasons(said_roles(connection, session_id), session_id)
    turns = turn_rows_of(connection, session_id)
    said = _said_speakers(connection, session_id)
    why = [
        next((reasons[who] for who in (turn["speaker"], *said.get(turn["position"], ())) if who in reasons), None)
        for turn in turns
    ]
    hidden = np.array([reason is not None for reason in why], bool)
    for turn, reason in zip(turns, why, strict=True):
        _mark(connection, turn, reason, session_id)
    forget_emotions(
        connection, session_id, [turn["position"] for turn, hide in zip(turns, hidden, strict=True) if hide]
    )
    files = artifacts_of(connection, session_id)
    removed = any(turn["scored"] for turn, hide in zip(turns, hidden, strict=True) if hide)
    removed |= _empty_emotion(connection, folder, staging, session_id, files, hidden)
    removed |= _empty_voices(connection, folder, staging, session_id, files, hidden)
    removed |= _empty_pitch(connection, folder, staging, session_id, files, hidden)
    baselines = [each for each in row["provenance"].get("baselines") or () if each["speaker"] not in reasons]
    scored = sum(bool(turn["scored"]) and not hide for turn, hide in zip(turns, hidden, strict=True))
    _update(connection, session_id, provenance={**row["provenance"], "baselines": baselines}, num_scored=scored)
    return str(row["recording_id"]) if removed else None


def _said_speakers(connection: Connection, session_id: str) -> dict[int, set[str]]:
    """To whom a person gave the machine's turns, whole or in part, by position."""
    found: dict[int, set[str]] = {}
    for piece in pieces_in(connection, session_id):
        for part in piece.parts:
            if "speaker" in piece.said:
                found.setdefault(part.turn, set()).add(piece.said["speaker"])
    return found


def _mark(connection: Connection, turn: RowMapping, reason: str | None, session_id: str) -> None:
    own = (TURNS.c.session_id == session_id) & (TURNS.c.position == turn["position"])
    if reason is not None:
        connection.execute(update(TURNS).where(own).values(**_NOTHING, reason=reason))
    elif (turn["reason"] or "").startswith(MASKED):
        connection.execute(update(TURNS).where(own).values(reason=f"{AWAITING}{session_id}"))


def _empty_emotion(
    connection: Connection, folder: Path, staging: Staging, session_id: str, files: Any, hidden: NDArray[np.bool_]
) -> bool:
    arrays = read_arrays(folder, files["emotion"])
    offsets = arrays["frame_offsets"]
    counts = np.diff(offsets)
    embeddings = arrays["embeddings"].copy()
    known = embeddings.shape[1:] != (0,) and bool(np.isfinite(embeddings[hidden]).any())
    if not known and not counts[hidden].any():
        return False
    kept = np.repeat(~hidden, counts)
    embeddings[hidden] = np.nan
    left = np.concatenate([[0], np.cumsum(np.where(hidden, 0, counts))]).astype(np.int64)
    found = {"embeddings": embeddings, "frame_offsets": left}
    found |= {name: arrays[name][kept] for name in ("frame_scores", "frame_times")}
    replace_artifact(connection, session_id, "emotion", staging.arrays({**arrays, **found}))
    return True


def _empty_voices(
    connection: Connection, folder: Path, staging: Staging, session_id: str, files: Any, hidden: NDArray[np.bool_]
) -> bool:
    if "voices" not in files:
        return False
    measured = MeasuredVoices.from_arrays(read_arrays(folder, files["voices"]))
    if not any(own for own, hide in zip(measured.features, hidden, strict=True) if hide):
        return False
    windows = [[] if hide else own for own, hide in zip(measured.windows, hidden, strict=True)]
    features = [[] if hide else own for own, hide in zip(measured.features, hidden, strict=True)]
    replace_artifact(connection, session_id, "voices", staging.arrays(MeasuredVoices(windows, features).to_arrays()))
    return True


def _empty_pitch(
    connection: Connection, folder: Path, staging: Staging, session_id: str, files: Any, hidden: NDArray[np.bool_]
) -> bool:
    arrays = read_arrays(folder, files["conversation"])
    voices = arrays.get("voices")
    if voices is None or len(voices) != len(hidden) or not np.isfinite(voices[hidden]).any():
        return False
    left = np.where(hidden[:, None], np.float32(np.nan), voices)
    replace_artifact(connection, session_id, "conversation", staging.arrays({**arrays, "voices": left}))
    return True


def _update(connection: Connection, session_id: str, **values: Any) -> None:
    statement = update(SESSIONS).where(SESSIONS.c.id == session_id)
    connection.execute(statement.values(changed=now(), **values))
