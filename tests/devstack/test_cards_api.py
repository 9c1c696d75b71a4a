"""The API as the official SDK sees it: test cards, refunds, parameters, lists, keys."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from tests.devstack.cards_sandbox import KEY, Cards, checkout_params, client_of, fetch


def pay(client: stripe.StripeClient, method: str = "pm_card_visa", **more: Any) -> stripe.PaymentIntent:
    params = {"amount": 2500, "currency": "usd", "payment_method": method, "confirm": True, **more}
    return client.v1.payment_intents.create(params)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("method", "brand", "last4"),
    [
        ("pm_card_visa", "visa", "4242"),
        ("pm_card_mastercard", "mastercard", "4444"),
        ("pm_card_amex", "amex", "0005"),
    ],
)
def test_a_good_card_pays(stripe_client, method, brand, last4):
    intent = pay(stripe_client, method, metadata={"order": "7"})

    assert (intent.status, intent.amount_received) == ("succeeded", 2500)
    charge = stripe_client.v1.charges.retrieve(str(intent.latest_charge))
    assert (charge.paid, charge.captured, charge.amount, charge.metadata["order"]) == (True, True, 2500, "7")
    assert (charge.payment_method_details.card.brand, charge.payment_method_details.card.last4) == (brand, last4)


@pytest.mark.parametrize(
    ("method", "code", "decline_code", "words"),
    [
        ("pm_card_visa_chargeDeclined", "card_declined", "generic_decline", "declined"),
        (
            "pm_card_visa_chargeDeclinedInsufficientFunds",
            "card_declined",
            "insufficient_funds",
            "insufficient funds",
        ),
        ("pm_card_visa_chargeDeclinedLostCard", "card_declined", "lost_card", "declined"),
        ("pm_card_chargeDeclinedExpiredCard", "expired_card", None, "expired"),
        ("pm_card_chargeDeclinedIncorrectCvc", "incorrect_cvc", None, "security code"),
        ("pm_card_chargeDeclinedProcessingError", "processing_error", None, "processing"),
    ],
)
def test_a_bad_card_is_declined_and_nothing_is_charged(stripe_client, method, code, decline_code, words):
    with pytest.raises(stripe.CardError, match=words) as raised:
        pay(stripe_client, method)

    error = raised.value
    assert (error.http_status, error.code) == (402, code)
    assert error.json_body["error"].get("decline_code") == decline_code
    intent = stripe_client.v1.payment_intents.retrieve(error.json_body["error"]["payment_intent"]["id"])
    assert (intent.status, intent.amount_received) == ("requires_payment_method", 0)
    assert stripe_client.v1.charges.retrieve(str(intent.latest_charge)).paid is False


def test_another_card_can_be_tried_on_the_same_intent(stripe_client):
    intent = stripe_client.v1.payment_intents.create({"amount": 2500, "currency": "usd"})
    with pytest.raises(stripe.CardError):
        stripe_client.v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_visa_chargeDeclined"})

    paid = stripe_client.v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_visa"})

    assert (paid.status, paid.last_payment_error) == ("succeeded", None)
    assert [charge.paid for charge in stripe_client.v1.charges.list({"payment_intent": intent.id})] == [True, False]


def test_a_card_may_ask_for_authentication_first(stripe_client, cards: Cards):
    intent = pay(stripe_client, "pm_card_authenticationRequired", return_url="http://portal.test/back/?a=1")
    assert (intent.status, intent.next_action.type) == ("requires_action", "redirect_to_url")

    back = cards.authenticate(f"/c/auth/{intent.id}", "complete")

    assert back.location.startswith(f"http://portal.test/back/?a=1&payment_intent={intent.id}")
    assert back.location.endswith("redirect_status=succeeded")
    assert stripe_client.v1.payment_intents.retrieve(intent.id).status == "succeeded"


def test_nobody_can_authenticate_who_is_not_there(stripe_client):
    with pytest.raises(stripe.CardError) as raised:
        pay(stripe_client, "pm_card_authenticationRequired", off_session=True)
    assert raised.value.code == "authentication_required"


def test_a_paid_intent_is_neither_cancelled_nor_paid_again(stripe_client):
    intent = pay(stripe_client)
    for again in (
        lambda: stripe_client.v1.payment_intents.cancel(intent.id),
        lambda: stripe_client.v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_visa"}),
    ):
        with pytest.raises(stripe.InvalidRequestError) as raised:
            again()
        assert raised.value.code == "payment_intent_unexpected_state"
    assert len(stripe_client.v1.charges.list({"payment_intent": intent.id}).data) == 1


def test_an_unpaid_intent_can_be_cancelled(stripe_client):
    intent = stripe_client.v1.payment_intents.create({"amount": 2500, "currency": "usd"})
    cancelled = stripe_client.v1.payment_intents.cancel(intent.id, {"cancellation_reason": "abandoned"})
    assert (cancelled.status, cancelled.cancellation_reason) == ("canceled", "abandoned")


def refund(client: stripe.StripeClient, intent: stripe.PaymentIntent, **more: Any) -> stripe.Refund:
    return client.v1.refunds.create({"payment_intent": intent.id, **more})  # type: ignore[typeddict-item]


def test_refunds_never_exceed_what_was_paid(stripe_client):
    intent = pay(stripe_client)

    with pytest.raises(stripe.InvalidRequestError, match=r"\$25\.01\) is greater than charge amount \(\$25\.00\)"):
        refund(stripe_client, intent, amount=2501)
    assert refund(stripe_client, intent, amount=2000).status == "succeeded"
    with pytest.raises(stripe.InvalidRequestError, match=r"greater than unrefunded amount on charge \(\$5\.00\)"):
        refund(stripe_client, intent, amount=501)
    assert refund(stripe_client, intent).amount == 500
    with pytest.raises(stripe.InvalidRequestError, match="already been refunded") as raised:
        refund(stripe_client, intent, amount=1)
    assert raised.value.code == "charge_already_refunded"

    charge = stripe_client.v1.charges.retrieve(str(intent.latest_charge))
    assert (charge.amount_refunded, charge.refunded) == (2500, True)
    listed = stripe_client.v1.refunds.list({"payment_intent": intent.id})
    assert [item.amount for item in listed.auto_paging_iter()] == [500, 2000]


def test_what_was_not_paid_cannot_be_refunded(stripe_client):
    intent = stripe_client.v1.payment_intents.create({"amount": 2500, "currency": "usd"})
    with pytest.raises(stripe.InvalidRequestError, match="does not have a successful charge"):
        refund(stripe_client, intent)


def test_a_refund_the_bank_sends_back_is_owed_again(stripe_client, cards: Cards):
    intent = pay(stripe_client, "pm_card_pendingRefund")
    pending = refund(stripe_client, intent)
    assert pending.status == "pending"

    cards.turn(refund={"id": pending.id, "status": "failed"})

    assert stripe_client.v1.refunds.retrieve(pending.id).status == "failed"
    assert stripe_client.v1.charges.retrieve(str(intent.latest_charge)).amount_refunded == 0


@pytest.mark.parametrize(
    ("params", "code", "param"),
    [
        ({"surprise": "1"}, "parameter_unknown", "surprise"),
        ({"payment_intent_data": {"surprise": "1"}}, "parameter_unknown", "payment_intent_data[surprise]"),
        ({"success_url": None}, "parameter_missing", "success_url"),
        ({"success_url": "portal"}, "url_invalid", "success_url"),
        ({"customer_email": "ada"}, "email_invalid", "customer_email"),
        ({"mode": "subscription"}, None, "mode"),
        ({"line_items": []}, "parameter_missing", "line_items"),
        ({"line_items": [{"quantity": 1}]}, "parameter_missing", "line_items"),
        ({"expires_at": 1}, None, "expires_at"),
        ({"expires_at": "soon"}, "parameter_invalid_integer", "expires_at"),
        ({"metadata": {"x" * 41: "1"}}, None, f"metadata[{'x' * 40}]"),
        ({"client_reference_id": ""}, "parameter_invalid_empty", "client_reference_id"),
    ],
)
def test_wrong_parameters_are_refused_by_name(stripe_client, cards: Cards, params, code, param):
    asked = {name: value for name, value in checkout_params(**params).items() if value is not None}
    with pytest.raises(stripe.InvalidRequestError) as raised:
        stripe_client.v1.checkout.sessions.create(asked)
    assert (raised.value.http_status, raised.value.code, raised.value.param) == (400, code, param)
    assert cards.state()["sessions"] == []


def test_too_small_an_amount_is_refused(stripe_client):
    with pytest.raises(stripe.InvalidRequestError) as raised:
        stripe_client.v1.payment_intents.create({"amount": 49, "currency": "usd"})
    assert raised.value.code == "amount_too_small"


@pytest.mark.parametrize(
    ("identifier", "message"),
    [("pi_none", "No such payment_intent: 'pi_none'"), ("cs_test_none", "No such payment_intent")],
)
def test_what_does_not_exist_is_a_404(stripe_client, identifier, message):
    with pytest.raises(stripe.InvalidRequestError, match=message) as raised:
        stripe_client.v1.payment_intents.retrieve(identifier)
    assert (raised.value.http_status, raised.value.code) == (404, "resource_missing")


def test_an_address_outside_the_protocol_is_a_404(cards: Cards):
    answer = fetch("GET", f"{cards.url}/v1/customers", headers={"Authorization": f"Bearer {KEY}"})
    assert answer.status == 404
    assert "Unrecognized request URL (GET: /v1/customers)" in answer.json()["error"]["message"]


@pytest.mark.parametrize("key", ["sk_test_another_key_of_some_length", "sk_live_cards", "pk_test_cards"])
def test_only_the_secret_key_opens_the_api(cards: Cards, key):
    with client_of(cards, key=key) as client, pytest.raises(stripe.AuthenticationError) as raised:
        client.v1.payment_intents.list()
    assert raised.value.http_status == 401
    assert key not in str(raised.value)


def test_without_a_key_the_api_is_closed(cards: Cards):
    assert fetch("GET", f"{cards.url}/v1/events").status == 401


def test_a_session_is_found_by_its_payment_and_shows_its_lines(stripe_client, cards: Cards):
    session = stripe_client.v1.checkout.sessions.create(checkout_params())
    stripe_client.v1.checkout.sessions.create(checkout_params())
    assert (session.status, session.payment_status, session.payment_intent) == ("open", "unpaid", None)
    cards.pay(session.url)
    paid = stripe_client.v1.checkout.sessions.retrieve(session.id, {"expand": ["line_items"]})

    found = stripe_client.v1.checkout.sessions.list({"payment_intent": str(paid.payment_intent)})

    assert [item.id for item in found] == [session.id]
    assert [(line.description, line.amount_total) for line in paid.line_items] == [("Administrative fee", 30000)]


def test_lists_come_in_pages_newest_first(stripe_client):
    made = [pay(stripe_client).id for _ in range(5)]
    first = stripe_client.v1.payment_intents.list({"limit": 2})
    assert ([item.id for item in first], first.has_more) == (made[:2:-1], True)
    assert [item.id for item in first.auto_paging_iter()] == made[::-1]


def test_events_are_listed_by_type_and_kept_as_things_were(stripe_client):
    intent = pay(stripe_client)
    refund(stripe_client, intent)

    (event,) = stripe_client.v1.events.list({"type": "payment_intent.succeeded"})
    (succeeded,) = stripe_client.v1.events.list({"types": ["charge.succeeded"]})

    assert event.data.object["id"] == intent.id
    assert stripe_client.v1.events.retrieve(succeeded.id).data.object["amount_refunded"] == 0


def test_what_cannot_be_expanded_says_so(stripe_client):
    session = stripe_client.v1.checkout.sessions.create(checkout_params())
    with pytest.raises(stripe.InvalidRequestError, match="cannot be expanded"):
        stripe_client.v1.checkout.sessions.retrieve(session.id, {"expand": ["surprise"]})
