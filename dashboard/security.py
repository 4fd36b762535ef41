"""What keeps other sites' pages away from a workspace that is served here."""

from __future__ import annotations

import socket
from collections.abc import Sequence

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_READING = ("GET", "HEAD", "OPTIONS")
_RECORDINGS = ("/api/uploads/", "/api/recordings", "/api/predict")
_AROUND = 2**20  # bytes of a form around its file
_EVERYWHERE = ("", "0.0.0.0", "::")


def allowed_hosts(host: str) -> list[str]:
    """The names under which a browser may ask a server that listens on ``host``.

    Any other name in a request's Host header is refused: a page of a foreign site could else point its own name at
    this machine (DNS rebinding) and read the workspace. A server that listens everywhere is known under this
    machine's own name and addresses.

    >>> allowed_hosts("127.0.0.1")
    ['localhost', '127.0.0.1', '::1', '[::1]']
    """
    names = ["localhost", "127.0.0.1", "::1", "[::1]"]
    names += _own_names() if host in _EVERYWHERE else [host.lower()]
    return list(dict.fromkeys(names))


def content_security_policy(script_hashes: Sequence[str]) -> str:
    """The header that lets pages load from this server only, and run no script but its files and those hashed.

    Styles may stand inline, as Plotly, Mantine and AG Grid write them.
    """
    rules = {
        "default-src": "'self'",
        "script-src": " ".join(["'self'", *script_hashes]),
        "style-src": "'self' 'unsafe-inline'",
        "img-src": "'self' data: blob:",
        "font-src": "'self' data:",
        "object-src": "'none'",
        "base-uri": "'none'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
    }
    return "; ".join(f"{name} {sources}" for name, sources in rules.items())


class SecurityHeaders:
    """Middleware that adds the same headers to every answer."""

    def __init__(self, app: ASGIApp, policy: str) -> None:
        self._app = app
        self._headers = {
            "Content-Security-Policy": policy,
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": "DENY",
            "Referrer-Policy": "no-referrer",
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cross-Origin-Resource-Policy": "same-origin",
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(self._headers)
            await send(message)

        await self._app(scope, receive, send_with_headers if scope["type"] == "http" else send)


class OwnPagesOnly:
    """Middleware that lets other sites' pages change nothing: a browser says from where a request comes.

    Programs say nothing and may; ``TrustedHostMiddleware`` keeps foreign names away.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "http" and scope["method"] not in _READING and _is_foreign(Headers(scope=scope)):
            refusal = PlainTextResponse("pages of other sites may not change anything here", 403)
            await refusal(scope, receive, send)
            return
        await self._app(scope, receive, send)


class BodyLimit:
    """Middleware that takes no endless request; recordings, which go to disk piece by piece, may be larger than others.

    Parameters
    ----------
    app : ASGI application
    recording : int
        Bytes that an upload may have.
    other : int
        Bytes that any other request may have.
    """

    def __init__(self, app: ASGIApp, recording: int, other: int = 8 * 2**20) -> None:
        self._app = app
        self._recording = recording
        self._other = other

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http" or scope["method"] in _READING:
            await self._app(scope, receive, send)
            return
        largest = self._recording + _AROUND if scope["path"].startswith(_RECORDINGS) else self._other
        said = Headers(scope=scope).get("content-length", "0")
        if said.isdigit() and int(said) <= largest:
            await self._app(scope, self._counted(receive, largest), send)
            return
        sentence = f"a request may have {largest:,} bytes here; recordings go to /api/uploads in pieces"
        await PlainTextResponse(sentence, 413)(scope, receive, send)

    def _counted(self, receive: Receive, largest: int) -> Receive:
        """Receives no more than is allowed, whatever was announced: more is taken for a caller who has gone."""
        taken = 0

        async def receive_counted() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            return message if taken <= largest else {"type": "http.disconnect"}

        return receive_counted


def _is_foreign(headers: Headers) -> bool:
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site not in ("same-origin", "none")
    origin = headers.get("origin")
    return origin is not None and origin.partition("://")[2] != headers.get("host")


def _own_names() -> list[str]:
    name = socket.gethostname()
    try:
        addresses = [str(each[4][0]) for each in socket.getaddrinfo(name, None)]
    except OSError:
        addresses = []
    return [name.lower(), socket.getfqdn().lower(), *addresses]
