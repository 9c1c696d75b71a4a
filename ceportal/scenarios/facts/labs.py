"""Where bookings and vouchers stand, and which seats are free."""

from __future__ import annotations

from datetime import date

from candidates.models import Track
from ceportal.scenarios import sittings
from ceportal.scenarios.binding import Asking, Permission, tells
from exams import booking_queries as queries
from exams.models import Booking
from payments.models import Voucher


@tells("booking")
def booking(asking: Asking, label: str) -> str:
    """Where a booking stands, as of the last sweep or change."""
    return Booking.objects.get(pk=asking.stage.key_of(label)).status


@tells("seats")
def seats(_asking: Asking, site: str, day: date) -> int:
    """The free seats of a site on a day; none where it holds no sitting."""
    sitting = sittings.sitting_on(site, day)
    return queries.free_seats(sitting.pk).count() if sitting else 0


@tells("voucher")
def voucher(asking: Asking, label: str) -> str:
    """Where a voucher stands."""
    return Voucher.objects.get(pk=asking.stage.key_of(label)).status


@tells("may.book")
def may_book(asking: Asking, track: str) -> Permission:
    """Whether a seat of a track could be booked, the agreement being signed with it."""
    return Permission(queries.may_book(asking.candidate, Track.objects.get(code=track), now=asking.now))
