"""Pages in Chinese: nothing is left in English, and the language is the reader's."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from dash import html
from dash.development.base_component import Component
from starlette.testclient import TestClient

from dashboard.languages import LANGUAGE, language_of
from dashboard.layout.player import _KEYS as PLAYER_KEYS
from dashboard.layout.shell import PLACES
from dashboard.layout.words import count, day, days
from dashboard.pages import groups, home, page_at, part_at, participants, review
from dashboard.pages.compare import _UNDER
from dashboard.sessions import Library
from diarization.model_files import CATALOG
from reports.exports.formats import EXPORTS
from reports.language import catalogue, entries_of, speaking
from reports.measures import MEASURES, speaker_names
from tests.sessions import make_session

from .workspaces import FIRST, HOSTILE_CASE, HOSTILE_NAME, SECOND

FOLDER = Path(__file__).parents[2] / "dashboard"
ZH = catalogue("zh")
NOUNS = ("session", "case", "turn")
FILTERS = ("case", "participant", "role")


def texts_of_code() -> Iterator[str]:
    """What ``say`` and ``say_many`` are called with."""
    for path in FOLDER.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("say", "say_many"):
                given = node.args[:1] if node.func.id == "say" else node.args[2:3]  # type: ignore[attr-defined]
                yield from (each.value for each in given if isinstance(each, ast.Constant))


def texts_in_variables() -> set[str]:
    """Texts that are kept in tables before they are said."""
    found = {name for name, _ in PLACES} | {what for _, what in PLAYER_KEYS} | {what for _, what in review._KEYS}
    found |= {_UNDER, participants._ABOUT, participants._UNKNOWN, review._TO_COME, groups._OTHERS}
    found |= set(groups._WAYS.values()) | {each.title for each in EXPORTS.values()}
    found |= {entry.purpose for entry in CATALOG.values()} | {each.title for each in MEASURES}
    found |= {f"{{count}} {noun}s" for noun in NOUNS}
    found |= {text for what in FILTERS for text in (f"Only this {what}", f"Any {what}")}
    found |= {text for texts in home._ANY.values() for text in texts}
    return found | {text for which in ("From", "To") for text in (which, f"{which} this day")}


def texts_of_scripts() -> set[str]:
    """What the scripts say: the texts in calls of ``say``, those in a choice between two as well."""
    found: set[str] = set()
    for path in (FOLDER / "assets").glob("*.js"):
        text = path.read_text(encoding="utf-8")
        for call in re.finditer(r"\bsay\(", text):
            found |= _said(text[call.end() : call.end() + 300].split("\n")[0])
    return found


def _said(call: str) -> set[str]:
    if first := re.match(r'"((?:[^"\\]|\\.)*)"', call):
        return {first.group(1)}
    if choice := re.match(r'[^()]*\? "([^"]*)" : "([^"]*)"', call):
        return set(choice.groups())
    if either := re.match(r'[^()"]*\|\| "([^"]*)"', call):
        return {either.group(1)}
    return set()


def test_every_text_of_the_pages_is_in_the_catalogue() -> None:
    assert sorted(text for text in {*texts_of_code(), *texts_in_variables()} if text and text not in ZH) == []


def test_every_text_of_the_scripts_is_among_their_words() -> None:
    words = entries_of("zh", "scripts")
    assert len(texts_of_scripts()) > 80
    assert sorted(text for text in texts_of_scripts() if text not in words) == []


ENGLISH = re.compile(
    r"Turntone|SHA-256|dBFS|[kG]?Hz|dB\b|GiB|UTC|Anna|Ben\b|Demo|session-\d\.wav|[0-9a-f]{12,}|embedded|kappa|Cohen|"
    r"Russell|Mehrabian|Benjamini|Hochberg|Efron|English|RTTM|UEM|CSV|JSON|Praat|TextGrid|ELAN|WebVTT|SubRip|Parquet|"
    r"Label Studio|audformat|lhotse|NumPy|WhisperX|pyannote|AWS Transcribe Call Analytics|turntone[a-z -]*|Space|Home|"
    r"Enter|Shift|Hesterberg|Stivers et al\.|Phipson|Smyth|SPEAKER_\d\d|AI|--\w+|Fisher|MSSD|「\w+」|Knapp|Hartung|MB\b"
)


def _words(part: Any) -> Iterator[str]:
    if isinstance(part, list | tuple):
        for each in part:
            yield from _words(each)
    elif isinstance(part, Component):
        known = part.to_plotly_json()["props"]
        if (
            known.get("lang") == "en"
            or known.get("className") == "path"
            or type(part).__name__ in ("Pre", "Code", "Kbd", "Store")
        ):
            return
        for name in ("children", "aria-label", "placeholder", "label", "description", "title"):
            yield from _words(known.get(name))
        for column in known.get("columnDefs") or ():
            yield column.get("headerName", "")
    elif part is not None:
        yield str(part)


def english_left(part: Any) -> list[str]:
    """Words of three Latin letters and more that are no names."""
    text = " ".join(_words(part)).replace(HOSTILE_CASE, "").replace(HOSTILE_NAME, "")
    return re.findall(r"[A-Za-z]{3,}(?: [A-Za-z]+)*", ENGLISH.sub("", text))


PARTS = ("summary", "flags", "turns", "measures")


@pytest.mark.parametrize(
    ("path", "search"),
    [
        ("/", ""),
        (f"/session/{FIRST}", ""),
        ("/case/Demo", ""),
        ("/compare", f"?a={FIRST}&b={SECOND}&who=Anna"),
        ("/compare", "?groups=case"),
        ("/review", ""),
        (f"/review/{FIRST}", ""),
        ("/participants", ""),
        ("/jobs", ""),
        ("/nowhere", ""),
    ],
)
def test_pages_in_chinese_have_no_english_left(library: Library, path: str, search: str) -> None:
    with speaking("zh"):
        page = page_at(library, path, search)
        assert english_left(page.content) == []
        for part in PARTS if search.startswith("?a") or path != "/compare" else ():
            made = part_at(library, path, search, part)
            assert english_left(html.Div(made)) == [], part


def test_numbers_and_dates_are_written_as_they_are_read() -> None:
    import datetime

    date = datetime.date(2026, 3, 2)
    with speaking("zh"):
        assert (day(date), count(1234, "turn")) == ("2026年3月2日", "1,234 个话轮")
        assert days(date, datetime.date(2026, 4, 13)) == "2026年3月2日至2026年4月13日"
    assert (day(date), count(1234, "turn"), count(1, "turn")) == ("2026-03-02", "1,234 turns", "1 turn")


def test_the_language_is_the_readers_choice_else_the_browsers() -> None:
    assert language_of({}, "zh-CN,zh;q=0.9,en;q=0.8") == "zh"
    assert language_of({}, "en-GB,en;q=0.9,zh;q=0.8") == "en"
    assert language_of({}, "zh;q=0.2,en;q=0.9") == "en"
    assert language_of({LANGUAGE: "zh"}, "en") == "zh"
    assert language_of({LANGUAGE: "xx"}, "de;q=oops") == "en"


def test_the_document_and_its_layout_are_in_the_language_asked_for(client: TestClient) -> None:
    chinese = {"Accept-Language": "zh-CN"}
    index = client.get("/", headers=chinese).text
    assert '<html lang="zh-Hans">' in index
    assert '"Undo": "撤销"' in index
    assert "跳到正文" in str(client.get("/_dash-layout", headers=chinese).json())
    assert '<html lang="en">' in client.get(f"/session/{FIRST}").text
    assert client.get("/api/sessions", headers=chinese).json() == client.get("/api/sessions").json()


def test_what_is_wrong_is_said_to_pages_in_their_language_and_to_programs_in_english(client: TestClient) -> None:
    page = {"Sec-Fetch-Site": "same-origin", "Accept-Language": "zh-CN"}
    wrong = client.post("/api/uploads", json={"name": "notes.txt", "size": 10}, headers=page)
    assert (wrong.status_code, wrong.json()["detail"].startswith("notes.txt：不支持这种文件")) == (415, True)
    gone = "/api/sessions/ffffffffffff"
    assert client.get(gone, headers=page).json()["detail"].startswith("没有这个会话")
    assert (
        client.get(gone, headers={"Accept-Language": "zh-CN"}).json()["detail"].startswith("there is no such session")
    )


def test_a_voice_that_says_who_speaks_does_so_in_the_language_of_the_figure() -> None:
    session = make_session(6)
    match = {"participant": "Anna", "probability": 0.924, "confirmed": False}
    session.speakers["match"] = [match, None]
    assert speaker_names(session)["SPEAKER_00"] == "Anna (voice, 92 %)"
    with speaking("zh"):
        assert speaker_names(session) == {"SPEAKER_00": "Anna（凭声音，92 %）", "SPEAKER_01": "Ben"}
