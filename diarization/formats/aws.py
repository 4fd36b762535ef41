"""JSON of AWS Transcribe: Call Analytics (post-call and Contact Lens), and batch jobs with speaker labels."""

from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from ..errors import FormatError
from .checks import file_turn, item, json_seconds, json_text, maybe_json, parsed_json
from .turn_files import FileTurn, TurnCodec, TurnFile, some, turn_file, written

_WHO = ("ParticipantRole", "ParticipantId")


def _parse(text: str, name: str, _recording: str | None) -> TurnFile:
    value = parsed_json(text, name)
    if isinstance(value, dict) and "Transcript" in value:
        return _call(value, name)
    results = item(value, "results", name, dict, "'Transcript', or 'results' of a batch job,")
    labels = item(results, "speaker_labels", f"{name}: results", dict, "speaker labels (ShowSpeakerLabels)")
    where = f"{name}: results.speaker_labels"
    rows = item(labels, "segments", where, list, "a list of segments")
    return turn_file(_labelled(row, f"{where}.segments[{index}]") for index, row in enumerate(rows))


def _call(value: dict[str, Any], name: str) -> TurnFile:
    known = _participants(value, name)
    rows = item(value, "Transcript", name, list, "a list of turns")
    return turn_file(_said(row, f"{name}: Transcript[{index}]", known) for index, row in enumerate(rows))


def _participants(value: dict[str, Any], name: str) -> set[str]:
    """Roles and ids that the file lists; empty where it lists none."""
    listed = value.get("Participants") or []
    if not isinstance(listed, list) or not all(isinstance(each, dict) for each in listed):
        raise FormatError(f"{name}: Participants: a list of objects is needed")
    return {str(each[key]) for each in listed for key in _WHO if key in each}


def _said(row: Any, where: str, known: set[str]) -> FileTurn | None:
    start, end = (_thousandths(row, key, where) for key in ("BeginOffsetMillis", "EndOffsetMillis"))
    speaker = next((who for key in _WHO if (who := json_text(row, key))), "")
    if speaker and known and speaker not in known:
        raise FormatError(f"{where}: '{speaker}' is none of the Participants, which are {some(sorted(known))}")
    labels = {"sentiment": sentiment.lower()} if (sentiment := json_text(row, "Sentiment")) else {}
    return file_turn(start, end, speaker, where, json_text(row, "Content"), labels)


def _thousandths(row: Any, key: str, where: str) -> Decimal:
    return Decimal(json_seconds(row, key, where)) / 1000


def _labelled(row: Any, where: str) -> FileTurn | None:
    start, end = json_seconds(row, "start_time", where), json_seconds(row, "end_time", where)
    return file_turn(start, end, item(row, "speaker_label", where, str, "a speaker's label"), where)


def _format(turns: Sequence[FileTurn], recording: str, _duration: float) -> str:
    kept = written(turns)
    speakers = dict.fromkeys(turn.speaker for turn in kept)
    call = {
        "JobName": recording,
        "JobStatus": "COMPLETED",
        "Participants": [{"ParticipantRole": speaker} for speaker in speakers],
        "Transcript": [_row(turn, number) for number, turn in enumerate(kept, 1)],
    }
    return json.dumps(call, ensure_ascii=False, indent=1) + "\n"


def _row(turn: FileTurn, number: int) -> dict[str, Any]:
    return {
        "Id": str(number),
        "ParticipantRole": turn.speaker,
        "BeginOffsetMillis": round(turn.start * 1000),
        "EndOffsetMillis": round(turn.end * 1000),
        "Content": turn.text,
    }


def _recognizes(text: str) -> bool:
    value = maybe_json(text)
    if not isinstance(value, dict):
        return False
    results = value.get("results")
    return isinstance(value.get("Transcript"), list) or (isinstance(results, dict) and "speaker_labels" in results)


CODEC = TurnCodec(
    "aws", "AWS Transcribe Call Analytics JSON", (".json",), frozenset({"text"}), _recognizes, _parse, _format
)
