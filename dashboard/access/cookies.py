"""The cookies of people who are signed in: signed, and with a token against requests forged by other sites."""

from __future__ import annotations

import secrets
from pathlib import Path

from itsdangerous import BadSignature, Signer, URLSafeTimedSerializer
from starlette.requests import HTTPConnection
from starlette.responses import Response

from pipeline.access.accounts import SIGNED_IN
from pipeline.access.passwords import same
from pipeline.store.files import write_whole

CSRF_HEADER = "X-CSRFToken"
"""In which pages repeat the token that they read from their cookie; other sites can do neither."""

_KEY = "access.key"


class Cookies:
    """Writes and reads the cookies of one workspace.

    The key with which they are signed lies in the workspace, readable by its owner alone, and is made when it is first
    needed.

    Parameters
    ----------
    folder : Path
        The workspace's.
    """

    def __init__(self, folder: Path) -> None:
        self._file = folder / _KEY
        self._key: str | None = None

    def sign_in_of(self, connection: HTTPConnection) -> str | None:
        """The id of the sign-in that a request's cookie names; None where there is none of ours in time."""
        cookie = connection.cookies.get(self._name("sign-in", connection))
        if not cookie or not self._file.exists():
            return None
        try:
            found: object = self._sealed().loads(cookie, max_age=int(SIGNED_IN.total_seconds()))
        except BadSignature:
            return None
        return found if isinstance(found, str) else None

    def set(self, response: Response, connection: HTTPConnection, sign_in: str) -> None:
        """Let a browser keep a sign-in: one cookie that scripts cannot read, one with the token that they repeat."""
        seconds, secure = int(SIGNED_IN.total_seconds()), connection.url.scheme == "https"
        sealed = self._sealed().dumps(sign_in)
        for name, value, hidden in (("sign-in", sealed, True), ("csrf", self._token(sign_in), False)):
            response.set_cookie(
                self._name(name, connection), value, seconds, httponly=hidden, secure=secure, samesite="lax", path="/"
            )

    def clear(self, response: Response, connection: HTTPConnection) -> None:
        """Let a browser forget them."""
        for name in ("sign-in", "csrf"):
            response.delete_cookie(self._name(name, connection), path="/")

    def is_own(self, connection: HTTPConnection, sign_in: str) -> bool:
        """Whether a request comes from a page that can read the cookie with the token."""
        return same(connection.headers.get(CSRF_HEADER, ""), self._token(sign_in))

    def _token(self, sign_in: str) -> str:
        return Signer(self._secret(), salt="turntone-csrf").get_signature(sign_in).decode()

    def _sealed(self) -> URLSafeTimedSerializer:
        return URLSafeTimedSerializer(self._secret(), salt="turntone-sign-in")

    def _secret(self) -> str:
        if self._key is None:
            if not self._file.exists():
                write_whole(self._file, secrets.token_hex(32).encode())
                self._file.chmod(0o600)
            self._key = self._file.read_text("ascii")
        return self._key

    def _name(self, what: str, connection: HTTPConnection) -> str:
        """Browsers keep cookies by host whatever the port: two workspaces on one machine need two names."""
        port = connection.headers.get("host", "").rpartition(":")[2]
        return f"turntone-{what}{f'-{port}' if port.isdigit() else ''}"
