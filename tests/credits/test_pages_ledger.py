"""The ledger as a page and as CSV, and evidence files by permission."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest
from django.test import Client
from django.urls import reverse

from candidates.models import Candidate, User
from catalog.models import Item, ProviderMember
from ceportal.kernel import clock
from credits.models import Claim, Evidence
from credits.services import claims
from tests import factories
from tests.credits import pages
from tests.credits.pages import NOW, PDF, text_of
from tests.factories import listed_item

pytestmark = pytest.mark.django_db
LEDGER, EXPORT = reverse("credits:ledger"), reverse("credits:ledger_export")
PNG = b"\x89PNG\r\n\x1a\n picture IEND"


@pytest.fixture(autouse=True)
def today() -> Iterator[None]:
    with clock.standing_at(NOW):
        yield


@pytest.fixture
def me(client: Client, alice: Candidate) -> Client:
    pages.certify(alice)
    pages.enroll(alice)
    client.force_login(alice.user)
    return client


@pytest.mark.parametrize("address", [LEDGER, EXPORT])
def test_who_may_see(client: Client, bob: ProviderMember, address):
    assert client.get(address).url.startswith(reverse("account_login"))
    client.force_login(bob.user)
    assert client.get(address).url == reverse("candidates:link")


def test_an_empty_ledger_says_what_to_do(me: Client):
    assert "Your ledger is empty" in text_of(me.get(LEDGER))


def test_statement_and_balance_of_a_day(me: Client, alice: Candidate, bob: ProviderMember):
    pages.decided(alice, listed_item(credits=64, title="Long one"), bob, on=date(2021, 2, 10))
    pages.decided(alice, listed_item(credits=24, title="Short one"), bob, on=date(2021, 4, 20))
    page = me.get(LEDGER)
    words = text_of(page)
    assert "Cycle from 1 June 2020 to 20 April 2021: renewed" in words
    assert "Used for the renewal of CCNP SECURITY as of 20 April 2021. CR-06" in words
    assert "Expired: left over when the cycle ended with a renewal. CR-02" in words
    assert "Earned: completed on 10 February 2021 and approved by the provider. CE-10" in words
    assert 'class="bar is-earned"' in page.content.decode()
    assert "At the end of 19 April 2021 you had 64 credits" in text_of(me.get(LEDGER, {"on": "2021-04-19"}))
    assert "At the end of 9 February 2021 you had 0 credits" in text_of(me.get(LEDGER, {"on": "2021-02-09"}))


def test_the_balance_of_a_day_as_it_was_known_on_another(me: Client, alice: Candidate, bob: ProviderMember):
    pages.decided(alice, listed_item(credits=64), bob, on=date(2021, 2, 10))
    known = text_of(me.get(LEDGER, {"on": "2021-04-19", "known_on": "2021-05-04"}))
    assert "At the end of 19 April 2021 you had 64 credits By what is known now." in known
    before = text_of(me.get(LEDGER, {"on": "2021-04-19", "known_on": "2021-05-03"}))
    assert "At the end of 19 April 2021 you had 0 credits By what was known at the end of 3 May 2021." in before
    assert "In the cycle that ran then: 0 earned, 0 used, 0 expired." in before
    assert "Signed statement of that day" in known
    assert "Signed statement of that day" not in before  # a statement says what is known now
    assert me.get(LEDGER, {"known_on": "2021-05-05"}).status_code == 422


@pytest.mark.parametrize(
    ("on", "said"),
    [
        ("31.12.2020", "This is not a day."),
        ("2021-02-30", "This is not a day."),
        ("2021-05-05", "That day has not come"),
    ],
)
def test_a_bad_day_is_said(me: Client, alice: Candidate, bob: ProviderMember, on, said):
    pages.decided(alice, listed_item(credits=4), bob)
    page = me.get(LEDGER, {"on": on})
    assert page.status_code == 422
    assert said in text_of(page)
    assert f'value="{on}"' in page.content.decode()


def test_another_candidates_credits_are_not_shown(client: Client, me: Client, alice: Candidate, bob: ProviderMember):
    pages.decided(alice, listed_item(credits=4, title="Of Alice"), bob)
    client.force_login(factories.CandidateFactory.create(login=True).user)
    assert "Of Alice" not in text_of(client.get(LEDGER))
    assert "Of Alice" not in b"".join(client.get(EXPORT)).decode()


def test_export(me: Client, alice: Candidate, bob: ProviderMember):
    pages.decided(alice, listed_item(credits=4, title="=HYPERLINK(1)"), bob)
    answer = me.get(EXPORT)
    assert answer.headers["Content-Type"].startswith("text/csv")
    lines = b"".join(answer).decode("utf-8-sig").splitlines()
    assert lines[0] == "Day,Entered at,Kind,Credits,Balance,For,Why,Clause"
    assert lines[1].startswith("2021-04-20,2021-05-04T12:00:00+00:00,earned,4,4,'=HYPERLINK(1)")


@pytest.mark.parametrize("many", [3, 60])
def test_ledger_query_count(
    me: Client, alice: Candidate, bob: ProviderMember, many: int, django_assert_max_num_queries
):
    alice.certifications.update(active_ends_on=None, inactive_on=None)
    for _each in range(many // 3):
        pages.decided(alice, listed_item(credits=4), bob)
    with django_assert_max_num_queries(12):
        assert me.get(LEDGER, {"on": "2021-05-01"}).status_code == 200


# ── Evidence ──────────────────────────────────────────────────────────────────────────────────────
def attach(claim: Claim, *, name: str = "certificate.pdf", content: bytes = PDF) -> Evidence:
    return claims.attach_evidence(
        candidate_id=claim.candidate_id, claim_id=claim.id, name=name, content=content, now=NOW
    )


def address_of(file: Evidence) -> str:
    return reverse("credits:evidence_file", args=[file.id])


@pytest.fixture
def handed_in(me: Client, alice: Candidate, acme) -> Evidence:
    claim = pages.draft(alice, listed_item(kind=Item.Kind.DIGITAL))
    file = attach(claim)
    claims.submit_claim(candidate_id=alice.id, claim_id=claim.id, now=NOW)
    return file


def test_who_may_see_a_file(client: Client, handed_in: Evidence, bob: ProviderMember, carol: ProviderMember, dan: User):
    stranger = factories.CandidateFactory.create(login=True).user
    address = address_of(handed_in)
    seen = {}
    for name, user in {"bob": bob.user, "carol": carol.user, "dan": dan, "stranger": stranger}.items():
        client.force_login(user)
        answer = client.get(address)
        answer.getvalue()
        seen[name] = answer.status_code
    assert seen == {"bob": 200, "carol": 404, "dan": 200, "stranger": 404}
    client.logout()
    assert client.get(address).url.startswith(reverse("account_login"))


def test_its_owner_sees_a_file_once_however_many_members_the_provider_has(me: Client, handed_in: Evidence, acme):
    factories.ProviderMemberFactory.create_batch(2, provider=acme)
    answer = me.get(address_of(handed_in))
    assert b"".join(answer) == PDF


def test_a_file_is_shown_and_runs_nothing(me: Client, handed_in: Evidence):
    answer = me.get(address_of(handed_in))
    assert b"".join(answer) == PDF
    assert answer.headers["Content-Type"] == "application/pdf"
    assert answer.headers["Content-Disposition"] == 'inline; filename="certificate.pdf"'
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "frame-ancestors 'self'" in answer.headers["Content-Security-Policy"]
    assert "script-src" not in answer.headers["Content-Security-Policy"]


def test_a_picture_stands_in_a_sandbox_under_its_true_ending(me: Client, alice: Candidate, acme):
    file = attach(pages.draft(alice, listed_item()), name="picture.html", content=PNG)
    answer = me.get(address_of(file))
    assert answer.headers["Content-Disposition"] == 'inline; filename="picture.html.png"'
    assert answer.headers["Content-Security-Policy"].startswith("sandbox;")
    assert answer.getvalue() == PNG


def test_drafts_and_files_taken_back_are_the_candidates_own(
    client: Client, me: Client, alice: Candidate, bob: ProviderMember
):
    file = attach(pages.draft(alice, listed_item()))
    client.force_login(bob.user)
    assert client.get(address_of(file)).status_code == 404
    client.force_login(alice.user)
    claims.remove_evidence(candidate_id=alice.id, evidence_id=file.id, now=NOW)
    assert client.get(address_of(file)).status_code == 404
