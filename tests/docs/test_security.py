"""Each test that docs/security.md names is there."""

from __future__ import annotations

import re
from pathlib import Path

TESTS = Path(__file__).parent.parent
PAGE = (TESTS.parent / "docs/security.md").read_text(encoding="utf-8")


def named() -> list[tuple[str, str]]:
    """File and function of every test on the page; ``…`` stands for the file named before."""
    found, file = [], ""
    for path, function in re.findall(r"`([\w/]+\.py|…)(?:::(\w+))?`", PAGE):
        file = file if path == "…" else path
        found.append((file, function))
    return found


def test_every_test_that_is_named_is_there() -> None:
    assert len(named()) > 35
    missing = [
        (file, function)
        for file, function in named()
        if not (TESTS / file).is_file() or f"def {function}" not in (TESTS / file).read_text(encoding="utf-8")
    ]
    assert missing == []


def test_every_row_names_what_shows_it() -> None:
    rows = [line for line in PAGE.splitlines() if line.startswith("| ") and "---" not in line]
    assert [row for row in rows[1:] if not re.search(r"`[\w/…]+(\.py)?(::\w+)?`|clean_file_name|– \|$", row)] == []
