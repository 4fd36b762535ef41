"""Takes the pictures of README from a workspace: python scripts/take_screenshots.py turntone-demo"""

from __future__ import annotations

import sys
import threading
from pathlib import Path

from playwright.sync_api import sync_playwright

from dashboard.app import listen, make_app, uvicorn_server
from pipeline.workspace import Workspace

IMAGES = Path(__file__).parent.parent / "docs" / "images"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]


def main(workspace: str) -> None:
    """Serve the workspace and look at its first case session and its case."""
    first = next(each for each in Workspace(workspace).sessions() if each.case)
    with listen("127.0.0.1", 0) as sock, sync_playwright() as playwright:
        address = f"http://127.0.0.1:{sock.getsockname()[1]}"
        server = uvicorn_server(make_app(workspace))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [sock]}, daemon=True)
        thread.start()
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 1340})
        for name, path in (("session", f"/session/{first.id}"), ("case", f"/case/{first.case}")):
            page.goto(address + path)
            page.wait_for_selector(".js-plotly-plot .plotly")
            page.wait_for_timeout(2500)
            page.screenshot(path=IMAGES / f"{name}.png")
        browser.close()
        server.should_exit = True
        thread.join(10)


if __name__ == "__main__":
    main(sys.argv[1])
