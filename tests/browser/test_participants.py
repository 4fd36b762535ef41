"""Who is who, said in the browser."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pipeline.participants import Participants
from pipeline.workspace import Workspace
from tests.sessions import make_session

from .conftest import serving

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

FIRST, SECOND = "000000000000", "000000000001"


@pytest.fixture
def own(tmp_path: Path) -> Workspace:
    """A case in which the first session's people are named, and nobody of the second's."""
    workspace = Workspace(tmp_path / "own")
    workspace.save(make_session(8))
    later = datetime.date(2026, 3, 9)
    workspace.save(make_session(8, seed=1, date=later, participants=(None, None), roles=(None, None)))
    return workspace


@pytest.fixture
def own_address(own: Workspace) -> Iterator[str]:
    """Where it is served."""
    yield from serving(own.path)


def test_a_speaker_is_named_and_the_name_taken_back(own: Workspace, own_address: str, page: Page) -> None:
    page.goto(f"{own_address}/participants")
    page.get_by_label("Name of SPEAKER_00 of session-1.wav").fill("Anna")
    page.get_by_label("Name of SPEAKER_00 of session-1.wav").press("Enter")
    page.get_by_text("SPEAKER_00 is Anna").wait_for()
    assert own.session(SECOND).name_of("SPEAKER_00") == "Anna"
    page.get_by_role("button", name="Say that SPEAKER_00 in the session of 2026-03-09 is not Anna").click()
    page.get_by_text("SPEAKER_00 is not Anna").wait_for()
    assert own.session(SECOND).name_of("SPEAKER_00") == "SPEAKER_00"


def test_a_participant_is_renamed_and_forgotten_once_that_is_confirmed(
    own: Workspace, own_address: str, page: Page
) -> None:
    page.goto(f"{own_address}/participants")
    page.get_by_role("button", name="Rename Anna").click()
    page.get_by_label("New name of Anna").fill("Anne")
    page.get_by_role("button", name="Rename", exact=True).click()
    page.get_by_role("heading", name="Anne").wait_for()
    assert own.session(FIRST).name_of("SPEAKER_00") == "Anne"
    page.get_by_role("button", name="Forget Ben").click()
    page.get_by_role("button", name="Keep Ben").click()
    assert [each.name for each in Participants(own).all()] == ["Anne", "Ben"]
    page.get_by_role("button", name="Forget Ben").click()
    page.get_by_role("button", name="Forget for good").click()
    page.get_by_text("Ben is forgotten").wait_for()
    assert [each.name for each in Participants(own).all()] == ["Anne"]


def test_what_is_here_and_what_leaves_is_said(own_address: str, page: Page) -> None:
    page.goto(f"{own_address}/models")
    page.get_by_role("heading", name="What leaves this machine").wait_for()
    page.get_by_role("cell", name="embedded-segmentation").wait_for()
    page.get_by_text("All settings with their defaults").click()
    page.get_by_role("cell", name="emotion.uncertain_below").wait_for()
