"""SubRip subtitles whose lines begin with the speaker's name."""

from __future__ import annotations

from collections.abc import Sequence

from .subtitles import check_prefix, clock, cues_of, named, prefixed
from .turn_files import FileTurn, TurnCodec, TurnFile, written


def _parse(text: str, name: str, _recording: str | None) -> TurnFile:
    cues = list(cues_of(list(enumerate(text.splitlines(), 1)), name))
    return named(cues, [prefixed(cue) for cue in cues], name, "SubRip")


def _format(turns: Sequence[FileTurn], _recording: str, _duration: float) -> str:
    return "\n".join(_cue(turn, number) for number, turn in enumerate(written(turns), 1))


def _cue(turn: FileTurn, number: int) -> str:
    check_prefix(turn.speaker, "SubRip")
    return (
        f"{number}\n{clock(turn.start, ',')} --> {clock(turn.end, ',')}\n[{turn.speaker}]: {turn.text}".rstrip() + "\n"
    )


def _recognizes(text: str) -> bool:
    return "-->" in text[:2000] and not text.startswith("WEBVTT")


CODEC = TurnCodec("srt", "SubRip", (".srt",), frozenset({"text"}), _recognizes, _parse, _format)
