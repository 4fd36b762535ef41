"""What is said in each turn, where a file says so."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from itertools import accumulate
from re import IGNORECASE, compile, escape, sub
from unicodedata import category, east_asian_width

from .formats.turn_files import FileTurn, flat

Span = tuple[float, float, str]
"""Start and end in seconds, and the speaker."""

FORGOTTEN_NAME = "[name]"
"""What stands in texts where somebody who was forgotten was named."""

_SHOWN_EMOTION = compile(r"^\([^()]{1,40} \d{1,3} %\)\s*|^–(\s+|$)")
"""How subtitles that Turntone exported begin, which nobody said: ``(happy 82 %)``; a dash where nothing is said."""

_JOINERS = "\u200c\u200d"  # which several scripts spell words with


def texts_of(turns: Sequence[Span], said: Iterable[FileTurn]) -> list[str | None]:
    """The text of each turn, None where the file has none.

    What a file says of one stretch goes whole to that turn of its speaker in which most of it lies; where turns share
    it alike, to the first. What lies in none of the speaker's turns, as a turn that was dropped for its length, is left
    out.

    Parameters
    ----------
    turns : sequence of (float, float, str)
        Ordered by start; those of one speaker do not overlap.
    said : iterable of FileTurn
        In order of time.

    Examples
    --------
    >>> texts_of([(0.0, 4.0, "A"), (5.0, 6.0, "A")], [FileTurn(0, 2, "A", "Well,"), FileTurn(2, 4, "A", "yes.")])
    ['Well, yes.', None]
    """
    own: dict[str, list[int]] = {}
    for at, (_, _, speaker) in enumerate(turns):
        own.setdefault(speaker, []).append(at)
    parts: list[list[str]] = [[] for _ in turns]
    for each in said:
        text = _SHOWN_EMOTION.sub("", clean_text(each.text))
        place = _place(each, turns, own.get(each.speaker, []))
        if text and place is not None:
            parts[place].append(text)
    return [joined_text(own_parts) or None for own_parts in parts]


def _place(said: FileTurn, turns: Sequence[Span], own: Sequence[int]) -> int | None:
    first = bisect_left(own, said.start, key=lambda at: turns[at][1])
    best, most = None, 0.0
    for at in own[first:]:
        start, end, _ = turns[at]
        if start >= said.end:
            break
        shared = min(end, said.end) - max(start, said.start)
        if shared > most:
            best, most = at, shared
    return best


def clean_text(text: str) -> str:
    """The text on one line as every database and file takes it: no control characters, no halves of characters."""
    whole = text.encode("utf-8", "replace").decode("utf-8")
    return flat("".join(map(_safe, whole)))


def _safe(letter: str) -> str:
    kind = category(letter)
    if kind == "Cf":
        return letter if letter in _JOINERS else ""
    return " " if kind in ("Cc", "Cs", "Co", "Cn") else letter


def joined_text(parts: Iterable[str]) -> str:
    """Texts one after the other, with a blank between them unless both sides are written without blanks.

    >>> joined_text(["我不知道。", "你呢"]), joined_text(["I", "我"])
    ('我不知道。你呢', 'I 我')
    """
    joined = ""
    for part in filter(None, parts):
        blank = joined and not (_unspaced(joined[-1]) and _unspaced(part[0]))
        joined += f"{' ' if blank else ''}{part}"
    return joined


def without_name(text: str, name: str) -> str:
    """The text with a mark in the place of a name, also of its single words; capitals do not matter.

    >>> without_name("Anna, is Mr Berg Annabel's brother? ANNA!", "Anna Berg")
    "[name], is Mr [name] Annabel's brother? [name]!"
    """
    words = [word for word in (name, *name.split()) if len(word) > 1 and not (word.islower() and not name.islower())]
    if not words:
        return text  # a single letter names nobody
    edges = [(r"\b" if not _unspaced(word[0]) else "") + escape(word) + (r"\b" if not _unspaced(word[-1]) else "")
             for word in words]  # fmt: skip
    return sub("|".join(edges), FORGOTTEN_NAME, text, flags=IGNORECASE)


def text_within(text: str | None, start: float, end: float) -> str | None:
    """What of a turn's text lies in a stretch of it, as if it was spoken evenly; words stay whole.

    A word lies where its middle is, so that stretches that make up a turn have all of its words, each once.

    Parameters
    ----------
    text : str or None
    start, end : float
        Shares of the turn's time, 0 to 1.

    Examples
    --------
    >>> text_within("Where were you yesterday?", 0, 0.5), text_within("Where were you yesterday?", 0.5, 1)
    ('Where were you', 'yesterday?')
    """
    pieces = text_pieces(text or "")
    ends = list(accumulate(len(piece) for piece in pieces))
    middles = [(end - len(piece) / 2) / ends[-1] for piece, end in zip(pieces, ends, strict=True)]
    return joined_text(piece for piece, at in zip(pieces, middles, strict=True) if start <= at < end) or None


def text_pieces(text: str) -> list[str]:
    """Where a text may be cut: its words, and each character that is written without blanks between words.

    >>> text_pieces("OK 我知道。")
    ['OK', '我', '知', '道。']
    """
    pieces: list[str] = []
    for word in text.split():
        run = ""
        for letter in word:
            if run and letter.isalnum() and (_unspaced(letter) or _unspaced(run[-1])):
                pieces.append(run)
                run = ""
            run += letter
        pieces.append(run)
    return pieces


def _unspaced(letter: str) -> bool:
    """Whether a character belongs to Chinese or Japanese, or to their punctuation."""
    hangul = "\uac00" <= letter <= "\ud7a3" or "\u1100" <= letter <= "\u11ff"
    return east_asian_width(letter) in "WF" and not hangul
