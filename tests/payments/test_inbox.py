"""Messages of the card service: stored once, followed up by asking, in any order and however often they come."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.db import transaction

from payments import services
from payments.gateway import InvalidSignature
from payments.models import Payment, Refund, StripeEvent
from tests.payments.conftest import RETURN, topics

pytestmark = pytest.mark.django_db
DECLINED = "4000 0000 0000 0002"
OF_A_PAYMENT = ("checkout.session.completed", "payment_intent.succeeded")


@pytest.fixture
def payment(cards, payments_gateway, order, now):
    """A payment whose card page is open."""
    return services.start_payment(order_id=order.id, now=now, **RETURN)


def store(delivery, now):
    return services.store_event(body=delivery.body, signature=delivery.signature, now=now)


def process(delivery, now):
    return services.process_event(event_id=store(delivery, now).id, now=now)


def test_a_message_is_kept_as_it_came(cards, webhook, payment, now):
    cards.pay(payment.page_url)
    deliveries = webhook.wait_for_types(*OF_A_PAYMENT)
    (completed,) = [each for each in deliveries if each.type == "checkout.session.completed"]
    event = store(completed, now)
    assert (event.kind, event.object_id) == ("checkout.session.completed", payment.session_id)
    assert event.body.encode() == completed.body
    assert (event.received_at, event.processed_at) == (now, None)
    payment.refresh_from_db()
    assert payment.status == "open"


@pytest.mark.parametrize("first", OF_A_PAYMENT)
def test_messages_settle_a_payment_in_any_order(cards, webhook, payment, now, first):
    cards.pay(payment.page_url)
    deliveries = sorted(webhook.wait_for_types(*OF_A_PAYMENT), key=lambda each: each.type != first)
    for delivery in deliveries:
        assert process(delivery, now).outcome == f"payment {payment.id}: succeeded"
    assert topics(payment.order).count("order_paid") == 1


def test_a_message_that_comes_twice_is_processed_once(cards, webhook, payment, now):
    cards.pay(payment.page_url)
    delivery = webhook.wait_for_types(*OF_A_PAYMENT)[0]
    first = process(delivery, now)
    second = process(delivery, now + timedelta(minutes=1))
    assert (first.id, second.processed_at) == (second.id, now)
    assert StripeEvent.objects.count() == 1
    assert topics(payment.order).count("order_paid") == 1


def test_a_message_after_the_return_changes_nothing(cards, webhook, payment, now):
    cards.pay(payment.page_url)
    settled = services.refresh_payment(payment_id=payment.id, now=now + timedelta(seconds=5))
    for delivery in webhook.wait_for_types(*OF_A_PAYMENT):
        process(delivery, now + timedelta(minutes=1))
    payment.refresh_from_db()
    assert payment.paid_at == settled.paid_at
    assert topics(payment.order).count("order_paid") == 1


def test_a_decline_is_heard_of(cards, webhook, payment, now):
    cards.pay(payment.page_url, number=DECLINED)
    (delivery,) = webhook.wait_for_types("payment_intent.payment_failed")
    assert process(delivery, now).outcome == f"payment {payment.id}: open"
    payment.refresh_from_db()
    assert payment.last_decline == "Your card was declined."
    # From now on the intent is known by itself.
    assert payment.intent_id == delivery.event["data"]["object"]["id"]


def test_an_expired_page_is_heard_of(cards, webhook, payments_gateway, payment, now):
    payments_gateway.expire_checkout(payment.session_id)
    (delivery,) = webhook.wait_for_types("checkout.session.expired")
    assert process(delivery, now).outcome == f"payment {payment.id}: expired"


def test_a_refund_that_took_time_is_heard_of(cards, webhook, payment, now):
    cards.pay(payment.page_url, number="4000 0000 0000 7726")
    services.refresh_payment(payment_id=payment.id, now=now)
    refund = services.request_refund(order_id=payment.order_id, reason="No longer due.", now=now)
    refund = services.follow_refund(refund_id=refund.id, now=now)
    cards.turn(refund={"id": refund.stripe_id, "status": "succeeded"})
    deliveries = webhook.wait_for(lambda received: any(each.type == "refund.updated" for each in received))
    (updated,) = [each for each in deliveries if each.type == "refund.updated"]
    assert process(updated, now).outcome == f"refund {refund.id}: succeeded"
    assert Refund.objects.get().status == "succeeded"


def test_a_refund_whose_answer_was_lost_is_heard_of(cards, webhook, payment, now):
    cards.pay(payment.page_url)
    services.refresh_payment(payment_id=payment.id, now=now)
    refund = services.request_refund(order_id=payment.order_id, reason="No longer due.", now=now)
    with transaction.atomic():
        services.follow_refund(refund_id=refund.id, now=now)
        transaction.set_rollback(True)  # as if the machine had stopped before the commit
    deliveries = webhook.wait_for(lambda received: any(each.type == "refund.created" for each in received))
    (created,) = [each for each in deliveries if each.type == "refund.created"]
    process(created, now)
    assert Refund.objects.get().stripe_id == created.event["data"]["object"]["id"]


@pytest.mark.parametrize("kind", ["payment_intent", "refund"])
@pytest.mark.usefixtures("payments_gateway")
def test_what_the_portal_does_not_know_is_noted(webhook, stripe_client, now, kind):
    intent = stripe_client.v1.payment_intents.create(
        {
            "amount": 500,
            "currency": "usd",
            "payment_method": "pm_card_visa",
            "confirm": True,
            "metadata": {"payment": "999999", "order_number": "O-1"},
            "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
        }
    )
    if kind == "refund":
        stripe_client.v1.refunds.create({"payment_intent": intent.id})
    wanted = {"payment_intent": "payment_intent.succeeded", "refund": "refund.created"}[kind]
    deliveries = webhook.wait_for(lambda received: any(each.type == wanted for each in received))
    for delivery in deliveries:
        event = process(delivery, now)
        assert event.processed_at == now
        assert event.outcome in {"nothing that the portal knows", "a refund that the portal did not ask for"}
    assert not Payment.objects.exists()


def test_nothing_is_kept_without_a_valid_signature(cards, webhook, payment, now):
    cards.pay(payment.page_url)
    delivery = webhook.wait_for_types(*OF_A_PAYMENT)[0]
    forged = json.dumps({**delivery.event, "id": "evt_forged"}).encode()
    for body, signature in ((forged, delivery.signature), (delivery.body, "t=1,v1=00"), (delivery.body, "")):
        with pytest.raises(InvalidSignature):
            services.store_event(body=body, signature=signature, now=now)
    assert not StripeEvent.objects.exists()


def test_a_card_service_that_is_down_leaves_the_message_to_be_processed(cards, webhook, payment, now):
    cards.pay(payment.page_url)
    delivery = webhook.wait_for_types(*OF_A_PAYMENT)[0]
    cards.turn(calls=[{"path": f"/v1/checkout/sessions/{payment.session_id}", "mode": "error", "times": 3}])
    with pytest.raises(services.CardServiceUnavailable):
        process(delivery, now)
    event = StripeEvent.objects.get()
    assert event.processed_at is None
    assert services.process_event(event_id=event.id, now=now).outcome == f"payment {payment.id}: succeeded"
