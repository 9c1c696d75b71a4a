"""What candidates are told about their lab bookings (CE-13): receivers of the relay, one message an event."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.urls import reverse

from candidates.services import compose_notice
from ceportal.kernel.models import Event
from ceportal.kernel.policy import BOOK
from exams import booking_queries as queries
from exams.models import Booking, Reschedule
from exams.site_time import day_at

INSTANT = timedelta(microseconds=1)


def context_of(booking: Booking) -> dict[str, Any]:
    """What a message about a booking says of it: place and start by the site's clock (LAB-12), and its order."""
    sitting = booking.seat.sitting
    zone = sitting.site.time_zone
    order = booking.order
    return {
        "booking": booking,
        "site": sitting.site,
        "zone": zone,
        # The book of the exam day says how late one may be (LAB-12).
        "late_minutes": BOOK.on(sitting.day)["lab.late_minutes"].value,
        "last_day_to_pay": day_at(booking.pay_before - INSTANT, zone) if booking.pay_before else None,
        "order": order,
        "kept_until": _in_zone(booking.held_until, booking.candidate.time_zone),
        "changed_from": _changed_from(booking),
        "address": settings.BASE_URL + reverse("exams:booking", args=[booking.pk]),
    }


def _in_zone(moment: datetime | None, zone: str) -> datetime | None:
    """A moment as a clock in that zone shows it."""
    return moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None) if moment else None


def _changed_from(booking: Booking) -> Booking | None:
    """The booking in whose place another came (RSCH-04)."""
    made = Reschedule.objects.select_related("old__seat__sitting__site").filter(
        new=booking, status=Reschedule.Status.COMMITTED
    )
    change = made.first()
    return change.old if change else None


def on_booking_paid(event: Event, now: datetime) -> None:
    """Confirm a booking that is paid in full, with start time and address (LAB-12)."""
    _tell(event, "booking_confirmed", now)


def on_booking_unpaid_cancelled(event: Event, now: datetime) -> None:
    """Tell that a booking was cancelled, as it was not paid in time (LAB-07)."""
    _tell(event, "booking_cancelled", now)


def on_booking_cancelled(event: Event, now: datetime) -> None:
    """Confirm that the candidate cancelled a paid booking, and what is forfeited (LAB-14)."""
    _tell(event, "booking_given_up", now)


def _tell(event: Event, kind: str, now: datetime) -> None:
    booking = queries.booking_with_place(event.subject_id)
    compose_notice(
        candidate=booking.candidate, kind=kind, key=f"{kind}:{booking.pk}", context=context_of(booking), now=now
    )
