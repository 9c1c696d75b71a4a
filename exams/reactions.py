"""What follows for bookings and re-reads from money and corrected results, in the same transaction."""

from __future__ import annotations

from datetime import date, datetime

from ceportal.kernel.models import Event
from exams.services import paying, rereads, rescheduling, results
from payments.models import Order


def on_payment_requested(event: Event, now: datetime) -> None:
    """Somebody is about to pay: refuse what cannot be paid, and price it as of now (LAB-04, RRD-03)."""
    purpose, key = event.payload["purpose"], event.payload["reference"]
    if purpose == Order.Purpose.LAB_BOOKING:
        paying.price_at_payment(booking_id=int(key), order_id=event.subject_id, now=now)
    elif purpose == Order.Purpose.LAB_RESCHEDULE:
        rescheduling.check_payment(reschedule_id=int(key), now=now)
    elif purpose == Order.Purpose.REREAD:
        rereads.price_at_payment(reread_id=int(key), order_id=event.subject_id, now=now)


def on_order_paid(event: Event, now: datetime) -> None:
    """What was asked for is paid."""
    purpose, key = event.payload["purpose"], event.payload["reference"]
    if purpose == Order.Purpose.LAB_BOOKING:
        paying.record_payment(booking_id=int(key), order_id=event.subject_id, now=now)
    elif purpose == Order.Purpose.LAB_RESCHEDULE:
        rescheduling.make_reschedule(reschedule_id=int(key), order_id=event.subject_id, now=now)
    elif purpose == Order.Purpose.REREAD:
        rereads.start_reread(reread_id=int(key), paid_on=date.fromisoformat(event.payload["paid_on"]), now=now)


def on_attempt_corrected(event: Event, now: datetime) -> None:
    """A result was corrected: where it is that of a lab, its booking follows (EXAM-09)."""
    results.follow_correction(attempt_id=event.subject_id, now=now)
