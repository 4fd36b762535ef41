"""Takes the pictures of README from a workspace, or of every page: python scripts/take_screenshots.py turntone-demo

With ``--every FOLDER`` every page is taken at 1440 and 390 pixels, light and dark, whole; ``--only WORD`` takes those
pages whose name has the word in it, ``--language zh`` in Chinese.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any
from urllib.parse import quote

from playwright.sync_api import sync_playwright

from dashboard.app import served
from pipeline.workspace import Workspace

IMAGES = Path(__file__).parent.parent / "docs" / "images"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
WIDTHS = (1440, 390)
_TO_NEXT = """(() => {
    const next = [...document.querySelectorAll(".waiting-part")].find((each) => !each.closest("details:not([open])"));
    if (next) next.scrollIntoView({block: "center"});
    return Boolean(next);
})()"""


def main() -> None:
    """Serve the workspace and look at its pages."""
    given = _given()
    with served(given.workspace) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        if given.every:
            _take_every(browser, address, given)
        else:
            _take_two(browser, address, given.workspace)
        browser.close()


def pages_of(workspace: str) -> dict[str, str]:
    """Every page's address, by a name for its picture; of the first case and its first two sessions."""
    case, sessions = _first_case(workspace)
    person = next(each.participant for each in sessions[0].speakers if each.participant)
    one, other = sessions[0].id, sessions[-1].id
    return {
        "home": "/",
        "session": f"/session/{one}",
        "case": f"/case/{quote(case, safe='')}",
        "compare": f"/compare?a={one}&b={other}&who={quote(person)}",
        "groups": "/compare?groups=role",
        "reviews": "/review",
        "review": f"/review/{one}",
        "participants": "/participants",
        "jobs": "/jobs",
        "models": "/models",
        "nothing": "/nowhere",
    }


def _given() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("workspace")
    parser.add_argument("--every", metavar="FOLDER", type=Path)
    parser.add_argument("--only", metavar="WORD", default="")
    parser.add_argument("--language", choices=["en", "zh"], default="en")
    parser.add_argument("--width", type=int, action="append")
    parser.add_argument("--scheme", choices=["light", "dark"], action="append")
    return parser.parse_args()


def _first_case(workspace: str) -> tuple[str, list[Any]]:
    sessions = Workspace(workspace).sessions()
    case = next(each.case for each in sessions if each.case)
    return case, [each for each in sessions if each.case == case]


def _take_two(browser: Any, address: str, workspace: str) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 1340})
    for name in ("session", "case"):
        page.goto(address + pages_of(workspace)[name])
        _settle(page)
        page.screenshot(path=IMAGES / f"{name}.png")


def _take_every(browser: Any, address: str, given: argparse.Namespace) -> None:
    given.every.mkdir(parents=True, exist_ok=True)
    for width in given.width or WIDTHS:
        for scheme in given.scheme or ("light", "dark"):
            context = browser.new_context(
                viewport={"width": width, "height": 900},
                color_scheme=scheme,
                locale={"en": "en-GB", "zh": "zh-CN"}[given.language],
                has_touch=width < 500,
            )
            for name, path in pages_of(given.workspace).items():
                if given.only in name:
                    page = context.new_page()
                    page.on("console", lambda said: print(said.text) if said.type == "error" else None)
                    page.goto(address + path)
                    _settle(page)
                    page.screenshot(path=given.every / f"{name}-{width}-{scheme}.png", full_page=True)
                    page.close()
            context.close()


def _settle(page: Any) -> None:
    """Wait for the page, and go through it once, so that everything that comes later is there."""
    page.wait_for_selector("main h1")
    page.wait_for_timeout(600)
    for _ in range(60):
        if not page.evaluate(_TO_NEXT):
            break
        page.wait_for_timeout(250)
    page.wait_for_timeout(1500)
    page.evaluate("window.scrollTo(0, 0)")
    page.wait_for_timeout(300)


if __name__ == "__main__":
    main()
