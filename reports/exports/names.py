"""What exports call sessions and speakers, and a session's turns as the codecs of turn formats take them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from diarization.formats.turn_files import FileTurn

if TYPE_CHECKING:
    from pipeline.sessions import Session


def stems_of(sessions: Sequence[Session]) -> dict[str, str]:
    """The name of each session's recording without extension, by session id; with the id where two are called alike."""
    plain = {session.id: session.recording.path.stem or session.id for session in sessions}
    shared = Counter(stem.lower() for stem in plain.values())
    return {each: stem if shared[stem.lower()] == 1 else f"{stem}-{each}" for each, stem in plain.items()}


def names_of(session: Session, labels: bool = False) -> dict[str, str]:
    """What to call each speaker, by label: the participant where one is known and nobody else is called so.

    Parameters
    ----------
    session : Session
    labels : bool
        Keep the labels.
    """
    own = list(session.speakers["label"])
    named = {label: label if labels else session.name_of(label) for label in own}
    shared = Counter(named.values())
    return {label: name if shared[name] == 1 and name.strip() else label for label, name in named.items()}


def turns_of_session(session: Session, labels: bool = False) -> list[FileTurn]:
    """The turns with names, emotions of those that are scored, and text where the session has any."""
    names = names_of(session, labels)
    return [_file_turn(row, names) for row in session.turns.to_dict("records")]


def segments_of_session(session: Session, labels: bool = False) -> list[FileTurn]:
    """The diarization with names: segments, overlap kept."""
    names = names_of(session, labels)
    rows = session.segments.to_dict("records")
    return [FileTurn(float(row["start"]), float(row["end"]), names[row["speaker"]]) for row in rows]


def shown_emotion(turn: FileTurn, confidence: float | None) -> str:
    """An emotion as subtitles show it: ``happy 82 %``; empty where the turn is not scored."""
    emotion = turn.labels.get("emotion", "")
    return f"{emotion} {confidence:.0%}".replace("%", " %") if emotion and confidence is not None else emotion


def _file_turn(row: dict[Any, Any], names: dict[str, str]) -> FileTurn:
    text = row.get("text")
    emotion = row["emotion"] if row["scored"] else None
    labels = {"emotion": str(emotion)} if emotion else {}
    said = text if isinstance(text, str) else ""
    return FileTurn(float(row["start"]), float(row["end"]), names[row["speaker"]], said, labels)
