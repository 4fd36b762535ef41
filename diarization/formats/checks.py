"""The checks that all codecs share: times, speakers, JSON values. Each error names the place."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

from ..errors import FormatError
from .turn_files import FileTurn

LONGEST = 1_000_000_000  # seconds
_SHOWN = 40  # characters of a value in a message


def seconds(text: str, what: str, where: str) -> Decimal:
    """Exact, so that turns that touch in the file touch in the Diarization.

    Raises
    ------
    FormatError
        Where it is not a number of seconds from 0 up.
    """
    try:
        value = Decimal(text.strip())
    except InvalidOperation:
        value = Decimal("nan")
    if not value.is_finite() or not 0 <= value <= LONGEST:
        raise FormatError(f"{where}: {what} '{text[:_SHOWN]}' is not a number of seconds from 0 up")
    return value


def file_turn(
    start: Decimal, end: Decimal, speaker: str, where: str, text: str = "", labels: Mapping[str, str] | None = None
) -> FileTurn | None:
    """A turn, checked; None where it has no length.

    Raises
    ------
    FormatError
        Where it ends before it starts, or names no speaker.
    """
    if end < start:
        raise FormatError(f"{where}: ends at {end} s, before it starts at {start} s; times run forward")
    if not speaker.strip():
        raise FormatError(f"{where}: names no speaker; every turn needs one")
    if float(start) >= float(end):
        return None
    return FileTurn(float(start), float(end), speaker.strip(), text, labels or {}, where)


@lru_cache(maxsize=2)
def parsed_json(text: str, name: str = "JSON") -> Any:
    """The value of a JSON text; callers leave it as it is.

    Raises
    ------
    FormatError
        Where it is not JSON; the message names the line.
    """
    try:
        return json.loads(text, parse_float=Decimal, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise FormatError(f"{name}: line {error.lineno}: this is not JSON ({error.msg.lower()})") from error
    except (RecursionError, ValueError) as error:
        raise FormatError(f"{name}: this is not JSON that holds turns ({error})") from error


def maybe_json(text: str) -> Any:
    """The value of a text that may be JSON; None where it is not."""
    if not text.lstrip().startswith(("{", "[")):
        return None
    try:
        return parsed_json(text)
    except FormatError:
        return None


def item(parent: Any, key: str, where: str, kind: type | tuple[type, ...], accepted: str) -> Any:
    """The value of a key of a JSON object, of the kind that is accepted.

    Raises
    ------
    FormatError
        Where the parent is no object, or the value is missing or of another kind.
    """
    if not isinstance(parent, dict):
        raise FormatError(f"{where}: {shown(parent)} where an object is needed")
    if key not in parent:
        raise FormatError(f"{where}: '{key}' is missing; {accepted} is needed")
    if not isinstance(parent[key], kind):
        raise FormatError(f"{where}.{key}: {shown(parent[key])} where {accepted} is needed")
    return parent[key]


def json_seconds(parent: Any, key: str, where: str) -> Decimal:
    """A time in a JSON object: a number, or a number as text."""
    value = item(parent, key, where, (int, Decimal, str), "a number of seconds")
    return seconds(str(value), key, where)


def json_text(parent: Mapping[str, Any], key: str) -> str:
    """An optional text of a JSON object; empty where it is not there."""
    value = parent.get(key)
    return value.strip() if isinstance(value, str) else ""


def shown(value: Any) -> str:
    """A value as a message shows it."""
    text = json.dumps(value, default=str, ensure_ascii=False)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def _no_constant(text: str) -> Any:
    raise ValueError(f"{text} is not a number in JSON")
