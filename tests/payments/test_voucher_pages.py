"""How a candidate finds vouchers and pays by them; who guesses codes is locked out (VCH-01, EXAM-12)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.urls import reverse

from candidates.models import Case, Notice
from ceportal.kernel import clock
from ceportal.kernel.decisions import Refused
from payments import services
from payments.models import Payment
from payments.services import code_attempts
from tests import factories
from tests.payments.conftest import RETURN, topics

pytestmark = pytest.mark.django_db
WRONG = "ACDE-FGHJ-KMNP"


@pytest.fixture(autouse=True)
def nobody_has_tried():
    cache.clear()


@pytest.fixture
def voucher(alice, now):
    return services.issue_voucher(candidate_id=alice.id, expires_on=clock.day_of(now) + timedelta(days=200), now=now)


@pytest.fixture
def order(alice, book):
    return book(alice)


@pytest.fixture
def give(client, order):
    """Alice gives a code, or another form, on the page of her order."""

    def give_it(code="", *, by=None, address="198.51.100.7", **more):
        client.force_login(by or order.candidate.user)
        data = {"code": code, **more}
        return client.post(reverse("payments:use_voucher", args=[order.number]), data, REMOTE_ADDR=address)

    return give_it


def text_of(response):
    return " ".join(response.content.decode().replace("\N{NO-BREAK SPACE}", " ").split())


def test_a_voucher_is_told_with_its_code_and_its_last_day(voucher):
    body = Notice.objects.get(kind="voucher_issued").body
    assert voucher.code in body
    assert reverse("payments:voucher_list") in body


def test_the_own_vouchers_are_listed(client, alice, order, voucher, now, django_assert_max_num_queries):
    others = services.issue_voucher(
        candidate_id=factories.CandidateFactory.create().id, expires_on=voucher.expires_on, now=now
    )
    services.use_voucher(order_id=order.id, voucher_id=voucher.id, now=now)
    for _more in range(3):
        services.issue_voucher(candidate_id=alice.id, expires_on=voucher.expires_on, now=now)
    client.force_login(alice.user)
    with django_assert_max_num_queries(8):
        text = text_of(client.get(reverse("payments:voucher_list")))
    assert voucher.code in text
    assert order.number in text
    assert "Redeemed" in text
    assert others.code not in text


def test_no_vouchers_says_where_they_come_from(client, alice):
    client.force_login(alice.user)
    assert "Vouchers that are issued to you are found here" in text_of(client.get(reverse("payments:voucher_list")))


def test_the_order_offers_the_own_vouchers_and_a_code(client, alice, order, voucher):
    client.force_login(alice.user)
    text = text_of(client.get(reverse("payments:order", args=[order.number])))
    assert f"{voucher.code}, valid until" in text
    assert "Code of a voucher" in text


@pytest.mark.parametrize("how", ["from the list", "by its code"])
def test_a_voucher_pays_the_fee(client, give, order, voucher, how):
    response = give(voucher=voucher.id) if how == "from the list" else give(voucher.code.lower().replace("-", " "))
    assert (response.status_code, response["Location"]) == (302, reverse("payments:order", args=[order.number]))
    order.refresh_from_db()
    assert order.total_cents == 33600
    text = text_of(client.get(response["Location"]))
    assert "Paid by voucher" in text
    assert "\N{MINUS SIGN}USD 1,600.00" in text
    assert "Pay USD 336.00 by card" in text
    assert "Code of a voucher" not in text


def test_an_order_without_tax_is_paid_whole_by_a_voucher_and_leads_to_its_lab(client, alice, book, voucher, now):
    order = book(alice, country="US")
    services.use_voucher(order_id=order.id, voucher_id=voucher.id, now=now)
    client.force_login(alice.user)
    text = text_of(client.get(reverse("payments:order", args=[order.number])))
    assert "A voucher paid all of it; no card was charged." in text
    assert f'href="{reverse("exams:labs")}">See your lab bookings' in text
    assert "the tax by card" not in text
    assert "See your certification" not in text


def test_an_open_card_page_is_closed_first(give, order, voucher, cards, payments_gateway, now):
    services.start_payment(order_id=order.id, now=now, **RETURN)
    give(voucher=voucher.id)
    assert cards.state()["sessions"][0]["status"] == "expired"
    order.refresh_from_db()
    assert order.total_cents == 33600


def test_what_was_paid_on_the_card_page_meanwhile_counts(give, order, voucher, cards, payments_gateway, now):
    payment = services.start_payment(order_id=order.id, now=now, **RETURN)
    cards.pay(payment.page_url)
    assert give(voucher=voucher.id).status_code == 409
    voucher.refresh_from_db()
    assert (Payment.objects.get().status, voucher.status) == ("succeeded", "unused")


def test_nothing_given_is_said_beside_the_field(give, order):
    response = give("")
    assert response.status_code == 422
    assert "Choose one of your vouchers, or give the code of one." in text_of(response)
    assert topics(order) == ["order_opened"]


def test_a_wrong_code_is_refused_with_what_was_typed(give):
    response = give(WRONG)
    text = text_of(response)
    assert response.status_code == 409
    assert "This is not the code of one of your vouchers." in text
    assert WRONG in text


def test_a_voucher_of_somebody_else_cannot_be_picked(give, order, now):
    mallory = factories.CandidateFactory.create()
    other = services.issue_voucher(candidate_id=mallory.id, expires_on=clock.day_of(now), now=now)
    assert give(voucher=other.id).status_code == 422
    other.refresh_from_db()
    assert other.status == "unused"


def test_the_order_of_somebody_else_is_not_there(client, give, order, voucher):
    mallory = factories.CandidateFactory.create(login=True)
    assert give(voucher.code, by=mallory.user).status_code == 404
    client.logout()
    assert client.get(reverse("payments:voucher_list")).status_code == 302


@pytest.mark.parametrize("purpose", ["lab_reschedule", "reread", "admin_fee"])
def test_only_a_booking_is_paid_by_voucher_here(client, alice, book, voucher, purpose):
    order = book(alice, purpose=purpose)
    client.force_login(alice.user)
    assert "Code of a voucher" not in text_of(client.get(reverse("payments:order", args=[order.number])))
    given = client.post(reverse("payments:use_voucher", args=[order.number]), {"voucher": voucher.id})
    assert given.status_code == 404
    voucher.refresh_from_db()
    assert voucher.status == "unused"


class TestGuessing:
    """Wrong codes are counted; one too many locks out and opens a case (EXAM-12)."""

    def test_a_guesser_is_locked_out_and_becomes_a_case(self, give, order, voucher):
        assert [give(WRONG).status_code for _try in range(5)] == [409] * 5
        assert not Case.objects.exists()
        text = text_of(give(WRONG))
        assert "Too many wrong codes were given; the next one is taken in 60 minutes." in text
        case = Case.objects.get()
        assert (case.kind, case.clause, case.candidate) == ("guessed_codes", "EXAM-12", order.candidate)
        # Neither another address nor the right code helps, and it stays one case.
        assert "Too many wrong codes" in text_of(give(voucher.code, address="203.0.113.9"))
        voucher.refresh_from_db()
        assert (voucher.status, Case.objects.count()) == ("unused", 1)

    def test_own_vouchers_can_be_picked_all_the_same(self, give, order, voucher):
        for _try in range(6):
            give(WRONG)
        assert give(voucher=voucher.id).status_code == 302

    def test_codes_that_are_not_wrong_do_not_count(self, give, order, voucher, book, now):
        first = book(order.candidate, reference="another")
        services.use_voucher(order_id=first.id, voucher_id=voucher.id, now=now)
        for _try in range(8):
            assert "it is redeemed once" in text_of(give(voucher.code))
        assert not Case.objects.exists()

    def test_it_ends_after_an_hour(self, alice, now):
        def wrong(at):
            with (
                pytest.raises(Refused) as refusal,
                services.counting_codes(candidate_id=alice.id, address="198.51.100.7", now=at),
            ):
                services.find_voucher(candidate_id=alice.id, code=WRONG, now=at)
            return refusal.value.decision.clauses_unmet

        start = clock.at(clock.day_of(now), 12)
        assert [wrong(start) for _try in range(6)] == [("VCH-01",)] * 5 + [("EXAM-12",)]
        assert wrong(start + timedelta(minutes=59)) == ("EXAM-12",)
        assert wrong(start + timedelta(minutes=60)) == ("VCH-01",)

    def test_many_candidates_from_one_address_are_locked_out_together(self, now, monkeypatch):
        monkeypatch.setattr(code_attempts, "WRONG_CODES_FROM_ADDRESS", 3)
        people = [factories.CandidateFactory.create() for _each in range(5)]
        refused = []
        for person in people:
            with (
                pytest.raises(Refused) as refusal,
                services.counting_codes(candidate_id=person.id, address="198.51.100.7", now=now),
            ):
                services.find_voucher(candidate_id=person.id, code=WRONG, now=now)
            refused += refusal.value.decision.clauses_unmet
        assert refused == ["VCH-01"] * 3 + ["EXAM-12"] * 2
        assert [case.candidate for case in Case.objects.all()] == [people[3]]
