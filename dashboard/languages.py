"""In which language pages speak: what the reader chose, else what the browser asks for."""

from __future__ import annotations

import json
from collections.abc import Mapping

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from emotion.readout import UNCERTAIN
from emotion.schemes import CANONICAL
from pipeline.roles import ROLES
from reports.language import LANGUAGES, LanguageName, entries_of, say, speaking, spoken

LANGUAGE = "turntone-language"
"""The cookie in which a reader's choice is kept (``assets/base.js``)."""

_PROGRAMS = "/api/"
"""What programs read, whose words are a contract: it stays English, but for what pages show of it to their readers."""


class SpeaksTheReadersLanguage:
    """Middleware within which pages, their parts and reports are written in the reader's language."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http" or scope["path"].startswith(_PROGRAMS):
            await self._app(scope, receive, send)
            return
        request = HTTPConnection(scope)
        with speaking(language_of(request.cookies, request.headers.get("accept-language", ""))):
            await self._app(scope, receive, send)


def language_of(cookies: Mapping[str, str], accepted: str) -> LanguageName:
    """The language of a request: the one that the reader chose, else the first accepted one that is known.

    >>> language_of({}, "fr-FR,zh-CN;q=0.8,en;q=0.5"), language_of({LANGUAGE: "en"}, "zh"), language_of({}, "")
    ('zh', 'en', 'en')
    """
    wanted = [(_weight(each), each.partition(";")[0].strip().lower()) for each in accepted.split(",")]
    by_weight = [name.partition("-")[0] for _, name in sorted(wanted, key=lambda each: -each[0])]
    for name in (cookies.get(LANGUAGE, ""), *by_weight):
        for known in LANGUAGES:
            if name == known:
                return known
    return "en"


def language_of_page(asked: HTTPConnection) -> LanguageName:
    """The language in which a page reads sentences of the API; programs, which name no page, read English."""
    if asked.headers.get("sec-fetch-site") != "same-origin":
        return "en"
    return language_of(asked.cookies, asked.headers.get("accept-language", ""))


def page_in_language(index: str) -> str:
    """The document of every page in the language spoken, with the words that its scripts need."""
    words = json.dumps(script_words(), ensure_ascii=False).replace("<", "\\u003c")
    known = f'<script type="application/json" id="words">{words}</script>'
    tag = {"en": "en", "zh": "zh-Hans"}[spoken()]
    return index.replace('<html lang="en">', f'<html lang="{tag}">', 1).replace("</head>", f"{known}</head>", 1)


def script_words() -> dict[str, str]:
    """What the scripts say, English texts and what they are in the language spoken; empty in English."""
    if spoken() == "en":
        return {}
    names: tuple[str, ...] = (*CANONICAL, UNCERTAIN, *ROLES)
    return entries_of(spoken(), "scripts") | {name: say(name) for name in names}


def _weight(accepted: str) -> float:
    quality = accepted.partition(";q=")[2]
    try:
        return float(quality or 1)
    except ValueError:
        return 0.0
