"""The page on which people sign in, and what becomes of it; it works without a script."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Annotated, Any

import anyio
from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, FileSystemLoader

from pipeline.access.accounts import Accounts
from reports.language import LANGUAGES, LanguageName, say, speaking

from ..languages import language_of
from .cookies import Cookies
from .limiting import Limiter
from .settings import Access

_CALLED: dict[LanguageName, str] = {"en": "English", "zh": "中文"}
WRONG = "Name and password do not fit together."
OFTEN = "Too many attempts; try again in {seconds} seconds."
"""What the page may have to say."""


def sign_in_routes(folder: Path, access: Access) -> APIRouter:
    """``/sign-in`` and ``/sign-out``."""
    routes = APIRouter()
    accounts, cookies = Accounts(folder), Cookies(folder)
    by_address, by_name = Limiter(access.sign_ins), Limiter(access.sign_ins_by_name)

    @routes.get("/sign-in")
    def page(
        request: Request,
        next: Annotated[str, Query(max_length=2000)] = "/",
        language: Annotated[str | None, Query(max_length=8)] = None,
    ) -> Response:
        if not accounts.any():
            return RedirectResponse("/", 303)
        return _page(_language(request, language), next)

    @routes.post("/sign-in")
    async def sign_in(
        request: Request,
        name: Annotated[str, Form(max_length=200)] = "",
        password: Annotated[str, Form(max_length=2000)] = "",
        next: Annotated[str, Form(max_length=2000)] = "/",
        language: Annotated[str | None, Form(max_length=8)] = None,
    ) -> Response:
        spoken, who = _language(request, language), request.client.host if request.client else "unknown"
        for limiter, key in ((by_address, who), (by_name, name.lower())):
            if not limiter.hit(key):
                return _page(spoken, next, name, OFTEN, 429, limiter.wait(key))
        sign_in = await anyio.to_thread.run_sync(accounts.sign_in, name, password)
        if sign_in is None:
            return _page(spoken, next, name, WRONG, 403)
        answer = RedirectResponse(own_address(next), 303)
        cookies.set(answer, request, sign_in)
        return answer

    @routes.post("/sign-out")
    def sign_out(request: Request) -> Response:
        sign_in = cookies.sign_in_of(request)
        if sign_in is not None:
            accounts.sign_out(sign_in)
        answer = Response(status_code=204, headers={"Clear-Site-Data": '"cache"'})
        cookies.clear(answer, request)
        return answer

    return routes


def own_address(address: str) -> str:
    r"""An address of this server; anything that a browser would take for another one becomes the first page.

    >>> own_address("/case/Demo?a=1"), own_address("//evil.example"), own_address("/\\evil.example")
    ('/case/Demo?a=1', '/', '/')
    """
    plain = address.isprintable() and "\\" not in address
    return address if plain and address.startswith("/") and not address.startswith("//") else "/"


def _page(
    language: LanguageName, next: str, name: str = "", problem: str | None = None, status: int = 200, wait: int = 0
) -> Response:
    with speaking(language):
        said = say(problem, seconds=wait) if problem and wait else say(problem) if problem else None
        html = _template().render(
            t=say, language=language, languages=_CALLED.items(), next=own_address(next), name=name[:64], problem=said
        )
    headers = {"Cache-Control": "no-store"} | ({"Retry-After": str(wait)} if wait else {})
    return HTMLResponse(html, status, headers)


def _language(request: Request, asked: str | None) -> LanguageName:
    """What was asked for, else the language of the pages."""
    known = next((each for each in LANGUAGES if each == asked), None)
    return known or language_of(request.cookies, request.headers.get("accept-language", ""))


@cache
def _template() -> Any:
    loader = FileSystemLoader(Path(__file__).parent / "templates")
    return Environment(loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True).get_template(
        "sign_in.html"
    )
