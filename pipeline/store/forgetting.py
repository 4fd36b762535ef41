"""Removes a participant: the name wherever it stands, and all that was kept of what they said."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, delete, insert, select, update

from diarization.turn_texts import without_name

from ..scoring import MeasuredVoices
from .artifacts import read_arrays
from .changes import Change
from .corrections import settled_rows, speakers_given
from .kept_audio import silence
from .loading import artifacts_of, session_row_of, speaker_rows_of, turn_rows_of
from .models import CORRECTIONS, PARTICIPANTS, SESSIONS, SPEAKERS, TURNS
from .trail import forget_session, record
from .writing import delete_sessions, now, replace_artifact


@dataclass
class Forgotten:
    """What was removed, for what lies outside of the transaction.

    Parameters
    ----------
    sessions : set of str
        All that were concerned.
    deleted : set of str
        Those that held nothing else and are gone.
    recordings : list of str
        Whose cached stages have to go.
    paths : set of str
        Where the recordings' own files were read from: the voice is still in them.
    """

    sessions: set[str] = field(default_factory=set)
    deleted: set[str] = field(default_factory=set)
    recordings: list[str] = field(default_factory=list)
    paths: set[str] = field(default_factory=set)


def erase_person(change: Change, participants: Iterable[int]) -> Forgotten:
    """Remove what the participants said: turns, scores, embeddings, voice features, and their stretches of the audio.

    What others said in the same sessions stays. Where two spoke at once the audio is silenced, as the voice is in it.
    """
    spoken = select(SPEAKERS.c.session_id, SPEAKERS.c.label).where(SPEAKERS.c.participant_id.in_(list(participants)))
    labels: dict[str, set[str]] = {}
    for session_id, label in change.connection.execute(spoken):
        labels.setdefault(session_id, set()).add(label)
    done = Forgotten()
    for session_id, own in sorted(labels.items()):
        row = session_row_of(change.connection, session_id)
        done.sessions.add(session_id)
        done.recordings.append(row["recording_id"])
        done.paths.add(row["path"])
        if {each["label"] for each in speaker_rows_of(change.connection, session_id)} <= own:
            record(change.connection, "deleted", "session", session_id, "forgotten")
            delete_sessions(change.connection, [session_id])
            forget_session(change.connection, session_id)
            done.deleted.add(session_id)
        else:
            _erase_in_session(change, session_id, own)
    return done


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
    """Write another name, or none, wherever sessions say how they were found: baselines, channels, notes, the path."""
    for session_id in session_ids:
        row = session_row_of(connection, session_id)
        provenance = row["provenance"]
        changed: dict[str, Any] = {"provenance": _renamed(provenance, old, new)}
        if new is None:
            changed["notes"] = [note for note in row["notes"] if old not in note]
            _unname_texts(connection, session_id, old)
        connection.execute(update(SESSIONS).where(SESSIONS.c.id == session_id).values(changed=now(), **changed))


def _unname_texts(connection: Connection, session_id: str, name: str) -> None:
    """Put a mark in the place of a name wherever others say it, as far as text of the session is kept."""
    for row in turn_rows_of(connection, session_id):
        text = without_name(row["text"] or "", name)
        if text != (row["text"] or ""):
            own = (TURNS.c.session_id == session_id) & (TURNS.c.position == row["position"])
            connection.execute(update(TURNS).where(own).values(text=text))


def _renamed(provenance: Mapping[str, Any], old: str, new: str | None) -> dict[str, Any]:
    changed = dict(provenance)
    if provenance.get("baselines"):
        changed["baselines"] = [
            each | {"participant": new} if each.get("participant") == old else each for each in provenance["baselines"]
        ]
    config = provenance.get("config") or {}
    channels = (config.get("diarization") or {}).get("channels") or {}
    people = {name: _person(person, old, new) for name, person in channels.items()}
    if people != channels:
        kept = {name: person for name, person in people.items() if person}
        changed["config"] = config | {"diarization": config["diarization"] | {"channels": kept}}
    return changed


def _person(person: str, old: str, new: str | None) -> str:
    """``Anna:client`` under another name; the role alone without one."""
    name, colon, role = person.partition(":")
    if not colon or name.strip() != old:
        return person
    return f"{new}:{role}" if new else role.strip()


def _erase_in_session(change: Change, session_id: str, labels: set[str]) -> None:
    connection = change.connection
    turns = turn_rows_of(connection, session_id)
    speakers = speakers_given(connection, session_id, [turn["speaker"] for turn in turns], labels)
    kept = np.array([speaker not in labels for speaker in speakers], bool)
    positions = [row["label"] not in labels for row in speaker_rows_of(connection, session_id)]
    silenced = _erase_in_files(change, session_id, labels, kept, np.array(positions, bool), turns, speakers)
    _keep_turns(connection, session_id, [(turn, speaker) for turn, speaker in zip(turns, speakers, strict=True)], kept)
    own = (SPEAKERS.c.session_id == session_id) & SPEAKERS.c.label.in_(labels)
    connection.execute(delete(SPEAKERS).where(own))
    row = session_row_of(connection, session_id)
    provenance = dict(row["provenance"])
    provenance["baselines"] = [each for each in provenance.get("baselines") or () if each["speaker"] not in labels]
    if channels := provenance.get("channels"):
        left = {label: name for label, name in (channels.get("speakers") or {}).items() if label not in labels}
        provenance["channels"] = {**channels, "speakers": left}
    provenance["forgotten"] = [*provenance.get("forgotten", []), {"seconds": round(silenced, 1)}]
    scored = sum(bool(turn["scored"]) and keep for turn, keep in zip(turns, kept, strict=True))
    # Nothing leads back to the file, in which the voice still is.
    values = {"provenance": provenance, "num_turns": int(kept.sum()), "num_scored": scored, "analysis_key": ""}
    path = f"recording-{row['recording_id'][:8]}"
    connection.execute(
        update(SESSIONS).where(SESSIONS.c.id == session_id).values(**values, path=path, notes=[], changed=now())
    )


def _keep_turns(
    connection: Connection, session_id: str, turns: Sequence[tuple[Any, str]], kept: NDArray[np.bool_]
) -> None:
    """The turns that stay, numbered anew, with what was said of them."""
    answers = settled_rows(connection, session_id)
    connection.execute(delete(TURNS).where(TURNS.c.session_id == session_id))
    rows = [dict(turn) | {"speaker": speaker} for (turn, speaker), keep in zip(turns, kept, strict=True) if keep]
    places = {row["position"]: place for place, row in enumerate(rows)}
    if rows:
        connection.execute(insert(TURNS), [row | {"position": places[row["position"]]} for row in rows])
    own = CORRECTIONS.c.session_id == session_id
    connection.execute(delete(CORRECTIONS).where(own))
    known = {row["speaker"] for row in rows}
    stay = [
        each
        for each in answers
        if each["position"] in places and (each["field"] != "speaker" or each["value"] in known)
    ]
    if stay:
        connection.execute(insert(CORRECTIONS), [each | {"position": places[each["position"]]} for each in stay])


def _erase_in_files(
    change: Change,
    session_id: str,
    labels: set[str],
    kept: NDArray[np.bool_],
    positions: NDArray[np.bool_],
    turns: Sequence[Any],
    speakers: Sequence[str],
) -> float:
    """Take the speakers out of a session's files; gives the seconds of audio that were silenced."""
    files = artifacts_of(change.connection, session_id)
    conversation = read_arrays(change.folder, files["conversation"])
    conversation["segment_speakers"] = _corrected(conversation, turns, speakers)
    theirs = np.isin(conversation["segment_speakers"], sorted(labels))
    gone = [tuple(each) for each in conversation["segment_times"][theirs].tolist()]
    gone += [(turn["start"], turn["end"]) for turn, keep in zip(turns, kept, strict=True) if not keep]
    others = [tuple(each) for each in conversation["segment_times"][~theirs].tolist()]
    duration = float(session_row_of(change.connection, session_id)["duration"])
    new = {
        "conversation": _conversation(conversation, theirs, kept, positions, gone, duration),
        "emotion": _emotion(read_arrays(change.folder, files["emotion"]), kept),
    }
    if "voices" in files:
        new["voices"] = _voices(read_arrays(change.folder, files["voices"]), kept)
    for name, arrays in new.items():
        replace_artifact(change.connection, session_id, name, change.staging.arrays(arrays))
    return silence(change.connection, change.folder, change.staging, session_id, gone, others, labels)


