"""Praat TextGrid, long and short: an interval tier a speaker, and ``NAME emotion`` where emotions are known.

Praat itself reads the file as a row of numbers, quoted texts and flags and passes over all else (manual page
"TextGrid file formats"), and so does this codec; that is why one reader takes both forms.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from ..errors import FormatError
from .checks import file_turn, seconds
from .turn_files import FileTurn, TurnCodec, TurnFile, tiers_of, turn_file

SILENT = frozenset({"", "sil", "sp", "silence", "silent", "<sil>", "#"})
"""Marks of intervals in which the tier's speaker does not speak."""

EMOTION_TIER = " emotion"
"""Ends the name of the tier that holds a speaker's emotions."""

_WORDS, _PHONES = " - words", " - phones"  # as the Montreal Forced Aligner names its tiers
_TOKEN = re.compile(r'"(?:[^"]|"")*"|<[^<>\s]*>|![^\n]*|[^\s"<!]+|["<]')
_NUMBER = re.compile(r"[+-]?\d+(\.\d*)?([eE][+-]?\d+)?%?")


@dataclass(frozen=True)
class _Token:
    text: str
    line: int


@dataclass(frozen=True)
class _Interval:
    start: Decimal
    end: Decimal
    mark: str
    where: str


class _Tokens:
    """The numbers, texts and flags of a TextGrid, one after the other."""

    def __init__(self, text: str, name: str) -> None:
        self._rest = _values(text, name)
        self._name = name
        self._line = 1

    @property
    def where(self) -> str:
        """The place of the token that was read last."""
        return f"{self._name}: line {self._line}"

    def number(self, what: str) -> str:
        """The next token, which must be a number."""
        token = self._next(what)
        if not _NUMBER.fullmatch(token):
            raise FormatError(f"{self.where}: {token[:40]} where {what} is needed, a number")
        return token

    def time(self, what: str) -> Decimal:
        """The next token as seconds."""
        return seconds(self.number(what), what, self.where)

    def count(self, what: str) -> int:
        """The next token as a whole number."""
        token = self.number(what)
        if not token.isdigit():
            raise FormatError(f"{self.where}: {token[:40]} where {what} is needed, a whole number")
        return int(token)

    def string(self, what: str) -> str:
        """The next token, which must be in quotes."""
        token = self._next(what)
        if not token.startswith('"'):
            raise FormatError(f"{self.where}: {token[:40]} where {what} is needed, a text in quotes")
        return token[1:-1].replace('""', '"')

    def flag(self) -> bool:
        """The next token, ``<exists>`` or ``<absent>``."""
        token = self._next("<exists>")
        if not token.startswith("<"):
            raise FormatError(f"{self.where}: {token[:40]} where <exists> or <absent> is needed")
        return token == "<exists>"

    def _next(self, what: str) -> str:
        token = next(self._rest, None)
        if token is None:
            raise FormatError(f"{self.where}: the file ends where {what} is needed; it is not whole")
        self._line = token.line
        return token.text


def _values(text: str, name: str) -> Iterator[_Token]:
    line, at = 1, 0
    for match in _TOKEN.finditer(text):
        line += text.count("\n", at, match.start())
        at = match.start()
        token = match[0]
        if token == '"':
            raise FormatError(f"{name}: line {line}: a quotation mark is never closed")
        if token[0] in '"<' or _NUMBER.fullmatch(token):
            yield _Token(token, line)


def _parse(text: str, name: str, _recording: str | None) -> TurnFile:
    if text.startswith("ooBinaryFile"):
        raise FormatError(f"{name}: a binary TextGrid; save it in Praat with 'Save as text file...'")
    tokens = _Tokens(text, name)
    kind = tokens.string("ooTextFile"), tokens.string("TextGrid")
    if kind != ("ooTextFile", "TextGrid"):
        raise FormatError(f"{tokens.where}: '{kind[1][:40]}' where a TextGrid begins 'ooTextFile', 'TextGrid'")
    tokens.time("the start of the file"), tokens.time("the end of the file")
    tiers: dict[str, list[_Interval]] = {}
    for _ in range(tokens.count("the number of tiers") if tokens.flag() else 0):
        tier, intervals = _tier(tokens)
        if intervals is not None:
            tiers.setdefault(tier, []).extend(intervals)
    return turn_file(turn for tier in tiers for turn in _turns(tier, tiers))


