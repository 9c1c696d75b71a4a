"""Given back by lines: what a change of booking brings back, and what is never refunded (RSCH-02, RSCH-04)."""

from __future__ import annotations

import pytest

from ceportal.kernel.decisions import Refused
from ceportal.kernel.models import Event
from payments import services
from payments.models import CreditNote, Refund
from tests import factories
from tests.factories import day, noon
from tests.payments.conftest import change_lines, pay_at, topics

pytestmark = pytest.mark.django_db
MONDAY = noon("2026-03-02")


@pytest.fixture
def changed(book):
    """A paid change of booking to Brussels: 1,936 for the lab and 605 for the change."""
    order = book(factories.CandidateFactory.create(country="US"), lines=change_lines(country="BE"))
    pay_at(order, MONDAY)
    order.refresh_from_db()
    return order


def give_back(order, *kinds):
    return services.request_refund(order_id=order.id, kinds=kinds or None, reason="Changed again.", now=MONDAY)


def test_only_the_lines_asked_for_go_back_and_the_order_stays_paid(changed):
    refund = give_back(changed, "lab_fee")
    assert refund.amount_cents == 193600
    assert [line.refund_id for line in changed.lines.all()] == [refund.id, None]
    assert give_back(changed, "lab_fee") == refund
    assert topics(changed).count("refund_requested") == 1
    assert changed.status == "paid"


def test_asked_for_the_rest_the_rest_goes_back(changed):
    first, second = give_back(changed, "lab_fee"), give_back(changed)
    assert (first.amount_cents, second.amount_cents) == (193600, 60500)
    assert give_back(changed) in {first, second}
    assert Refund.objects.count() == 2


def test_a_kind_that_is_not_on_the_order_gives_nothing_back(changed):
    assert give_back(changed, "reread_fee") is None
    assert not Refund.objects.exists()


def test_what_a_voucher_paid_is_not_given_back_in_money(book):
    candidate = factories.CandidateFactory.create(country="US")
    voucher = services.issue_voucher(candidate_id=candidate.id, expires_on=day("2027-01-01"), now=MONDAY)
    order = book(candidate, country="US", voucher_id=voucher.id, now=MONDAY)
    assert give_back(order, "lab_fee") is None
    with pytest.raises(Refused) as refusal:
        give_back(order)
    assert refusal.value.decision.clauses_unmet == ("PAY-04",)
    assert not Refund.objects.exists()


def test_a_line_whose_refund_failed_is_asked_for_anew(changed):
    failed = give_back(changed, "lab_fee")
    Refund.objects.filter(id=failed.id).update(status="failed", done_at=MONDAY)
    again = give_back(changed, "lab_fee")
    assert (again.id != failed.id, again.amount_cents) == (True, 193600)
    assert [line.refund_id for line in changed.lines.all()] == [again.id, None]


def test_of_a_refund_that_failed_only_what_was_not_asked_for_since_is_asked_for_again(changed):
    failed = give_back(changed)
    Refund.objects.filter(id=failed.id).update(status="failed", done_at=MONDAY)
    part = give_back(changed, "lab_fee")
    rest = services.repeat_refund(refund_id=failed.id, now=MONDAY)
    assert (part.amount_cents, rest.amount_cents) == (193600, 60500)
    assert [line.refund_id for line in changed.lines.all()] == [part.id, rest.id]
    assert services.repeat_refund(refund_id=failed.id, now=MONDAY) == rest
    assert Refund.objects.count() == 3


def test_what_was_invoiced_after_a_refund_failed_is_taken_back_when_it_is_asked_for_again(changed):
    failed = give_back(changed, "lab_fee")
    Refund.objects.filter(id=failed.id).update(status="failed", done_at=MONDAY)
    services.issue_invoice(order_id=changed.id, now=noon("2026-03-06"))
    again = services.repeat_refund(refund_id=failed.id, now=noon("2026-03-06"))
    assert CreditNote.objects.get().refund_id == again.id


def test_the_card_service_gives_back_part_by_part(cards, book, now, payments_gateway):
    """The order is refunded when all of it is back."""
    order = book(factories.CandidateFactory.create(country="US"), lines=change_lines(country="BE"))
    payment = services.start_payment(order_id=order.id, now=now, success_url="http://x/", cancel_url="http://x/")
    cards.pay(payment.page_url)
    services.refresh_payment(payment_id=payment.id, now=now)
    for kind, status in (("lab_fee", "paid"), ("reschedule_fee", "refunded")):
        refund = services.request_refund(order_id=order.id, kinds=[kind], reason="Changed.", now=now)
        services.execute_refund(Event.objects.get(topic="payments.refund_requested", subject_id=refund.id), now)
        order.refresh_from_db()
        assert order.status == status
    assert sorted(each["amount"] for each in cards.state()["refunds"]) == [60500, 193600]