def _corrected(arrays: Mapping[str, Any], turns: Sequence[Any], speakers: Sequence[str]) -> NDArray[np.str_]:
    """Whose each segment is, where a person said of its turn that it is somebody else's."""
    labels = arrays["segment_speakers"].tolist()
    for turn, speaker in zip(turns, speakers, strict=True):
        if speaker != turn["speaker"]:
            for index, (start, end) in enumerate(arrays["segment_times"].tolist()):
                if labels[index] == turn["speaker"] and turn["start"] <= (start + end) / 2 <= turn["end"]:
                    labels[index] = speaker
    return np.array(labels, np.str_)


def _conversation(
    arrays: Mapping[str, Any],
    theirs: NDArray[np.bool_],
    kept: NDArray[np.bool_],
    positions: NDArray[np.bool_],
    gone: Sequence[tuple[float, float]],
    duration: float,
) -> dict[str, Any]:
    peaks = np.array(arrays["peaks"])
    for start, end in gone:
        first, last = (int(len(peaks) * at / max(duration, 1e-9)) for at in (start, end))
        peaks[first : last + 1] = 0
    embeddings, voices = arrays["speaker_embeddings"], arrays.get("voices")
    return {
        **arrays,
        "segment_times": arrays["segment_times"][~theirs],
        "segment_speakers": np.array(arrays["segment_speakers"][~theirs].tolist(), np.str_),
        "speaker_embeddings": embeddings[positions] if len(embeddings) == len(positions) else embeddings[:0],
        "peaks": peaks,
    } | ({} if voices is None else {"voices": voices[kept] if len(voices) == len(kept) else voices[:0]})


def _emotion(arrays: Mapping[str, Any], kept: NDArray[np.bool_]) -> dict[str, Any]:
    counts = np.diff(arrays["frame_offsets"])
    frames = np.repeat(kept, counts)
    embeddings = arrays["embeddings"]
    return {
        **arrays,
        "embeddings": embeddings[kept] if len(embeddings) == len(kept) else embeddings[:0],
        "frame_offsets": np.concatenate([[0], np.cumsum(counts[kept])]).astype(np.int64),
        "frame_scores": arrays["frame_scores"][frames],
        "frame_times": arrays["frame_times"][frames],
    }


def _voices(arrays: Mapping[str, Any], kept: NDArray[np.bool_]) -> dict[str, Any]:
    measured = MeasuredVoices.from_arrays(arrays)
    windows = [own for own, keep in zip(measured.windows, kept, strict=True) if keep]
    features = [own for own, keep in zip(measured.features, kept, strict=True) if keep]
    return dict(MeasuredVoices(windows, features).to_arrays())
