"""The store of a shared workspace's files: a bucket of S3-compatible storage, or a folder that all machines reach."""

from __future__ import annotations

import errno
import logging
import os
import random
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit
from uuid import uuid4

from diarization.errors import StoreAway, WorkspaceError

from .shared import MISSING, query_of, without_secrets

_LOG = logging.getLogger(__name__)

ATTEMPTS = 5
"""How often something is asked of a store that fails before it counts as away."""

_WAIT = 0.2  # seconds before the second attempt; each further one waits twice as long
_CONNECT, _READ = 5, 30  # seconds for a connection, and for an answer
_AT_ONCE = 500  # names removed in one request
_STORES: dict[tuple[str, str], Store] = {}
_STORES_LOCK = Lock()

Found = TypeVar("Found")


class Store:
    """Files by name, a path below the store's address; a name's bytes never change once they are there.

    Parameters
    ----------
    url : str
        ``s3://bucket/prefix`` or ``file:///folder``.
    """

    def __init__(self, url: str) -> None:
        self.url = without_secrets(url)
        self._files, self._root = _file_system(url)

    def put(self, path: Path, name: str) -> None:
        """Keep a file's bytes under a name: all of them or none.

        Raises
        ------
        StoreAway
            Where the store cannot be reached or does not take it.
        """
        self._tried(f"{name} cannot be written", lambda: self._put(path, name))

    def get(self, name: str, path: Path) -> bool:
        """Bring the bytes of a name into a file; gives whether there are any.

        Raises
        ------
        StoreAway
            Where the store cannot be reached.
        """
        try:
            self._tried(f"{name} cannot be read", lambda: self._files.get_file(self._of(name), str(path)))
        except FileNotFoundError:
            return False
        return True

    def size(self, name: str) -> int | None:
        """How many bytes a name has; None where it is not there.

        Raises
        ------
        StoreAway
            Where the store cannot be reached.
        """
        try:
            found = self._tried(f"{name} cannot be looked for", lambda: self._files.info(self._of(name)))
        except FileNotFoundError:
            return None
        return int(found["size"]) if found["type"] == "file" else None

    def remove(self, names: Iterable[str]) -> None:
        """Remove names; those that are not there any more do no harm.

        Raises
        ------
        StoreAway
            Where the store cannot be reached.
        """
        left = list(names)
        for start in range(0, len(left), _AT_ONCE):
            part = left[start : start + _AT_ONCE]
            self._tried(f"{len(part)} files cannot be removed", lambda part=part: self._remove(part))  # type: ignore[misc]

    def names(self, folder: str = "") -> dict[str, dict[str, Any]]:
        """All names below a folder, with what the store knows of each: ``size``, and ``mark``, which changes with the
        bytes.

        Raises
        ------
        StoreAway
            Where the store cannot be reached.
        """
        place = self._of(folder) if folder else self._root
        try:
            found = self._tried("cannot be listed", lambda: self._files.find(place, detail=True))
        except FileNotFoundError:
            return {}
        begins = len(self._root) + 1
        return {
            path[begins:]: {"size": each["size"], "mark": str(each.get("ETag") or each.get("mtime"))}
            for path, each in found.items()
            if not path.rsplit("/", 1)[-1].startswith(".")
        }

    def check(self) -> None:
        """Nothing, where a file can be written, read and removed.

        Raises
        ------
        WorkspaceError
            Where one of them cannot be done.
        """
        name, content = f"turntone-check-{uuid4().hex[:8]}", b"written to see whether it can be read"
        self._tried("cannot be written", lambda: self._pipe(name, content))
        said = self._tried("cannot be read", lambda: self._files.cat_file(self._of(name)))
        self.remove([name])
        if said != content or self.size(name) is not None:
            raise StoreAway(f"{self.url}: what is written there is not what is read, or is not removed")

    def read(self, name: str) -> bytes | None:
        """The bytes of a small file; None where it is not there."""
        try:
            return bytes(self._tried(f"{name} cannot be read", lambda: self._files.cat_file(self._of(name))))
        except FileNotFoundError:
            return None

    def write(self, name: str, content: bytes) -> None:
        """Keep a small file."""
        self._tried(f"{name} cannot be written", lambda: self._pipe(name, content))

    def _of(self, name: str) -> str:
        return f"{self._root}/{name}"

    def _pipe(self, name: str, content: bytes) -> None:
        if self._is_local:
            self._files.makedirs(self._of(name).rpartition("/")[0], exist_ok=True)
        self._files.pipe_file(self._of(name), content)

    @property
    def _is_local(self) -> bool:
        return "file" in self._files.protocol

    def _put(self, path: Path, name: str) -> None:
        if not self._is_local:
            self._files.put_file(str(path), self._of(name))
            return
        # A folder shows a file while it is written; a name that begins with a dot is nobody's.
        folder, _, last = self._of(name).rpartition("/")
        self._files.makedirs(folder, exist_ok=True)
        draft = f"{folder}/.{uuid4().hex}.{last}"
        try:
            self._files.put_file(str(path), draft)
            with Path(draft).open("rb") as file:
                os.fsync(file.fileno())
            Path(draft).replace(self._of(name))
        except BaseException:
            with suppress(OSError):
                Path(draft).unlink(missing_ok=True)
            raise

    def _remove(self, names: list[str]) -> None:
        if self._is_local:
            for each in names:
                Path(self._of(each)).unlink(missing_ok=True)
            return
        with suppress(FileNotFoundError):
            self._files.rm([self._of(each) for each in names])

    def _tried(self, what: str, ask: Callable[[], Found]) -> Found:
        """What is asked of the store, again and again while it fails as networks fail."""
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return ask()
            except FileNotFoundError as error:
                if "bucket" in str(error).lower():
                    raise StoreAway(f"{self.url}: there is no such bucket; make it, or look at the address") from error
                raise
            except Exception as error:
                why = _refusal(error)
                if why is not None or attempt == ATTEMPTS:
                    raise StoreAway(f"{self.url}: {what} ({why or _first(error)})") from error
                _LOG.debug("%s: %s, attempt %d: %s", self.url, what, attempt, error)
                time.sleep(_WAIT * 2 ** (attempt - 1) * random.uniform(0.75, 1.25))
        raise AssertionError("unreachable")


