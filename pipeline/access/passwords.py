"""Passwords as Argon2 hashes, and secrets that need no such care because nobody could guess them."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from functools import cache
from typing import TYPE_CHECKING

from diarization.errors import AccessError

if TYPE_CHECKING:
    from argon2 import PasswordHasher

SHORTEST, LONGEST = 12, 1000
"""Characters that a password may have. Length is what counts (NIST SP 800-63B): no rules on digits and signs."""


def hashed(password: str) -> str:
    """What is kept of a password: Argon2id with a salt of its own (RFC 9106, the profile for little memory).

    Raises
    ------
    AccessError
        Where it is too short or too long.
    """
    if not SHORTEST <= len(password) <= LONGEST:
        raise AccessError(f"a password has {SHORTEST} to {LONGEST:,} characters, and this one has {len(password):,}")
    return _hasher().hash(password)


def fits(password: str, kept: str | None) -> bool:
    """Whether a password is the one that is kept; without one it takes as long and is False.

    So nobody learns from the time that an answer takes whether there is a user of some name.
    """
    from argon2.exceptions import Argon2Error, InvalidHashError

    try:
        return _hasher().verify(kept or _nobodys(), password[: LONGEST + 1]) and kept is not None
    except (Argon2Error, InvalidHashError):
        return False


def outdated(kept: str) -> bool:
    """Whether a hash was made with less care than is taken today."""
    return _hasher().check_needs_rehash(kept)


def new_secret() -> str:
    """256 bits that nobody guesses."""
    return secrets.token_urlsafe(32)


def secret_hash(secret: str) -> str:
    """What is kept of such a secret; one that long needs no slow hash."""
    return hashlib.sha256(secret.encode()).hexdigest()


def same(one: str, other: str) -> bool:
    """Whether two texts are the same, in a time that says nothing of where they differ."""
    return hmac.compare_digest(one.encode(), other.encode())


@cache
def _hasher() -> PasswordHasher:
    from argon2 import PasswordHasher

    return PasswordHasher()


@cache
def _nobodys() -> str:
    return _hasher().hash(new_secret())
