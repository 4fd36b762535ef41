"""WhisperX JSON: transcribed segments with words, each with a speaker where diarization found one."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from ..errors import FormatError
from .checks import file_turn, item, json_seconds, json_text, maybe_json, parsed_json
from .turn_files import FileTurn, TurnCodec, TurnFile, turn_file, written


def _parse(text: str, name: str, _recording: str | None) -> TurnFile:
    segments = item(parsed_json(text, name), "segments", name, list, "a list of segments")
    found = list(_turns(segments, name))
    unknown = sum(turn is None for turn in found)
    turns = [turn for turn in found if turn is not None]
    if found and not turns:
        raise FormatError(f"{name}: no segment names a speaker; run WhisperX with --diarize")
    left_out = f"{unknown} of {len(segments)} segments of {name} name no speaker and were left out."
    return turn_file((turn for turn in turns if turn.start < turn.end), [left_out] if unknown else [])


def _turns(segments: Sequence[Any], name: str) -> Iterator[FileTurn | None]:
    """A turn a segment, or several where its words change speaker; None where it names no speaker."""
    for index, segment in enumerate(segments):
        where = f"{name}: segments[{index}]"
        start, end = json_seconds(segment, "start", where), json_seconds(segment, "end", where)
        if pieces := _by_words(segment, where):
            yield from pieces
        elif speaker := json_text(segment, "speaker"):
            labels = {"emotion": emotion} if (emotion := json_text(segment, "emotion")) else {}
            turn = file_turn(start, end, speaker, where, json_text(segment, "text"), labels)
            if turn is not None:
                yield turn
        else:
            yield None


def _by_words(segment: dict[str, Any], where: str) -> list[FileTurn]:
    """The segment cut where its timed words change speaker; empty where they do not."""
    words = segment.get("words")
    timed = [
        (index, word)
        for index, word in enumerate(words if isinstance(words, list) else [])
        if isinstance(word, dict) and json_text(word, "speaker") and {"start", "end"} <= word.keys()
    ]
    if len({json_text(word, "speaker") for _, word in timed}) < 2:
        return []
    pieces = []
    for speaker, run in groupby(timed, key=lambda pair: json_text(pair[1], "speaker")):
        own = list(run)
        place = f"{where}.words[{own[0][0]}]"
        start, end = json_seconds(own[0][1], "start", place), json_seconds(own[-1][1], "end", place)
        pieces.append(file_turn(start, end, speaker, place, " ".join(json_text(word, "word") for _, word in own)))
    return [piece for piece in pieces if piece is not None]


def _format(turns: Sequence[FileTurn], _recording: str, _duration: float) -> str:
    segments = [
        {"start": turn.start, "end": turn.end, "text": turn.text, "words": [], "speaker": turn.speaker}
        | ({"emotion": turn.labels["emotion"]} if "emotion" in turn.labels else {})
        for turn in written(turns)
    ]
    return json.dumps({"segments": segments, "word_segments": []}, ensure_ascii=False, indent=1) + "\n"


def _recognizes(text: str) -> bool:
    value = maybe_json(text)
    segments = value.get("segments") if isinstance(value, dict) else None
    if not isinstance(segments, list) or "turns" in value:
        return False
    return all(isinstance(each, dict) and "text" in each for each in segments[:3])


CODEC = TurnCodec("whisperx", "WhisperX JSON", (".json",), frozenset({"text", "emotion"}), _recognizes, _parse, _format)
