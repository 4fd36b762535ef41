"""WebVTT whose cues name the speaker with a voice tag, ``<v Anna>``; the tag's class is the emotion."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from html import escape, unescape

from ..errors import FormatError
from .checks import file_turn
from .subtitles import Cue, clock, cues_of, named, prefixed
from .turn_files import FileTurn, TurnCodec, TurnFile, flat, written

_VOICE = re.compile(r"<v((?:\.[^\s.<>]+)*)\s+([^<>]+)>")
_TAG = re.compile(r"<[^<>]*>")
_CLASS = re.compile(r"[^\s.<>&]+")


def _parse(text: str, name: str, _recording: str | None) -> TurnFile:
    lines = text.splitlines()
    if lines and not re.fullmatch(r"WEBVTT(\s.*)?", lines[0]):
        raise FormatError(f"{name}: line 1: '{lines[0][:40]}' where WebVTT begins with WEBVTT")
    cues = list(cues_of(list(_cue_lines(lines)), name))
    return named(cues, [_turns(cue) for cue in cues], name, "WebVTT")


def _cue_lines(lines: Sequence[str]) -> Iterator[tuple[int, str]]:
    """The numbered lines without the header and without notes, styles and regions."""
    passing = True  # up to the first empty line is header
    for number, line in enumerate(lines, 1):
        if not line.strip():
            passing = False
        elif (
            number > 1
            and not passing
            and re.match(r"(NOTE|STYLE|REGION)(\s|$)", line)
            and not lines[number - 2].strip()
        ):
            passing = True
        if not passing:
            yield number, line


def _turns(cue: Cue) -> list[FileTurn | None]:
    said = "\n".join(cue.lines)
    voices = list(_VOICE.finditer(said))
    if not voices:
        plain = tuple(unescape(_TAG.sub("", line)) for line in cue.lines)
        return prefixed(Cue(cue.start, cue.end, plain, cue.where))
    ends = [voice.start() for voice in voices[1:]] + [len(said)]
    return [_turn(cue, voice, said[voice.end() : end]) for voice, end in zip(voices, ends, strict=True)]


def _turn(cue: Cue, voice: re.Match[str], said: str) -> FileTurn | None:
    emotion = voice[1].split(".")[1] if voice[1] else ""
    text = flat(unescape(_TAG.sub("", said)))
    labels = {"emotion": unescape(emotion)} if emotion else {}
    return file_turn(cue.start, cue.end, flat(unescape(voice[2])), cue.where, text, labels)


def _format(turns: Sequence[FileTurn], _recording: str, _duration: float) -> str:
    return "WEBVTT\n" + "".join(f"\n{_cue(turn)}" for turn in written(turns))


def _cue(turn: FileTurn) -> str:
    emotion = turn.labels.get("emotion", "")
    tag = f"<v.{emotion} " if _CLASS.fullmatch(emotion) else "<v "
    text = escape(turn.text, quote=False)
    return f"{clock(turn.start, '.')} --> {clock(turn.end, '.')}\n{tag}{escape(turn.speaker, quote=False)}>{text}</v>\n"


def _recognizes(text: str) -> bool:
    return text.startswith("WEBVTT")


CODEC = TurnCodec("vtt", "WebVTT", (".vtt",), frozenset({"text", "emotion"}), _recognizes, _parse, _format)
