"""What the portal relies on at the card service, said once and asked of the sandbox and, given a test key, of Stripe.

STRIPE_TEST_SECRET_KEY in the environment adds Stripe itself; without it there is only the sandbox (docs/operations.md).
Everything goes through `payments.gateway`; the SDK alone only plays the cardholder, whom the portal never is.
"""

from __future__ import annotations

import os
import socket
import threading
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
import stripe

from ceportal.kernel import clock
from payments import gateway
from tests.devstack.cards_sandbox import KEY

TEST_KEY = os.environ.get("STRIPE_TEST_SECRET_KEY", "")
PARTIES = ["sandbox", *(["stripe"] if TEST_KEY else [])]
ASKED_AT_MOST, BETWEEN_SECONDS = 60, 0.5  # Stripe lists an event some moments after what it is about


@dataclass
class Party:
    """The card service that is asked, and what a cardholder does there. Keys are of this run alone."""

    client: stripe.StripeClient
    began: datetime = field(default_factory=lambda: clock.now() - timedelta(minutes=1))
    run: str = field(default_factory=lambda: uuid.uuid4().hex)

    def key(self, name: str) -> str:
        return f"contract-{self.run}-{name}"

    def open_page(self, name: str, *, amount_cents: int = 36300, **more: Any) -> gateway.CheckoutSession:
        values: dict[str, Any] = {
            "payment_key": self.key(name),
            "order_number": "O-2026-000001",
            "lines": [gateway.CheckoutLine("Administrative fee", amount_cents)],
            "currency": "USD",
            "email": "ada@example.org",
            "success_url": "https://portal.example/paid/",
            "cancel_url": "https://portal.example/left/",
            "metadata": {"payment": "1"},
            "expires_at": None,
        }
        return gateway.create_checkout(**values | more)

    def pay(self, card: str = "pm_card_visa", *, amount_cents: int = 36300) -> stripe.PaymentIntent:
        """A payment made with one of Stripe's test cards, known by what the portal writes on its own."""
        return self.client.v1.payment_intents.create(
            {
                "amount": amount_cents,
                "currency": "usd",
                "payment_method": card,
                "confirm": True,
                "metadata": {"payment": "1", "order_number": "O-2026-000001"},
                "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
            }
        )

    def refund(self, intent: stripe.PaymentIntent, name: str, amount_cents: int) -> gateway.GatewayRefund:
        return gateway.create_refund(
            refund_key=self.key(name), payment_intent_id=intent.id, amount_cents=amount_cents, metadata={"refund": "1"}
        )

    def wait_for_balance(
        self, source_id: str, holds: Callable[[list[gateway.BalanceEntry]], bool] = bool
    ) -> list[gateway.BalanceEntry]:
        """What moved because of a charge, refund or dispute, the first first, once the condition holds."""
        tick = threading.Event()
        for _attempt in range(ASKED_AT_MOST):
            moved = gateway.balance_of(source_id)[::-1]
            if holds(moved):
                return moved
            tick.wait(BETWEEN_SECONDS)
        raise AssertionError(f"The balance never told of {source_id}.")

    def wait_for_event(self, kind: str, about: Callable[[dict[str, Any]], bool]) -> gateway.GatewayEvent:
        """The message of a kind about something, as it is listed for whoever did not get it."""
        tick = threading.Event()
        for _attempt in range(ASKED_AT_MOST):
            for event in gateway.list_events(since=self.began):
                if event.type == kind and about(event.payload["data"]["object"]):
                    return event
            tick.wait(BETWEEN_SECONDS)
        raise AssertionError(f"{kind} was never listed.")


@pytest.fixture(params=PARTIES)
def party(request: pytest.FixtureRequest, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Party]:
    """Each card service in turn, with the portal's own settings pointed at it."""
    if request.param == "sandbox":
        request.getfixturevalue("payments_gateway")
        yield Party(request.getfixturevalue("stripe_client"))
        return
    assert TEST_KEY.startswith("sk_test_"), "STRIPE_TEST_SECRET_KEY must be a test key: a real one takes real money."
    settings.STRIPE_SECRET_KEY, settings.STRIPE_API_BASE = TEST_KEY, ""
    # Tests speak to this machine only, but for this one.
    monkeypatch.setattr(socket.socket, "connect", socket.socket.__mro__[1].connect)  # type: ignore[attr-defined]
    transport = stripe.RequestsClient()
    yield Party(stripe.StripeClient(TEST_KEY, http_client=transport))
    transport.close()  # type: ignore[no-untyped-call]  # the SDK has no types here


