"""JSON as the tables keep it."""

from __future__ import annotations

import json
from typing import Any


def as_json(value: Any) -> str:
    """JSON as it is stored and logged: readable wherever it can be written as UTF-8."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    # A file name that is not UTF-8 stands as half characters in a str: as escapes it comes back as it was.
    return text if _is_text(text) else json.dumps(value, allow_nan=False)


def _is_text(text: str) -> bool:
    """Whether a str can be written as UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
