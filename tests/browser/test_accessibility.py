"""Every page by axe-core, on a desk's screen by day and on a phone's by night."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.dashboard.workspaces import FIRST, SECOND

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext

pytestmark = pytest.mark.browser

PAGES = {
    "/": "#sessions-table a",
    f"/session/{FIRST}": "#turns-table .play",
    "/case/Demo": ".graph .main-svg",
    f"/compare?a={FIRST}&b={SECOND}&who=Anna": ".graph .main-svg",
    "/compare?groups=case": "text=Groups were compared",
    "/review": "#review-table a",
    f"/review/{FIRST}": "#review-queue .queued",
    "/participants": "#people .person",
    "/jobs": "#work-none",
    "/models": ".plain-table",
}
"""Addresses, and what is there once they are shown."""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", PAGES)
def test_axe_finds_nothing(desk: BrowserContext, phone: BrowserContext, path: str, scheme: str, address: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    page = (desk if scheme == "light" else phone).new_page()
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.goto(address + path)
    page.locator(PAGES[path]).first.wait_for(state="attached")
    page.wait_for_timeout(600)
    found = axe.run(page).response["violations"]
    page.close()
    said = [
        f"{each['id']}: {each['help']}: {node['target']} {node.get('failureSummary', '')}"
        for each in found
        for node in each["nodes"]
    ]
    assert said == []
