"""What was paid in the past: what the card service said then is written down as in service."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import uuid4

from ceportal.kernel import clock
from credits.services import fees
from payments import gateway
from payments.models import Order, Payment
from payments.services import record_checkout

PAGE_OPEN = timedelta(hours=2)


def pay_fee(*, candidate_id: int, cardholder: str, now: datetime) -> None:
    """Open the order of the administrative fee and record its payment."""
    pay_order(fees.request_fee(candidate_id=candidate_id, now=now), cardholder=cardholder, now=now)


def pay_order(order: Order, *, cardholder: str, now: datetime) -> None:
    """Record the payment of an order; the card service is not asked.

    The sandbox knows nothing of this payment, so giving it back would fail: it is a picture of a past one.
    """
    payment = Payment.objects.create(
        order=order,
        amount_cents=order.total_cents,
        session_id=f"cs_demo_{uuid4().hex}",
        created_at=now,
        expires_at=now + PAGE_OPEN,
        next_check_at=now + PAGE_OPEN,
    )
    # The gateway's moments are the card service's; the portal moves them onto its own clock.
    outside = now - clock.shift()
    charge = gateway.Charge(f"ch_demo_{uuid4().hex}", outside, cardholder, "visa", "4242", "")
    session = gateway.CheckoutSession(
        id=payment.session_id or "",
        url="",
        status="complete",
        payment_status=gateway.PAID,
        payment_intent_id=f"pi_demo_{uuid4().hex}",
        amount_total_cents=order.total_cents,
        expires_at=outside + PAGE_OPEN,
        charge=charge,
    )
    record_checkout(payment_id=payment.id, session=session, now=now)
