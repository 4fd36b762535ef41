"""A line in the log for each request: the route, never the address itself, which may have names in it."""

from __future__ import annotations

import logging
import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_LOG = logging.getLogger("turntone.requests")


class RequestLog:
    """Middleware that logs what was asked for, how it ended, how long it took, and the random id of who asked."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http" or not _LOG.isEnabledFor(logging.INFO):
            await self._app(scope, receive, send)
            return
        begun, status = time.perf_counter(), 500

        async def send_noting(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        try:
            await self._app(scope, receive, send_noting)
        finally:
            milliseconds = round(1000 * (time.perf_counter() - begun), 1)
            _LOG.info("request", extra={"facts": _facts(scope) | {"status": status, "milliseconds": milliseconds}})


def _facts(scope: Scope) -> dict[str, object]:
    here = scope.get("turntone.visitor")
    route = getattr(scope.get("route"), "path", None)  # none where it was refused before
    below = "/api" if route and scope["path"].startswith("/api/") and not route.startswith("/api/") else ""
    return {
        "method": scope["method"],
        "route": below + route if route else None,  # routers that are included know nothing of where
        "user": (here.id or "local") if here else None,
    }
