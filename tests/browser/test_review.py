"""Correcting turns in the browser, by hand and by keyboard."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pipeline.workspace import Workspace
from tests.dashboard.workspaces import hum
from tests.sessions import make_session

from .conftest import eventually, serving

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

ID = "000000000000"


@pytest.fixture
def own(tmp_path: Path) -> Workspace:
    """A workspace of one test alone."""
    workspace = Workspace(tmp_path / "own")
    session = make_session(14)
    session = replace(session, turns=session.turns.assign(text="so it goes"))
    workspace.save(session, hum(session.recording.duration))
    return workspace


@pytest.fixture
def own_address(own: Workspace) -> Iterator[str]:
    """Where it is served."""
    yield from serving(own.path)


def test_a_turn_is_corrected_taken_back_and_put_again(own: Workspace, own_address: str, page: Page) -> None:
    page.goto(f"{own_address}/review")
    page.get_by_role("link", name="session-0.wav").click()
    page.get_by_role("heading", name="Review of session-0.wav").wait_for()
    page.locator("#review-queue .queued").first.wait_for()
    page.get_by_text("so it goes").wait_for()
    least = min(range(14), key=lambda turn: (own.session(ID).turns["confidence"].fillna(1)[turn], turn))
    assert "current" in str(page.locator("#review-queue .queued").first.get_attribute("class"))
    wanted = "sad" if own.session(ID).turns.at[least, "emotion"] != "sad" else "happy"
    page.get_by_role("group", name="How does it sound?").get_by_role("button", name=wanted).click()
    page.get_by_text("✓ reviewed").wait_for()
    corrected = own.session(ID)
    assert (corrected.turns.at[least, "emotion"], list(corrected.reviews)) == (wanted, [least])
    page.get_by_role("button", name="Undo").click()
    page.get_by_text("✓ reviewed").wait_for(state="detached")
    assert own.session(ID).reviews == {}
    page.get_by_role("button", name="Redo").click()
    page.get_by_text("✓ reviewed").wait_for()
    page.get_by_role("link", name="Session", exact=True).click()
    page.get_by_role("heading", name="session-0.wav", exact=True).wait_for()
    page.locator("#turns-table .by-person").first.wait_for()
    assert "the machine said" in str(page.locator("#turns-table .by-person").first.get_attribute("title"))


def test_the_keyboard_reviews_until_kappa_is_known(own: Workspace, own_address: str, page: Page) -> None:
    page.goto(f"{own_address}/review/{ID}")
    page.locator("#review-queue .queued").first.wait_for()
    seen = "[...document.querySelectorAll('#review-queue .share')].filter(each => each.textContent === '✓ reviewed')"
    for done in range(1, 12):
        page.keyboard.press("1" if done % 4 == 0 else "Enter")
        eventually(page, f"{seen}.length === {done}")
    page.locator("#review-agreement", has_text="kappa 0.").wait_for()
    reviewed = own.session(ID)
    assert len(reviewed.reviews) == 11
    page.keyboard.press("u")
    eventually(page, "document.querySelector('#review [data-key=redo]')?.disabled === false")
    assert len(own.session(ID).reviews) == 10


def test_all_turns_of_a_speaker_go_to_another(own: Workspace, own_address: str, page: Page) -> None:
    page.goto(f"{own_address}/review/{ID}")
    page.locator("#review-queue .queued").first.wait_for()
    page.locator("#review-queue .queued", has_text="Anna").first.click()
    page.get_by_label("All turns of Anna are this speaker's: the two are one").check()
    page.get_by_role("group", name="Who speaks?").get_by_role("button", name="Ben").click()
    page.locator("#review-queue .queued", has_text="Anna").first.wait_for(state="detached")
    assert set(own.session(ID).turns["speaker"]) == {"SPEAKER_01"}


def test_a_turn_in_hand_is_played_to_its_end(own_address: str, page: Page) -> None:
    page.goto(f"{own_address}/review/{ID}")
    page.locator("#review-queue .queued").first.wait_for()
    eventually(page, "document.getElementById('player').readyState >= 1")
    page.locator("#review-queue .queued", has_text="not scored").click()  # 0.3 s, from 10.5 s on
    eventually(page, "document.getElementById('player').currentTime > 10.7")
    eventually(page, "document.getElementById('player').paused")
    assert page.evaluate("document.getElementById('player').currentTime") < 11.6


def test_masked_speakers_cannot_be_corrected(own: Workspace, own_address: str, page: Page) -> None:
    own.mask(["counsellor"], session=ID)
    page.goto(f"{own_address}/review/{ID}")
    page.locator("#review-queue .queued", has_text="masked").first.click()
    page.get_by_text("This speaker is masked").wait_for()
    assert page.locator("#review .answer:enabled").count() == 0
    assert page.get_by_role("button", name="Right as it is").is_disabled()


def test_a_turn_is_split_where_the_recording_stands_and_joined_again(
    own: Workspace, own_address: str, page: Page
) -> None:
    page.goto(f"{own_address}/review/{ID}")
    page.locator("#review-queue .queued", has_text="0:07").click()  # 7 to 10 s
    eventually(page, "document.getElementById('player').readyState >= 1")
    page.evaluate("document.getElementById('player').pause()")
    page.evaluate("document.getElementById('player').currentTime = 8.5")
    page.get_by_role("button", name="Split here").click()
    page.get_by_text("split by a person").wait_for()
    page.get_by_role("heading", name="0:07 to 0:08").wait_for()
    split = own.session(ID)
    assert len(split.turns) == 15
    assert split.turns.loc[[2, 3], ["start", "end"]].to_numpy().tolist() == [[7.0, 8.5], [8.5, 10.0]]
    page.keyboard.press("m")
    page.get_by_role("heading", name="0:07 to 0:10").wait_for()
    assert len(own.session(ID).turns) == 14
    page.get_by_role("button", name="Undo").click()
    page.get_by_role("heading", name="0:07 to 0:08").wait_for()
    page.get_by_role("button", name="Undo").click()
    page.get_by_role("heading", name="0:07 to 0:10").wait_for()
    assert own.session(ID).reviews == {}
    page.get_by_role("button", name="Redo").click()
    page.get_by_role("heading", name="0:07 to 0:08").wait_for()
