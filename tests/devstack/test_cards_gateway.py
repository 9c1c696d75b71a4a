"""`payments.gateway` against the sandbox: the portal's own view of paying, refunding and being told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import ModuleType
from typing import Any

import pytest

from tests.devstack.cards_sandbox import Cards, Webhook

Open = Callable[..., Any]


@pytest.fixture
def open_checkout(payments_gateway: ModuleType) -> Open:
    """Opens a checkout of 324.75 dollars in two lines."""

    def open_it(**more: Any) -> Any:
        lines = [
            payments_gateway.CheckoutLine("Administrative fee", 30000),
            payments_gateway.CheckoutLine("Tax", 825, 3),
        ]
        values = {
            "payment_key": "payment-1",
            "order_number": "O-1001",
            "lines": lines,
            "currency": "USD",
            "email": "ada@example.org",
            "success_url": "http://portal.test/paid/?session={CHECKOUT_SESSION_ID}",
            "cancel_url": "http://portal.test/cancelled/",
            "metadata": {"order_id": "17"},
            "expires_at": None,
        }
        return payments_gateway.create_checkout(**{**values, **more})

    return open_it


def test_a_checkout_is_opened_paid_and_fetched(cards: Cards, payments_gateway, open_checkout: Open):
    opened = open_checkout()
    assert (opened.status, opened.payment_status, opened.amount_total_cents) == ("open", "unpaid", 32475)
    assert (opened.payment_intent_id, opened.charge, opened.last_decline) == ("", None, None)

    cards.pay(opened.url)

    paid = payments_gateway.fetch_checkout(opened.id)
    assert (paid.status, paid.payment_status, paid.url) == ("complete", "paid", "")
    assert paid.payment_intent_id.startswith("pi_")
    charge = paid.charge
    assert (charge.cardholder_name, charge.card_brand, charge.card_last4) == ("Ada Lovelace", "visa", "4242")
    assert charge.created.tzinfo is UTC
    assert charge.receipt.startswith(f"{cards.url}/c/receipt/ch_")
    (intent,) = cards.state()["payment_intents"]
    assert intent["metadata"] == {"order_id": "17", "order_number": "O-1001"}


def test_a_decline_is_known_until_a_card_works(cards: Cards, payments_gateway, open_checkout: Open):
    opened = open_checkout()
    cards.pay(opened.url, number="4000000000009995")
    declined = payments_gateway.fetch_checkout(opened.id)
    assert (declined.status, declined.charge) == ("open", None)
    assert declined.last_decline == payments_gateway.Decline("insufficient_funds", "Your card has insufficient funds.")

    cards.pay(opened.url, number="4000000000000069")
    assert payments_gateway.fetch_checkout(opened.id).last_decline.code == "expired_card"

    cards.pay(opened.url)
    assert payments_gateway.fetch_checkout(opened.id).last_decline is None


def test_the_same_payment_always_gets_the_same_checkout(cards: Cards, open_checkout: Open):
    ends = datetime.fromtimestamp(open_checkout(payment_key="clock").expires_at.timestamp(), UTC) - timedelta(hours=1)
    first, again, other = (
        open_checkout(payment_key=key, expires_at=ends) for key in ("payment-1", "payment-1", "payment-2")
    )
    assert first == again
    assert first.id != other.id
    assert first.expires_at == ends
    assert len(cards.state()["sessions"]) == 3


def test_a_lost_answer_opens_one_checkout(cards: Cards, open_checkout: Open):
    cards.turn(calls=[{"path": "/v1/checkout", "mode": "lose_answer"}])
    opened = open_checkout()
    assert [session["id"] for session in cards.state()["sessions"]] == [opened.id]


def test_the_same_payment_with_another_amount_is_refused(payments_gateway, open_checkout: Open):
    open_checkout()
    with pytest.raises(payments_gateway.GatewayRefused) as raised:
        open_checkout(lines=[payments_gateway.CheckoutLine("Fee", 100)])
    assert raised.value.code == "idempotency_error"


def test_an_open_checkout_expires_and_a_paid_one_does_not(cards: Cards, payments_gateway, open_checkout: Open):
    opened = open_checkout()
    assert payments_gateway.expire_checkout(opened.id).status == "expired"
    paid = open_checkout(payment_key="payment-2")
    cards.pay(paid.url)
    with pytest.raises(payments_gateway.GatewayRefused, match="status of complete"):
        payments_gateway.expire_checkout(paid.id)


@pytest.fixture
def payment_intent_id(cards: Cards, payments_gateway: ModuleType, open_checkout: Open) -> str:
    opened = open_checkout()
    cards.pay(opened.url)
    return str(payments_gateway.fetch_checkout(opened.id).payment_intent_id)


def test_money_goes_back_once_for_each_key(cards: Cards, payments_gateway, payment_intent_id: str):
    def refund(key: str, amount_cents: int) -> Any:
        return payments_gateway.create_refund(
            refund_key=key, payment_intent_id=payment_intent_id, amount_cents=amount_cents, metadata={}
        )

    cards.turn(calls=[{"path": "/v1/refunds", "method": "POST", "mode": "lose_answer"}])
    first = refund("refund-1", 30000)
    assert (first.status, first.amount_cents) == ("succeeded", 30000)
    assert refund("refund-1", 30000) == first
    assert payments_gateway.fetch_refund(first.id) == first
    with pytest.raises(payments_gateway.GatewayRefused, match="greater than unrefunded amount"):
        refund("refund-2", 2476)
    assert len(cards.state()["refunds"]) == 1


def test_a_refund_that_was_refused_needs_another_key(cards: Cards, payments_gateway, payment_intent_id: str):
    cards.turn(calls=[{"path": "/v1/refunds", "method": "POST", "mode": "refuse"}])
    refund = {"refund_key": "r", "payment_intent_id": payment_intent_id, "amount_cents": 1, "metadata": {}}
    for _same_key in range(2):
        with pytest.raises(payments_gateway.GatewayRefused) as raised:
            payments_gateway.create_refund(**refund)
        assert raised.value.code == "balance_insufficient"
    assert payments_gateway.create_refund(**{**refund, "refund_key": "another"}).amount_cents == 1


@pytest.mark.parametrize("mode", ["error", "rate_limit", "lose_answer"])
def test_trouble_on_the_way_is_unavailable(cards: Cards, payments_gateway, open_checkout: Open, monkeypatch, *, mode):
    monkeypatch.setattr(payments_gateway, "NETWORK_RETRIES", 0)
    cards.turn(calls=[{"path": "/v1/", "mode": mode}])
    with pytest.raises(payments_gateway.GatewayUnavailable):
        open_checkout()
    assert open_checkout().status == "open"


def test_silence_is_unavailable(cards: Cards, payments_gateway, open_checkout: Open, monkeypatch):
    monkeypatch.setattr(payments_gateway, "NETWORK_RETRIES", 0)
    monkeypatch.setattr(payments_gateway, "READ_SECONDS", 0.3)
    cards.turn(calls=[{"path": "/v1/", "mode": "stall", "seconds": 5}])
    with pytest.raises(payments_gateway.GatewayUnavailable):
        open_checkout()


def test_nobody_there_is_unavailable(payments_gateway, open_checkout: Open, monkeypatch, settings):
    monkeypatch.setattr(payments_gateway, "NETWORK_RETRIES", 0)
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"
    with pytest.raises(payments_gateway.GatewayUnavailable):
        open_checkout()


def test_a_wrong_key_refuses_no_call_for_good_and_is_not_repeated_in_words(payments_gateway, settings):
    settings.STRIPE_SECRET_KEY = "sk_test_of_somebody_else"
    with pytest.raises(payments_gateway.GatewayUnavailable) as raised:
        payments_gateway.fetch_checkout("cs_test_1")
    assert "of_somebody" not in str(raised.value)


def test_an_unknown_checkout_is_refused(payments_gateway):
    with pytest.raises(payments_gateway.GatewayRefused) as raised:
        payments_gateway.fetch_checkout("cs_test_none")
    assert raised.value.code == "resource_missing"


def test_an_event_is_read_when_it_is_signed(cards: Cards, webhook: Webhook, payments_gateway, open_checkout: Open):
    opened = open_checkout()
    cards.pay(opened.url)
    delivery = webhook.wait_for_types("payment_intent.succeeded", "checkout.session.completed")[1]

    event = payments_gateway.parse_event(body=delivery.body, signature=delivery.signature)

    assert (event.type, event.object_type) == ("checkout.session.completed", "checkout.session")
    assert event.object_id == opened.id
    assert event.payload["data"]["object"]["client_reference_id"] == "O-1001"
    assert event.created.tzinfo is UTC


@pytest.mark.parametrize("wrong", ["body", "signature", "no signature", "secret", "no secret"])
def test_an_event_nobody_signed_is_refused(
    cards: Cards, webhook: Webhook, payments_gateway, open_checkout: Open, settings, *, wrong
):
    cards.pay(open_checkout().url)
    delivery = webhook.wait_for(bool)[0]
    body, signature = delivery.body, delivery.signature
    if wrong == "body":
        body = b"\xff" + body
    elif wrong == "signature":
        signature = "t=1,v1=0"
    elif wrong == "no signature":
        signature = ""
    else:
        settings.STRIPE_WEBHOOK_SECRET = "whsec_other" if wrong == "secret" else ""
    with pytest.raises(payments_gateway.InvalidSignature):
        payments_gateway.parse_event(body=body, signature=signature)
