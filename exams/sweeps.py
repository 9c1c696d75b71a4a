"""What dates make due about exams and sites."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

import structlog

from ceportal.kernel.sweeping import on_each
from exams import offers, services, waiting_queries
from exams.models import Booking, Reread
from exams.services import holds, paying, rereads, waiting
from payments.services import CardServiceUnavailable

log = structlog.get_logger(__name__)


def open_sittings(*, now: datetime) -> int:
    """Open the sittings of every site that has a calendar as far ahead as the book says; how many there are since."""
    return on_each(offers.sites_behind(now=now), lambda key: services.open_sittings(site_id=key, now=now))


# ── Bookings: every few minutes, and every night ──────────────────────────────────────────────────
def cancel_unpaid(*, now: datetime) -> int:
    """Cancel every booking that was not paid in time (LAB-07), and count them."""
    due = Booking.objects.filter(status=Booking.Status.RESERVED, pay_before__lte=now).order_by("pay_before", "id")
    return _each(due.values_list("pk", flat=True), lambda key: paying.cancel_unpaid(booking_id=key, now=now))


def release_held(*, now: datetime) -> int:
    """Let go of every seat that is kept beyond its time (LAB-06, RSCH-04, LAB-15), and count them."""
    overdue = Booking.objects.filter(status=Booking.Status.HELD, held_until__lte=now).order_by("held_until", "id")
    return _each(overdue.values_list("pk", flat=True), lambda key: holds.let_go_of_overdue(key, now=now))


def remind_of_payment(*, now: datetime) -> int:
    """Remind of every payment that is due, once each (LAB-08), and count them."""
    due = Booking.objects.filter(status=Booking.Status.RESERVED, reminded_at__isnull=True, remind_at__lte=now)
    keys = due.order_by("remind_at", "id").values_list("pk", flat=True)
    return _each(keys, lambda key: paying.remind_of_payment(booking_id=key, now=now))


def offer_seats(*, now: datetime) -> int:
    """Offer free seats to those who wait for them, first come first told (LAB-15); count what was offered or ended."""
    ended = sum(waiting.end_wish(wish_id=key, now=now) for key in waiting_queries.overdue_wishes(now=now))
    sittings = waiting_queries.sittings_with_wishes(now=now)
    return ended + sum(waiting.offer_sitting(sitting, now=now) for sitting in sittings)


def lapse_rereads(*, now: datetime) -> int:
    """Give up every re-read that was not paid in time (RRD-03), and count them."""
    due = Reread.objects.filter(status=Reread.Status.REQUESTED, order__pay_before__lte=now).order_by("requested_at")
    return _each(due.values_list("pk", flat=True), lambda key: rereads.lapse_reread(reread_id=key, now=now))


def _each(keys: Iterable[int], act: Callable[[int], bool]) -> int:
    """Do something for each row, and count what was done; one that waits for the card service is tried again later."""

    def act_if_told(key: int) -> int:
        try:
            return act(key)
        except CardServiceUnavailable:
            log.warning("deadline_waits_for_card_service", id=key)
            return 0

    return on_each(keys, act_if_told)
