"""What follows for Emeritus from what happens below it, in the same transaction."""

from __future__ import annotations

from datetime import date, datetime

import payments.services
from candidates.models import Certification
from ceportal.kernel.models import Event
from emeritus import services
from payments.models import Order


def on_payment_requested(event: Event, now: datetime) -> None:
    """A purchase is about to be paid: it must be on offer still, and at the price of now (EMR-04)."""
    if event.payload["purpose"] == Order.Purpose.EMERITUS:
        services.renew_request(order_id=event.subject_id, now=now)


def on_order_paid(event: Event, now: datetime) -> None:
    """A purchase was paid: the term is bought. Where it was no longer on offer the money goes back."""
    if event.payload["purpose"] != Order.Purpose.EMERITUS:
        return
    paid_on = date.fromisoformat(event.payload["paid_on"])
    if services.record_purchase(order_id=event.subject_id, paid_on=paid_on, now=now) is None:
        payments.services.request_refund(
            order_id=event.subject_id, reason="The term was no longer on offer when it was paid (EMR-04).", now=now
        )


def on_certification_changed(event: Event, now: datetime) -> None:
    """A certification became Lifetime: its holder is told (EMR-11)."""
    lifetime = Certification.Status.LIFETIME_EMERITUS
    if event.payload["after"] == lifetime and event.payload["before"] != lifetime:
        services.tell_lifetime(certification_id=event.subject_id, now=now)
