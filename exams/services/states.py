"""Bookings locked, and moved from one state to another as the table of rules.booking says."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from candidates.services import lock_candidate
from ceportal.kernel.outbox import emit
from exams.booking_queries import WITH_PLACE
from exams.models import FREED, Booking
from exams.rules.booking import TRANSITIONS


def lock_booking(booking_id: int) -> Booking:
    """A booking with its place, locked after its candidate."""
    candidate = lock_candidate(Booking.objects.values_list("candidate_id", flat=True).get(id=booking_id))
    rows = Booking.objects.select_for_update(no_key=True, of=("self",)).select_related(*WITH_PLACE)
    booking = rows.get(id=booking_id)
    booking.candidate = candidate
    return booking


def move_to(booking: Booking, status: str, *, now: datetime, **changes: Any) -> None:
    """Let a booking come to another state, with what changes with it; the caller holds its lock and has decided.

    ValueError where the table knows no such way. Emits exams.seat_freed where its seat is free from now on.
    """
    if status not in TRANSITIONS[booking.status]:
        raise ValueError(f"A booking does not go from {booking.status} to {status}.")
    before, booking.status = booking.status, Booking.Status(status)
    booking.held_until = None
    if status not in {Booking.Status.RESERVED, Booking.Status.PAID}:
        booking.ended_at = now
    for name, value in changes.items():
        setattr(booking, name, value)
    booking.save(update_fields=["status", "held_until", "ended_at", *changes])
    if status in FREED and before not in FREED:
        sitting = booking.seat.sitting
        emit(
            "exams.seat_freed", booking.seat, now=now, sitting=sitting.pk, site=sitting.site.code, day=str(sitting.day)
        )
