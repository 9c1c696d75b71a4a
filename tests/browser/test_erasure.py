"""Somebody takes a copy of their data, asks to be erased, and is forgotten when the day has come; the ledger stands."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import TELEPHONE, LiveStack

pytestmark = pytest.mark.browser

SECONDS = 1000  # Playwright counts milliseconds
NAME, NUMBER, EMAIL, PASSWORD = "Elsa Brandt", "CE77005001", "elsa@example.net", "a long and quiet sentence"
REGISTER = f"""
from datetime import date
from allauth.account.models import EmailAddress
from candidates.models import User
from candidates.services import import_certification, register_candidate
from ceportal.kernel import clock
candidate = register_candidate(number="{NUMBER}", name="{NAME}", born=date(1985, 4, 9), country="BE",
                               email="{EMAIL}", now=clock.now())
import_certification(candidate_id=candidate.id, track_code="ccie-security", certified_on=date(2016, 2, 1),
                     term_started_on=date(2018, 2, 1), now=clock.now())
candidate.user = User.objects.create_user("{EMAIL}", "{PASSWORD}", name="{NAME}")
candidate.save()
EmailAddress.objects.create(user=candidate.user, email="{EMAIL}", verified=True, primary=True)
"""
VERIFY = f"/verify/?number={NUMBER}-CCIE-SECURITY&name={NAME.replace(' ', '+')}"


def tell_password(page: Page) -> None:
    page.fill('[name="password"]', PASSWORD)
    page.press('[name="password"]', "Enter")


@pytest.mark.moves_the_clock(to="2019-12-02")
def test_a_person_is_forgotten(
    live_stack: LiveStack, open_window: Callable[..., Page], sign_in: Callable[..., None], tmp_path: Path
) -> None:
    live_stack.manage("shell", "-c", REGISTER)
    elsa, stranger, admin = open_window(width=TELEPHONE), open_window(), open_window()
    stranger.goto(VERIFY)
    expect(stranger.get_by_text(NAME).first).to_be_visible()

    elsa.goto("/accounts/login/")
    elsa.fill('[name="login"]', EMAIL)
    tell_password(elsa)
    elsa.wait_for_url("**/dashboard/")
    elsa.goto("/privacy/")
    elsa.get_by_role("button", name="Make a copy").click()
    for _each in range(60):  # a worker makes it
        elsa.goto("/privacy/")
        if elsa.get_by_role("link", name="Download").count():
            break
        elsa.wait_for_timeout(1 * SECONDS)
    assert elsa.evaluate("document.documentElement.scrollWidth") <= TELEPHONE
    elsa.get_by_role("link", name="Download").click()
    with elsa.expect_download() as download:
        tell_password(elsa)
    download.value.save_as(tmp_path / "copy.zip")
    with zipfile.ZipFile(tmp_path / "copy.zip") as archive:
        assert NAME in archive.read("person.json").decode()
        assert "transcript.pdf" in archive.namelist()

    elsa.goto("/privacy/erasure/")
    assert elsa.evaluate("document.documentElement.scrollWidth") <= TELEPHONE
    elsa.get_by_label(re.compile("I have read what is erased")).check()
    elsa.get_by_role("button", name="Ask for erasure").click()
    expect(elsa.get_by_role("button", name="Withdraw the request")).to_be_visible()

    sign_in(admin, "administrator")
    admin.goto("/admin/candidates/datarequest/")
    expect(admin.get_by_text("erasure").first).to_be_visible()
    admin.goto("/demo/clock/")
    admin.fill('[name="to"]', "2019-12-02")
    admin.get_by_role("button", name="Set the clock ahead").click()
    expect(admin.get_by_text("nights have been run")).to_have_count(0, timeout=120 * SECONDS)

    stranger.goto(VERIFY)
    expect(stranger.locator("main")).not_to_contain_text(re.compile("CCIE Security"))
    elsa.goto("/privacy/")
    expect(elsa).to_have_url(re.compile("/accounts/login/"))
    admin.goto(f"/admin/candidates/candidate/?q={NUMBER}")
    expect(admin.get_by_text("Erased person").first).to_be_visible()
    admin.goto("/admin/candidates/candidate/?q=Brandt")
    expect(admin.locator("main, #main").first).not_to_contain_text(NUMBER)
    assert "No difference" in live_stack.manage("verify_ledger")
