from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction

from candidates.models import Notice
from ceportal.kernel import relay
from ceportal.kernel.decisions import Refused
from ceportal.kernel.models import Delivery, Event
from payments import services
from payments.gateway import GatewayUnavailable
from payments.models import Refund
from tests import factories
from tests.payments.conftest import RETURN, change_lines, topics

pytestmark = pytest.mark.django_db
PENDING_REFUND = "4000 0000 0000 7726"


@pytest.fixture
def pay(cards, payments_gateway, now):
    """Pays an order on the sandbox's page."""

    def pay_for(order, **card):
        payment = services.start_payment(order_id=order.id, now=now, **RETURN)
        cards.pay(payment.page_url, **card)
        return services.refresh_payment(payment_id=payment.id, now=now)

    return pay_for


def ask_back(order, now):
    return services.request_refund(order_id=order.id, reason="No longer due.", now=now)


def test_money_goes_back_through_the_relay(cards, order, pay, now):
    payment = pay(order)
    refund = ask_back(order, now)
    assert (refund.status, refund.amount_cents, refund.payment) == ("requested", 36300, payment)
    assert cards.state()["refunds"] == []

    (delivery_id,) = Delivery.objects.filter(receiver="card refund").values_list("id", flat=True)
    assert relay.deliver(delivery_id=delivery_id, now=now)

    refund.refresh_from_db()
    order.refresh_from_db()
    assert (refund.status, refund.done_at, order.status) == ("succeeded", now, "refunded")
    (given,) = cards.state()["refunds"]
    assert (given["id"], given["amount"]) == (refund.stripe_id, 36300)
    assert topics(order)[-3:] == ["order_paid", "refund_requested", "refunded"]
    notice = Notice.objects.get(kind="refund_made")
    assert order.number in notice.subject
    assert "USD\N{NO-BREAK SPACE}363.00" in notice.body


def test_asking_twice_gives_money_back_once(cards, order, pay, now):
    pay(order)
    assert ask_back(order, now) == ask_back(order, now)
    event = Event.objects.get(topic="payments.refund_requested")
    for _time in range(2):
        services.execute_refund(event, now)
    assert len(cards.state()["refunds"]) == 1
    assert topics(order).count("refunded") == 1
    assert Notice.objects.filter(kind="refund_made").count() == 1


def test_a_refund_whose_answer_was_lost_is_made_once(cards, order, pay, now):
    pay(order)
    refund = ask_back(order, now)
    with transaction.atomic():
        services.follow_refund(refund_id=refund.id, now=now)
        transaction.set_rollback(True)  # as if the machine had stopped before the commit
    assert services.follow_refund(refund_id=refund.id, now=now).status == "succeeded"
    assert len(cards.state()["refunds"]) == 1


def test_a_refund_whose_answer_was_lost_is_made_once_days_later_too(cards, book, pay, now):
    """PAY-04: the card service has forgotten the call's key by then, and a second part would fit beside the first."""
    order = book(factories.CandidateFactory.create(country="BE"), lines=change_lines(country="BE"))
    pay(order)
    part = services.request_refund(order_id=order.id, kinds=["reschedule_fee"], reason="Not late.", now=now)
    with transaction.atomic():
        services.follow_refund(refund_id=part.id, now=now)
        transaction.set_rollback(True)
    cards.turn(clock={"offset_seconds": 3 * 86_400})
    for _time in range(2):
        assert services.follow_refund(refund_id=part.id, now=now + timedelta(days=3)).status == "succeeded"
    assert [each["amount"] for each in cards.state()["refunds"]] == [part.amount_cents]


def test_a_refund_first_brought_days_later_is_made(cards, order, pay, now):
    pay(order)
    refund = services.follow_refund(refund_id=ask_back(order, now).id, now=now + timedelta(days=3))
    assert (refund.status, len(cards.state()["refunds"])) == ("succeeded", 1)


