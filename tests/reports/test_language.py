"""Reports in Chinese: nothing is left in English."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

from emotion.readout import UNCERTAIN
from emotion.schemes import CANONICAL
from pipeline.roles import ROLES
from reports.figure_list import FIGURES
from reports.flags import flag_preset_names, load_flags
from reports.html import CAUTIONS, case_report, session_report
from reports.language import catalogue, say, say_many, speaking, translated
from reports.measures import MEASURES
from tests.sessions import make_session

FOLDER = Path(__file__).parents[2] / "reports"
ZH = catalogue("zh")
HAN = re.compile(r"[\u4e00-\u9fff]")
FIELD = re.compile(r"\{(\w+)")
PARTS = ("session", "first quarter", "second quarter", "third quarter", "last quarter")


def texts_of_code() -> Iterator[str]:
    """What ``say`` is called with, and the templates that are kept in variables before."""
    for path in [*FOLDER.glob("*.py"), *(FOLDER / "flags").glob("*.py")]:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        inside = {id(part) for each in ast.walk(tree) if isinstance(each, ast.JoinedStr) for part in ast.walk(each)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("say", "say_many"):
                given = node.args[:1] if node.func.id == "say" else node.args[2:3]  # type: ignore[attr-defined]
                yield from (each.value for each in given if isinstance(each, ast.Constant))
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and id(node.value) not in inside:
                text = node.value.value
                if isinstance(text, str) and re.search(r"\{\w+\} |\{who\}", text) and not text.startswith("<"):
                    yield text


def texts_of_templates() -> Iterator[str]:
    for path in (FOLDER / "templates").glob("*.html"):
        text = path.read_text(encoding="utf-8")
        yield from (double or single for double, single in re.findall(r"""\bt\((?:"([^"]*)"|'([^']*)')""", text))


def all_texts() -> set[str]:
    found = {*texts_of_code(), *texts_of_templates(), *CANONICAL, UNCERTAIN, *ROLES, *CAUTIONS, *PARTS}
    for entry in FIGURES.values():
        found |= {entry.title, entry.about}
    for measure in MEASURES:
        found |= {measure.title, measure.caution, measure.least.of}
    for preset in flag_preset_names():
        found |= {text for rule in load_flags(preset) for text in (rule.title, rule.about)}
    return found


def test_every_text_is_in_the_catalogue() -> None:
    assert sorted(text for text in all_texts() if text not in ZH) == []


def test_every_entry_is_chinese_and_keeps_its_fields() -> None:
    assert {one for one, other in ZH.items() if set(FIELD.findall(one)) != set(FIELD.findall(other))} == set()
    own = {one: re.sub(r"\{[^}]*\}", "", other) for one, other in ZH.items()}
    plain = {one for one in ZH if not re.search("[a-z]{2}", re.sub(r"\{[^}]*\}|UMAP", "", one))}
    names_only = {"in {file}", "on {day}"}
    assert {one for one in set(ZH) - plain - names_only if not HAN.search(own[one])} == set()


