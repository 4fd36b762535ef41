"""What a page is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Page:
    """A page's title, for the browser's tab, and its components."""

    title: str
    content: Any
