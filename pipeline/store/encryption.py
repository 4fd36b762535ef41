"""Files encrypted at rest: AES-256-GCM in chunks, so that any stretch can be read by itself, and nothing be changed.

A file is a head (mark, which key, a random salt, the size of what is in it) and chunks of 64 KiB, each with its own
tag. A key of its own is derived for every file from the salt, a chunk's number is its nonce, and the head is bound
into each tag: a chunk that is changed, moved, cut off or put into another file is refused.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import io
import os
import secrets
import struct
from pathlib import Path
from typing import Any

from diarization.errors import ConfigError, WorkspaceError

KEY_VARIABLE = "TURNTONE_KEY"
"""The variable that holds the key: 32 bytes as base64 or as 64 hexadecimal digits."""

KEYRING_NAME = ("turntone", "workspace")
"""Under which service and user the system's keyring keeps it."""

CHUNK = 1 << 16
_MARK = b"turntone sealed 1\n"
_HEAD = struct.Struct(f">{len(_MARK)}s8s16sQ")
_TAG = 16


def new_key() -> str:
    """A key to keep: 32 random bytes, base64."""
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


def key_here() -> bytes | None:
    """The key of this machine: from the environment, else from the system's keyring; None where there is none.

    Raises
    ------
    ConfigError
        Where what is there is no key.
    """
    text = os.environ.get(KEY_VARIABLE) or _from_keyring()
    return None if not text else key_from(text)


def needed_key() -> bytes:
    """The key of this machine.

    Raises
    ------
    ConfigError
        Where there is none.
    """
    key = key_here()
    if key is None:
        raise ConfigError(
            f"audio is kept encrypted here, and there is no key: set {KEY_VARIABLE}, or make one with "
            "turntone workspace key --keep"
        )
    return key


def key_from(text: str) -> bytes:
    """The 32 bytes of a written key.

    Raises
    ------
    ConfigError
        Where it is none.
    """
    text = text.strip()
    try:
        key = bytes.fromhex(text) if len(text) == 64 else base64.urlsafe_b64decode(text)
    except (ValueError, binascii.Error):
        key = b""
    if len(key) != 32:
        raise ConfigError(f"{KEY_VARIABLE} is no key: 32 bytes as base64 or 64 hexadecimal digits are accepted")
    return key


def keep_in_keyring(text: str) -> None:
    """Give a key to the system's keyring.

    Raises
    ------
    ConfigError
        Where there is no keyring that keeps it.
    """
    import keyring
    from keyring.errors import KeyringError

    try:
        keyring.set_password(*KEYRING_NAME, text)
    except KeyringError as error:
        raise ConfigError(f"no keyring keeps the key here ({error}); set {KEY_VARIABLE} instead") from error


def seal(content: bytes | memoryview, key: bytes) -> bytes:
    """The content encrypted."""
    salt = secrets.token_bytes(16)
    head = _HEAD.pack(_MARK, _name_of(key), salt, len(content))
    cipher = _cipher(key, salt)
    parts = [head]
    for number, start in enumerate(range(0, len(content), CHUNK)):
        parts.append(cipher.encrypt(_nonce(number), bytes(content[start : start + CHUNK]), head))
    return b"".join(parts)


class Sealed(io.RawIOBase):
    """An encrypted file, read as what is in it: seekable, a chunk at a time.

    Parameters
    ----------
    path : Path
    key : bytes
        32 of them.

    Raises
    ------
    WorkspaceError
        Where it is encrypted with another key, damaged or cut off; also when it is read.
    """

    def __init__(self, path: Path, key: bytes) -> None:
        super().__init__()
        self.name = str(path)
        self._file = path.open("rb")
        self._head = self._file.read(_HEAD.size)
        try:
            mark, name, salt, self.size = _HEAD.unpack(self._head)
        except struct.error:
            mark, name, salt, self.size = b"", b"", b"", 0
        if mark != _MARK:
            self._file.close()
            raise WorkspaceError(f"{path}: damaged, it does not begin as an encrypted file does")
        if name != _name_of(key):
            self._file.close()
            raise WorkspaceError(
                f"{path}: encrypted with another key than the one here; set {KEY_VARIABLE} to that one"
            )
        self._cipher = _cipher(key, salt)
        self._at = 0
        self._number, self._chunk = -1, b""

    def readable(self) -> bool:
        """Yes."""
        return True

    def seekable(self) -> bool:
        """Yes."""
        return True

    def tell(self) -> int:
        """Where the next byte comes from."""
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a place in what is in the file."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self.size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def readinto(self, buffer: Any) -> int:
        """Bytes from here on, at most to the end of their chunk."""
        if self._at >= self.size:
            return 0
        chunk = self._read_chunk(self._at // CHUNK)
        start = self._at % CHUNK
        part = chunk[start : start + len(buffer)]
        buffer[: len(part)] = part
        self._at += len(part)
        return len(part)

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        super().close()

    def _read_chunk(self, number: int) -> bytes:
        from cryptography.exceptions import InvalidTag

        if number != self._number:
            self._file.seek(_HEAD.size + number * (CHUNK + _TAG))
            size = min(CHUNK, self.size - number * CHUNK)
            try:
                self._chunk = self._cipher.decrypt(_nonce(number), self._file.read(size + _TAG), self._head)
            except (InvalidTag, ValueError) as error:
                raise WorkspaceError(f"{self.name}: damaged, its bytes are not those that were written") from error
            self._number = number
        return self._chunk


def _name_of(key: bytes) -> bytes:
    """Tells keys apart without saying anything of them."""
    return hashlib.sha256(b"turntone key " + key).digest()[:8]


def _cipher(key: bytes, salt: bytes) -> Any:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    return AESGCM(HKDF(SHA256(), 32, salt, b"turntone file").derive(key))


def _nonce(number: int) -> bytes:
    return number.to_bytes(12, "big")


def _from_keyring() -> str | None:
    import keyring
    from keyring.errors import KeyringError

    try:
        return keyring.get_password(*KEYRING_NAME)
    except (KeyringError, OSError):
        return None
