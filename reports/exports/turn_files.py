"""Exports through the codecs of turn formats: one file a session, RTTM also for several."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from diarization.errors import FormatError
from diarization.formats.registry import codec
from diarization.formats.turn_files import FileTurn

from .names import segments_of_session, shown_emotion, stems_of, turns_of_session

if TYPE_CHECKING:
    from pipeline.sessions import Session

_DIARIZATIONS = frozenset({"rttm", "pyannote"})
"""Formats of diarization: they hold segments rather than turns."""


def rttm_files(sessions: Sequence[Session], labels: bool) -> dict[str, bytes]:
    """RTTM with all sessions' segments, and UEM with the time that each covers (NIST RT-09)."""
    stems = {each: "_".join(stem.split()) for each, stem in stems_of(sessions).items()}
    rttm = "".join(
        _formatted(_joined(segments_of_session(each, labels)), "rttm", stems[each.id], each) for each in sessions
    )
    uem = "".join(f"{stems[each.id]} 1 0.000 {each.recording.duration:.3f}\n" for each in sessions)
    return {".rttm": rttm.encode(), ".uem": uem.encode()}


def codec_files(session: Session, name: str, labels: bool) -> Mapping[str, bytes]:
    """One session in a format of turns, by the file's extension."""
    turns = segments_of_session(session, labels) if name in _DIARIZATIONS else turns_of_session(session, labels)
    if name in ("vtt", "srt"):
        turns = [_subtitle(turn, each, name) for turn, each in zip(turns, _confidences(session), strict=True)]
    suffix = ".TextGrid" if name == "textgrid" else codec(name).extensions[0]
    return {suffix: _formatted(turns, name, session.recording.path.stem, session).encode()}


def _formatted(turns: Sequence[FileTurn], name: str, recording: str, session: Session) -> str:
    write = codec(name).format
    if write is None:
        raise FormatError(f"{name}: this format is only read")
    return write(turns, recording, session.recording.duration)


def _joined(turns: Sequence[FileTurn]) -> list[FileTurn]:
    """Names without blanks, as RTTM needs them; two that become the same keep apart by a number."""
    names: dict[str, str] = {}
    for turn in turns:
        name = "_".join(turn.speaker.split())
        if turn.speaker not in names:
            taken = name in names.values()
            names[turn.speaker] = f"{name}_{len(names) + 1}" if taken else name
    return [replace(turn, speaker=names[turn.speaker]) for turn in turns]


def _confidences(session: Session) -> list[float | None]:
    table = session.turns
    return [float(each) if scored else None for each, scored in zip(table["confidence"], table["scored"], strict=True)]


def _subtitle(turn: FileTurn, confidence: float | None, name: str) -> FileTurn:
    """The turn with a text that people read: what is said where that is known, and how it sounds."""
    emotion = shown_emotion(turn, confidence)
    text = " ".join(filter(None, [f"({emotion})" if emotion else "", turn.text])) or "–"
    speaker = turn.speaker.replace("[", "(").replace("]", ")") if name == "srt" else turn.speaker
    return replace(turn, text=text, speaker=speaker)
