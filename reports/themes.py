"""In which colours figures are drawn: for a screen by day, for one by night, for paper."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache, wraps
from typing import Any, Literal, ParamSpec, get_args

from .language import speaking
from .palette import ACCENT, GRID, INK, MUTED, UNSCORED, luminance

ThemeName = Literal["light", "dark", "print"]

THEME_NAMES: tuple[ThemeName, ...] = get_args(ThemeName)
"""What figures can be drawn for."""


@dataclass(frozen=True)
class Theme:
    """The colours of what is no emotion and no speaker: those two have the same colour everywhere.

    Parameters
    ----------
    name : str
        One of ``THEME_NAMES``.
    paper, ink, muted, grid, accent : str
        Background, text, text that stands back, lines of the grid, and what belongs to no emotion and no speaker.
    unscored : str
        Fill of a turn that is not scored.
    """

    name: ThemeName
    paper: str = "#FFFFFF"
    ink: str = INK
    muted: str = MUTED
    grid: str = GRID
    accent: str = ACCENT
    unscored: str = UNSCORED

    def line(self, colour: str) -> str:
        """The colour, as far towards the ink as a line or a point in it can be told from the paper (contrast 3 to 1).

        >>> DARK.line("#5500BB") != "#5500BB" == LIGHT.line("#5500BB")
        True
        """
        return _told_apart(colour, self.ink, self.paper)


@lru_cache(1024)
def _told_apart(colour: str, ink: str, paper: str) -> str:
    for step in range(11):
        mixed = mix(colour, ink, step / 10)
        if contrast(mixed, paper) >= 3:
            return mixed
    return ink


THEMES: dict[ThemeName, Theme] = {
    "light": Theme("light"),
    "dark": Theme(
        "dark", paper="#171C22", ink="#E6EAEE", muted="#9FABB8", grid="#333C46", accent="#5BB3E4", unscored="#2E3741"
    ),
    "print": Theme("print", ink="#000000", muted="#45494D", grid="#C9CED3"),
}
"""Every theme, by name."""

LIGHT, DARK, PRINT = (THEMES[name] for name in THEME_NAMES)

_CURRENT: ContextVar[Theme] = ContextVar("theme", default=LIGHT)

P = ParamSpec("P")


def theme_now() -> Theme:
    """The theme that is drawn in here."""
    return _CURRENT.get()


@contextmanager
def drawing_in(theme: ThemeName | None) -> Iterator[None]:
    """Within it, figures are drawn in this theme; with None, in that of before."""
    token = _CURRENT.set(THEMES[theme] if theme else _CURRENT.get())
    try:
        yield
    finally:
        _CURRENT.reset(token)


def drawn(draw: Callable[P, Any]) -> Callable[P, Any]:
    """Make a figure's function obey its own arguments ``theme`` and ``language``, which it has to have."""

    @wraps(draw)
    def figure(*args: P.args, **kwargs: P.kwargs) -> Any:
        theme: Any = kwargs.get("theme")
        language: Any = kwargs.get("language")
        with drawing_in(theme), speaking(language):
            return draw(*args, **kwargs)

    return figure


def mix(colour: str, other: str, share: float) -> str:
    """A colour with a share of another in it.

    >>> mix("#000000", "#FFFFFF", 0.5)
    '#808080'
    """
    parts = (
        round((1 - share) * int(colour[at : at + 2], 16) + share * int(other[at : at + 2], 16)) for at in (1, 3, 5)
    )
    return "#" + "".join(f"{part:02X}" for part in parts)


def contrast(one: str, other: str) -> float:
    """How far two colours stand apart, 1 to 21 (WCAG 2.2, contrast ratio).

    >>> round(contrast("#000000", "#FFFFFF"))
    21
    """
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)
