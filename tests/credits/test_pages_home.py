"""The candidate's home, enrollment and the administrative fee, as pages."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest
from django.test import Client
from django.urls import reverse

from candidates.models import Acceptance, Candidate, Certification, Notice, Term
from catalog.models import ProviderMember
from ceportal.kernel import clock
from credits.models import Enrollment
from payments.models import Order
from tests.credits import pages
from tests.credits.pages import NOW, text_of
from tests.factories import AgreementFactory, listed_item, noon

pytestmark = pytest.mark.django_db
DASHBOARD, ENROLL, FEE = (reverse(f"credits:{name}") for name in ("dashboard", "enroll", "fee"))


@pytest.fixture(autouse=True)
def today() -> Iterator[None]:
    with clock.standing_at(NOW):
        yield


@pytest.fixture
def me(client: Client, alice: Candidate) -> Client:
    client.force_login(alice.user)
    return client


@pytest.mark.parametrize("address", [DASHBOARD, ENROLL, FEE])
def test_who_may_see(client: Client, bob: ProviderMember, address):
    assert client.get(address).url == f"{reverse('account_login')}?next={address}"
    client.force_login(bob.user)
    assert client.get(address).url == reverse("candidates:link")


def test_first_use_says_what_to_do_first(me: Client):
    page = text_of(me.get(DASHBOARD))
    assert "Your record holds no certification yet" in page
    assert "See which exams you may sit" in page  # the catalog is for those who hold one (CE-02)
    assert "Next dates" not in page


def test_not_enrolled_is_told_to_enroll_and_sees_where_it_stands(me: Client, alice: Candidate):
    pages.certify(alice)
    page = text_of(me.get(DASHBOARD))
    assert "Enroll in the programme" in page
    assert "1 June 2023 in 758 days" in page
    assert "0 of 80 credits are earned; 80 are missing." in page
    assert "40 credits and one concentration exam" in page


def test_pending_credits_and_waiting_claims(me: Client, alice: Candidate, acme):
    pages.certify(alice)
    pages.enroll(alice)
    claim = pages.submitted(alice, listed_item(credits=40))
    page = text_of(me.get(DASHBOARD))
    assert "0 of 80 credits are earned, 40 wait for approval, and 40 are missing." in page
    assert "Filed on 4 May 2021 with Acme Answer promised by 14 May 2021" in page
    assert "Claim what you have learned" in page
    assert claim.item.title in page


def test_a_returned_claim_comes_first(me: Client, alice: Candidate, bob: ProviderMember):
    pages.certify(alice)
    pages.enroll(alice)
    pages.decided(alice, listed_item(), bob, "return")
    assert "A claim came back to you" in text_of(me.get(DASHBOARD))


def test_renewed_is_said(me: Client, alice: Candidate, bob: ProviderMember):
    pages.certify(alice)
    pages.enroll(alice)
    pages.decided(alice, listed_item(credits=80), bob)
    page = text_of(me.get(DASHBOARD))
    assert "Renewed as of 20 April 2021" in page
    assert "20 April 2024" in page


def test_new_terms_are_asked_for_and_accepted(me: Client, alice: Candidate):
    pages.certify(alice)
    pages.enroll(alice)
    AgreementFactory.create(version="2.0", effective_on=date(2021, 5, 1), text="New words.")
    assert "The terms have changed" in text_of(me.get(DASHBOARD))
    page = me.get(ENROLL)
    assert "New words." in text_of(page)
    answer = me.post(ENROLL, {"version": "2.0", "accept": "on"})
    assert answer.url == DASHBOARD
    assert Acceptance.objects.filter(candidate=alice, agreement__version="2.0").exists()


def test_a_message_that_came_back_is_shown_until_the_address_changes(me: Client, alice: Candidate):
    Notice.objects.create(
        candidate=alice, kind="x", key="x", address=alice.email, subject="Hear", body="ye", status="bounced",
        created_at=NOW, sent_at=NOW,
    )  # fmt: skip
    assert f"A message to {alice.email} came back" in text_of(me.get(DASHBOARD))
    Candidate.objects.update(email="new@example.org")
    assert "came back" not in text_of(me.get(DASHBOARD))


def test_a_bought_term_is_explained(client: Client, alice: Candidate, bob: ProviderMember):
    with clock.standing_at(noon("2018-06-01")):
        client.force_login(alice.user)
        pages.certify(alice, "ccie-security", "expert", "2017-09-01")
        pages.enroll(alice)
        certification = Certification.objects.get(candidate=alice)
        Term.objects.create(
            certification=certification,
            starts_on=date(2019, 9, 1),
            renewed_on=date(2018, 5, 30),
            reason=Term.Reason.RENEWED,
            created_at=noon("2018-05-30"),
        )
        page = text_of(client.get(DASHBOARD))
    assert "The next term is bought: it begins on 1 September 2019 and runs to 1 September 2021." in page
    assert "Nothing is due now" in page


@pytest.mark.parametrize("many", [1, 12])
def test_dashboard_query_count(
    me: Client, alice: Candidate, bob: ProviderMember, many: int, django_assert_max_num_queries
):
    pages.certify(alice)
    pages.certify(alice, "ccie-security", "expert")
    pages.enroll(alice)
    for _each in range(many):
        pages.submitted(alice, listed_item(credits=4))
        pages.draft(alice, listed_item(credits=4))
    pages.decided(alice, listed_item(credits=4), bob)
    with django_assert_max_num_queries(15):
        assert me.get(DASHBOARD).status_code == 200


# ── Enrollment ────────────────────────────────────────────────────────────────────────────────────
def test_enroll(me: Client, alice: Candidate):
    pages.certify(alice)
    AgreementFactory.create(text="First.\n\nSecond.")
    page = me.get(ENROLL)
    assert "<p>First.</p>" in page.content.decode()
    assert "Version 1.0, in force since 6 June 2017" in text_of(page)
    for _twice in range(2):
        assert me.post(ENROLL, {"version": "1.0", "accept": "on"}).url == DASHBOARD
    enrollment = Enrollment.objects.get(candidate=alice)
    assert enrollment.acceptance.ip_address == "127.0.0.1"
    assert "You are enrolled since 4 May 2021" in text_of(me.get(ENROLL))


def test_enroll_needs_the_box(me: Client, alice: Candidate):
    pages.certify(alice)
    AgreementFactory.create()
    page = me.post(ENROLL, {"version": "1.0"})
    assert page.status_code == 422
    assert "Without accepting the terms nobody can take part (CE-05)." in text_of(page)
    assert not Enrollment.objects.exists()


def test_a_version_replaced_meanwhile_is_not_accepted(me: Client, alice: Candidate):
    pages.certify(alice)
    AgreementFactory.create()
    AgreementFactory.create(version="2.0", effective_on=date(2021, 5, 4))
    page = me.post(ENROLL, {"version": "1.0", "accept": "on"}, follow=True)
    assert "The terms were replaced while you read them" in text_of(page)
    assert 'value="2.0"' in page.content.decode()
    assert not Acceptance.objects.exists()


def test_enroll_without_a_certification_says_why(me: Client):
    AgreementFactory.create()
    page = text_of(me.get(ENROLL))
    assert "You cannot enroll now" in page
    assert "You hold no certification at an eligible level." in page
    assert "CE-02" in page
    refused = me.post(ENROLL, {"version": "1.0", "accept": "on"})
    assert refused.status_code == 422
    assert not Enrollment.objects.exists()


# ── The fee ───────────────────────────────────────────────────────────────────────────────────────
def test_fee_before_its_credits(me: Client, alice: Candidate):
    pages.certify(alice)
    pages.enroll(alice)
    page = text_of(me.get(FEE))
    assert "Nothing is to be paid now" in page
    assert "No way to renew bears a fee today." in page
    assert me.post(FEE).status_code == 422
    assert not Order.objects.exists()


def test_fee_when_the_credits_are_there(client: Client, alice: Candidate, bob: ProviderMember):
    with clock.standing_at(noon("2018-06-01")):
        client.force_login(alice.user)
        Candidate.objects.filter(id=alice.id).update(country="BE")
        pages.certify(alice, "ccie-security", "expert", "2017-09-01")
        pages.enroll(alice)
        for number in (1, 2, 3):
            pages.decided(alice, listed_item(credits=34), bob, on=date(2018, 3, number))
        assert "Pay the administrative fee" in text_of(client.get(DASHBOARD))
        page = text_of(client.get(FEE))
        assert "Tax, 21" in page
        assert "USD 363.00" in page.replace("\N{NO-BREAK SPACE}", " ")
        answers = [client.post(FEE).url for _twice in range(2)]
    order = Order.objects.get()
    assert answers == [reverse("payments:order", args=[order.number])] * 2
    assert order.total_cents == 36300
