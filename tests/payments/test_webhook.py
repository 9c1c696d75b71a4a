"""The address at which the card service tells what happened."""

from __future__ import annotations

import json

import pytest
from django.test import Client
from django.urls import reverse

from ceportal.kernel import clock
from payments import services, tasks
from payments.models import StripeEvent
from tests.devstack.cards_sandbox import Delivery
from tests.payments.conftest import RETURN, topics

pytestmark = pytest.mark.django_db


@pytest.fixture
def payment(cards, payments_gateway, order):
    """A payment that was just made on the card page."""
    payment = services.start_payment(order_id=order.id, now=clock.now(), **RETURN)
    cards.pay(payment.page_url)
    return payment


@pytest.fixture
def delivery(payment, webhook) -> Delivery:
    """What the card service tells about it."""
    deliveries = webhook.wait_for_types("checkout.session.completed", "payment_intent.succeeded")
    return next(each for each in deliveries if each.type == "checkout.session.completed")


def send(delivery, **more):
    client = Client(enforce_csrf_checks=True)
    values = {"data": delivery.body, "content_type": "application/json"}
    headers = {"Stripe-Signature": delivery.signature}
    return client.post(reverse("payments:webhook"), headers=headers, **{**values, **more})


def process_all():
    for event_id in StripeEvent.objects.values_list("id", flat=True):
        tasks.process_event(event_id)


def test_a_message_is_taken_without_signing_in_and_followed_up(delivery, payment, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True) as wakings:
        response = send(delivery)
    assert (response.status_code, response.json()) == (200, {"received": delivery.event["id"]})
    assert len(wakings) == 1
    payment.refresh_from_db()
    assert payment.status == "open"  # the answer does not wait for the work
    process_all()
    payment.refresh_from_db()
    assert payment.status == "succeeded"


def test_before_the_redirect_and_after_it_and_twice(delivery, payment, django_capture_on_commit_callbacks):
    send(delivery)
    process_all()
    services.refresh_order(order_id=payment.order_id, now=clock.now())  # the redirect
    with django_capture_on_commit_callbacks() as wakings:
        assert send(delivery).status_code == 200
    assert wakings == []
    process_all()
    assert StripeEvent.objects.count() == 1
    assert topics(payment.order).count("order_paid") == 1


@pytest.mark.parametrize("signature", ["", "nonsense", "t=1700000000,v1=0123456789abcdef"])
def test_a_bad_signature_is_refused(delivery, signature):
    response = send(Delivery(delivery.body, signature))
    assert response.status_code == 400
    assert response.json() == {"error": "The signature is missing, wrong or too old."}
    assert not StripeEvent.objects.exists()


def test_a_message_that_was_changed_is_refused(delivery):
    forged = json.dumps({**delivery.event, "id": "evt_forged"}).encode()
    assert send(Delivery(forged, delivery.signature)).status_code == 400
    assert not StripeEvent.objects.exists()


@pytest.mark.parametrize("size", [600_000, 3_000_000])
def test_a_message_that_is_too_long_is_refused(delivery, size):
    response = send(Delivery(b" " * size, delivery.signature))
    assert (response.status_code, response.json()) == (413, {"error": "The message is too long."})


def test_nothing_is_read_here(client):
    assert client.get(reverse("payments:webhook")).status_code == 405
