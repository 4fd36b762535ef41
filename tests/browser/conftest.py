"""A server on a free port and a Chromium that watches for errors and foreign requests."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from dashboard.app import served
from tests.dashboard.workspaces import fill

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

_FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--autoplay-policy=no-user-gesture-required",
)  # fmt: skip


@pytest.fixture(scope="session")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the dashboard of a filled workspace is served."""
    yield from serving(fill(tmp_path_factory.mktemp("browser") / "workspace").path)


@pytest.fixture(scope="session")
def empty_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the dashboard of an empty workspace is served."""
    yield from serving(tmp_path_factory.mktemp("browser") / "none")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """A browser, started once."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        pytest.skip("no Chromium here; scripts/install-chromium brings it")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, headless=True, args=list(_FLAGS))
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def desk(chromium: Browser) -> BrowserContext:
    """A desk's screen; pages of one context share their cache."""
    return chromium.new_context(viewport={"width": 1440, "height": 900})


@pytest.fixture(scope="session")
def phone(chromium: Browser) -> BrowserContext:
    """A phone's screen, touched by fingers."""
    return chromium.new_context(viewport={"width": 390, "height": 844}, has_touch=True)


@pytest.fixture
def page(desk: BrowserContext) -> Iterator[Page]:
    """A page on a desk's screen; it fails on errors and on requests to other hosts.

    A test with a server of its own names that before the page, so that the page is closed before its server ends.
    """
    yield from _watched(desk)


@pytest.fixture
def phone_page(phone: BrowserContext) -> Iterator[Page]:
    """The same on a phone's screen."""
    yield from _watched(phone)


def eventually(page: Page, expression: str, seconds: float = 20) -> None:
    """Waits until an expression of JavaScript is true.

    ``page.wait_for_function`` polls with eval, which the pages' own security policy forbids.
    """
    end = time.monotonic() + seconds
    while not page.evaluate(expression):
        assert time.monotonic() < end, f"never true: {expression}"
        page.wait_for_timeout(50)


def _watched(context: BrowserContext) -> Iterator[Page]:
    opened = context.new_page()
    wrong: list[str] = []
    opened.on("console", lambda said: wrong.append(said.text) if _is_wrong(said) else None)
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    opened.on("dialog", lambda dialog: (wrong.append(f"dialog: {dialog.message}"), dialog.dismiss()))
    opened.on("request", lambda asked: wrong.append(f"foreign request: {asked.url}") if _is_foreign(asked) else None)
    yield opened
    opened.close()
    assert wrong == []


def _is_wrong(said: Any) -> bool:
    """Errors, and what Plotly warns of, which it writes as traces."""
    return said.type in ("error", "assert") or said.text.startswith(("WARN:", "ERROR:"))


def _is_foreign(asked: Any) -> bool:
    return not asked.url.startswith(("http://127.0.0.1:", "data:", "blob:http://127.0.0.1:"))


def serving(workspace: Path) -> Iterator[str]:
    """Serves the dashboard of a workspace while a fixture lasts; gives its address."""
    with served(workspace) as address:
        yield address