class Words(HTMLParser):
    """The visible text of a page, without what is marked as being in English."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self._english: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._english:
            self._english.append(tag)
        elif tag not in ("meta", "br", "html") and dict(attrs).get("lang") == "en":
            self._english = [tag]

    def handle_endtag(self, tag: str) -> None:
        if self._english:
            self._english.pop()

    def handle_data(self, data: str) -> None:
        if self.cdata_elem is None and not self._english:
            self.words.append(data)


KNOWN = re.compile(
    r"Turntone|SHA-256|dBFS|dB|Hz|UTC|Anna|Ben\b|Demo|session-\d\.wav|docs/measures\.md|[0-9a-f]{12,}|embedded|"
    r"Russell|Mehrabian|Künsch|Hesterberg|Phipson|Smyth|Benjamini|Hochberg|Fisher|UMAP|MSSD|AI|Stivers et al\."
)


def english_left(html: str) -> list[str]:
    """Words of three Latin letters and more that are no names."""
    text = KNOWN.sub("", " ".join(Words(html[html.index("<body>") :]).words))
    return re.findall(r"[A-Za-z]{3,}(?: [A-Za-z]+)*", text)


@pytest.mark.parametrize("num_turns", [0, 2, 24, 90])
def test_a_chinese_session_report_has_no_english_left(num_turns: int) -> None:
    assert english_left(session_report(make_session(num_turns), language="zh")) == []


def test_a_chinese_case_report_has_no_english_left() -> None:
    sessions = [*(make_session(24, seed=seed) for seed in range(3)), make_session(4, seed=3, date=None)]
    assert english_left(case_report("Demo", sessions, language="zh")) == []
    assert english_left(case_report("Demo", [], language="zh")) == []


def test_chinese_figures_have_no_english_left() -> None:
    session = make_session(90)
    sessions = [make_session(24, seed=seed) for seed in range(3)]
    for entry in FIGURES.values():
        given = (session,) if entry.of == "session" else (sessions, "Anna")
        drawn = entry.draw(*given, language="zh").to_plotly_json()
        texts = " ".join(_texts(drawn["data"]) + _texts(drawn["layout"].get("annotations", ())))
        texts = re.sub(r"%\{[^}]*\}|<[^>]*>", " ", texts)
        assert re.findall(r"[a-z]{4,}", KNOWN.sub("", texts)) == [], entry.name


def _texts(part: object) -> list[str]:
    """What a reader can see of plotly's JSON."""
    if isinstance(part, dict):
        shown = ("name", "text", "hovertext", "hovertemplate", "ticktext", "colorbar", "title")
        return [text for key, each in part.items() if key in shown for text in _texts(each)]
    if isinstance(part, str):
        return [part]
    return [text for each in part for text in _texts(each)] if hasattr(part, "__iter__") else []


NOTES = (
    "Noisy: the signal-to-noise ratio is about 9 dB; 15 dB or more is better.",
    "Narrow band, as on a telephone: speech reaches up to 3.9 kHz only.",
    "52 % of the recording is silence.",
    "3 of 19 scored turns are uncertain: no emotion stands out clearly enough to be named. Shares and averages count "
    "them by their scores.",
    "The emotions of Agent and Customer are relative to this session: they take no part in comparisons between "
    "sessions until a case with several sessions says who speaks (turntone sessions assign).",
    "Masked here: agent and supervisor, and whoever has no role. Nothing of their emotions is computed, stored or "
    "shown.",
    "0.30 s of clean speech; at least 0.5 s are needed",
    "0.30 s of clean speech (the rest lies under other voices); at least 0.5 s are needed",
    "100 % of the speech lies under other voices; at most 50 % may",
    "angry 0.49 and happy 0.45 are closer than 0.1",
    "neutral is the likeliest at 0.37; at least 0.4 is needed",
    "masked: the role agent is not scored",
    "music: 80 % of the turn lies in music or tones",
    "speech at -70.1 dBFS; at least -60 dBFS are needed",
    "3 speakers found from the voices (80 % of varied counts agree); 2 by the settings.",
    "1 speaker found from the voices.",
    "emotion: embedded, the smaller one, as emotion2vec-plus-large is not on disk (turntone models fetch "
    "emotion2vec-plus-large brings it)",
    "not enough data: 4 scored turns of the speaker are needed, there is 1",
    "The audio was not kept, as the settings say: it cannot be played here.",
    "A participant was forgotten here: their turns are gone, and 13 s of the audio are silent.",
    "Anna (voice, 93 %)",
    "perhaps Anna (voice, 71 %)",
    "2 scored turns of Anna, at least 4 are needed",
    "analysed with other models than the rest; analyse it again with those of the case",
)


@pytest.mark.parametrize("note", NOTES)
def test_what_the_analysis_says_is_translated(note: str) -> None:
    with speaking("zh"):
        chinese = translated(note)
    left = re.findall(
        r"[A-Za-z]{3,}", re.sub(r"turntone [a-z0-9 -]+|emotion2vec-plus-large|dBFS|kHz|\w*Anna", "", chinese)
    )
    assert HAN.search(chinese) and not set(left) - {"Agent", "Customer", "embedded"}, chinese


def test_unknown_texts_stay_as_they_are() -> None:
    with speaking("zh"):
        assert translated("Something that nobody foresaw.") == "Something that nobody foresaw."
        assert say("another text {x}", x=1) == "another text 1"


def test_names_in_braces_are_no_fields() -> None:
    with speaking("zh"):
        assert "{who}" in say("{who} sounded most often {each}.", who="{who}", each="x")
    assert say_many(2, "{count} turn", "{count} turns") == "2 turns"
