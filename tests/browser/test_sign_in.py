"""Signing in and out as a person does, and what a page does for somebody who may only read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from pipeline.access.accounts import Accounts
from tests.dashboard.workspaces import FIRST, fill

from .conftest import eventually, serving

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

PASSWORD = "nine brown hens"


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where a workspace is served whose people sign in: an editor and a viewer of the case Demo."""
    folder = tmp_path_factory.mktemp("sign-in") / "workspace"
    fill(folder)
    accounts = Accounts(folder)
    accounts.add("ada", "admin", PASSWORD)
    for name, role in (("ed", "editor"), ("vera", "viewer")):
        accounts.add(name, role, PASSWORD)
        accounts.grant(name, "Demo")
    yield from serving(folder)


def sign_in(page: Page, name: str, password: str = PASSWORD) -> None:
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def test_a_person_signs_in_corrects_and_signs_out(page: Page, guarded: str) -> None:
    page.goto(f"{guarded}/review/{FIRST}")
    assert page.url.startswith(f"{guarded}/sign-in?next=")
    sign_in(page, "ed")
    page.wait_for_url(f"{guarded}/review/{FIRST}")
    page.get_by_text("Review of").first.wait_for()
    page.locator("#sign-out").wait_for()
    assert page.locator(".visitor-name").inner_text() == "ed"
    page.locator("#review button").first.wait_for()
    page.keyboard.press("1")  # through the page's own script, with its token
    eventually(page, "document.body.innerText.includes('1 turn') || document.querySelectorAll('.by-person').length > 0")
    page.locator("#sign-out").click()
    page.wait_for_url(f"{guarded}/sign-in")
    page.goto(f"{guarded}/")
    assert page.url.startswith(f"{guarded}/sign-in")


def test_who_reads_sees_their_cases_and_no_place_to_upload(phone_page: Page, guarded: str) -> None:
    phone_page.goto(guarded)
    sign_in(phone_page, "vera")
    phone_page.get_by_text("2 sessions in 1 case").first.wait_for()
    eventually(phone_page, "document.documentElement.dataset.role === 'viewer'")
    assert not phone_page.locator(".upload").is_visible()
    assert phone_page.get_by_text("alert(1)").count() == 0
    assert phone_page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_page_is_reached_by_keyboard_and_named_for_screen_readers(phone_page: Page, guarded: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    phone_page.context.clear_cookies()
    for scheme in ("light", "dark"):
        phone_page.emulate_media(color_scheme=scheme)
        phone_page.goto(f"{guarded}/sign-in")
        assert phone_page.evaluate("document.activeElement.id") == "name"
        assert axe.run(phone_page).response["violations"] == []
    phone_page.emulate_media(color_scheme=None)
