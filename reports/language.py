"""The words of figures and reports: English as written in the code, Chinese from a catalogue.

English texts are the keys, as with gettext: ``say("{name} talks", name="Anna")``. What language is spoken is a matter
of the context (``speaking("zh")``), as in web frameworks, so that a figure inside a report says the same language.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from importlib.resources import files
from typing import Any, Literal, get_args

LanguageName = Literal["en", "zh"]

LANGUAGES: tuple[LanguageName, ...] = get_args(LanguageName)
"""What reports can be written in."""

_SPOKEN: ContextVar[LanguageName] = ContextVar("language", default="en")
_FIELD = re.compile(r"\{(\w+)(?:[:!][^{}]*)?\}")


@contextmanager
def speaking(language: LanguageName | None) -> Iterator[None]:
    """Within it, ``say`` and ``translated`` give this language; with None, what was spoken before."""
    token = _SPOKEN.set(language or _SPOKEN.get())
    try:
        yield
    finally:
        _SPOKEN.reset(token)


def spoken() -> LanguageName:
    """The language spoken here."""
    return _SPOKEN.get()


def say(english: str, **values: Any) -> str:
    """A text in the language spoken, its fields filled in; one that the catalogue has not stays English.

    >>> say("{count:d} turns", count=3)
    '3 turns'
    """
    known = english if spoken() == "en" else catalogue(spoken()).get(english, english)
    return known.format(**values) if values else known


def say_many(count: int, one: str, many: str, **values: Any) -> str:
    """``one`` or ``many`` with the field ``count``; Chinese, which has no plural, translates ``many`` alone.

    >>> say_many(1, "{count} turn", "{count} turns"), say_many(0, "{count} turn", "{count} turns")
    ('1 turn', '0 turns')
    """
    return say(one if count == 1 and spoken() == "en" else many, count=count, **values)


def listed(words: Sequence[str]) -> str:
    """Words in a row, as one reads them.

    >>> listed(["Anna", "Ben", "Cem"])
    'Anna, Ben and Cem'
    """
    if spoken() == "zh":
        return "、".join(words)
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]])) if words else ""


def sentences(*texts: str | None) -> str:
    """Sentences one after the other; empty ones are left out."""
    return ("" if spoken() == "zh" else " ").join(filter(None, texts))


def translated(text: str) -> str:
    """A finished text (a note of the analysis, why a turn is not scored) in the language spoken.

    It is found in the catalogue as a whole, or by an entry with fields that fits it; what the fields hold is translated
    likewise. A text that nothing fits stays as it is.

    >>> translated("0.30 s of clean speech; at least 0.5 s are needed")
    '0.30 s of clean speech; at least 0.5 s are needed'
    """
    if spoken() == "en" or not text:
        return text
    entries = catalogue(spoken())
    if text in entries:
        return entries[text]
    for pattern, chinese in _patterns(spoken()):
        if found := pattern.fullmatch(text):
            return _FIELD.sub("{\\1}", chinese).format(**{key: translated(it) for key, it in found.groupdict().items()})
    return text


@cache
def catalogue(language: LanguageName) -> dict[str, str]:
    """English texts and what they are in another language: all files of it in ``reports/languages``."""
    folder = files("reports") / "languages"
    parts = sorted(each.name for each in folder.iterdir() if each.name.startswith(f"{language}-"))
    return {english: other for part in parts for english, other in _entries(part).items()}


def entries_of(language: LanguageName, part: str) -> dict[str, str]:
    """The same of one file of the catalogue, as ``scripts``: what pages say in the browser."""
    return _entries(f"{language}-{part}.yaml")


def _entries(name: str) -> dict[str, str]:
    import yaml

    text = (files("reports") / "languages" / name).read_text(encoding="utf-8")
    found: dict[str, str] = yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader)) or {}
    return found


@cache
def _patterns(language: LanguageName) -> list[tuple[re.Pattern[str], str]]:
    """The entries with fields of what analysis and errors say, those with most words of their own first."""
    entries = _entries(f"{language}-analysis.yaml") | _entries(f"{language}-errors.yaml")
    with_fields = [(english, other) for english, other in entries.items() if _FIELD.search(english)]
    with_fields.sort(key=lambda entry: -len(_FIELD.sub("", entry[0])))
    return [(_pattern(english), other) for english, other in with_fields]


def _pattern(english: str) -> re.Pattern[str]:
    parts, at, seen = [], 0, set[str]()
    for field in _FIELD.finditer(english):
        name = field.group(1)
        parts += [re.escape(english[at : field.start()]), f"(?P={name})" if name in seen else f"(?P<{name}>.+?)"]
        at = field.end()
        seen.add(name)
    return re.compile("".join([*parts, re.escape(english[at:])]), re.DOTALL)
