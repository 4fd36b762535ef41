"""What pages say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from dash import html
from dash.development.base_component import Component
from plotly.utils import PlotlyJSONEncoder

from dashboard.pages import Page, page_at, part_at
from dashboard.pages.home import table_rows
from dashboard.sessions import Library
from diarization.errors import WorkspaceError
from pipeline.corrections import Corrections
from pipeline.findings import Looking
from pipeline.store.findings import Finding, keep_findings
from pipeline.workspace import Workspace
from reports.findings import SessionFinder
from tests.sessions import make_session

from .workspaces import FIRST, HOSTILE, HOSTILE_CASE, HOSTILE_NAME, SECOND, SILENT


def text_of(page: Page) -> str:
    """Everything that the page says, without its figures."""
    return " ".join(_texts(page.content))


def _texts(part: Any) -> list[str]:
    if isinstance(part, Component):
        return _texts(getattr(part, "children", None))
    if isinstance(part, list | tuple):
        return [text for each in part for text in _texts(each)]
    return [] if part is None else [str(part)]


def part(page: Page, name: str) -> Any:
    """The component of that id, None where there is none."""
    return _found(page.content, name)


def _found(content: Any, name: Any) -> Any:
    return next((each for each in content._traverse() if getattr(each, "id", None) == name), None)


def later_parts(page: Page) -> list[str]:
    """The names of the parts that come later."""
    ids = [getattr(each, "id", None) for each in page.content._traverse()]
    return [each["part"] for each in ids if isinstance(each, dict) and each["type"] == "later"]


def test_an_empty_workspace_says_how_to_make_the_first_session(tmp_path: Path) -> None:
    page = page_at(Library(Workspace(tmp_path / "none")), "/")
    assert "No sessions yet" in text_of(page)
    assert "turntone analyze" in text_of(page)
    assert "turntone demo" in text_of(page)


def test_the_first_page_lists_cases_and_sessions(library: Library) -> None:
    page = page_at(library, "/")
    assert "2 sessions · 2026-03-02 to 2026-03-09" in text_of(page)
    assert part(page, "sessions-table").rowModelType == "infinite"
    answer = table_rows(library, {"startRow": 0, "endRow": 100})
    rows = {row["key"]: row for row in answer["rowData"]}
    assert answer["rowCount"] == 4
    assert list(rows[FIRST]["links"].values()) == [f"/session/{FIRST}", "/case/Demo"]
    assert rows[FIRST]["speakers"] == "Anna (client), Ben (counsellor)"
    assert (rows[FIRST]["date"], rows[FIRST]["turns"], rows[FIRST]["scored"]) == ("2026-03-02", 24, 23)
    assert rows[SILENT]["speakers"] == "SPEAKER_00, SPEAKER_01"
    assert rows[SILENT]["case"] is None


def test_the_table_shows_and_is_chosen_by_flags_and_shapes(tmp_path: Path) -> None:
    own = Workspace(tmp_path / "own")
    for seed, roles in ((0, ("client", "counsellor")), (1, ("client", "counsellor"))):
        own.save(make_session(12, seed=seed, roles=roles))
    library = Library(own)
    finder = SessionFinder()
    with own.writing() as connection:
        found = [Finding("flag", "long-silence"), Finding("shape", "improving", "SPEAKER_00")]
        keep_findings(connection, own.session(FIRST), str(own.version(FIRST)), finder.revision, found)

    def rows(**chosen: str) -> dict[str, Any]:
        model = {name: {"filterType": "text", "type": "equals", "filter": value} for name, value in chosen.items()}
        return {row["key"]: row for row in table_rows(library, {"filterModel": model})["rowData"]}

    assert rows().keys() == {FIRST, SECOND}
    assert (rows()[SECOND]["looked"], rows()[SECOND]["found"]) == (False, "not looked through yet")
    for chosen in ({"flag": "long-silence"}, {"flag": "any"}, {"shape": "improving"}):
        (row,) = rows(**chosen).values()
        assert (row["flags"], row["shapes"][0]["word"]) == (["Much of the session is silent"], "improving")
        assert row["found"] == "Much of the session is silent; Anna (client): improving"
    assert rows(flag="client-flat") == rows(shape="flat") == {}
    page = text_of(page_at(library, "/"))
    assert "One session is not looked through for flags and call shapes yet" in page
    choice = part(page_at(library, "/"), "filter-flag")
    assert {"value": "long-silence", "label": "Much of the session is silent"} in choice.data
    Looking(own, finder).go_on()
    assert rows()[SECOND]["looked"] is True  # although no session changed
    assert rows(flag="any").keys() == {FIRST}
    assert "not looked through for" not in text_of(page_at(library, "/"))
    own.mask(["client"], case="Demo")
    assert rows(flag="any") == rows(shape="improving") == {}


def test_a_session_page_has_its_player_turns_and_figures(library: Library) -> None:
    page = page_at(library, f"/session/{FIRST}")
    assert page.title == "session-0.wav – session"
    assert part(page, "player").src == f"/audio/{FIRST}"
    assert _found(part_at(library, f"/session/{FIRST}", "", "session-map"), "session-map").figure.data
    turns = _found(part_at(library, f"/session/{FIRST}", "", "turns"), "turns-table").rowData
    assert (turns[2]["start"], turns[2]["speaker"], turns[2]["key"]) == (7.0, "Anna", "2")
    assert "emotion" not in turns[3]
    assert turns[3]["reason"].startswith("0.30 s of clean speech")


def test_a_session_without_audio_has_no_player_and_says_so(library: Library) -> None:
    page = page_at(library, f"/session/{SILENT}")
    assert part(page, "player") is None
    assert "The audio of this session is not kept" in text_of(page)
    assert "turns" in later_parts(page)


def test_a_session_without_speech_says_so(tmp_path: Path) -> None:
    own = Workspace(tmp_path / "own")
    own.save(make_session(0, participants=(), roles=(), unscored=None))
    page = page_at(Library(own), f"/session/{FIRST}")
    assert later_parts(page) == ["summary"]
    assert "No speech was found" in texts_of_part(Library(own), f"/session/{FIRST}", "summary")


def test_a_case_page_shows_each_participant_and_its_sessions(library: Library) -> None:
    page = page_at(library, "/case/Demo")
    assert "Anna, client" in text_of(page)
    assert "Ben, counsellor" in text_of(page)
    assert [row["key"] for row in part(page, "case-sessions").rowData] == [FIRST, SECOND]


def test_a_case_in_which_nobody_is_named_says_how_to_name_them(tmp_path: Path) -> None:
    own = Workspace(tmp_path / "own")
    own.save(make_session(4, participants=(None, None), roles=(None, None)))
    page = page_at(Library(own), "/case/Demo")
    assert f"turntone sessions assign {FIRST} SPEAKER_00=NAME:ROLE SPEAKER_01=NAME:ROLE" in text_of(page)


@pytest.mark.parametrize("path", ["/nowhere", "/session/", "/session/ffffffffffff", "/case/Other", "/case/"])
def test_other_addresses_say_that_nothing_is_there(library: Library, path: str) -> None:
    page = page_at(library, path)
    assert page.title == "Nothing here"
    assert path in text_of(page)


def test_a_workspace_that_cannot_be_read_is_said_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "letters.txt").write_text("not a workspace", encoding="utf-8")
    page = page_at(Library(Workspace(tmp_path)), "/")
    assert page.title == "This cannot be shown"
    assert "not a workspace" in text_of(page)


def test_hostile_names_are_text_never_markup(library: Library) -> None:
    session = page_at(library, f"/session/{HOSTILE}")
    case = page_at(library, f"/case/{quote(HOSTILE_CASE, safe='')}")
    assert HOSTILE_NAME in text_of(session)
    assert HOSTILE_CASE in text_of(case)
    for page in (session, case, page_at(library, "/")):
        kinds = {type(each).__name__ for each in page.content._traverse()}
        assert not kinds & {"Markdown", "DangerouslySetInnerHTML", "Iframe"}


def test_figures_do_not_pass_on_markup(library: Library) -> None:
    path = f"/session/{HOSTILE}"
    parts = [html.Div(part_at(library, path, "", name)) for name in later_parts(page_at(library, path))]
    found = [each for content in parts for each in content._traverse()]
    figures = [each.figure for each in found if type(each).__name__ == "Graph"]
    assert len(figures) >= 4
    for figure in figures:
        assert "<img" not in json.dumps(figure.to_plotly_json(), cls=PlotlyJSONEncoder)


def test_what_is_damaged_is_said_in_a_sentence(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    def damaged(session_id: str) -> None:
        raise WorkspaceError(f"session {session_id}: its arrays are damaged; analyse the recording again")

    monkeypatch.setattr(library, "session", damaged)
    assert "its arrays are damaged" in text_of(page_at(library, f"/session/{FIRST}"))


def texts_of_part(library: Library, path: str, name: str, search: str = "") -> str:
    """Everything that a part of a page says."""
    return " ".join(_texts(html.Div(part_at(library, path, search, name))))


def test_every_part_of_every_page_is_there(library: Library) -> None:
    pair = f"?a={FIRST}&b={SECOND}&who=Anna"
    for path, search in (
        (f"/session/{FIRST}", ""),
        ("/case/Demo", ""),
        ("/compare", pair),
        ("/compare", "?groups=case"),
    ):
        for name in later_parts(page_at(library, path, search)):
            said = texts_of_part(library, path, name, search)
            assert "nothing here any more" not in said, (path, name)


def test_a_part_that_is_not_there_says_so(library: Library) -> None:
    for path, name in (
        (f"/session/{FIRST}", "nothing"),
        ("/session/ffffffffffff", "summary"),
        ("/case/Demo", "turns:x"),
    ):
        assert "There is nothing here any more" in texts_of_part(library, path, name)


def test_a_part_is_made_once_while_its_session_is_unchanged(tmp_path: Path) -> None:
    own = Workspace(tmp_path / "own")
    own.save(make_session(4, participants=(None, None), roles=(None, None)))
    library, path = Library(own), f"/session/{FIRST}"
    before = part_at(library, path, "", "summary")
    assert part_at(library, path, "", "summary") is before
    own.assign(FIRST, {"SPEAKER_00": ("Anna", "client")})
    assert "Anna" in texts_of_part(library, path, "summary")


def test_a_flag_leads_to_its_turns(tmp_path: Path) -> None:
    own = Workspace(tmp_path / "own")
    own.save(make_session(24))
    Corrections(own).answer(FIRST, [0, 2, 4, 6, 8], speaker="SPEAKER_01")
    library = Library(own)
    flags = part_at(library, f"/session/{FIRST}", "", "flags")
    assert "The counsellor does most of the talking" in " ".join(_texts(flags))
    buttons = [each for each in flags._traverse() if getattr(each, "className", "") == "play to-turn"]
    assert buttons
    turns = own.session(FIRST).turns
    for each in buttons:
        known = each.to_plotly_json()["props"]
        assert float(known["data-start"]) == pytest.approx(turns.at[int(known["data-turn"]), "start"])


def test_measures_stand_with_their_cautions(library: Library) -> None:
    said = texts_of_part(library, f"/session/{FIRST}", "measures")
    for heading in ("Turn taking", "The exchange", "Dynamics", "Between speakers"):
        assert heading in said
    assert "Back-channels" in said
    assert "Flat means that no change can be shown, not that there was none; each speaker is one more look." in said


def test_compare_without_two_sessions_says_what_to_do(library: Library) -> None:
    assert "Choose two sessions above." in text_of(page_at(library, "/compare"))
    assert "one and the same session" in text_of(page_at(library, "/compare", f"?a={FIRST}&b={FIRST}"))
    assert "no session ffffffffffff" in text_of(page_at(library, "/compare", f"?a={FIRST}&b=ffffffffffff"))


def test_sessions_without_a_common_person_stand_side_by_side_all_the_same(library: Library) -> None:
    pair = f"?a={FIRST}&b={SILENT}"
    assert "Nobody is known in both sessions" in texts_of_part(library, "/compare", "summary", pair)
    assert "Silence" in texts_of_part(library, "/compare", "measures", pair)


def test_groups_that_are_too_small_say_what_would_be_enough(library: Library) -> None:
    said = texts_of_part(library, "/compare", "groups", "?groups=role")
    assert "client: 2 people, 3 sessions" in said
    assert "Not enough data" in said
