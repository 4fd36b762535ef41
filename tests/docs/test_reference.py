"""What users build on is documented: each command, option, JSON field and setting."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from diarization.quality import Quality
from pipeline.settings import describe
from tests.sessions import make_session

DOCS = Path(__file__).parent.parent.parent / "docs"


def commands() -> Iterator[tuple[str, list[str]]]:
    """Every command with its options, as a person types them."""
    from turntone.cli import app

    root = typer.main.get_command(app)
    yield from _commands(root, "turntone")


def _commands(command: typer.core.TyperCommand, name: str) -> Iterator[tuple[str, list[str]]]:
    below = getattr(command, "commands", {})
    for each, inner in below.items():
        yield from _commands(inner, f"{name} {each}")
    if not below:
        options = [flag for option in command.params for flag in option.opts if flag.startswith("--")]
        yield name, options


@pytest.mark.parametrize(("name", "options"), list(commands()), ids=[name for name, _ in commands()])
def test_each_command_and_option_is_documented(name: str, options: list[str]) -> None:
    page = (DOCS / "commands.md").read_text(encoding="utf-8")
    group, *rest = name.split()[1:]
    section = next(part for part in page.split("\n## ") if part.startswith(f"`turntone {group}"))
    assert all(f"`{word}" in section or f" {word}" in section for word in rest)
    assert [option for option in options if option not in section and option != "--help"] == []


def test_each_json_field_is_documented() -> None:
    page = (DOCS / "json.md").read_text(encoding="utf-8")
    known = set(re.findall(r"`([a-z_\[\].]+)`", page))
    found = make_session().to_json()
    fields = {
        f"{part}[].{key}" if isinstance(value, list) else f"{part}.{key}"
        for part, value in found.items()
        if part not in ("quality", "provenance", "notes")
        for key in (value[0] if isinstance(value, list) else value)
    }
    fields |= {f"quality.{field.name}" for field in dataclasses.fields(Quality)}
    assert fields - known == set()
    assert {"quality", "provenance", "notes"} <= known


def test_each_setting_is_documented_as_it_is() -> None:
    page = (DOCS / "settings.md").read_text(encoding="utf-8")
    missing = [each.key for each in describe() if f"| `{each.key}` |" not in page or each.description not in page]
    assert missing == [], "run scripts/write_settings_page.py"


def test_each_address_of_the_api_is_documented(tmp_path: Path) -> None:
    from dashboard.app import make_app

    page = (DOCS / "api.md").read_text(encoding="utf-8")
    paths = make_app(tmp_path / "none").openapi()["paths"]
    rows = [line for line in page.splitlines() if line.startswith("|")]
    missing = [
        (path, method)
        for path, methods in paths.items()
        for method in methods
        if not any(f"`{path}`" in row and f"| {method.upper()} |" in row for row in rows)
    ]
    assert missing == []


def test_each_page_is_documented(tmp_path: Path) -> None:
    from dashboard.app import make_app
    from dashboard.layout.shell import PLACES

    page = (DOCS / "pages.md").read_text(encoding="utf-8")
    rows = [line for line in page.splitlines() if line.startswith("|")]
    paths = {str(getattr(route, "path", "")).replace(":path}", "}") for route in make_app(tmp_path / "none").routes}
    shown = [path for path in paths if path.startswith(("/session/", "/review/", "/case/"))]
    addresses = [*shown, *(address for _, address in PLACES)]
    assert len(addresses) >= 9
    assert [each for each in addresses if not any(row.startswith(f"| `{each}` |") for row in rows)] == []
