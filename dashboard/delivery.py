"""How answers travel: browsers keep scripts that name their version, and what goes over a network is compressed."""

from __future__ import annotations

import gzip
from urllib.parse import parse_qs

from anyio.to_thread import run_sync
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .serving import is_loopback

_SCRIPTS = ("/assets/", "/_dash-component-suites/")
_VERSIONS = ("m", "v")
_COMPRESSED = ("application/json", "application/javascript", "text/javascript", "text/css")
_LEAST = 2000  # bytes that are worth it


class KeepsScripts:
    """Middleware that lets browsers keep scripts and styles for a year whose address names their version."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""

        async def send_kept(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] == 200:
                MutableHeaders(scope=message)["Cache-Control"] = "public, max-age=31536000, immutable"
            await send(message)

        kept = scope["type"] == "http" and scope["path"].startswith(_SCRIPTS) and _names_version(scope)
        await self._app(scope, receive, send_kept if kept else send)


class Compressed:
    """Middleware that sends JSON and scripts compressed, except to this machine, where that would only take time.

    What comes in several pieces, as audio and events do, is sent as it is.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http" or _is_near(scope) or "gzip" not in Headers(scope=scope).get("accept-encoding", ""):
            await self._app(scope, receive, send)
            return
        begun: Message | None = None

        async def send_compressed(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start" and _is_compressible(message):
                begun = message
                return
            if begun is not None:
                start, begun = begun, None
                if not message.get("more_body") and len(message.get("body", b"")) >= _LEAST:
                    message = {**message, "body": await run_sync(gzip.compress, message["body"], 4)}
                    _say_compressed(start, len(message["body"]))
                await send(start)
            await send(message)

        await self._app(scope, receive, send_compressed)


def _names_version(scope: Scope) -> bool:
    return any(name in parse_qs(scope["query_string"].decode("latin-1")) for name in _VERSIONS)


def _is_near(scope: Scope) -> bool:
    client = scope.get("client")
    return client is not None and is_loopback(client[0])


def _is_compressible(start: Message) -> bool:
    headers = Headers(raw=start["headers"])
    kind = headers.get("content-type", "").partition(";")[0]
    return start["status"] == 200 and kind in _COMPRESSED and "content-encoding" not in headers


def _say_compressed(start: Message, length: int) -> None:
    headers = MutableHeaders(raw=start["headers"])
    headers["Content-Encoding"] = "gzip"
    headers["Content-Length"] = str(length)
    headers.add_vary_header("Accept-Encoding")
    if "etag" in headers:
        headers["ETag"] = f"W/{headers['etag'].removeprefix('W/')}"
    start["headers"] = headers.raw
