"""A sanction with its two signatures, in a browser on the real stack: from a tip to the appeal (CAND-02, CAND-03)."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import DESKTOP, TELEPHONE, LiveStack
from tests.story import PDF

pytestmark = pytest.mark.browser

PASSWORD = "demo-portal-2026"
PEOPLE = """
from datetime import date
from uuid import uuid4
from allauth.account.models import EmailAddress
from candidates.models import User
from candidates.services import import_certification, link_candidate, register_candidate, share_certifications
from ceportal.kernel import clock
now = clock.now()
for name, staff in (("first", True), ("second", True), ("sanctioned", False)):
    email = name + "-of-two@example.net"
    user = User.objects.create_user(email=email, password="{password}", name=name, is_staff=staff, is_superuser=staff)
    EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
candidate = register_candidate(number="CE77006001", name="Sam Sanctioned", born=date(1985, 4, 9), country="BE",
                               email="sanctioned-of-two@example.net", now=now)
link_candidate(user_id=user.pk, number=candidate.number, born=candidate.born, now=now)
held = import_certification(candidate_id=candidate.id, track_code="ccie-security", certified_on=date(2016, 2, 1),
                            term_started_on=date(2018, 2, 1), now=now)
print("TOKEN", share_certifications(candidate_id=candidate.id, certification_ids=[held.id], form_key=uuid4(),
                                    now=now).token)
"""


def enter(page: Page, name: str) -> None:
    page.goto("/accounts/login/")
    page.fill('[name="login"]', f"{name}-of-two@example.net")
    page.fill('[name="password"]', PASSWORD)
    with page.expect_navigation():
        page.press('[name="password"]', "Enter")


def act(page: Page, words: str) -> None:
    """Open an act of the record that is shown, by its link; it may stand in a menu."""
    address = page.get_by_role("link", name=words, include_hidden=True).first.get_attribute("href")
    assert address is not None
    page.goto(address)


def pick(page: Page, model: str, text: str) -> None:
    """Find a record of the administration by what stands in its row."""
    page.goto(f"/admin/candidates/{model}/")
    page.locator("#result_list tbody tr", has_text=text).get_by_role("link").first.click()


def test_one_proposes_another_signs_and_the_candidate_appeals(
    live_stack: LiveStack, open_window: Callable[..., Page]
) -> None:
    token = re.findall(r"TOKEN (\S+)", live_stack.manage("shell", "-c", PEOPLE.format(password=PASSWORD)))[0]
    first, second = open_window(width=DESKTOP), open_window(width=DESKTOP)
    reporter, sanctioned = open_window(width=TELEPHONE, scripts=False), open_window(width=TELEPHONE)

    # Somebody without an account reports it, with a file; a script is not needed.
    reporter.goto("/report/")
    reporter.get_by_label("What happened?").fill("He sells mugs with the logo.")
    reporter.get_by_label("Day").fill("2019-11-01")
    reporter.get_by_label("Files").set_input_files({"name": "shop.pdf", "mimeType": "application/pdf", "buffer": PDF})
    reporter.get_by_role("button", name="Send the report").click()
    expect(reporter.locator(".plate dd")).to_have_count(2)
    reference, passphrase = reporter.locator(".plate dd").all_inner_texts()

    # The first of two leads the tip to the candidate and proposes, and cannot sign.
    enter(first, "first")
    pick(first, "tip", reference)
    act(first, "Link to a candidate")
    first.get_by_label("Candidate number").fill("CE77006001")
    first.get_by_role("button", name="Link", exact=True).click()
    pick(first, "case", "Sam Sanctioned")
    act(first, "Propose a sanction")
    first.locator('[name="clause"]').select_option("CERT-08")
    first.locator('[name="statement"]').fill("You sell mugs with the logo of the programme.")
    first.locator('[name="evidence"]').fill("An order of our own, and its invoice.")
    first.locator('[name="uploads"]').set_input_files(
        {"name": "invoice.pdf", "mimeType": "application/pdf", "buffer": PDF.replace(b"%PDF-1", b"%PDF-1 ", 1)}
    )
    first.get_by_role("button", name="Propose").click()
    expect(first.get_by_text("It waits for the second signature.")).to_be_visible()
    act(first, "Sign it")
    first.get_by_role("button", name="Sign", exact=True).click()
    expect(first.get_by_text("decided by another person than proposed it").first).to_be_visible()
    stranger = open_window(width=TELEPHONE)
    stranger.goto(f"/verify/{token}/")
    expect(stranger.get_by_text("In force.")).to_be_visible()

    # The second reads what it rests on, and signs.
    enter(second, "second")
    pick(second, "sanction", "Sam Sanctioned")
    for shown in ("An order of our own, and its invoice.", "shop.pdf", "invoice.pdf"):
        expect(second.get_by_text(shown).first).to_be_visible()
    act(second, "Sign it")
    second.get_by_role("button", name="Sign", exact=True).click()
    expect(second.get_by_text("The sanction is in force, and the candidate is told.")).to_be_visible()

    # At once everybody sees what is theirs to see.
    stranger.reload()
    expect(stranger.get_by_text("Not in force: it was revoked.")).to_be_visible()
    expect(stranger.get_by_text("mugs")).to_have_count(0)
    enter(sanctioned, "sanctioned")
    sanctioned.goto("/standing/")
    sanctioned.get_by_role("link", name=re.compile("Under CERT-08")).click()
    expect(sanctioned.get_by_text("You sell mugs with the logo of the programme.")).to_be_visible()
    expect(sanctioned.get_by_text("An order of our own")).to_have_count(0)
    sanctioned.get_by_label("Why is the sanction wrong?").fill("They were a gift to my team.")
    sanctioned.get_by_role("button", name="Appeal").click()
    expect(sanctioned.get_by_text("Your appeal is with the programme.")).to_be_visible()
    second.reload()
    act(second, "Uphold the appeal")
    second.locator('[name="reason"]').fill("Quite so.")
    second.get_by_role("button", name="Uphold").click()
    expect(second.get_by_text("somebody who took no part").first).to_be_visible()

    # The reporter learns that it was acted on, and not what became of whom.
    pick(first, "tip", reference)
    act(first, "Close it")
    first.locator('[name="answer"]').fill("Thank you. We have acted on it.")
    first.locator('[name="resolution"]').fill("A sanction is in force.")
    first.get_by_role("button", name="Close", exact=True).click()
    expect(first.get_by_text("The tip and its case are closed").first).to_be_visible()
    reporter.goto("/report/follow/")
    reporter.get_by_label("Reference").fill(reference)
    reporter.get_by_label("Passphrase").fill(passphrase)
    reporter.get_by_role("button", name="Open the report").click()
    expect(reporter.get_by_text("Thank you. We have acted on it.")).to_be_visible()
