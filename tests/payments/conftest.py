"""Orders to pay, and a house in which nobody reacts: what follows elsewhere is tested elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from candidates.models import Candidate
from ceportal.kernel import clock, outbox
from ceportal.kernel.decisions import Decision, Finding
from ceportal.kernel.models import Event
from payments import services
from payments.gateway import Charge, CheckoutSession, Decline
from payments.models import Order, OrderLine, Payment
from tests import factories

FEE = Decision((Finding("CE-08", True, "The credits of a path that bears the fee are there."),))
LAB = Decision((Finding("LAB-04", True, "The price in force at the time of payment."),))
RETURN = {"success_url": "http://testserver/return/", "cancel_url": "http://testserver/return/?left=1"}


@pytest.fixture(autouse=True)
def nobody_reacts(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Paid orders renew nothing here: these are orders for purposes the rest of the house does not know."""
    monkeypatch.setattr("ceportal.events.REACTIONS", {})
    outbox._wiring.cache_clear()
    yield
    outbox._wiring.cache_clear()


@pytest.fixture
def now() -> datetime:
    """The present: the sandbox has a clock of its own."""
    return clock.now()


@pytest.fixture
def ask(db: None) -> Callable[..., Order]:
    """Opens an order; 300 dollars of a candidate in Belgium unless told otherwise."""

    def ask_for(
        *, candidate: Candidate | None = None, reference: str = "cycle:1", net_cents: int = 30000, **more: Any
    ) -> Order:
        candidate = candidate or factories.CandidateFactory.create(country="BE")
        values = {
            "candidate_id": candidate.id,
            "purpose": Order.Purpose.ADMIN_FEE,
            "reference": reference,
            "lines": [services.LineRequest("Administrative fee", net_cents, "admin_fee")],
            "decision": FEE,
            "now": clock.now(),
        }
        return services.open_order(**{**values, **more})

    return ask_for


@pytest.fixture
def order(ask: Callable[..., Order]) -> Order:
    """An open order of 300 dollars net, 363 with Belgian tax."""
    return ask()


def session(
    *, status: str = "open", charged_at: datetime | None = None, amount_cents: int = 36300, decline: str = ""
) -> CheckoutSession:
    """What the card service says of a page: open, expired, or paid at a moment."""
    charge = Charge("ch_1", charged_at, "ADA LOVELACE", "visa", "4242", "") if charged_at else None
    return CheckoutSession(
        id="cs_1",
        url="https://cards.example/cs_1" if status == "open" else "",
        status="complete" if charged_at else status,
        payment_status="paid" if charged_at else "unpaid",
        payment_intent_id="pi_1",
        amount_total_cents=amount_cents,
        expires_at=factories.LONG_AGO,
        charge=charge,
        last_decline=Decline("card_declined", decline) if decline else None,
    )


def pay_at(order: Order, moment: datetime) -> Payment:
    """A payment of that moment, as the card service would report it."""
    payment = Payment.objects.create(
        order=order,
        amount_cents=order.total_cents,
        session_id=f"cs_{order.id}",
        created_at=moment - timedelta(minutes=1),
        expires_at=moment + timedelta(hours=2),
        next_check_at=moment + timedelta(minutes=10),
    )
    answer = session(charged_at=moment, amount_cents=order.total_cents)
    return services.record_checkout(payment_id=payment.id, session=answer, now=moment)


def topics(order: Order) -> list[str]:
    """What happened around a candidate's money, in order, without the notices."""
    events = Event.objects.filter(candidate_id=order.candidate_id, topic__startswith="payments.")
    return [topic.removeprefix("payments.") for topic in events.values_list("topic", flat=True)]


@pytest.fixture
def book(db: None) -> Callable[..., Order]:
    """Opens the order of a lab booking in Brussels: 1,600 dollars net, 1,936 with the tax of the site."""

    def book_for(candidate: Candidate, *, reference: str = "1", country: str = "BE", **more: Any) -> Order:
        values = {
            "candidate_id": candidate.id,
            "purpose": Order.Purpose.LAB_BOOKING,
            "reference": reference,
            "lines": [services.LineRequest("CCIE Security lab", 160000, OrderLine.Kind.LAB_FEE, country)],
            "decision": LAB,
            "now": clock.now(),
        }
        return services.open_order(**{**values, **more})

    return book_for


def change_lines(*, country: str = "JP", late: bool = True) -> list[services.LineRequest]:
    """What a change of booking asks for: the fee of the new site and, where it is late, that of the change."""
    fee = services.LineRequest("CCIE Security lab", 160000, OrderLine.Kind.LAB_FEE, country)
    change = services.LineRequest("Late change", 50000, OrderLine.Kind.RESCHEDULE_FEE, country)
    return [fee, change] if late else [fee]
