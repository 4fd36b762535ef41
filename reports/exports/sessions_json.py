"""Sessions as JSON, the same as ``turntone analyze --format json`` prints (docs/schemas/session.schema.json)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline.sessions import Session


def json_of(sessions: Sequence[Session]) -> bytes:
    """A list with one object a session."""
    values = [session.to_json() for session in sessions]
    return (json.dumps(values, ensure_ascii=False, indent=2, allow_nan=False) + "\n").encode()