def refused(call: Callable[[], Any]) -> str:
    """The code with which a call is refused."""
    with pytest.raises(gateway.GatewayRefused) as refusal:
        call()
    return refusal.value.code


def test_a_page_is_opened_once_a_key_and_closed_for_good(party: Party) -> None:
    page = party.open_page("page")
    assert (page.status, page.payment_status, page.amount_total_cents) == ("open", "unpaid", 36300)
    assert page.url.startswith("http")
    assert (page.charge, page.last_decline) == (None, None)
    assert timedelta(hours=23) < page.expires_at - clock.now() < timedelta(hours=25)

    assert party.open_page("page").id == page.id
    assert party.open_page("another").id != page.id
    assert refused(lambda: party.open_page("page", amount_cents=100)) == "idempotency_error"
    assert gateway.fetch_checkout(page.id).status == "open"

    closed = gateway.expire_checkout(page.id)
    assert (closed.status, closed.payment_status, closed.url) == ("expired", "unpaid", "")
    refused(lambda: gateway.expire_checkout(page.id))
    assert gateway.fetch_checkout(page.id).status == "expired"
    told = party.wait_for_event("checkout.session.expired", lambda subject: subject["id"] == page.id)
    assert (told.object_id, told.object_type) == (page.id, "checkout.session")
    assert told.payload["data"]["object"]["metadata"] == {"payment": "1", "order_number": "O-2026-000001"}


def test_a_page_closes_by_itself_when_it_was_asked_to(party: Party) -> None:
    ends = clock.now().replace(microsecond=0) + timedelta(minutes=31)
    assert party.open_page("short", expires_at=ends).expires_at == ends
    refused(lambda: party.open_page("too short", expires_at=ends - timedelta(minutes=10)))


def test_money_goes_back_once_a_key_and_never_more_than_was_taken(party: Party) -> None:
    intent = party.pay()
    part = party.refund(intent, "part", 30000)
    assert (part.status, part.amount_cents) == ("succeeded", 30000)
    assert party.refund(intent, "part", 30000) == part
    assert gateway.fetch_refund(part.id) == part
    assert refused(lambda: party.refund(intent, "part", 100)) == "idempotency_error"
    refused(lambda: party.refund(intent, "too much", 6301))
    rest = party.refund(intent, "rest", 6300)
    assert (rest.status, rest.id == part.id) == ("succeeded", False)
    assert refused(lambda: party.refund(intent, "once more", 6300)) == "charge_already_refunded"
    told = party.wait_for_event("refund.created", lambda subject: subject["id"] == rest.id)
    assert told.payload["data"]["object"]["metadata"] == {"refund": "1"}


def test_a_refund_may_take_its_time(party: Party) -> None:
    refund = party.refund(party.pay("pm_card_pendingRefund"), "pending", 36300)
    assert refund.status == "pending"
    assert gateway.fetch_refund(refund.id).id == refund.id


def test_a_dispute_names_the_payment_as_the_portal_knows_it(party: Party) -> None:
    intent = party.pay("pm_card_createDispute")
    told = party.wait_for_event("charge.dispute.created", lambda subject: subject["payment_intent"] == intent.id)
    assert told.object_type == "dispute"
    dispute = gateway.fetch_dispute(told.object_id)
    assert (dispute.id, dispute.payment_intent_id, dispute.amount_cents) == (told.object_id, intent.id, 36300)
    assert (dispute.status, dispute.reason) == ("needs_response", "fraudulent")
    assert dispute.known_by == {"payment": "1", "order_number": "O-2026-000001"}
    assert dispute.respond_by is not None
    assert dispute.respond_by > dispute.created
    refused(lambda: party.refund(intent, "of a disputed payment", 36300))


