"""Events: which, how they are signed, how deliveries are repeated, and the switches that disturb them."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
import stripe

from tests.devstack.cards_sandbox import (
    SECRET,
    Cards,
    Webhook,
    checkout_params,
    client_of,
    fetch,
    post_form,
    running_cards,
)

PAID = ("payment_intent.succeeded", "checkout.session.completed")


@pytest.fixture
def session(stripe_client: stripe.StripeClient) -> Any:
    return stripe_client.v1.checkout.sessions.create(checkout_params())


def test_a_payment_and_its_refund_are_told(cards: Cards, webhook: Webhook, stripe_client, session):
    cards.pay(session.url, number="4000000000009995")
    webhook.wait_for_types("payment_intent.payment_failed")
    cards.pay(session.url)
    received = webhook.wait_for_types("payment_intent.payment_failed", *PAID)
    completed = received[-1].event
    assert [item.type for item in received[1:]] == list(PAID)
    assert completed["data"]["object"]["id"] == session.id
    assert (completed["object"], completed["livemode"]) == ("event", False)

    webhook.clear()
    intent = completed["data"]["object"]["payment_intent"]
    stripe_client.v1.refunds.create({"payment_intent": intent}, {"idempotency_key": "r1"})
    refunded, created = (item.event for item in webhook.wait_for_types("charge.refunded", "refund.created"))
    assert refunded["data"]["object"]["amount_refunded"] == 30000
    assert created["request"]["idempotency_key"] == "r1"
    assert stripe_client.v1.events.retrieve(created["id"]).type == "refund.created"


def test_a_refund_that_changes_is_told(cards: Cards, webhook: Webhook, stripe_client, session):
    cards.pay(session.url, number="4000000000007726")
    intent = stripe_client.v1.checkout.sessions.retrieve(session.id).payment_intent
    refund = stripe_client.v1.refunds.create({"payment_intent": str(intent)})
    webhook.wait_for_types(*PAID, "charge.refunded", "refund.created")

    cards.turn(refund={"id": refund.id, "status": "succeeded"})

    last = webhook.wait_for_types(*PAID, "charge.refunded", "refund.created", "refund.updated")[-1]
    assert last.event["data"]["object"]["status"] == "succeeded"


def test_expiry_is_told_though_nobody_asks(cards: Cards, webhook: Webhook, session):
    cards.turn(clock={"offset_seconds": 24 * 3600})
    (delivery,) = webhook.wait_for_types("checkout.session.expired")
    assert delivery.event["data"]["object"]["id"] == session.id


def test_signatures_hold_with_our_secret_and_no_other(cards: Cards, webhook: Webhook, session):
    cards.pay(session.url)
    delivery = webhook.wait_for_types(*PAID)[0]

    event = stripe.Webhook.construct_event(delivery.body, delivery.signature, SECRET)
    assert event.type == "payment_intent.succeeded"
    for body, secret in ((delivery.body, "whsec_other"), (delivery.body + b" ", SECRET)):
        with pytest.raises(stripe.SignatureVerificationError):
            stripe.Webhook.construct_event(body, delivery.signature, secret)


def test_a_signature_is_fresh_even_when_the_sandbox_lives_in_another_year(cards: Cards, webhook: Webhook, session):
    cards.turn(clock={"offset_seconds": 3600})
    cards.pay(session.url)
    delivery = webhook.wait_for_types(*PAID)[0]
    event = stripe.Webhook.construct_event(delivery.body, delivery.signature, SECRET)
    assert event.created >= time.time() + 3500


def test_a_delivery_is_repeated_until_it_is_taken(cards: Cards, webhook: Webhook, session):
    webhook.statuses = [500, 302, 404]
    cards.pay(session.url)

    received = webhook.wait_for(lambda items: len(items) == 5)

    assert {item.type for item in received} == set(PAID)
    state = cards.wait_until(
        lambda state: all(
            delivery["state"] == "delivered" for event in state["events"] for delivery in event["deliveries"]
        )
    )
    attempts = [delivery["attempts"] for event in state["events"] for delivery in event["deliveries"]]
    assert sum(attempts) == 5


def test_a_delivery_outlives_the_process(tmp_path: Path, webhook: Webhook):
    with running_cards(tmp_path) as cards, client_of(cards) as client:  # without a webhook: it waits
        session = client.v1.checkout.sessions.create(checkout_params())
        cards.pay(session.url)
        cards.process.kill()
    webhook.clear()
    with running_cards(tmp_path, webhook_url=webhook.url):
        webhook.wait_for_types(*PAID)


def test_events_can_come_several_times(cards: Cards, webhook: Webhook, session):
    cards.turn(webhooks={"repeat": 3})
    cards.pay(session.url)
    received = webhook.wait_for_types(*PAID * 3)
    assert len({item.event["id"] for item in received}) == 2


def test_events_can_come_in_the_wrong_order(cards: Cards, webhook: Webhook, stripe_client, session):
    cards.turn(webhooks={"paused": True, "reorder": True})
    cards.pay(session.url)
    intent = stripe_client.v1.checkout.sessions.retrieve(session.id).payment_intent
    stripe_client.v1.refunds.create({"payment_intent": str(intent)})
    assert webhook.received == []

    cards.turn(webhooks={"paused": False})

    order = [*PAID, "charge.refunded", "refund.created"]
    received = webhook.wait_for_types(*order)
    assert [item.type for item in received] == order[::-1]


def test_events_can_come_late(cards: Cards, webhook: Webhook, session):
    cards.turn(webhooks={"delay_seconds": 0.5})
    before = time.monotonic()
    cards.pay(session.url)
    webhook.wait_for_types(*PAID)
    assert time.monotonic() - before >= 0.5


def test_events_can_get_lost_and_be_delivered_on_request(cards: Cards, webhook: Webhook, session):
    cards.turn(webhooks={"drop": 1, "paused": True})
    cards.pay(session.url)
    events = {event["type"]: event for event in cards.state()["events"]}
    lost, kept = (events[kind] for kind in PAID)
    assert [item["state"] for item in lost["deliveries"]] == ["dropped"]
    assert [item["state"] for item in kept["deliveries"]] == ["waiting"]

    cards.turn(redeliver=lost["id"])

    (delivery,) = webhook.wait_for_types("payment_intent.succeeded")
    assert delivery.event["id"] == lost["id"]


def test_all_events_can_get_lost(cards: Cards, webhook: Webhook, session):
    cards.turn(webhooks={"drop": -1})
    cards.pay(session.url)
    cards.turn(webhooks={"drop": 0})
    other = cards.state()
    assert {item["state"] for event in other["events"] for item in event["deliveries"]} == {"dropped"}
    assert webhook.received == []


def test_the_overview_shows_what_happened_and_takes_its_own_forms_only(cards: Cards, webhook: Webhook, session):
    cards.pay(session.url)
    webhook.wait_for_types(*PAID)
    page = fetch("GET", f"{cards.url}/")
    for words in ("O-1001", "complete, paid", "visa 4242", "checkout.session.completed"):
        assert words in page.text

    event = next(event for event in cards.state()["events"] if event["type"] == "payment_intent.succeeded")
    form = {"redeliver": event["id"]}
    away = post_form(f"{cards.url}/_control", form, headers={"Origin": "http://elsewhere.test"})
    assert away.status == 403
    own = post_form(f"{cards.url}/_control", form, headers={"Origin": cards.url, "Accept": "text/html"})
    assert (own.status, own.location) == (303, "/")
    webhook.wait_for_types(*PAID, "payment_intent.succeeded")


@pytest.mark.parametrize(
    "params", [{"surprise": 1}, {"webhooks": {"repeat": 0}}, {"calls": [{"path": "/v1", "mode": "explode"}]}, []]
)
def test_a_switch_that_does_not_exist_is_refused(cards: Cards, params):
    before = cards.state()
    headers = {"Content-Type": "application/json"}
    assert fetch("POST", f"{cards.url}/_control", body=json.dumps(params), headers=headers).status == 400
    assert cards.state() == before
