"""What SubRip and WebVTT share: cues with times, and who speaks in them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from ..errors import FormatError
from .checks import file_turn
from .turn_files import FileTurn, TurnFile, turn_file

_TIME = r"(?:(\d{1,4}):)?(\d{1,2}):(\d{1,2})[,.](\d{1,3})"
_TIMES = re.compile(rf"\s*{_TIME}\s*-->\s*{_TIME}(?:\s.*)?")
_PREFIX = re.compile(
    r"(?:[-–]\s*)?(?:\[(?P<bracketed>[^\[\]]{1,80})\]|(?P<plain>[^\s:\[\]<>][^:\[\]<>]{0,39}?))\s*:(?:\s+(?P<text>.*)|\s*)"
)
_MOST_WORDS = 4  # of a name before a colon; a sentence with a colon has more


@dataclass(frozen=True)
class Cue:
    """One subtitle: its times, its lines, and where it stands."""

    start: Decimal
    end: Decimal
    lines: tuple[str, ...]
    where: str


def cues_of(lines: Sequence[tuple[int, str]], name: str) -> Iterator[Cue]:
    """The cues in numbered lines, each with an optional number or name before its times.

    Raises
    ------
    FormatError
        Where a line with ``-->`` gives no times, or something stands outside a cue.
    """
    index = 0
    while index < len(lines):
        number, line = lines[index]
        if not line.strip():
            index += 1
            continue
        if "-->" not in line:  # the cue's number or name, if its times follow
            if index + 1 >= len(lines) or "-->" not in lines[index + 1][1]:
                raise FormatError(f"{name}: line {number}: '{line[:40]}' is neither a cue's times nor within a cue")
            index += 1
            number, line = lines[index]
        start, end = _times(line, f"{name}: line {number}")
        index += 1
        said = []
        while index < len(lines) and lines[index][1].strip():
            said.append(lines[index][1].strip())
            index += 1
        yield Cue(start, end, tuple(said), f"{name}: line {number}")


def _times(line: str, where: str) -> tuple[Decimal, Decimal]:
    match = _TIMES.fullmatch(line)
    if match is None:
        raise FormatError(f"{where}: '{line.strip()[:60]}' gives no times; 00:00:01,500 --> 00:00:03,000 is accepted")
    numbers = match.groups()
    return _seconds(numbers[:4]), _seconds(numbers[4:])


def _seconds(numbers: Sequence[str | None]) -> Decimal:
    hours, minutes, seconds, fraction = (each or "0" for each in numbers)
    return int(hours) * 3600 + int(minutes) * 60 + int(seconds) + Decimal(f"0.{fraction}")


def prefixed(cue: Cue) -> list[FileTurn | None]:
    """The turns of a cue whose lines begin ``Name: ...`` or ``[Name]: ...``; a line without a name goes on."""
    said: list[tuple[str, list[str]]] = []
    for line in cue.lines:
        speaker, text = _split(line)
        if speaker or not said:
            said.append((speaker, [text]))
        else:
            said[-1][1].append(text)
    return [
        file_turn(cue.start, cue.end, speaker, cue.where, " ".join(texts).strip()) for speaker, texts in said if speaker
    ]


def _split(line: str) -> tuple[str, str]:
    match = _PREFIX.fullmatch(line)
    if match is None:
        return "", line
    speaker = (match["bracketed"] or match["plain"]).strip()
    if not speaker or (match["plain"] and len(speaker.split()) > _MOST_WORDS):
        return "", line
    return speaker, match["text"] or ""


def check_prefix(speaker: str, title: str) -> None:
    """Nothing, where ``speaker: text`` can be read back.

    Raises
    ------
    FormatError
        Where the label would be cut or taken for text.
    """
    if _split(f"[{speaker}]: x") != (speaker, "x"):
        raise FormatError(
            f"{title}: the speaker label '{speaker[:60]}' has brackets or more than 80 letters, so "
            "it could not be read back; rename the speaker"
        )


def named(cues: Sequence[Cue], turns: Sequence[list[FileTurn | None]], name: str, title: str) -> TurnFile:
    """The turns of cues, with a note on those that name nobody.

    Raises
    ------
    FormatError
        Where no cue names a speaker.
    """
    unnamed = sum(not own for own in turns)
    if cues and unnamed == len(cues):
        raise FormatError(
            f"{name}: no cue names a speaker; {title} with speakers begins its lines with 'Name: ' or '[Name]: '"
        )
    left_out = f"{unnamed} of {len(cues)} cues of {name} name no speaker and were left out."
    return turn_file((turn for own in turns for turn in own), [left_out] if unnamed else [])


def clock(seconds: float, point: str) -> str:
    """Hours, minutes, seconds and milliseconds.

    >>> clock(3723.5, ",")
    '01:02:03,500'
    """
    minutes, thousandths = divmod(round(seconds * 1000), 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02d}:{minutes:02d}:{thousandths // 1000:02d}{point}{thousandths % 1000:03d}"
