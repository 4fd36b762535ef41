"""Turntone's own JSON, as ``turntone analyze --format json`` prints it; only its diarization and its text are read."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ..errors import FormatError
from .checks import file_turn, item, json_seconds, json_text, maybe_json, parsed_json
from .turn_files import FileTurn, SeveralRecordingsError, TurnCodec, TurnFile, some, turn_file


def _parse(text: str, name: str, recording: str | None) -> TurnFile:
    value = parsed_json(text, name)
    sessions = value if isinstance(value, list) else [value]
    index = _meant(sessions, name, recording)
    where = f"{name}: [{index}].segments" if isinstance(value, list) else f"{name}: segments"
    rows = item(sessions[index], "segments", where.rpartition(".")[0] or name, list, "a list of segments")
    found = turn_file(_turn(row, f"{where}[{at}]") for at, row in enumerate(rows))
    return replace(found, turns=_with_texts(found.turns, sessions[index].get("turns"), where))


def _with_texts(segments: tuple[FileTurn, ...], turns: Any, where: str) -> tuple[FileTurn, ...]:
    """The segments with what is said in their turns, each text at the segment in which most of its turn lies."""
    from ..turn_texts import texts_of

    spoken = [row for row in turns or () if isinstance(row, dict) and json_text(row, "text")]
    place = f"{where.rpartition('segments')[0]}turns"
    said = [
        FileTurn(turn.start, turn.end, turn.speaker, json_text(row, "text"))
        for at, row in enumerate(spoken)
        if (turn := _turn(row, f"{place}[{at}]")) is not None
    ]
    if not said:
        return segments
    texts = texts_of([(each.start, each.end, each.speaker) for each in segments], said)
    return tuple(replace(each, text=text or "") for each, text in zip(segments, texts, strict=True))


def _meant(sessions: list[Any], name: str, recording: str | None) -> int:
    if len(sessions) == 1:
        return 0
    stems = [_stem(session) for session in sessions]
    if recording is None:
        raise SeveralRecordingsError(
            f"{name}: it holds {len(stems)} sessions ({some(stems)}); say which recording is meant"
        )
    if recording not in stems:
        raise FormatError(f"{name}: it does not speak of recording '{recording}'; it knows {some(stems)}")
    return stems.index(recording)


def _stem(session: Any) -> str:
    """The name of a session's recording without folder and extension, on whatever system it was analysed."""
    recording = session.get("recording") if isinstance(session, dict) else None
    path = str(recording.get("path", "")) if isinstance(recording, dict) else ""
    file = path.replace("\\", "/").rpartition("/")[2]
    return file.rpartition(".")[0] or file


def _turn(row: Any, where: str) -> FileTurn | None:
    start, end = json_seconds(row, "start", where), json_seconds(row, "end", where)
    return file_turn(start, end, item(row, "speaker", where, str, "a speaker's label"), where)


def _recognizes(text: str) -> bool:
    value = maybe_json(text)
    sessions = value if isinstance(value, list) else [value]
    keys = {"session", "recording", "segments"}
    return bool(sessions) and all(isinstance(each, dict) and keys <= each.keys() for each in sessions[:3])


CODEC = TurnCodec("turntone", "Turntone's JSON", (".json",), frozenset({"text"}), _recognizes, _parse)
