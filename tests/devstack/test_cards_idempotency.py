"""`Idempotency-Key` as Stripe documents it, and what lost answers do to those who repeat a call."""

from __future__ import annotations

import threading
from pathlib import Path
from urllib.parse import urlencode

import pytest
import stripe

from tests.devstack.cards_sandbox import KEY, Cards, Response, checkout_params, client_of, fetch, running_cards

INTENT = {"amount": "2500", "currency": "usd", "payment_method": "pm_card_visa", "confirm": "true"}


def post(cards: Cards, path: str, params: dict[str, str], *, key: str) -> Response:
    headers = {
        "Authorization": f"Bearer {KEY}",
        "Content-Type": "application/x-www-form-urlencoded",
        "Idempotency-Key": key,
    }
    return fetch("POST", f"{cards.url}{path}", body=urlencode(params), headers=headers)


def test_the_first_answer_is_given_again(cards: Cards):
    first = post(cards, "/v1/payment_intents", INTENT, key="k1")
    again = post(cards, "/v1/payment_intents", INTENT, key="k1")

    assert (again.status, again.json()) == (200, first.json())
    assert first.headers["Idempotent-Replayed"] is None
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.headers["Original-Request"] == first.headers["Request-Id"]
    assert len(cards.state()["charges"]) == 1


def test_a_decline_is_given_again_and_not_tried_again(cards: Cards):
    declined = {**INTENT, "payment_method": "pm_card_visa_chargeDeclined"}
    first = post(cards, "/v1/payment_intents", declined, key="k1")
    again = post(cards, "/v1/payment_intents", declined, key="k1")

    assert (first.status, again.status) == (402, 402)
    assert again.json() == first.json()
    assert again.headers["Idempotent-Replayed"] == "true"
    assert len(cards.state()["charges"]) == 1


def test_a_refused_refund_is_refused_again(cards: Cards, stripe_client):
    intent = post(cards, "/v1/payment_intents", INTENT, key="k1").json()
    refund = {"payment_intent": intent["id"], "amount": "2501"}
    answers = [post(cards, "/v1/refunds", refund, key="r1") for _ in range(2)]
    assert [answer.status for answer in answers] == [400, 400]
    assert answers[1].headers["Idempotent-Replayed"] == "true"


@pytest.mark.parametrize(
    "other", [("/v1/payment_intents", {**INTENT, "amount": "2600"}), ("/v1/refunds", {"charge": "ch_1"})]
)
def test_the_same_key_for_something_else_is_an_error(cards: Cards, other):
    post(cards, "/v1/payment_intents", INTENT, key="k1")

    answer = post(cards, *other, key="k1")

    assert answer.status == 400
    assert answer.json()["error"]["type"] == "idempotency_error"
    assert len(cards.state()["charges"]) == 1


def test_a_request_that_was_never_executed_leaves_its_key_free(cards: Cards):
    for wrong in ({**INTENT, "amount": "much"}, {**INTENT, "surprise": "1"}, {**INTENT, "payment_method": "pm_no"}):
        assert post(cards, "/v1/payment_intents", wrong, key="k1").status in {400, 404}
    assert post(cards, "/v1/payment_intents", INTENT, key="k1").status == 200


def test_a_key_means_nothing_to_a_get(cards: Cards):
    post(cards, "/v1/payment_intents", INTENT, key="k1")
    headers = {"Authorization": f"Bearer {KEY}", "Idempotency-Key": "k1"}
    answer = fetch("GET", f"{cards.url}/v1/payment_intents", headers=headers)
    assert (answer.status, len(answer.json()["data"])) == (200, 1)


def test_the_second_of_two_at_once_is_a_conflict(cards: Cards):
    cards.turn(calls=[{"path": "/v1/payment_intents", "mode": "hold"}])
    answers: list[Response] = []
    first = threading.Thread(target=lambda: answers.append(post(cards, "/v1/payment_intents", INTENT, key="k1")))
    first.start()
    cards.wait_until(lambda state: state["held_calls"] == 1)

    second = post(cards, "/v1/payment_intents", INTENT, key="k1")
    cards.turn(release=True)
    first.join()

    assert second.status == 409
    assert second.json()["error"]["code"] == "idempotency_key_in_use"
    assert answers[0].status == 200
    assert post(cards, "/v1/payment_intents", INTENT, key="k1").json() == answers[0].json()
    assert len(cards.state()["charges"]) == 1


def test_a_key_is_forgotten_after_a_day(cards: Cards):
    first = post(cards, "/v1/payment_intents", INTENT, key="k1").json()
    cards.turn(clock={"offset_seconds": 24 * 3600 + 5})
    assert post(cards, "/v1/payment_intents", INTENT, key="k1").json()["id"] != first["id"]


@pytest.mark.parametrize("mode", ["lose_answer", "stall"])
def test_executed_but_never_heard_of_charges_once(cards: Cards, mode):
    cards.turn(calls=[{"path": "/v1/payment_intents", "mode": mode, "seconds": 5}])
    params = {"amount": 2500, "currency": "usd", "payment_method": "pm_card_visa", "confirm": True}
    with client_of(cards, timeout=0.5) as client, pytest.raises(stripe.APIConnectionError):
        client.v1.payment_intents.create(params, {"idempotency_key": "k1"})
    assert len(cards.state()["charges"]) == 1

    with client_of(cards) as client:
        intent = client.v1.payment_intents.create(params, {"idempotency_key": "k1"})

    assert intent.status == "succeeded"
    assert [charge["payment_intent"] for charge in cards.state()["charges"]] == [intent.id]


@pytest.mark.parametrize(("mode", "error"), [("error", stripe.APIError), ("rate_limit", stripe.RateLimitError)])
def test_a_call_that_fails_before_it_is_executed_does_nothing(cards: Cards, stripe_client, mode, error):
    cards.turn(calls=[{"path": "/v1/checkout", "mode": mode, "times": 2}])
    for _attempt in range(2):
        with pytest.raises(error):
            stripe_client.v1.checkout.sessions.create(checkout_params(), {"idempotency_key": "c1"})
    assert cards.state()["sessions"] == []
    assert stripe_client.v1.checkout.sessions.create(checkout_params(), {"idempotency_key": "c1"}).status == "open"


def test_the_sdk_gets_through_by_itself(cards: Cards):
    cards.turn(calls=[{"path": "/v1/checkout", "mode": "lose_answer"}])
    with client_of(cards, retries=2) as client:
        session = client.v1.checkout.sessions.create(checkout_params())
    assert [item["id"] for item in cards.state()["sessions"]] == [session.id]


def test_everything_is_there_again_after_a_restart(tmp_path: Path):
    with running_cards(tmp_path) as cards:
        first = post(cards, "/v1/payment_intents", INTENT, key="k1").json()
        cards.turn(calls=[{"path": "/v1/refunds", "mode": "refuse"}])
        cards.process.kill()  # no chance to tidy up
    with running_cards(tmp_path) as cards:
        again = post(cards, "/v1/payment_intents", INTENT, key="k1")
        refused = post(cards, "/v1/refunds", {"payment_intent": first["id"]}, key="r1")
        state = cards.state()
    assert (again.json(), again.headers["Idempotent-Replayed"]) == (first, "true")
    assert refused.json()["error"]["code"] == "balance_insufficient"
    assert (len(state["charges"]), len(state["refunds"])) == (1, 0)