def store_of(url: str) -> Store:
    """The store of this process for an address.

    Raises
    ------
    WorkspaceError
        Where what it is reached with is not installed.
    """
    with _STORES_LOCK:
        key = (url, os.environ.get("AWS_ENDPOINT_URL", ""))
        if key not in _STORES:
            _STORES[key] = Store(url)
        return _STORES[key]


def _file_system(url: str) -> tuple[Any, str]:
    """What fsspec reaches a store with, and the path of its root there."""
    parts = urlsplit(url)
    try:
        if parts.scheme == "file":
            from fsspec.implementations.local import LocalFileSystem

            return LocalFileSystem(skip_instance_cache=True), unquote(parts.path).rstrip("/")
        from s3fs import S3FileSystem
    except ImportError as error:
        raise WorkspaceError(MISSING) from error
    endpoint = query_of(url).get("endpoint_url") or os.environ.get("AWS_ENDPOINT_URL") or None
    # fsspec keeps one for all buckets of an endpoint: its client takes a second to make.
    files = S3FileSystem(
        endpoint_url=endpoint,
        use_listings_cache=False,
        config_kwargs={"connect_timeout": _CONNECT, "read_timeout": _READ, "retries": {"total_max_attempts": 1}},
    )
    files.retries = 1  # ``_tried`` does that
    return files, f"{parts.netloc}{parts.path}".rstrip("/")


def _refusal(error: Exception) -> str | None:
    """Why asking again would be no use; None where it may be."""
    said = str(error)
    if isinstance(error, PermissionError) or "AccessDenied" in said or "Forbidden" in said:
        return f"not allowed: {_first(error)}"
    if "credentials" in said.lower():
        return "there are no credentials; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"
    if "InvalidAccessKeyId" in said or "SignatureDoesNotMatch" in said:
        return "the keys are not those of this store; look at AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
    if "NoSuchBucket" in said:
        return "there is no such bucket; make it, or look at the address"
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EROFS):
        return error.strerror
    return None


def _first(error: Exception) -> str:
    said = str(error).strip().splitlines()
    return f"{said[0].rstrip('.') if said else type(error).__name__}"


def _forget_stores() -> None:
    """A forked process opens connections of its own."""
    global _STORES_LOCK
    _STORES_LOCK = Lock()
    _STORES.clear()
    if "s3fs" in sys.modules:
        sys.modules["s3fs"].S3FileSystem.clear_instance_cache()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_stores)
