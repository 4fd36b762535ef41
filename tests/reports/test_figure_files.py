"""Figures as files, and the browser that makes some of them."""

from __future__ import annotations

import struct
from pathlib import Path
from xml.etree import ElementTree

import pytest

from diarization.errors import TurntoneError
from reports.browser import find_browser
from reports.figure_files import write_figure
from reports.figures import session_map, talk_time_figure
from tests.sessions import make_session

needs_browser = pytest.mark.skipif(find_browser() is None, reason="no browser is installed")


@needs_browser
def test_a_figure_as_svg_has_its_names_and_size(tmp_path: Path) -> None:
    write_figure(talk_time_figure(make_session(8)), tmp_path / "new" / "talk.svg", width=640)
    root = ElementTree.parse(tmp_path / "new" / "talk.svg").getroot()
    assert root.get("width") == "640" and "Anna" in "".join(root.itertext())


@needs_browser
def test_a_figure_as_png_has_two_pixels_for_one(tmp_path: Path) -> None:
    figure = session_map(make_session(8), language="zh")
    write_figure(figure, tmp_path / "map.png", width=500)
    content = (tmp_path / "map.png").read_bytes()
    assert content[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", content[16:24]) == (1000, 2 * figure.layout.height)


@needs_browser
def test_a_figure_as_pdf_is_one(tmp_path: Path) -> None:
    write_figure(talk_time_figure(make_session(8)), tmp_path / "talk.pdf")
    content = (tmp_path / "talk.pdf").read_bytes()
    assert content.startswith(b"%PDF-") and content.count(b"/Type /Page\n") <= 1


def test_html_and_json_need_no_browser(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TURNTONE_BROWSER", "/nowhere/chromium")
    for ending in ("html", "json"):
        write_figure(talk_time_figure(make_session(8)), tmp_path / f"talk.{ending}")
        assert "Anna" in (tmp_path / f"talk.{ending}").read_text(encoding="utf-8")


def test_without_a_browser_a_sentence_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TURNTONE_BROWSER", "/nowhere/chromium")
    with pytest.raises(TurntoneError, match="TURNTONE_BROWSER names /nowhere/chromium, which is not there: PDF, PNG"):
        write_figure(talk_time_figure(make_session(8)), tmp_path / "talk.svg")
    assert list(tmp_path.iterdir()) == []


def test_a_browser_that_fails_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = tmp_path / "browser"
    broken.write_text("#!/bin/sh\necho no display >&2\nexit 3\n")
    broken.chmod(0o755)
    monkeypatch.setenv("TURNTONE_BROWSER", str(broken))
    with pytest.raises(TurntoneError, match=r"ended with 3 \(no display\)"):
        write_figure(talk_time_figure(make_session(8)), tmp_path / "talk.pdf")


def test_another_ending_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TurntoneError, match=r"talk\.bmp: figures are written as \.svg, \.png, \.pdf, \.html, \.json"):
        write_figure(talk_time_figure(make_session(8)), tmp_path / "talk.bmp")
