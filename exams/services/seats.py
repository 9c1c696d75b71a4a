"""A seat of a sitting taken, so that no two ever have it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from candidates.models import Track
from ceportal.kernel.decisions import Refused
from exams import booking_queries as queries
from exams import offers
from exams.models import FREED, Booking, Seat, Site
from exams.rules import booking as rules


def take_seat(place: rules.PlaceFacts, *, site: Site, day: date, track: Track) -> Seat:
    """A free seat, locked until the transaction ends; the caller has found that there is one. Refused (LAB-15) if not.

    Nobody waits: a seat that somebody else is taking at this moment is passed over, and where no other is free the
    answer says so. The lock comes before the last look, since what a statement saw before it had the lock may be over.
    """
    sitting = offers.sitting_on(site.pk, day)
    passed: list[int] = []
    while sitting is not None:
        free = queries.free_seats(sitting.pk).exclude(pk__in=passed)
        seat = free.select_for_update(skip_locked=True, no_key=True, of=("self",)).first()
        if seat is None:
            break
        if _is_still_free(seat, track):
            return seat
        passed.append(seat.pk)
    left = queries.free_seats(sitting.pk).count() if sitting else 0
    raise Refused(rules.assess_place(replace(place, free_seats=left, contended=left > 0)))


def _is_still_free(seat: Seat, track: Track) -> bool:
    """Whether nobody has it, and its sitting is still offered; asked by a statement of its own, after the lock."""
    taken = Booking.objects.filter(seat=seat).exclude(status__in=FREED).exists()
    offered = offers.sittings_offered().filter(offers.open_to(track.pk), pk=seat.sitting_id).exists()
    return offered and not taken
