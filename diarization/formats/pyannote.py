"""JSON of pyannote: ``DiarizeOutput.serialize()``, pyannoteAI jobs, and annotations of pyannote.core."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ..errors import FormatError
from .checks import file_turn, item, json_seconds, json_text, maybe_json, parsed_json
from .turn_files import FileTurn, TurnCodec, TurnFile, turn_file, written

_LISTS = ("identification", "turnLevelTranscription", "diarization")  # from the one that says most
_EXCLUSIVE = ("exclusive_diarization", "exclusiveDiarization")


def _parse(text: str, name: str, _recording: str | None) -> TurnFile:
    value = parsed_json(text, name)
    if _is_annotation(value):
        return turn_file(_annotated(value, name))
    found, where = _output(value, name)
    key = next((key for key in _LISTS if found.get(key)), "diarization")
    turns = turn_file(_listed(found, key, where))
    exclusive = next((each for each in _EXCLUSIVE if key == "diarization" and found.get(each) is not None), None)
    if exclusive is None:
        return turns
    return replace(turns, exclusive=turn_file(_listed(found, exclusive, where)).turns)


def _output(value: Any, name: str) -> tuple[dict[str, Any], str]:
    """Where the lists are: at the top, or in ``output`` of a job."""
    if isinstance(value, list):
        return {"diarization": value}, f"{name}: "
    if not isinstance(value, dict):
        raise FormatError(f"{name}: an object with 'diarization' or 'output' is needed")
    if "diarization" in value:
        return value, f"{name}: "
    status = json_text(value, "status")
    if status and status != "succeeded":
        raise FormatError(f"{name}: status: the job is '{status}'; save its output once it has succeeded")
    return item(value, "output", name, dict, "an object with 'diarization'"), f"{name}: output."


def _listed(found: dict[str, Any], key: str, where: str) -> list[FileTurn | None]:
    rows = item(found, key, where.rstrip(": ."), list, "a list of turns")
    return [_turn(row, f"{where}{key}[{index}]") for index, row in enumerate(rows)]


def _turn(row: Any, where: str) -> FileTurn | None:
    start, end = json_seconds(row, "start", where), json_seconds(row, "end", where)
    speaker = item(row, "speaker", where, str, "a speaker's label")
    labels = {"emotion": emotion} if (emotion := json_text(row, "emotion")) else {}
    return file_turn(start, end, speaker, where, json_text(row, "text"), labels)


def _annotated(value: dict[str, Any], name: str) -> list[FileTurn | None]:
    turns = []
    for index, row in enumerate(item(value, "content", name, list, "a list of tracks")):
        where = f"{name}: content[{index}]"
        segment = item(row, "segment", where, dict, "an object with 'start' and 'end'")
        label = str(item(row, "label", where, (str, int), "a label"))
        start, end = (json_seconds(segment, key, f"{where}.segment") for key in ("start", "end"))
        turns.append(file_turn(start, end, label, where))
    return turns


def _format(turns: Sequence[FileTurn], _recording: str, _duration: float) -> str:
    exclusive = TurnFile(tuple(turns)).diarization.exclusive()
    alone = [FileTurn(each.segment.start, each.segment.end, each.speaker) for each in exclusive.segments]
    found = {"diarization": _rows(turns), "exclusive_diarization": _rows(alone)}
    return json.dumps(found, ensure_ascii=False, indent=1) + "\n"


def _rows(turns: Sequence[FileTurn]) -> list[dict[str, Any]]:
    extra = [{"text": turn.text, "emotion": turn.labels.get("emotion", "")} for turn in written(turns)]
    return [
        {"start": turn.start, "end": turn.end, "speaker": turn.speaker} | {key: own[key] for key in own if own[key]}
        for turn, own in zip(written(turns), extra, strict=True)
    ]


def _is_annotation(value: Any) -> bool:
    return isinstance(value, dict) and value.get("pyannote") == "Annotation"


def _recognizes(text: str) -> bool:
    value = maybe_json(text)
    if isinstance(value, list):
        keys = {"start", "end", "speaker"}
        return all(isinstance(row, dict) and keys <= row.keys() for row in value[:3])
    if not isinstance(value, dict):
        return False
    return _is_annotation(value) or isinstance(value.get("diarization"), list) or {"jobId", "status"} <= value.keys()


CODEC = TurnCodec("pyannote", "pyannote JSON", (".json",), frozenset({"text", "emotion"}), _recognizes, _parse, _format)
