"""Buying Emeritus on the real stack: years and price, the warning, the card, and what is said afterwards."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import LiveStack
from tests.browser.test_main_job import GOOD, expect_mail, pay_by_card, sign_up

pytestmark = pytest.mark.browser

# In the window of the tenth anniversary, active until a month after it; a younger CCDE beside it (EMR-09).
REGISTER = """
from datetime import date
from candidates.services import import_certification, register_candidate
from ceportal.kernel import clock
candidate = register_candidate(number="CE77004001", name="Otto Brandt", born=date(1969, 4, 9), country="BE",
                               email="otto@example.net", now=clock.now())
for track, first, term in (("ccie-security", date(2009, 12, 16), date(2018, 1, 16)),
                           ("ccde", date(2015, 3, 2), date(2018, 1, 16))):
    import_certification(candidate_id=candidate.id, track_code=track, certified_on=first, term_started_on=term,
                         now=clock.now())
"""


def test_emeritus_is_bought_by_card(live_stack: LiveStack, open_window: Callable[..., Page]) -> None:
    """EMR-01 to EMR-04, EMR-09, EMR-16."""
    live_stack.manage("shell", "-c", REGISTER)
    otto = open_window()
    sign_up(otto, "otto@example.net")
    otto.goto("/link/")
    otto.fill('[name="number"]', "CE77004001")
    otto.fill('[name="born"]', "1969-04-09")
    otto.get_by_role("button", name="Connect").click()
    otto.get_by_role("link", name="Last day to buy Emeritus of the CCIE").click()

    ccie = otto.locator("#ccie")
    expect(
        ccie.get_by_text("The term from 16 December 2019 to 16 December 2020 is on offer", exact=True)
    ).to_be_visible()
    expect(ccie.get_by_text("102.85")).to_be_visible()  # 85 and the Belgian tax
    expect(ccie.get_by_text("163.35")).to_be_visible()  # with the late fee and its tax
    ccie.get_by_text("How the years are proved").click()
    expect(ccie.get_by_role("row").filter(has_text="unbroken by the certification records")).to_be_visible()
    ccie.get_by_label("I have read this, and want Emeritus all the same.").check()
    ccie.get_by_role("button", name="Continue to payment").click()
    otto.get_by_role("button", name=re.compile("^Pay .* by card")).click()
    pay_by_card(otto, GOOD)
    otto.wait_for_url(f"{live_stack.address}/**")
    expect(otto.get_by_text("Paid").first).to_be_visible()

    otto.goto("/emeritus/")
    expect(otto.get_by_text("Your term is bought, up to 16 December 2020")).to_be_visible()
    expect_mail(otto, "Your Emeritus term is paid")
