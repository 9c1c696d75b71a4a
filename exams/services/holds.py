"""Seats kept for a while, and let go: of somebody who pays at once, changes a booking, or was waiting."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

import payments.services
from ceportal.kernel.outbox import emit
from exams.models import Booking, Reschedule, WaitingWish
from exams.services.paying import stop_asking
from exams.services.states import lock_booking, move_to


def let_go(booking: Booking, *, now: datetime, given_up: bool) -> None:
    """Let go of a seat that is kept; the caller holds the booking's lock. `given_up`: before its time was over.

    What it was kept for ends with it: its order is no longer asked for and the voucher is free again (LAB-09), a change
    of booking is not made (RSCH-04), an offer to somebody waiting passes to the next. Emits exams.hold_released.
    """
    move_to(booking, Booking.Status.RELEASED, now=now)
    stop_asking(booking, now=now)
    if booking.held_for == Booking.HeldFor.RESCHEDULE:
        _end_reschedule(booking, now=now, given_up=given_up)
    elif booking.held_for == Booking.HeldFor.WAITING:
        ending = WaitingWish.Ending.DECLINED if given_up else WaitingWish.Ending.LAPSED
        WaitingWish.objects.filter(offer=booking).update(status=WaitingWish.Status.ENDED, ended_at=now, ending=ending)
    emit("exams.hold_released", booking, now=now, held_for=booking.held_for, given_up=given_up)


def _end_reschedule(booking: Booking, *, now: datetime, given_up: bool) -> None:
    reschedule = Reschedule.objects.select_related("order").get(new=booking)
    reschedule.status = Reschedule.Status.WITHDRAWN if given_up else Reschedule.Status.LAPSED
    reschedule.ended_at = now
    reschedule.save(update_fields=["status", "ended_at"])
    if reschedule.order is not None:
        payments.services.cancel_order(order_id=reschedule.order.pk, now=now)


def withdraw_quotes(booking: Booking, *, now: datetime) -> None:
    """Let go of the changes that were quoted for a booking; the caller holds its lock."""
    for quoted in Reschedule.objects.filter(old=booking, status=Reschedule.Status.QUOTED):
        let_go(lock_booking(quoted.new_id), now=now, given_up=True)


def let_go_of_overdue(booking_id: int, *, now: datetime) -> bool:
    """Let go of a seat whose time is over; False where that is not so.

    A card page that is open is asked about first: who paid in time keeps the seat. CardServiceUnavailable: whether it
    was paid cannot be known now, so try again later.
    """
    for order_id in _orders_of(booking_id):
        payments.services.refresh_order(order_id=order_id, now=now)
    with transaction.atomic():
        booking = lock_booking(booking_id)
        overdue = is_overdue(booking, now=now)
        if overdue:
            let_go(booking, now=now, given_up=False)
        return overdue


def is_overdue(booking: Booking, *, now: datetime) -> bool:
    """Whether a seat is kept beyond its time."""
    return booking.status == Booking.Status.HELD and booking.held_until is not None and booking.held_until <= now


def _orders_of(booking_id: int) -> list[int]:
    own = Booking.objects.filter(id=booking_id, order__isnull=False).values_list("order_id", flat=True)
    changing = Reschedule.objects.filter(new=booking_id, order__isnull=False).values_list("order_id", flat=True)
    return [key for key in (*own, *changing) if key is not None]
