"""The pages, by their addresses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

from dash import html

from diarization.errors import TurntoneError
from reports.language import say, spoken
from reports.themes import theme_now

from ..layout.later import on_page
from ..sessions import Library
from .case import case_page, case_part
from .compare import compare_page, compare_part, compare_versions
from .home import home_page
from .jobs import jobs_page
from .messages import failure_page, not_found_page
from .models import models_page
from .page import Page
from .participants import participants_page
from .review import review_page, reviews_page
from .session import session_page, session_part

__all__ = ["Page", "page_at", "part_at"]

_SINGLE: dict[str, Callable[[Library], Page]] = {
    "": home_page,
    "jobs": lambda _library: jobs_page(),
    "review": reviews_page,
    "participants": participants_page,
    "models": models_page,
}
"""The pages that have an address of one word."""


def page_at(library: Library, path: str, search: str = "") -> Page:
    """The page of an address such as ``/session/0123456789ab``; where there is none, the page that says so.

    Parameters
    ----------
    library : Library
        What is shown.
    path : str
        As it stands in the browser's address line, percent-encoded.
    search : str
        What stands behind it, with its question mark.
    """
    try:
        with on_page(path, search):
            return _page_at(library, path, search) or not_found_page(path)
    except TurntoneError as error:
        return failure_page(str(error))


def part_at(library: Library, path: str, search: str, part: str) -> Any:
    """A part of the page of an address that comes later; where there is none, a sentence that says so.

    It is kept until a session that it shows is changed.
    """
    try:
        return _part_at(library, path, search, part) or html.P(say("There is nothing here any more; reload the page."))
    except TurntoneError as error:
        return html.P(f"{error}.", className="wrong")


def _page_at(library: Library, path: str, search: str) -> Page | None:
    room, _, rest = path.lstrip("/").partition("/")
    if not rest and room in _SINGLE:
        return _SINGLE[room](library)
    if room == "compare" and not rest:
        return compare_page(library, search)
    if room == "session":
        return session_page(library, unquote(rest))
    if room == "review":
        return review_page(library, unquote(rest))
    if room == "case":
        return case_page(library, unquote(rest))
    return None


def _part_at(library: Library, path: str, search: str, part: str) -> Any:
    room, _, rest = path.lstrip("/").partition("/")
    name = unquote(rest)
    shown = room, name, search, part, spoken(), theme_now().name
    if room == "session":
        version = library.version(name)
        return version and library.part((*shown, version), lambda: session_part(library, name, part))
    if room == "case":
        versions = tuple(library.case_versions(name).items())
        return versions and library.part((*shown, versions), lambda: case_part(library, name, part))
    if room == "compare":
        both = compare_versions(library, search)
        return both and library.part((*shown, both), lambda: compare_part(library, search, part))
    return None
