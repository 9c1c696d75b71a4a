"""What a holder shows is verified by a stranger: on the page, and by a library of others that gets the badge alone."""

from __future__ import annotations

import json
import re
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import jwt.api_jwt
import openbadgeslib.ob3.status
import openbadgeslib.ob3.verifier
import pytest
from openbadgeslib.ob3 import OB3VerificationError, OB3Verifier
from playwright.sync_api import Page, expect

from tests.browser.conftest import DESKTOP, FEE_ERA, TELEPHONE, LiveStack

pytestmark = pytest.mark.browser

SHARE = """
from datetime import date
from uuid import uuid4
from candidates.services import import_certification, register_candidate, share_certifications
from ceportal.kernel import clock
candidate = register_candidate(number="CE77003001", name="佐藤 愛子", born=date(1985, 4, 9), country="JP",
                               email="aiko@example.net", now=clock.now())
held = import_certification(candidate_id=candidate.id, track_code="ccie-security", certified_on=date(2016, 2, 1),
                            term_started_on=date(2018, 2, 1), now=clock.now())
link = share_certifications(candidate_id=candidate.id, certification_ids=[held.id], form_key=uuid4(), now=clock.now())
print("TOKEN", link.token)
"""
SANCTION = """
from candidates.models import Candidate, User
from candidates.services import confirm_sanction, propose_sanction
from ceportal.kernel import clock
first, second = (User.objects.create_user(f"{name}@example.net", is_staff=True) for name in ("first", "second"))
proposed = propose_sanction(candidate_id=Candidate.objects.get(number="CE77003001").id, clause="CERT-08",
                            statement="Sold the logo on mugs.", permanent=True, staff_id=first.id, now=clock.now())
confirm_sanction(sanction_id=proposed.id, staff_id=second.id, now=clock.now())
"""


@pytest.fixture
def _era_of_the_demonstration(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the library read the portal's clock, which stands years back, instead of its own."""
    moment = datetime.fromisoformat(f"{FEE_ERA}T23:59:59+00:00")

    class ThatDay(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:
            return moment.astimezone(tz or UTC)

    for module in (openbadgeslib.ob3.verifier, openbadgeslib.ob3.status, jwt.api_jwt):
        monkeypatch.setattr(module, "datetime", ThatDay)


@pytest.mark.usefixtures("_era_of_the_demonstration")
def test_a_stranger_verifies_a_link_and_its_badge_and_sees_a_revocation_in_both(
    live_stack: LiveStack, open_window: Callable[..., Page]
) -> None:
    token = re.findall(r"TOKEN (\S+)", live_stack.manage("shell", "-c", SHARE))[0]
    stranger = open_window(width=TELEPHONE)
    stranger.goto(f"/verify/{token}/")
    expect(stranger.get_by_text("佐藤 愛子")).to_be_visible()
    expect(stranger.get_by_text("In force.")).to_be_visible()
    with stranger.expect_download() as downloading:
        stranger.get_by_role("link", name="PNG").click()
    badge = OB3Verifier.extract_token_from_png(downloading.value.path().read_bytes())

    def fetch(address: str) -> bytes:
        """As a verifier does; the demonstration speaks plain HTTP where did:web means TLS."""
        with urllib.request.urlopen(address.replace("https://", "http://")) as answer:
            content: bytes = answer.read()
            return content

    host = live_stack.address.removeprefix("http://").replace(":", "%3A")
    verifier = OB3Verifier.for_issuer_did(f"did:web:{host}", download=fetch)
    verified = verifier.verify(badge, check_status=True, download=fetch)
    assert verified.identifiers[0].identity_hash == "佐藤 愛子"
    assert verified.achievement.name == "CCIE Security"
    assert json.loads(fetch(verified.achievement.id))["name"] == "CCIE Security"

    live_stack.manage("shell", "-c", SANCTION)
    with pytest.raises(OB3VerificationError, match="'revocation' is set"):
        verifier.verify(badge, check_status=True, download=fetch)
    stranger.reload()
    expect(stranger.get_by_text("Not in force: it was revoked.")).to_be_visible()
    expect(stranger.get_by_role("link", name="PNG")).to_have_count(0)


def test_a_holder_makes_a_link_without_scripts_and_withdraws_it(
    open_window: Callable[..., Page], sign_in: Callable[..., None]
) -> None:
    mira, employer = open_window(width=DESKTOP, scripts=False), open_window(width=TELEPHONE)
    sign_in(mira, "candidate midway")
    mira.goto("/sharing/")
    mira.get_by_label("For whom").fill("Acme")
    mira.get_by_role("button", name="Make the link").click()
    address = mira.get_by_label("Address to give away").first.input_value()
    employer.goto(address)
    expect(employer.get_by_text("Mira Lindqvist").first).to_be_visible()
    number = employer.locator("dd.break-words").first.inner_text()

    employer.goto("/verify/")
    employer.get_by_label("Certificate number").fill(number)
    for name, told in [
        ("Mira Lundqvist", "No certification has this number and this name"),
        ("mira lindqvist", "In force."),
    ]:
        employer.get_by_label("Name of the holder").fill(name)
        employer.get_by_role("button", name="Verify", exact=True).click()
        expect(employer.get_by_text(told)).to_be_visible()

    mira.get_by_text("Withdraw", exact=True).first.click()
    mira.get_by_role("button", name="Withdraw the link").click()
    answer = employer.goto(address)
    assert answer is not None
    assert answer.status == 404
    expect(employer.get_by_role("heading", name="This link shows nothing")).to_be_visible()
