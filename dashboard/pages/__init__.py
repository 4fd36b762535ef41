"""The pages, by their addresses."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import unquote

from diarization.errors import TurntoneError

from ..sessions import Library
from .case import case_page
from .home import home_page
from .jobs import jobs_page
from .messages import failure_page, not_found_page
from .models import models_page
from .page import Page
from .participants import participants_page
from .review import review_page, reviews_page
from .session import session_page

__all__ = ["Page", "page_at"]

_SINGLE: dict[str, Callable[[Library], Page]] = {
    "": home_page,
    "jobs": lambda _library: jobs_page(),
    "review": reviews_page,
    "participants": participants_page,
    "models": models_page,
}
"""The pages that have an address of one word."""


def page_at(library: Library, path: str) -> Page:
    """The page of an address such as ``/session/0123456789ab``; where there is none, the page that says so.

    Parameters
    ----------
    library : Library
        What is shown.
    path : str
        As it stands in the browser's address line, percent-encoded.
    """
    try:
        return _page_at(library, path) or not_found_page(path)
    except TurntoneError as error:
        return failure_page(str(error))


def _page_at(library: Library, path: str) -> Page | None:
    room, _, rest = path.lstrip("/").partition("/")
    if not rest and room in _SINGLE:
        return _SINGLE[room](library)
    if room == "session":
        return session_page(library, unquote(rest))
    if room == "review":
        return review_page(library, unquote(rest))
    if room == "case":
        return case_page(library, unquote(rest))
    return None
