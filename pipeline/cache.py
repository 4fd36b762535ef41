"""The stage cache: what a stage found, kept by what decides it, so that it is never worked out twice."""

from __future__ import annotations

import hashlib
import json
import logging
import shutil
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from .store.files import Arrays, pack, say_used, unpack, write_whole

_LOG = logging.getLogger(__name__)
_DIGEST = hashlib.sha256().digest_size


def key_of(*facts: Any) -> str:
    """64 hexadecimal digits that stand for JSON values; other values give other digits.

    >>> key_of("diarize", {"num_speakers": 2}) == key_of("diarize", {"num_speakers": 3})
    False
    """
    text = json.dumps(facts, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()  # file names need not be UTF-8


class StageCache:
    """Arrays by (recording, stage, key), in a folder a recording.

    An entry is an .npz file with the SHA-256 of its bytes behind it; one that is damaged counts as absent. Where an
    entry cannot be written, the analysis goes on without it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def get(self, recording: str, stage: str, key: str) -> dict[str, NDArray[Any]] | None:
        """What the stage found; None where it has not run on this recording with this key."""
        file = self._file(recording, stage, key)
        try:
            content = file.read_bytes()
        except OSError:
            return None
        say_used(file)
        arrays, digest = content[:-_DIGEST], content[-_DIGEST:]
        if hashlib.sha256(arrays).digest() != digest:
            _LOG.warning("%s is damaged; %s runs again", file, stage)
            return None
        return unpack(arrays)

    def put(self, recording: str, stage: str, key: str, arrays: Arrays) -> None:
        """Keep what the stage found."""
        content = pack(arrays)
        try:
            write_whole(self._file(recording, stage, key), content + hashlib.sha256(content).digest())
        except OSError as error:
            _LOG.warning("%s of %s is not cached: %s", stage, recording[:12], error)

    def forget(self, recording: str) -> None:
        """Remove all entries of a recording."""
        shutil.rmtree(self.folder / recording, ignore_errors=True)

    def forget_stage(self, recording: str, stage: str) -> None:
        """Remove all entries of one stage of a recording, unfinished ones too."""
        for pattern in (f"{stage}-*.npz", f".{stage}-*"):
            for file in (self.folder / recording).glob(pattern):
                file.unlink(missing_ok=True)

    def damaged(self) -> list[Path]:
        """Entries whose bytes are not those that were written."""
        return [file for file in sorted(self.folder.glob("*/[!.]*.npz")) if not _is_whole(file)]

    def _file(self, recording: str, stage: str, key: str) -> Path:
        return self.folder / recording / f"{stage}-{key[:32]}.npz"


def _is_whole(file: Path) -> bool:
    try:
        content = file.read_bytes()
    except OSError:
        return True  # it was removed meanwhile
    return hashlib.sha256(content[:-_DIGEST]).digest() == content[-_DIGEST:]
