"""The program's log, on stderr: sentences for people, or a JSON object a line for programs; never a secret."""

from __future__ import annotations

import json
import logging
import os
import re
import sys
import time
from enum import StrEnum
from typing import Any

_SECRETS = re.compile(
    r"turntone_[0-9a-f]{16}_[A-Za-z0-9_-]+"  # our API tokens
    r"|\bhf_[A-Za-z0-9]{8,}"  # those of Hugging Face
    r"|(?<=://)[^/\s:@]*:[^/\s@]+(?=@)"  # name and password in an address
    r"|(?i:(?<=bearer )|(?<=password=)|(?<=token=))[^\s&'\",;]+"
    r"|\$argon2[a-z]*\$\S+"
)
_TOLD = ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "MODELSCOPE_API_TOKEN", "TURNTONE_TOKEN")
"""Variables whose values are secrets."""


class LogFormat(StrEnum):
    """How the log is written."""

    text = "text"
    json = "json"


class LogLevel(StrEnum):
    """What is logged, and what is worse."""

    debug = "debug"
    info = "info"
    warning = "warning"
    error = "error"


def start_log(form: LogFormat = LogFormat.text, level: LogLevel = LogLevel.warning) -> None:
    """Log from now on in this form; processes that this one starts do the same."""
    os.environ["TURNTONE_LOG_FORMAT"], os.environ["TURNTONE_LOG_LEVEL"] = form.value, level.value
    handler = _Handler()
    handler.setFormatter(JsonLines() if form is LogFormat.json else Sentences())
    root = logging.getLogger()
    for old in [each for each in root.handlers if isinstance(each, _Handler)]:
        root.removeHandler(old)
    root.addHandler(handler)
    for ours in ("turntone", "dashboard", "reports", "pipeline", "emotion", "diarization"):
        logging.getLogger(ours).setLevel(level.value.upper())


def without_secrets(text: str) -> str:
    """A text with dots in the place of tokens, passwords and their hashes.

    >>> without_secrets("Authorization: Bearer abc.def, http://ann:nine@example.org/")
    'Authorization: Bearer …, http://…@example.org/'
    """
    for name in _TOLD:
        value = os.environ.get(name, "")
        if len(value) >= 6:
            text = text.replace(value, "…")
    return _SECRETS.sub("…", text)


class Sentences(logging.Formatter):
    """``warning: what happened``, with the facts of a line behind it."""

    def format(self, record: logging.LogRecord) -> str:
        """A line, or several where there is a traceback."""
        facts = " ".join(f"{name}={value}" for name, value in _facts(record).items())
        traceback = f"\n{self.formatException(record.exc_info)}" if record.exc_info else ""
        said = f"{record.levelname.lower()}: {record.getMessage()}{' ' * bool(facts)}{facts}{traceback}"
        return without_secrets(said)


class JsonLines(logging.Formatter):
    """One JSON object a line: ``time`` (UTC), ``level``, ``logger``, ``message``, the facts, ``traceback``."""

    converter = time.gmtime  # type: ignore[assignment]

    def format(self, record: logging.LogRecord) -> str:
        """A line."""
        line: dict[str, Any] = {
            "time": f"{self.formatTime(record, '%Y-%m-%dT%H:%M:%S')}.{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **_facts(record),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        hidden = {key: without_secrets(value) if isinstance(value, str) else value for key, value in line.items()}
        return json.dumps(hidden, ensure_ascii=False, default=str)


class _Handler(logging.StreamHandler[Any]):
    """Writes to whatever stderr is at that time."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> Any:
        """Where lines go."""
        return sys.stderr

    @stream.setter
    def stream(self, _value: Any) -> None: ...


def _facts(record: logging.LogRecord) -> dict[str, Any]:
    found: dict[str, Any] = getattr(record, "facts", {})
    return found
