"""Cells of text that no spreadsheet takes for a formula (OWASP, "CSV Injection")."""

from __future__ import annotations

import re

_FORMULA = re.compile(r"'*[=+\-@\t\r]")


def defused(text: str) -> str:
    """The text with an apostrophe before it where a spreadsheet would take it for a formula.

    >>> defused("=1+1"), defused("Anna")
    ("'=1+1", 'Anna')
    """
    return f"'{text}" if _FORMULA.match(text) else text


def restored(text: str) -> str:
    """The text that was defused.

    >>> restored("'=1+1"), restored("'tis")
    ('=1+1', "'tis")
    """
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text