def _tier(tokens: _Tokens) -> tuple[str, list[_Interval] | None]:
    """A tier's name and intervals; None for a tier of points."""
    kind, tier = tokens.string("the kind of a tier"), tokens.string("the name of a tier")
    if kind not in ("IntervalTier", "TextTier"):
        raise FormatError(f"{tokens.where}: '{kind[:40]}' is no kind of tier; IntervalTier and TextTier are")
    tokens.time("the start of the tier"), tokens.time("the end of the tier")
    size = tokens.count("the number of intervals")
    if kind == "TextTier":
        for _ in range(size):
            tokens.time("the time of a point"), tokens.string("the mark of a point")
        return tier.strip(), None
    return tier.strip(), [_interval(tokens) for _ in range(size)]


def _interval(tokens: _Tokens) -> _Interval:
    start = tokens.time("the start of an interval")
    where = tokens.where
    return _Interval(start, tokens.time("the end of an interval"), tokens.string("the text of an interval"), where)


def _turns(tier: str, tiers: dict[str, list[_Interval]]) -> Iterator[FileTurn | None]:
    """The turns of a speaker's tier; none where the tier holds something else."""
    if tier.endswith(_PHONES) or _speaker_of(tier, tiers) is not None:
        return
    speaker = tier.removesuffix(_WORDS)
    emotions = {
        (each.start, each.end): each.mark.strip() for each in tiers.get(tier + EMOTION_TIER, []) if each.mark.strip()
    }
    for each in tiers[tier]:
        mark = each.mark.strip()
        if mark.lower() not in SILENT:
            emotion = emotions.get((each.start, each.end))
            said = "" if mark == speaker else mark
            yield file_turn(each.start, each.end, speaker, each.where, said, {"emotion": emotion} if emotion else {})


def _speaker_of(tier: str, tiers: dict[str, list[_Interval]]) -> str | None:
    speaker = tier.removesuffix(EMOTION_TIER)
    return speaker if speaker != tier and speaker in tiers else None


def _format(turns: Sequence[FileTurn], _recording: str, duration: float) -> str:
    speakers = tiers_of(turns, "TextGrid")
    end = max([round(duration, 3), 0.001, *(own[-1].end for own in speakers.values())])
    tiers = [tier for speaker, own in speakers.items() for tier in _tiers(speaker, own)]
    head = ['File type = "ooTextFile"', 'Object class = "TextGrid"', "", "xmin = 0", f"xmax = {end:.3f}"]
    if not tiers:
        return "\n".join([*head, "tiers? <absent>", ""])
    lines = [*head, "tiers? <exists>", f"size = {len(tiers)}", "item []:"]
    for number, (name, own) in enumerate(tiers, 1):
        lines += [f"    item [{number}]:", *_tier_lines(name, own, end)]
    return "\n".join(lines) + "\n"


def _tiers(speaker: str, turns: list[FileTurn]) -> Iterator[tuple[str, list[FileTurn]]]:
    """The speaker's tier, and the tier of emotions where there are any."""
    yield speaker, [replace(turn, text=turn.text or speaker) for turn in turns]
    emotions = [replace(turn, text=turn.labels["emotion"]) for turn in turns if "emotion" in turn.labels]
    if emotions:
        yield speaker + EMOTION_TIER, emotions


def _tier_lines(name: str, turns: Sequence[FileTurn], end: float) -> Iterator[str]:
    intervals = list(_filled(turns, end))
    yield '        class = "IntervalTier"'
    yield f"        name = {_quoted(name)}"
    yield "        xmin = 0"
    yield f"        xmax = {end:.3f}"
    yield f"        intervals: size = {len(intervals)}"
    for number, (start, stop, mark) in enumerate(intervals, 1):
        yield f"        intervals [{number}]:"
        yield f"            xmin = {start:.3f}"
        yield f"            xmax = {stop:.3f}"
        yield f"            text = {_quoted(mark)}"


def _filled(turns: Sequence[FileTurn], end: float) -> Iterator[tuple[float, float, str]]:
    """The intervals of a tier, which leaves no time out: silence is an interval without text."""
    at = 0.0
    for turn in turns:
        if at < turn.start:
            yield at, turn.start, ""
        yield turn.start, turn.end, turn.text
        at = turn.end
    if at < end:
        yield at, end, ""


def _quoted(text: str) -> str:
    doubled = text.replace('"', '""')
    return f'"{doubled}"'


def _recognizes(text: str) -> bool:
    head = text[:200]
    return head.startswith("ooBinaryFile") or ("ooTextFile" in head and "TextGrid" in head)


CODEC = TurnCodec(
    "textgrid", "Praat TextGrid", (".textgrid",), frozenset({"text", "emotion"}), _recognizes, _parse, _format
)
