"""Writes files that are there as a whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path
from secrets import token_hex


def write_whole(path: Path, content: bytes | memoryview) -> None:
    """Put the content under the name in one step: whoever looks finds the old file, or the new one, complete.

    Raises
    ------
    OSError
        Where it cannot be written, for instance on a full disk; then nothing has changed and nothing is left behind.
    """
    temporary = path.with_name(f".{token_hex(8)}.tmp")
    try:
        with temporary.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
