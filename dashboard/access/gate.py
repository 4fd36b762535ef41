"""The one door to everything that is served: who comes, and whether they may."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import quote

import anyio
from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from diarization.errors import TurntoneError
from pipeline.access.accounts import Accounts
from pipeline.access.visitors import Via, Visitor, visiting

from ..api.problems import problem
from .cookies import Cookies
from .limiting import Limiter
from .rules import READING, role_needed
from .settings import Access

_LOG = logging.getLogger(__name__)

_FORWARDED = ("forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip")
_SIGN_IN = "sign in first: a page asks for name and password, programs send Authorization: Bearer TOKEN"
_NO_USERS = "this workspace has no users yet, so nobody gets in; turntone users add NAME --role admin makes the first"
_PROXIED = "this server is for one person on this machine, and this came through a proxy; add users first"
_NOT_OWN = "this did not come from one of Turntone's own pages; reload the page and try again"


@dataclass(frozen=True)
class Refusal:
    """Why a request is not answered: an HTTP status and a sentence."""

    status: Literal[401, 403, 429, 503]
    sentence: str
    wait: int | None = None


class Gate:
    """Middleware that answers nobody whom it does not know, and lets nobody do what they may not.

    Inside it the visitor is known to everything that reads or writes the workspace (``pipeline.access.visitors``), so
    that cases which they may not see are not there.

    Parameters
    ----------
    app : ASGI application
    folder : Path
        The workspace's.
    access : Access
    """

    def __init__(self, app: ASGIApp, folder: Path, access: Access) -> None:
        self._app = app
        self._access = access
        self._accounts = Accounts(folder)
        self._cookies = Cookies(folder)
        self._requests = Limiter(access.requests)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or refuse it."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] != "http":
            await _close(receive, send)
        elif (needed := role_needed(scope["method"], scope["path"])) is None:
            await self._app(scope, receive, send)
        else:
            connection = HTTPConnection(scope)
            found = await anyio.to_thread.run_sync(self._visitor, connection)
            if isinstance(found, Visitor) and not found.may(needed):
                found = Refusal(403, f"that needs the role {needed}; yours is {found.role}")
            if isinstance(found, Refusal):
                await _refused(connection, found)(scope, receive, send)
                return
            scope["turntone.visitor"] = found
            with visiting(found):
                await self._app(scope, receive, _unkept(send))

    def _visitor(self, connection: HTTPConnection) -> Visitor | Refusal:
        """Who comes, or why they do not get in."""
        try:
            found = self._known(connection)
            if isinstance(found, Refusal) and not self._accounts.any():
                return self._alone(connection)
        except TurntoneError as error:  # a damaged or locked workspace: nobody gets in
            _LOG.error("nobody is let in: %s", error)
            return Refusal(503, "the workspace cannot be read; turntone doctor says why")
        who = found.id if isinstance(found, Visitor) and found.id else _address(connection)
        if _is_api(connection) and not self._requests.hit(who):
            return Refusal(429, f"at most {self._access.requests} requests", self._requests.wait(who))
        return found

    def _alone(self, connection: HTTPConnection) -> Visitor | Refusal:
        """The one person on this machine for whom the workspace is, as long as it has no users."""
        if not self._access.local:
            return Refusal(403, _NO_USERS)
        if any(each in connection.headers for each in _FORWARDED):
            return Refusal(403, _PROXIED)
        return Visitor(None, _via(connection))

    def _known(self, connection: HTTPConnection) -> Visitor | Refusal:
        scheme, _, token = connection.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            return self._accounts.visitor_of_token(token.strip()) or Refusal(401, "this token opens nothing here")
        sign_in = self._cookies.sign_in_of(connection)
        found = self._accounts.visitor_of_sign_in(sign_in) if sign_in else None
        if sign_in is None or found is None:
            return Refusal(401, _SIGN_IN)
        if connection.scope["method"] not in READING and not self._cookies.is_own(connection, sign_in):
            return Refusal(403, _NOT_OWN)
        return found


def _refused(connection: HTTPConnection, why: Refusal) -> Response:
    """A page's reader is led to the sign-in; everybody else gets a problem."""
    path = connection.url.path
    wants_page = "text/html" in connection.headers.get("accept", "") and connection.scope["method"] in READING
    if why.status == 401 and wants_page and not path.startswith("/api/"):
        back = f"{path}?{connection.url.query}" if connection.url.query else path
        return RedirectResponse(f"/sign-in?next={quote(back, safe='')}", 303)
    answer: JSONResponse = problem(why.status, why.sentence, connection)
    if why.status == 401:
        answer.headers["WWW-Authenticate"] = "Bearer"
    if why.wait:
        answer.headers["Retry-After"] = str(why.wait)
    return answer


def _unkept(send: Send) -> Send:
    """Browsers keep nothing of what only those see who are let in, unless an answer says otherwise by itself."""

    async def send_unkept(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).setdefault("Cache-Control", "private, no-store")
        await send(message)

    return send_unkept


async def _close(receive: Receive, send: Send) -> None:
    """No page of ours needs a WebSocket, so none is opened."""
    await receive()
    await send({"type": "websocket.close", "code": 1008})


def _is_api(connection: HTTPConnection) -> bool:
    return connection.url.path.startswith("/api/")


def _via(connection: HTTPConnection) -> Via:
    return "page" if "sec-fetch-site" in connection.headers or not _is_api(connection) else "api"


def _address(connection: HTTPConnection) -> str:
    return connection.client.host if connection.client else "unknown"
