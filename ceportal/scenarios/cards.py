"""The card service as a story needs it: pages that stay open until somebody pays or is declined.

It stands in for the gateway's calls, so that a story runs through the very services that orders, payments and refunds
go through, and nothing leaves the machine.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from ceportal.kernel import clock
from ceportal.kernel.decisions import Decision, Finding, Refused
from payments import gateway
from payments.models import Order, Payment
from payments.services import refresh_payment, start_payment

CALLS = ("create_checkout", "fetch_checkout", "expire_checkout", "create_refund", "fetch_refund", "list_refunds")
DECLINED = gateway.Decline("card_declined", "Your card was declined.")


@dataclass(slots=True)
class CardDesk:
    """All pages and refunds of one story."""

    pages: dict[str, gateway.CheckoutSession] = field(default_factory=dict)
    refunds: dict[str, gateway.GatewayRefund] = field(default_factory=dict)
    given_back: Counter[str] = field(default_factory=Counter)  # cents, by the payment

    def create_checkout(
        self,
        *,
        payment_key: str,
        order_number: str,
        lines: Sequence[gateway.CheckoutLine],
        expires_at: datetime | None,
        **_shown: Any,
    ) -> gateway.CheckoutSession:
        """Open the page of a payment; the same key gives the same page."""
        page_id = f"cs_{payment_key}"
        return self.pages.setdefault(
            page_id,
            gateway.CheckoutSession(
                id=page_id,
                url=f"https://cards.example/{order_number}",
                status="open",
                payment_status="unpaid",
                payment_intent_id=f"pi_{payment_key}",
                amount_total_cents=sum(line.amount_cents * line.quantity for line in lines),
                expires_at=expires_at or clock.now(),
            ),
        )

    def fetch_checkout(self, session_id: str) -> gateway.CheckoutSession:
        """The page as it is now."""
        return self.pages[session_id]

    def expire_checkout(self, session_id: str) -> gateway.CheckoutSession:
        """Close an open page."""
        self.pages[session_id] = replace(self.pages[session_id], status="expired", url="")
        return self.pages[session_id]

    def create_refund(
        self, *, refund_key: str, payment_intent_id: str, amount_cents: int, **_known_by: Any
    ) -> gateway.GatewayRefund:
        """Give money of a payment back, once a key. GatewayRefused where more would be given back than was taken."""
        made = gateway.GatewayRefund(f"re_{refund_key}", "succeeded", amount_cents)
        if made.id in self.refunds:
            return self.refunds[made.id]
        taken = sum(
            page.amount_total_cents
            for page in self.pages.values()
            if page.payment_intent_id == payment_intent_id and page.payment_status == gateway.PAID
        )
        if self.given_back[payment_intent_id] + amount_cents > taken:
            raise gateway.GatewayRefused("More would be given back than was taken.", code="amount_too_large")
        self.given_back[payment_intent_id] += amount_cents
        self.refunds[made.id] = made
        return made

    def fetch_refund(self, refund_id: str) -> gateway.GatewayRefund:
        """The refund as it is now."""
        return self.refunds[refund_id]

    def list_refunds(self, *, payment_intent_id: str) -> list[gateway.GatewayRefund]:  # noqa: ARG002 - as the gateway's
        """What was given back and whose answer was lost: no answer is, in a story."""
        return []

    def pay(self, order: Order, *, now: datetime) -> Payment:
        """Pay an order on its page, and let the portal find out."""
        payment = self._open(order, now=now)
        self.settle(payment, at=now)
        return refresh_payment(payment_id=payment.pk, now=now)

    def settle(self, payment: Payment, *, at: datetime) -> None:
        """Let the card of whoever is on an open page be charged at a moment; the portal finds out when it asks."""
        charge = gateway.Charge(f"ch_{payment.pk}", at, payment.order.candidate.name, "visa", "4242", "")
        self._answer(payment, status="complete", payment_status=gateway.PAID, charge=charge, last_decline=None)

    def decline(self, order: Order, *, clause: str, now: datetime) -> None:
        """Try to pay an order with a card that is declined: Refused, in the words the payer reads (PAY-05)."""
        payment = self._open(order, now=now)
        self._answer(payment, last_decline=DECLINED)
        payment = refresh_payment(payment_id=payment.pk, now=now)
        clauses = dict.fromkeys((clause, "PAY-05"))
        raise Refused(Decision(tuple(Finding(each, False, payment.last_decline) for each in clauses)))

    def _open(self, order: Order, *, now: datetime) -> Payment:
        return start_payment(
            order_id=order.pk, success_url="https://portal.example/", cancel_url="https://portal.example/", now=now
        )

    def _answer(self, payment: Payment, **changes: Any) -> None:
        assert payment.session_id is not None
        self.pages[payment.session_id] = replace(self.pages[payment.session_id], **changes)


@contextmanager
def standing_in() -> Iterator[CardDesk]:
    """Let a desk of its own answer for the card service within the block."""
    desk = CardDesk()
    real = {name: getattr(gateway, name) for name in CALLS}
    for name in CALLS:
        setattr(gateway, name, getattr(desk, name))
    try:
        yield desk
    finally:
        for name, call in real.items():
            setattr(gateway, name, call)