def test_a_key_that_the_card_service_does_not_know_fails_no_refund(cards, order, pay, now, settings):
    """It is put right and the refund goes on; nobody has to ask for each one again."""
    pay(order)
    refund = ask_back(order, now)
    right, settings.STRIPE_SECRET_KEY = settings.STRIPE_SECRET_KEY, "sk_test_of_another_account"
    with pytest.raises(GatewayUnavailable):
        services.follow_refund(refund_id=refund.id, now=now)
    refund.refresh_from_db()
    assert (refund.status, cards.state()["refunds"]) == ("requested", [])
    settings.STRIPE_SECRET_KEY = right
    assert services.follow_refund(refund_id=refund.id, now=now).status == "succeeded"


def test_a_card_service_that_is_down_leaves_the_refund_asked_for(cards, order, pay, now):
    pay(order)
    ask_back(order, now)
    cards.turn(calls=[{"path": "/v1/refunds", "mode": "error", "times": 3}])
    delivery = Delivery.objects.get(receiver="card refund")
    assert not relay.deliver(delivery_id=delivery.id, now=now)
    delivery.refresh_from_db()
    assert (delivery.status, delivery.attempts, Refund.objects.get().status) == ("pending", 1, "requested")
    assert relay.deliver(delivery_id=delivery.id, now=now)
    assert Refund.objects.get().status == "succeeded"


def test_a_refund_that_the_card_service_refuses_is_for_staff(cards, order, pay, now):
    pay(order)
    refund = ask_back(order, now)
    cards.turn(calls=[{"path": "/v1/refunds", "mode": "refuse", "times": 1}])
    assert services.follow_refund(refund_id=refund.id, now=now).status == "failed"
    order.refresh_from_db()
    assert order.status == "paid"
    assert topics(order)[-1] == "refund_failed"
    # Asked for anew, it is another refund.
    assert ask_back(order, now).id != refund.id


def test_money_given_back_by_hand_counts(cards, order, pay, stripe_client, now):
    payment = pay(order)
    stripe_client.v1.refunds.create({"payment_intent": payment.intent_id})
    refund = ask_back(order, now)
    assert services.follow_refund(refund_id=refund.id, now=now).status == "succeeded"
    assert services.follow_refund(refund_id=refund.id, now=now).status == "succeeded"
    assert len(cards.state()["refunds"]) == 1


@pytest.mark.parametrize("ends", [("succeeded", "refunded"), ("failed", "paid")])
def test_a_refund_that_takes_time_is_followed(cards, order, pay, now, ends):
    status, order_status = ends
    pay(order, number=PENDING_REFUND)
    refund = ask_back(order, now)
    refund = services.follow_refund(refund_id=refund.id, now=now)
    assert refund.status == "requested"
    assert refund.stripe_id
    cards.turn(refund={"id": refund.stripe_id, "status": status})
    assert services.follow_refund(refund_id=refund.id, now=now).status == status
    order.refresh_from_db()
    assert order.status == order_status


def test_a_bank_that_sends_the_money_back_is_for_staff(cards, order, pay, now):
    pay(order)
    refund = services.follow_refund(refund_id=ask_back(order, now).id, now=now)
    cards.turn(refund={"id": refund.stripe_id, "status": "failed"})
    assert services.follow_refund(refund_id=refund.id, now=now).status == "failed"
    assert topics(order)[-2:] == ["refunded", "refund_failed"]


def test_a_surplus_goes_back_and_the_order_stays_cancelled(cards, order, payments_gateway, now):
    payment = services.start_payment(order_id=order.id, now=now, **RETURN)
    services.cancel_order(order_id=order.id, now=now)
    cards.pay(payment.page_url)
    services.refresh_payment(payment_id=payment.id, now=now)
    services.execute_refund(Event.objects.get(topic="payments.refund_requested"), now)
    order.refresh_from_db()
    assert (Refund.objects.get().status, order.status) == ("succeeded", "cancelled")


def test_nothing_is_given_back_where_nothing_was_taken(order, now):
    with pytest.raises(Refused) as refusal:
        ask_back(order, now)
    assert refusal.value.decision.clauses_unmet == ("PAY-04",)
    assert not Refund.objects.exists()