def test_the_balance_tells_what_was_charged_and_given_back_and_what_is_kept_of_it(
    party: Party, monkeypatch: pytest.MonkeyPatch
) -> None:
    intent = party.pay("pm_card_refundFail")
    (charged,) = party.wait_for_balance(str(intent.latest_charge))
    assert (charged.kind, charged.source_type, charged.amount_cents, charged.currency) == (
        "charge", "charge", 36300, "USD",
    )  # fmt: skip
    assert 0 < charged.fee_cents == charged.fees_told_cents
    assert (charged.payment_intent_id, charged.known_by) == (
        intent.id, {"payment": "1", "order_number": "O-2026-000001"},
    )  # fmt: skip

    # What goes back costs nothing; a bank that sends it back is another movement of the same refund.
    refund = party.refund(intent, "sent back", 30000)
    assert [each.id for each in gateway.list_refunds(payment_intent_id=intent.id)] == [refund.id]
    made, returned = party.wait_for_balance(refund.id, lambda moved: len(moved) == 2)
    assert [(each.kind, each.amount_cents, each.fee_cents) for each in (made, returned)] == [
        ("refund", -30000, 0), ("refund_failure", 30000, 0),
    ]  # fmt: skip
    assert {(each.source_id, each.source_type, each.payment_intent_id) for each in (made, returned)} == {
        (refund.id, "refund", intent.id)
    }
    assert made.known_by == {"refund": "1"}
    assert gateway.fetch_refund(refund.id).status == "failed"

    # Listed by moment, newest first, page after page.
    monkeypatch.setattr(gateway, "PAGE", 2)
    listed = gateway.list_balance(since=party.began, before=clock.now() + timedelta(minutes=1))
    assert [each.created for each in listed] == sorted((each.created for each in listed), reverse=True)
    assert all(each in listed for each in (charged, made, returned))
    assert len({each.id for each in listed}) == len(listed) >= 3
    assert all(
        each.kind == "refund"
        for each in gateway.list_balance(since=party.began, before=clock.now() + timedelta(minutes=1), kind="refund")
    )
    assert charged not in gateway.list_balance(since=party.began, before=charged.created)


def test_the_balance_tells_what_a_dispute_takes_and_gives_back(party: Party) -> None:
    intent = party.pay("pm_card_createDispute")
    told = party.wait_for_event("charge.dispute.created", lambda subject: subject["payment_intent"] == intent.id)
    (taken,) = party.wait_for_balance(told.object_id)
    assert (taken.kind, taken.source_type, taken.amount_cents) == ("adjustment", "dispute", -36300)
    assert taken.fee_cents == taken.fees_told_cents
    dispute = gateway.fetch_dispute(told.object_id)
    assert (dispute.taken_cents, dispute.moved) == (36300, taken.created)

    # Stripe's word for a test that wins.
    evidence: Any = {"evidence": {"uncategorized_text": "winning_evidence"}, "submit": True}
    party.client.v1.disputes.update(told.object_id, evidence)
    _taken, given = party.wait_for_balance(told.object_id, lambda moved: len(moved) == 2)
    assert (given.kind, given.amount_cents) == ("adjustment", 36300)
    party.wait_for_event("charge.dispute.closed", lambda subject: subject["id"] == told.object_id)
    dispute = gateway.fetch_dispute(told.object_id)
    assert (dispute.status, dispute.taken_cents) == ("won", 0)


def test_what_is_not_there_and_who_may_not_ask(party: Party, settings: Any) -> None:
    assert refused(lambda: gateway.fetch_checkout("cs_test_nothing")) == "resource_missing"
    assert refused(lambda: gateway.fetch_refund("re_nothing")) == "resource_missing"
    assert refused(lambda: gateway.fetch_dispute("du_nothing")) == "resource_missing"
    settings.STRIPE_SECRET_KEY = f"{KEY}_of_somebody_else"
    with pytest.raises(gateway.GatewayUnavailable) as unavailable:
        party.open_page("not ours")
    assert "somebody" not in str(unavailable.value)
