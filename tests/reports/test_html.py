from __future__ import annotations

import errno
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import reports.html
from diarization.errors import TurntoneError
from reports.browser import find_browser
from reports.flags import Rule
from reports.html import case_report, models_of, session_report, write_report
from reports.themes import DARK, LIGHT
from tests.sessions import make_session

from .tables import HOSTILE, NINE, session_of, turn


class Page(HTMLParser):
    """The tags of a report, its visible text, and what it would load."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.loads: list[str] = []
        self.ids: list[str] = []
        self.words: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.loads += [value or "" for name, value in attrs if name in ("src", "href", "action", "srcset", "data")]
        self.ids += [value or "" for name, value in attrs if name == "id"]

    def handle_data(self, data: str) -> None:
        if self.cdata_elem is None:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def own_part(html: str) -> str:
    """The report without the plotly library in its head."""
    return html[html.index("<body>") :]


def nasty(num_turns: int = 24, seed: int = 0) -> Any:
    session = make_session(num_turns, seed=seed, participants=(HOSTILE, "B\"en' & </script><b>"), case=HOSTILE)
    path = Path("<img src=x onerror=alert(1)>.wav")
    return replace(session, recording=replace(session.recording, path=path), date=None, notes=(HOSTILE,))


def test_a_session_report_tells_everything_once() -> None:
    model = {"name": "Modell", "revision": "0123456789abcdef0123", "licence": "MIT", "credit": "somebody"}
    session = replace(make_session(), provenance={"recognizer": {"models": [model]}, "choices": ["emotion: x, y"]})
    page = Page(session_report(replace(session, notes=("The line is noisy.",))))
    for said in (
        "Session of 2026-03-02", "The line is noisy.", "Who spoke when", "Talk time", "Emotion shares", "Modell",
        "0123456789abcdef", "somebody", "emotion: x, y", "0.30 s of clean speech", "−23 dBFS", "≈ 24 dB",
        "No decision about a person should rest on it alone.",
    ):  # fmt: skip
        assert said in page.text, said


def test_reports_load_nothing_from_elsewhere() -> None:
    for html in (session_report(nasty()), case_report("Demo", [nasty(), nasty(seed=1)])):
        page = Page(html)
        assert [link for link in page.loads if not link.startswith("#")] == []
        assert page.loads and {link[1:] for link in page.loads} - set(page.ids) == set()
        assert re.findall(r"url\(|@import|https?://", own_part(html)) == []
        assert html.count("plotly.js v") == 1


def test_names_are_text_on_the_page_and_in_the_figures() -> None:
    for html in (session_report(nasty()), case_report(HOSTILE, [nasty(), nasty(seed=1)])):
        assert "<script>alert" not in html and "<img src=x" not in html and "</script><b>" not in html
        assert {"img", "b"} & set(Page(html).tags) == set()
        assert HOSTILE in Page(html).text
    assert '"y":["\\u0026lt;script\\u0026gt;' in session_report(nasty())  # the name is in the figures too


@pytest.mark.parametrize("num_turns", [0, 1, 2])
def test_short_sessions_have_a_report(num_turns: int) -> None:
    text = Page(session_report(make_session(num_turns, unscored=None))).text
    assert ("There are no turns." in text) == (num_turns == 0)


def test_a_session_of_which_nothing_is_scored_has_a_report() -> None:
    assert "noise" in Page(session_report(session_of([turn(0, 1, reason="noise")]))).text


def test_a_session_without_notes_on_sound_or_models_has_a_report() -> None:
    bare = replace(make_session(scheme=NINE), quality={"snr_db": None}, provenance={})
    text = Page(session_report(bare)).text
    assert "The models are not recorded." in text
    assert "Signal to noise" not in text


def test_each_sentence_of_a_summary_leads_to_what_it_was_made_from() -> None:
    page = session_report(make_session(80))
    assert '<a class="source" href="#row-talk_share"' in page and 'id="row-talk_share"' in page
    assert ">Valence, first and second half</a>" in page and 'id="row-halves"' in page
    case = case_report("Demo", [make_session(80, seed=seed) for seed in range(3)])
    for anchor in ("row-0-case_affect", "row-1-first-and-last", "figure-1-similarity"):
        assert f'href="#{anchor}"' in case and f'id="{anchor}"' in case


def test_flags_lead_to_their_turns() -> None:
    rule = Rule(name="a", title="Sad & <b>long</b>", about="Listen.", turns="sad", above=0.5)
    session = make_session(24)
    page = session_report(session, rules=[rule])
    turn = int(np.flatnonzero(session.turns["score_sad"] > 0.5)[0])
    assert "Sad &amp; &lt;b&gt;long&lt;/b&gt;" in page
    assert f'href="#turn-{turn}"' in page and f'id="turn-{turn}"' in page
    assert "No rule was met." in session_report(session, rules=[rule.model_copy(update={"above": 0.9999})])
    assert "nobody has a role that they are for" in session_report(session, rules=[])


def test_a_rule_that_cannot_be_judged_in_a_case_is_named_once() -> None:
    rule = Rule(name="a", title="Fear", turns="fearful", of="client", above=0.5)
    text = Page(case_report("Demo", [make_session(24, seed=seed) for seed in range(2)], rules=[rule])).text
    assert text.count("does not know fearful") == 1
    assert "2026-03-02 (1) and 2026-03-02 (2): Fear (Anna): the recogniser of this session does not know" in text


def test_figures_are_there_for_light_and_dark_and_end_no_script() -> None:
    page = own_part(session_report(nasty()))
    for theme in (LIGHT, DARK):
        assert f'"paper_bgcolor":"{theme.paper}"' in page
    blocks = re.findall(r'<script type="application/json" id="plot-\d+-\w+">(.*?)</script>', page, re.DOTALL)
    assert len(blocks) >= 8 and all(json.loads(block)["data"] for block in blocks)


def test_methods_cite_what_was_used() -> None:
    model = {"name": "emotion2vec-plus-large", "revision": "1", "licence": "MIT", "credit": "somebody"}
    provenance = make_session().provenance | {
        "recognizer": {"name": "emotion2vec", "models": [model]},
        "config": {
            "turns": {"max_pause": 2.0},
            "emotion": {"min_speech": 0.5, "max_overlap": 0.5, "uncertain_below": 0.4, "uncertain_margin": 0.1},
        },
    }
    text = Page(session_report(replace(make_session(), provenance=provenance))).text
    assert "Findings of ACL 2024" in text and "a pause of more than 2 s" in text
    assert "Findings of ACL 2024" not in Page(session_report(make_session())).text


@pytest.mark.skipif(find_browser() is None, reason="no browser is installed")
def test_a_report_is_printed_to_pdf(tmp_path: Path) -> None:
    write_report(tmp_path / "report.pdf", session_report(make_session(12)))
    content = (tmp_path / "report.pdf").read_bytes()
    assert content.startswith(b"%PDF-")
    assert 2 <= len(re.findall(rb"/Type /Page\b", content)) <= 15


def test_the_same_session_gives_the_same_report() -> None:
    assert session_report(make_session()) == session_report(make_session())


def test_a_case_report_lists_its_sessions_and_draws_each_participant() -> None:
    sessions = [make_session(24), make_session(24, seed=1), make_session(0, seed=2, date=None)]
    page = Page(case_report("Demo", sessions))
    for said in (
        "Case Demo", "3 sessions", "2026-03-02 (2)", "session-2.wav", "Anna: emotions from session to session",
        "Anna: pleasant or unpleasant", "Ben: how alike the sessions are",
    ):  # fmt: skip
        assert said in page.text, said


def test_a_case_without_sessions_has_a_report() -> None:
    assert "The case Empty has no sessions yet." in Page(case_report("Empty", [])).text


def test_models_are_credited_once_in_a_case() -> None:
    model = {"name": "Modell", "revision": "1", "licence": "MIT", "credit": "Erika Muster"}
    sessions = [replace(make_session(8, seed=seed), provenance={"diarizer": {"models": [model]}}) for seed in range(3)]
    assert models_of(sessions[0]) == [model]
    assert Page(case_report("Demo", sessions)).text.count("Erika Muster") == 1


def test_a_report_is_written_with_its_folder(tmp_path: Path) -> None:
    path = tmp_path / "new" / "report.html"
    write_report(path, "<p>Grüße</p>")
    assert path.read_text(encoding="utf-8") == "<p>Grüße</p>"
    assert [each.name for each in path.parent.iterdir()] == ["report.html"]


def test_names_that_are_no_text_do_not_stop_a_report(tmp_path: Path) -> None:
    write_report(tmp_path / "report.html", "caf\udce9.wav")
    assert (tmp_path / "report.html").read_text(encoding="utf-8") == "caf?.wav"


def test_a_full_disk_leaves_the_earlier_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "report.html"
    path.write_text("earlier")

    def full(_path: Path, _content: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(reports.html, "write_whole", full)
    with pytest.raises(TurntoneError, match=r"report\.html: the report cannot be written \(No space left on device\)"):
        write_report(path, "later")
    assert path.read_text() == "earlier"


def test_a_disk_that_fills_up_while_writing_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "report.html").write_text("earlier")

    def full(_handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(TurntoneError, match="No space left on device"):
        write_report(tmp_path / "report.html", "later")
    assert [(each.name, each.read_text()) for each in tmp_path.iterdir()] == [("report.html", "earlier")]


def test_a_folder_in_the_way_is_said(tmp_path: Path) -> None:
    with pytest.raises(TurntoneError, match=r"cannot be written \(Is a directory\); choose another --output"):
        write_report(tmp_path, "page")


def test_a_file_where_a_folder_should_be_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(TurntoneError, match="cannot be written"):
        write_report(tmp_path / "file" / "report.html", "page")
