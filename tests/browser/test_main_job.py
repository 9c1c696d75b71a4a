"""The main job from enrollment to renewal, as three people, on the real stack: nothing is simulated but the card."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import LiveStack

pytestmark = pytest.mark.browser

SECONDS = 1000  # Playwright counts milliseconds
PASSWORD = "a long and quiet sentence"
DECLINED, GOOD = "4000000000000002", "4242424242424242"

REGISTER = """
from datetime import date
from candidates.services import import_certification, register_candidate
from ceportal.kernel import clock
candidate = register_candidate(number="{number}", name="Iris Vogel", born=date(1985, 4, 9), country="BE",
                               email="{email}", now=clock.now())
import_certification(candidate_id=candidate.id, track_code="ccie-security", certified_on=date(2016, 2, 1),
                     term_started_on=date(2018, 2, 1), now=clock.now())
"""


def sign_up(page: Page, email: str) -> None:
    """Create an account, read the mail that confirms the address, and sign in."""
    page.goto("/accounts/signup/")
    page.fill('[name="email"]', email)
    page.fill('[name="password1"]', PASSWORD)
    page.fill('[name="password2"]', PASSWORD)
    page.get_by_role("button", name="Create the account").click()
    page.goto("/demo/mail/")
    page.get_by_role("table").get_by_role("link").first.click()
    page.get_by_role("link", name=re.compile("confirm-email")).click()
    page.get_by_role("button", name="Yes, confirm it").click()
    page.goto("/accounts/login/")
    page.fill('[name="login"]', email)
    page.fill('[name="password"]', PASSWORD)
    with page.expect_navigation():
        page.press('[name="password"]', "Enter")


def connect_and_enroll(page: Page, number: str) -> None:
    page.goto("/link/")
    page.fill('[name="number"]', number)
    page.fill('[name="born"]', "1985-04-09")
    page.get_by_role("button", name="Connect").click()
    expect(page.get_by_role("heading", name="Iris Vogel")).to_be_visible()
    expect(page.get_by_text("1 February 2020").first).to_be_visible()
    page.goto("/enroll/")
    page.get_by_label("I have read the terms").check()
    page.get_by_role("button", name="Accept and enroll").click()
    expect(page.get_by_text("You are enrolled").first).to_be_visible()


def claim(page: Page, code: str, completed_on: str, certificate: Path) -> str:
    """Find a training in the catalog and claim it with evidence; the claim's number."""
    page.goto("/catalog/")
    page.get_by_label("Search").fill(code)
    page.get_by_label("Search").press("Enter")
    page.locator(f'main a[href="/catalog/{code}/"]').first.click()
    page.get_by_role("link", name="Claim this training").click()
    page.fill('[name="completed_on"]', completed_on)
    page.set_input_files('[name="evidence"]', certificate)
    expect(page.get_by_text(certificate.name).first).to_be_visible()
    page.get_by_role("button", name="Hand in").click()
    expect(page.get_by_text("Submitted").first).to_be_visible()
    found = re.search(r"/claims/(C-\w+)/", page.url)
    assert found
    return found[1]


def approve(page: Page, number: str) -> None:
    page.goto("/provider/")
    page.get_by_role("row").filter(has_text=number).get_by_role("link").first.click()
    expect(page.locator("iframe")).to_be_visible()  # the evidence beside the claim
    page.get_by_role("button", name=re.compile("^Approve")).click()
    expect(page.get_by_role("status").filter(has_text=number)).to_be_visible()


def pay_by_card(page: Page, card: str) -> None:
    """Fill in the hosted card page, which is not the portal's."""
    page.fill('[name="number"]', card)
    page.fill('[name="expiry"]', "12 / 34")
    page.fill('[name="cvc"]', "123")
    page.fill('[name="name"]', "I. Vogel")
    page.select_option('[name="country"]', "BE")
    page.get_by_role("button", name=re.compile("^Pay")).click()


@pytest.mark.moves_the_clock
@pytest.mark.parametrize(
    ("number", "email", "cards", "travel_to"),
    [
        ("CE77001001", "iris@example.net", [GOOD], "2019-11-08"),
        ("CE77001002", "vera@example.net", [DECLINED, GOOD], "2019-11-14"),
    ],
    ids=["paid at once", "declined first"],
)
def test_from_enrollment_to_renewal(
    number: str,
    email: str,
    cards: list[str],
    travel_to: str,
    live_stack: LiveStack,
    open_window: Callable[..., Page],
    sign_in: Callable[..., None],
    tmp_path: Path,
) -> None:
    certificate = tmp_path / "certificate.pdf"
    certificate.write_bytes(b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n")
    live_stack.manage("shell", "-c", REGISTER.format(number=number, email=email))
    iris, ruth, admin = open_window(), open_window(), open_window()

    sign_up(iris, email)
    connect_and_enroll(iris, number)
    claims = [claim(iris, "ilt-64", "2019-10-28", certificate), claim(iris, "ilt-40", "2019-10-30", certificate)]
    sign_in(ruth, "reviewer")
    for each in claims:
        approve(ruth, each)

    # The credits are there; what is left is the fee, and the portal says so by mail.
    iris.goto("/dashboard/")
    expect(iris.get_by_text("104").first).to_be_visible()
    iris.goto("/fee/")
    iris.get_by_role("button", name=re.compile("Continue to")).click()
    expect(iris.get_by_text("363.00").first).to_be_visible()  # 300 and the Belgian tax (PAY-01)
    iris.get_by_role("button", name=re.compile("^Pay .* by card")).click()
    for card in cards:
        iris.wait_for_url(lambda url: not url.startswith(live_stack.address))  # the card never touches the portal
        pay_by_card(iris, card)
        if card == DECLINED:
            expect(iris.get_by_text("declined").first).to_be_visible()
    iris.wait_for_url(f"{live_stack.address}/**")
    expect(iris.get_by_text("Paid").first).to_be_visible()

    # Renewed as of today; the new term starts when the old active period ends (CE-09).
    iris.goto("/certifications/" + f"{number}-CCIE-SECURITY/")
    expect(iris.get_by_text("1 February 2022").first).to_be_visible()
    iris.goto("/credits/")
    expect(iris.get_by_text("CR-06").first).to_be_visible()
    expect_mail(iris, "Your certification has been renewed")

    # The webhook came, too, and changed nothing more; the invoice follows on the third business day (PAY-02).
    sign_in(admin, "administrator")
    admin.goto("/admin/payments/stripeevent/?q=checkout.session.completed")
    expect(admin.get_by_text("checkout.session.completed").first).to_be_visible()
    admin.goto("/demo/clock/")
    admin.fill('[name="to"]', travel_to)
    admin.get_by_role("button", name="Set the clock ahead").click()
    expect(admin.get_by_text("nights have been run")).to_have_count(0, timeout=60 * SECONDS)
    iris.goto("/payments/invoices/")
    expect(iris.get_by_role("link", name=re.compile("PDF")).first).to_be_visible()
    expect_mail(iris, "invoice")


def expect_mail(page: Page, subject: str) -> None:
    """The relay, the worker and the mail service work behind the page: the message comes some seconds later."""
    for _each in range(30):
        page.goto("/demo/mail/")
        if page.get_by_role("link", name=re.compile(subject, re.I)).count():
            return
        page.wait_for_timeout(1 * SECONDS)
    raise AssertionError(f"No mail about {subject!r} came.")
