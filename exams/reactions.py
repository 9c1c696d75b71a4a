"""What follows for bookings from what happens with their money, in the same transaction."""

from __future__ import annotations

from datetime import datetime

from ceportal.kernel.models import Event
from exams.services import paying, rescheduling
from payments.models import Order


def on_payment_requested(event: Event, now: datetime) -> None:
    """Somebody is about to pay: refuse what cannot be paid, and price it as of now (LAB-04)."""
    if event.payload["purpose"] == Order.Purpose.LAB_BOOKING:
        paying.price_at_payment(booking_id=int(event.payload["reference"]), order_id=event.subject_id, now=now)
    elif event.payload["purpose"] == Order.Purpose.LAB_RESCHEDULE:
        rescheduling.check_payment(reschedule_id=int(event.payload["reference"]), now=now)


def on_order_paid(event: Event, now: datetime) -> None:
    """What was asked for is paid."""
    if event.payload["purpose"] == Order.Purpose.LAB_BOOKING:
        paying.record_payment(booking_id=int(event.payload["reference"]), order_id=event.subject_id, now=now)
    elif event.payload["purpose"] == Order.Purpose.LAB_RESCHEDULE:
        rescheduling.make_reschedule(reschedule_id=int(event.payload["reference"]), order_id=event.subject_id, now=now)
