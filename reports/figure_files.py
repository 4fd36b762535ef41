"""Writes one figure to a file: SVG, PNG and PDF through a browser, HTML and JSON without."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from diarization.errors import ConfigError, TurntoneError
from diarization.files import write_whole

from .browser import image_of, print_page

if TYPE_CHECKING:
    import plotly.graph_objects as go

ENDINGS = (".svg", ".png", ".pdf", ".html", ".json")
"""What a figure can be written as."""

_PAPER = "<style>@page {{ size: {width}px {height}px; margin: 0 }} body {{ margin: 0 }}</style>"


def write_figure(figure: go.Figure, path: Path, width: int = 1000) -> None:
    """Write a figure, whole or not at all, as the file's ending says.

    Parameters
    ----------
    figure : go.Figure
        Its height is that of its layout.
    path : Path
        Ends in one of ``ENDINGS``; its folder is made where it does not exist.
    width : int
        CSS pixels.

    Raises
    ------
    TurntoneError
        Where the ending is another, there is no browser, or the file cannot be written.
    """
    ending = path.suffix.lower()
    if ending not in ENDINGS:
        raise ConfigError(f"{path}: figures are written as {', '.join(ENDINGS)}")
    write_file(path, _content(figure, ending, width))


def write_file(path: Path, content: bytes) -> None:
    """Write a file, whole or not at all; its folder is made where it does not exist.

    Raises
    ------
    TurntoneError
        Where it cannot be written; an earlier file of that name is then as it was.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, content)
    except OSError as error:
        why = error.strerror or str(error)
        raise TurntoneError(f"{path}: cannot be written ({why}); choose another --output") from None


def _content(figure: go.Figure, ending: str, width: int) -> bytes:
    if ending in (".svg", ".png"):
        return image_of(figure, ending[1:], width)
    if ending == ".json":
        return str(figure.to_json()).encode("utf-8", "replace")
    page = _page(figure, width)
    return print_page(page) if ending == ".pdf" else page.encode("utf-8", "replace")


def _page(figure: go.Figure, width: int) -> str:
    config = {"displaylogo": False, "displayModeBar": False, "plotlyServerURL": ""}
    height = int(figure.layout.height or 400)
    html = str(figure.to_html(config=config, div_id="figure", default_width=f"{width}px", default_height=f"{height}px"))
    return html.replace("</head>", _PAPER.format(width=width, height=height + 1) + "</head>", 1)
