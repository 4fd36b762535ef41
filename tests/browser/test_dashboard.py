"""The dashboard as a person uses it, in Chromium."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from pipeline.corrections import Corrections
from pipeline.findings import Looking
from pipeline.store.findings import Finding, keep_findings
from pipeline.workspace import Workspace
from reports.findings import SessionFinder
from tests.dashboard.workspaces import FIRST, HOSTILE, HOSTILE_CASE, HOSTILE_NAME, SECOND, hum
from tests.sessions import make_session

from .conftest import eventually, serving

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page

pytestmark = pytest.mark.browser

_TIME = "document.getElementById('player').currentTime"


def test_from_the_list_to_a_session_to_hearing_a_turn(page: Page, address: str) -> None:
    page.goto(address)
    page.get_by_role("link", name="session-0.wav").click()
    page.get_by_role("heading", name="session-0.wav").wait_for()
    assert page.url == f"{address}/session/{FIRST}"
    eventually(page, "document.title === 'session-0.wav – session – Turntone'")
    eventually(page, "document.getElementById('player').duration > 80")
    page.get_by_role("button", name="Play Anna from 0:14").click()
    eventually(page, f"{_TIME} >= 14 && {_TIME} < 17")
    eventually(page, "document.getElementById('now-playing').textContent.includes('Anna')")


def test_a_turn_clicked_in_the_session_map_plays_from_its_start(page: Page, address: str) -> None:
    page.goto(f"{address}/session/{FIRST}")
    page.wait_for_selector("#session-map .main-svg")
    eventually(page, "document.getElementById('player').readyState >= 1")
    # The middle of the third turn, [7, 10) s, in the lane of its speaker, by the map's own axes.
    spot = page.evaluate(
        """() => {
            const plot = document.querySelector('#session-map .js-plotly-plot');
            plot.scrollIntoView({block: 'center'});
            const lanes = plot._fullData.find((trace) => trace.customdata && trace.type === 'bar');
            const box = plot.getBoundingClientRect();
            const across = plot._fullLayout[lanes.xaxis.replace('x', 'xaxis')];
            const down = plot._fullLayout[lanes.yaxis.replace('y', 'yaxis')];
            return [box.x + across._offset + across.d2p(8.5), box.y + down._offset + down.d2p(lanes.y[2])];
        }"""
    )
    page.mouse.move(*spot)
    page.mouse.click(*spot)
    eventually(page, f"{_TIME} >= 7 && {_TIME} < 10")


def test_the_playhead_stands_at_the_time_that_is_heard(page: Page, address: str) -> None:
    page.goto(f"{address}/session/{FIRST}")
    page.wait_for_selector("#session-map .main-svg")
    eventually(page, "document.getElementById('player').readyState >= 1")
    page.evaluate("document.getElementById('player').currentTime = 42")
    line = page.locator("#session-map .playhead")
    line.wait_for()
    box, lanes = line.bounding_box(), page.locator("#session-map .cartesianlayer .xy .gridlayer").bounding_box()
    assert box is not None and lanes is not None
    middle = page.evaluate(
        """() => {
            const plot = document.querySelector('#session-map .js-plotly-plot');
            const axis = plot._fullLayout.xaxis;
            return plot.getBoundingClientRect().x + axis._offset + axis._length / 2;
        }"""
    )  # the session lasts 84 s
    assert abs(box["x"] + 1 - middle) <= 2
    assert lanes["y"] - 30 <= box["y"] <= lanes["y"] + 30


def test_the_current_turn_is_lit_in_the_table(page: Page, address: str) -> None:
    page.goto(f"{address}/session/{FIRST}")
    page.locator("#turns-table .play").first.wait_for()
    eventually(page, "document.getElementById('player').readyState >= 1")
    page.evaluate("document.getElementById('player').currentTime = 8")
    page.wait_for_selector("#turns-table .ag-row-selected[row-id='2']")


def test_an_address_can_be_shared_and_goes_back(page: Page, address: str) -> None:
    page.goto(f"{address}/session/{FIRST}")
    page.get_by_role("link", name="Demo").click()
    page.get_by_role("heading", name="Demo", exact=True).wait_for()
    assert page.url == f"{address}/case/Demo"
    page.go_back()
    page.get_by_role("heading", name="session-0.wav").wait_for()
    page.reload()
    page.get_by_role("heading", name="session-0.wav").wait_for()


def test_a_case_shows_its_figures_and_leads_to_its_sessions(page: Page, address: str) -> None:
    page.goto(f"{address}/case/Demo")
    page.locator(".graph .main-svg").first.wait_for()
    _bring(page)
    assert page.locator(".graph").count() == 6  # two people: shares, valence, similarity; too few dates for trends
    page.get_by_role("link", name="session-1.wav").click()
    page.get_by_role("heading", name="session-1.wav").wait_for()


@pytest.fixture
def flagged_address(tmp_path: Path) -> Iterator[str]:
    """Where a session is served in which the counsellor talks most of the time."""
    own = Workspace(tmp_path / "own")
    session = make_session(24)
    own.save(session, hum(session.recording.duration))
    Corrections(own).answer(FIRST, [0, 2, 4, 6, 8], speaker="SPEAKER_01")
    yield from serving(own.path)


def test_a_flag_leads_to_the_turn_it_rests_on(flagged_address: str, page: Page) -> None:
    page.goto(f"{flagged_address}/session/{FIRST}")
    page.locator(".flag .to-turn").first.wait_for()
    page.wait_for_selector("#session-map .main-svg")
    eventually(page, "document.getElementById('player').readyState >= 1")
    button = page.locator(".flag .to-turn").first
    start = float(str(button.get_attribute("data-start")))
    button.click()
    eventually(page, f"{_TIME} >= {start} && {_TIME} < {start} + 3")
    eventually(page, "document.querySelector('#session-map .turn-mark')?.hidden === false")
    left = "document.querySelector('#session-map .turn-mark').getBoundingClientRect().x"
    wanted = """(start) => {
        const plot = document.querySelector('#session-map .js-plotly-plot');
        const axis = plot._fullLayout.xaxis;
        return plot.getBoundingClientRect().x + axis._offset + axis.d2p(start);
    }"""
    assert abs(page.evaluate(left) - page.evaluate(wanted, start)) <= 1


def test_what_a_session_has_beside_its_turns_comes_when_it_is_scrolled_to(page: Page, address: str) -> None:
    page.goto(f"{address}/session/{FIRST}")
    page.locator("h1").wait_for()
    assert page.get_by_text("Balance of the talk").count() == 0
    _bring(page)
    page.get_by_text("Balance of the talk").first.wait_for()
    assert page.locator("#frames .main-svg").count() == 0
    page.get_by_text("The scores moment by moment").click()
    page.locator("#frames .main-svg").first.wait_for()


def test_a_cell_of_the_matrix_opens_both_sessions_and_a_turn_there_plays(page: Page, address: str) -> None:
    page.goto(f"{address}/case/Demo")
    matrix = page.locator(".js-plotly-plot", has=page.locator(".heatmaplayer image, .heatmaplayer .hm")).first
    matrix.scroll_into_view_if_needed()
    matrix.locator(".main-svg").first.wait_for()
    spot = matrix.evaluate(
        """(plot) => {
            plot.scrollIntoView({block: 'center'});
            const {xaxis, yaxis} = plot._fullLayout;
            const box = plot.getBoundingClientRect();
            return [box.x + xaxis._offset + 0.75 * xaxis._length, box.y + yaxis._offset + 0.25 * yaxis._length];
        }"""
    )
    page.mouse.move(*spot)
    page.mouse.click(*spot)
    page.wait_for_url(f"**/compare?a={FIRST}&b={SECOND}&who=Anna")
    page.get_by_text("The turns that drive it").scroll_into_view_if_needed()
    page.get_by_text("These make the sessions unlike").wait_for()
    button = page.locator(".to-turn").first
    start, session = float(str(button.get_attribute("data-start"))), button.get_attribute("data-session")
    button.click()
    eventually(page, f"document.getElementById('player').src.endsWith('/audio/{session}')")
    eventually(page, f"{_TIME} >= {start} && {_TIME} < {start} + 4")


def test_who_is_compared_stands_in_the_address_that_can_be_reloaded(page: Page, address: str) -> None:
    page.goto(f"{address}/compare?a={FIRST}&b={SECOND}")
    page.get_by_text("Valence of Anna goes from").wait_for()
    page.get_by_role("textbox", name="Who is compared").click()
    page.get_by_role("option", name="Ben").click()
    page.get_by_text("Valence of Ben goes from").wait_for()
    page.wait_for_url("**who=Ben")
    page.reload()
    page.get_by_text("Valence of Ben goes from").wait_for()


def test_a_point_of_the_turn_map_plays_its_turn(page: Page, address: str) -> None:
    page.goto(f"{address}/case/Demo")
    page.get_by_text("A map of the turns").first.click()
    points = page.locator(".folded .scatterlayer .point")
    points.first.wait_for(timeout=60_000)
    plot = page.locator(".folded .js-plotly-plot").first
    spot, start = plot.evaluate(
        """(plot) => {
            plot.scrollIntoView({block: 'center'});
            const {xaxis, yaxis} = plot._fullLayout;
            const [box, trace] = [plot.getBoundingClientRect(), plot._fullData[0]];
            const [x, y] = [xaxis._offset + xaxis.d2p(trace.x[0]), yaxis._offset + yaxis.d2p(trace.y[0])];
            return [[box.x + x, box.y + y], trace.customdata[0][1]];
        }"""
    )
    page.mouse.move(*spot)
    page.mouse.click(*spot)
    eventually(page, f"document.getElementById('player').src.includes('/audio/') && {_TIME} >= {start} - 0.1")


def _bring(page: Page) -> None:
    """Go through the page until everything that comes later is there."""
    waiting = '[...document.querySelectorAll(".waiting-part")].find((each) => !each.closest("details:not([open])"))'
    eventually(page, f"(() => {{ const next = {waiting}; next?.scrollIntoView(); return !next; }})()", 60)


def test_search_narrows_the_list(page: Page, address: str) -> None:
    page.goto(address)
    page.get_by_role("link", name="session-0.wav").wait_for()
    page.get_by_label("Search").fill("session-1")
    page.get_by_role("link", name="session-0.wav").wait_for(state="detached")
    page.get_by_role("link", name="session-1.wav").wait_for()
    page.get_by_label("Search").fill("counsellor 03-02")  # a role and a date
    page.get_by_role("link", name="session-1.wav").wait_for(state="detached")
    page.get_by_role("link", name="session-0.wav").wait_for()


def test_the_list_is_sorted_by_the_database(page: Page, address: str) -> None:
    page.goto(address)
    page.get_by_role("link", name="session-2.wav").wait_for()
    head = page.locator("#sessions-table .ag-header-cell[col-id=recording] .ag-header-cell-label")
    rows = """[...document.querySelectorAll("#sessions-table .ag-center-cols-container .ag-row")]
        .sort((a, b) => a.getAttribute("row-index") - b.getAttribute("row-index"))
        .map((each) => each.querySelector("a")?.textContent).join()"""
    wanted = [f"session-{number}.wav" for number in range(4)]
    head.click()
    eventually(page, f"{rows} === '{','.join(wanted)}'")
    head.click()
    eventually(page, f"{rows} === '{','.join(reversed(wanted))}'")


def test_the_list_is_filtered_by_case_participant_role_and_date(page: Page, address: str) -> None:
    page.goto(address)
    page.get_by_role("link", name="session-2.wav").wait_for()
    listed = """[...document.querySelectorAll("#sessions-table a[href^='/session/']")]"""

    def shown(*numbers: int) -> None:
        wanted = sorted(f"session-{number}.wav" for number in numbers)
        eventually(page, f"{listed}.map(each => each.textContent).sort().join() === '{','.join(wanted)}'")

    def choose(what: str, value: str) -> None:
        page.get_by_role("textbox", name=f"Only this {what}").click()
        page.get_by_role("option", name=value, exact=True).click()

    choose("participant", "Anna")
    shown(0, 1)
    page.get_by_label("From this day").fill("2026-03-09")
    shown(1)
    page.get_by_label("From this day").fill("")
    choose("participant", "Ben")
    shown(0, 1, 3)
    choose("case", "Demo")
    shown(0, 1)
    page.get_by_label("To this day").fill("2026-03-05")
    shown(0)
    page.get_by_role("textbox", name="Only so many voices").click()
    page.get_by_role("option", name="three voices", exact=True).click()
    shown()


@pytest.fixture
def looked_through(tmp_path: Path) -> Iterator[tuple[str, Workspace]]:
    """A workspace of two sessions, one of them looked through, and where it is served."""
    own = Workspace(tmp_path / "workspace")
    for seed in (0, 1):
        own.save(make_session(6, seed=seed))
    with own.writing() as connection:
        found = [Finding("flag", "long-silence"), Finding("shape", "improving", "SPEAKER_00")]
        keep_findings(connection, own.session(FIRST), str(own.version(FIRST)), SessionFinder().revision, found)
    for address in serving(own.path):
        yield address, own


def test_flags_and_shapes_stand_in_the_rows_of_a_phone_are_chosen_by_keyboard_and_come_by_themselves(
    looked_through: tuple[str, Workspace], phone_page: Page
) -> None:
    address, own = looked_through
    page = phone_page
    page.goto(address)
    said = page.locator("#sessions-table .findings .unseen")
    said.wait_for(state="attached")
    assert said.text_content() == "Much of the session is silent; Anna (client): improving"
    drawn = page.locator("#sessions-table .drawn")
    box = drawn.locator(".shape").bounding_box()
    assert box is not None and box["x"] + box["width"] <= 390
    assert drawn.locator(".raised .short").inner_text() == "1"
    page.get_by_text("not looked through yet", exact=True).wait_for()
    page.get_by_text("One session is not looked through for flags and call shapes yet").wait_for()
    Looking(own, SessionFinder()).go_on()
    page.get_by_text("not looked through yet", exact=True).wait_for(state="detached")
    assert page.locator("#not-looked").text_content() == ""
    shape = "Only with this call shape of somebody"

    def choose(name: str, value: str) -> None:
        page.get_by_role("textbox", name=name).focus()
        page.keyboard.press("ControlOrMeta+a")
        page.keyboard.type(value)
        page.get_by_role("option", name=value, exact=True).wait_for()
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")

    choose("Only with this flag", "Much of the session is silent")
    page.get_by_role("link", name="session-1.wav").wait_for(state="detached")
    choose(shape, "improving")
    page.get_by_role("link", name="session-0.wav").wait_for()
    choose(shape, "worsening")
    page.get_by_role("link", name="session-0.wav").wait_for(state="detached")


def test_rows_show_how_each_speaker_sounds_over_time(page: Page, address: str) -> None:
    page.goto(address)
    drawn = page.get_by_role("img", name="Valence over time of Anna (client), Ben (counsellor)")
    drawn.first.wait_for()
    drawn.first.locator("path").nth(1).wait_for(state="attached")


def test_the_colours_are_the_systems_until_others_are_chosen(page: Page, address: str) -> None:
    ground = "getComputedStyle(document.body).backgroundColor"
    page.emulate_media(color_scheme="light")
    page.goto(address)
    eventually(page, f"{ground} === 'rgb(245, 247, 248)'")
    page.emulate_media(color_scheme="dark")
    eventually(page, f"{ground} === 'rgb(17, 23, 28)'")
    page.get_by_role("button", name="Dark colours", pressed=True).click()
    eventually(page, f"{ground} === 'rgb(245, 247, 248)'")
    page.reload()
    page.locator("main h1").wait_for()
    assert page.evaluate(ground) == "rgb(245, 247, 248)"
    page.evaluate("localStorage.clear()")


def test_figures_are_drawn_in_the_colours_of_the_page(page: Page, address: str) -> None:
    letters = "getComputedStyle(document.querySelector('#session-map .legendtext')).fill"
    there = "document.querySelector('#session-map .legendtext') !== null"
    page.emulate_media(color_scheme="light")
    page.goto(f"{address}/session/{FIRST}")
    eventually(page, f"{there} && {letters} === 'rgb(31, 41, 51)'")
    page.get_by_role("button", name="Dark colours").click()
    eventually(page, f"{there} && {letters} === 'rgb(230, 234, 238)'")
    page.evaluate("localStorage.clear()")
    page.context.clear_cookies()


# A point at 42.4 s, in the sound above the lanes.
_SOUND_AT_42_4 = """() => {
    const plot = document.querySelector('#session-map .js-plotly-plot');
    plot.scrollIntoView({block: 'center'});
    const [box, layout] = [plot.getBoundingClientRect(), plot._fullLayout];
    return [box.x + layout.xaxis._offset + layout.xaxis.d2p(42.4), box.y + layout._size.t + 8];
}"""


def _still(page: Page, place: str) -> list[float]:
    """A point on the page, once it has stopped moving."""
    before, now = None, page.evaluate(place)
    while before != now:
        page.wait_for_timeout(300)
        before, now = now, page.evaluate(place)
    return now


def test_a_time_between_turns_plays_when_clicked(page: Page, address: str) -> None:
    page.goto(f"{address}/session/{FIRST}")
    page.wait_for_selector("#session-map .main-svg")
    eventually(page, "document.getElementById('player').readyState >= 1")
    page.locator("#turns-table .play").first.wait_for()
    spot = _still(page, _SOUND_AT_42_4)
    page.mouse.move(*spot)
    # Where it jumped to; how far it has played by now depends on the machine.
    page.evaluate(
        """() => document.getElementById('player').addEventListener(
            'seeking', (event) => { window.jumpedTo = event.target.currentTime; }, {once: true})"""
    )
    page.mouse.click(*spot)
    eventually(page, "window.jumpedTo >= 42.2 && window.jumpedTo < 42.6")
    eventually(page, f"{_TIME} > window.jumpedTo")


def test_the_keyboard_plays_and_jumps(page: Page, address: str) -> None:
    page.goto(f"{address}/session/{FIRST}")
    eventually(page, "document.getElementById('player')?.readyState >= 1")
    page.locator("#turns-table .play").first.wait_for()
    page.keyboard.press("ArrowRight")
    eventually(page, f"{_TIME} === 5")
    page.keyboard.press("l")
    eventually(page, f"{_TIME} === 7")
    page.keyboard.press("j")
    eventually(page, f"{_TIME} === 3.5")
    page.keyboard.press("ArrowLeft")
    eventually(page, f"{_TIME} === 0")
    page.keyboard.press("Space")
    eventually(page, "!document.getElementById('player').paused")
    page.keyboard.press("k")
    eventually(page, "document.getElementById('player').paused")
    page.keyboard.press("?")
    page.get_by_text("previous or next turn").wait_for()


def test_on_a_phone_a_turn_plays_and_no_page_is_wider_than_the_screen(phone_page: Page, address: str) -> None:
    for path in (
        "/jobs",
        "/",
        "/review",
        f"/review/{FIRST}",
        "/participants",
        "/models",
        "/case/Demo",
        f"/compare?a={FIRST}&b={SECOND}",
        "/compare?groups=case",
        f"/session/{FIRST}",
    ):
        phone_page.goto(address + path)
        phone_page.locator("main h1").wait_for()
        phone_page.wait_for_timeout(300)
        assert phone_page.evaluate("document.documentElement.scrollWidth") == 390
    eventually(phone_page, "document.getElementById('player').readyState >= 1")
    _bring(phone_page)
    phone_page.get_by_role("button", name="Play Ben from 0:17").tap()
    eventually(phone_page, f"{_TIME} >= 17.5 && {_TIME} < 20.5")


def test_a_table_of_ones_own_makes_the_groups(page: Page, address: str, tmp_path: Path) -> None:
    table = tmp_path / "people.csv"
    table.write_text("participant,therapy,age\nAnna,yes,30\nBen,no,31\n", encoding="utf-8")
    page.goto(f"{address}/compare?groups=case&measure=talk_share")
    page.locator("#own-file").wait_for()
    page.set_input_files("#own-file input[type=file]", table)
    page.get_by_text("people.csv: 2 rows").wait_for()
    page.locator("#own-result").get_by_text("yes: 1 person, 2 sessions").wait_for()
    page.get_by_role("textbox", name="Groups by").click()
    page.get_by_role("option", name="age", exact=True).click()
    page.locator("#own-result").get_by_text("30: 1 person, 2 sessions").wait_for()


def test_hostile_names_stay_text(page: Page, address: str) -> None:
    for path in ("/", f"/session/{HOSTILE}", f"/case/{quote(HOSTILE_CASE, safe='')}"):
        page.goto(address + path)
        page.locator("main h1").wait_for()
        page.wait_for_timeout(300)
        assert page.locator("main script, main img[src='x']").count() == 0
    assert HOSTILE_CASE in page.locator("main h1").inner_text()
    page.goto(f"{address}/session/{HOSTILE}")
    page.get_by_text(HOSTILE_NAME).first.wait_for()


def test_an_empty_workspace_says_what_to_do(page: Page, empty_address: str) -> None:
    page.goto(empty_address)
    page.get_by_role("heading", name="No sessions yet").wait_for()
    assert page.get_by_text("turntone demo").count() == 1


def test_a_page_that_does_not_exist_says_so_and_leads_back(desk: BrowserContext, address: str) -> None:
    page = desk.new_page()  # unwatched: the browser itself reports the status 404 as an error
    answer = page.goto(f"{address}/session/ffffffffffff")
    assert answer is not None and answer.status == 404
    page.get_by_role("heading", name="Nothing here").wait_for()
    page.get_by_role("link", name="All sessions").click()
    page.get_by_role("heading", name="Sessions", exact=True).wait_for()
    page.close()
