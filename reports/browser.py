"""Prints reports and draws figures with a browser that is installed, without a window and without the network."""

from __future__ import annotations

import base64
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from diarization.errors import TurntoneError

if TYPE_CHECKING:
    import plotly.graph_objects as go

_NAMES = (
    "chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "microsoft-edge", "msedge",
)  # fmt: skip
_PLACES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
    r"C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe",
)
_QUIET = (
    "--headless", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-extensions", "--disable-default-apps",
    "--hide-scrollbars", "--proxy-server=127.0.0.1:9", "--virtual-time-budget=60000",
)  # fmt: skip
_LONGEST = 180.0
"""Seconds after which a browser is given up."""

_PAGE = """<!doctype html><html><head><meta charset="utf-8"><script>{plotly}</script></head><body>
<div id="figure"></div><pre id="image"></pre><script>
const drawn = {figure};
Plotly.newPlot("figure", drawn.data, {{...drawn.layout, width: {width}, height: {height}}}, {{staticPlot: true}})
  .then(() => Plotly.toImage("figure", {{format: "{format}", width: {width}, height: {height}, scale: {scale}}}))
  .then((image) => {{ document.getElementById("image").textContent = image; }})
  .catch((error) => {{ document.getElementById("image").textContent = "error: " + error; }});
</script></body></html>"""


class BrowserError(TurntoneError):
    """No browser is there, or it did not do what it was asked."""


def find_browser() -> Path | None:
    """A Chromium, Chrome or Edge: ``$TURNTONE_BROWSER``, else the first on the path or in the usual places."""
    if named := os.environ.get("TURNTONE_BROWSER"):
        found = shutil.which(named)
        return Path(found) if found else None
    on_path = (shutil.which(name) for name in _NAMES)
    return next((Path(each) for each in (*on_path, *_PLACES) if each and Path(each).is_file()), None)


def print_page(html: str) -> bytes:
    """An HTML page printed to a PDF file, as its own rules for paper say.

    Raises
    ------
    BrowserError
        Where there is no browser, or it fails.
    """
    with TemporaryDirectory() as folder, _page(html, folder) as page:
        file = Path(folder) / "page.pdf"
        _run(Path(folder), f"--print-to-pdf={file}", "--no-pdf-header-footer", page.as_uri())
        if not file.is_file():
            raise BrowserError("the browser printed nothing; open the HTML report and print it from there")
        return file.read_bytes()


def image_of(figure: go.Figure, format: str, width: int, scale: float = 2.0) -> bytes:
    """A figure as a PNG or SVG file.

    Parameters
    ----------
    figure : go.Figure
        Its height is that of its layout.
    format : str
        ``png`` or ``svg``.
    width : int
        CSS pixels; a PNG has ``scale`` times as many.

    Raises
    ------
    BrowserError
        Where there is no browser, or it fails.
    """
    from plotly.offline import get_plotlyjs

    height = int(figure.layout.height or 400)
    sizes = {"width": width, "height": height, "scale": 1 if format == "svg" else scale, "format": format}
    html = _PAGE.format(plotly=get_plotlyjs(), figure=figure.to_json(), **sizes)
    with TemporaryDirectory() as folder, _page(html, folder) as page:
        shown = _run(Path(folder), "--dump-dom", page.as_uri())
    found = re.search(r'<pre id="image">(.*?)</pre>', shown, re.DOTALL)
    return _decoded(found.group(1) if found else "")


def _decoded(image: str) -> bytes:
    from html import unescape
    from urllib.parse import unquote

    head, comma, content = unescape(image).partition(",")
    if not comma or not head.startswith("data:image/"):
        raise BrowserError(f"the browser could not draw the figure ({image[:120] or 'it gave nothing'})")
    return base64.b64decode(content) if head.endswith("base64") else unquote(content).encode("utf-8")


@contextmanager
def _page(html: str, folder: str) -> Iterator[Path]:
    page = Path(folder) / "page.html"
    page.write_text(html, encoding="utf-8", errors="replace")
    yield page


def _run(folder: Path, *arguments: str) -> str:
    """What the browser prints, run with a profile of its own that is thrown away."""
    browser = find_browser()
    if browser is None:
        named = os.environ.get("TURNTONE_BROWSER")
        why = f"TURNTONE_BROWSER names {named}, which is not there" if named else "no Chromium, Chrome or Edge is found"
        raise BrowserError(
            f"{why}: PDF, PNG and SVG are made by a browser; install one, or name it in TURNTONE_BROWSER, or write "
            "HTML and print it from any browser"
        )
    # Where the user is root, as in containers, Chromium refuses its sandbox; the page is our own and loads nothing.
    unboxed = ["--no-sandbox"] if sys.platform == "linux" and os.geteuid() == 0 else []
    command = [str(browser), *_QUIET, *unboxed, f"--user-data-dir={folder / 'profile'}", *arguments]
    try:
        ended = subprocess.run(command, capture_output=True, timeout=_LONGEST, check=False)
    except subprocess.TimeoutExpired:
        raise BrowserError(f"{browser}: did not finish within {_LONGEST:.0f} s and was ended") from None
    except OSError as error:
        raise BrowserError(f"{browser}: cannot be run ({error.strerror}); name another in TURNTONE_BROWSER") from None
    if ended.returncode:
        said = ended.stderr.decode("utf-8", "replace").strip().splitlines()
        raise BrowserError(f"{browser}: ended with {ended.returncode} ({said[-1][:200] if said else 'without a word'})")
    return ended.stdout.decode("utf-8", "replace")
