"""Bookings paid: asked for with the price of the day, reminded of, cancelled when the time is over."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

import payments.services
from candidates.queries import bar_on
from candidates.services import compose_notice
from ceportal.kernel import clock
from ceportal.kernel.decisions import Decision, require
from ceportal.kernel.outbox import emit
from exams import booking_notices as notices
from exams import booking_queries as queries
from exams.models import Booking
from exams.rules import booked as rules
from exams.services.states import lock_booking, move_to
from exams.site_time import day_at
from payments.models import Order, OrderLine, Payment
from payments.services import LineRequest

INSTANT = timedelta(microseconds=1)
UNPAID = (Booking.Status.HELD, Booking.Status.RESERVED)


# ── What is asked for ─────────────────────────────────────────────────────────────────────────────
def ask_for_money(booking: Booking, *, now: datetime) -> None:
    """Open the order of a booking just made: paid until its deadline (LAB-07), or while the seat is kept (LAB-06)."""
    lines, decision = priced(booking, now=now)
    order = payments.services.open_order(
        candidate_id=booking.candidate_id,
        purpose=Order.Purpose.LAB_BOOKING,
        reference=str(booking.pk),
        lines=lines,
        decision=decision,
        now=now,
        pay_before=booking.pay_before or booking.held_until,
        pay_before_clause="LAB-07" if booking.pay_before else "LAB-06",
    )
    Booking.objects.filter(id=booking.pk).update(order=order)


def priced(booking: Booking, *, now: datetime) -> tuple[list[LineRequest], Decision]:
    """The line of a booking's order at the price in force, with the tax of the site's country, and why (LAB-04)."""
    sitting = booking.seat.sitting
    price = queries.price_of(sitting.site, booking.kit, clock.day_of(now))
    line = LineRequest(
        f"{booking.exam.name}, {sitting.site.name}, {sitting.day}",
        price.net_cents,
        OrderLine.Kind.LAB_FEE,
        sitting.site.country,
    )
    return [line], Decision((price.why,))


# ── Paying ────────────────────────────────────────────────────────────────────────────────────────
def assess_paying(booking: Booking, *, now: datetime) -> Decision:
    """Whether a booking can be paid at this moment, and why not where it cannot."""
    sitting = booking.seat.sitting
    until = booking.pay_before or booking.held_until
    last_day_on = day_at(booking.pay_before - INSTANT, sitting.site.time_zone) if booking.pay_before else None
    return rules.assess_paying(
        rules.PayingFacts(
            status=booking.status,
            in_time=until is None or now < until,
            exam_on=sitting.day,
            last_day_on=last_day_on,
            bar=bar_on(booking.candidate_id),
            kept_for=booking.held_for,
        )
    )


@transaction.atomic
def find_payable_order(*, booking_id: int, now: datetime) -> Order:
    """The open order of a booking that can be paid now, or Refused: PAY-04, LAB-06, LAB-07, LAB-15, CAND-02."""
    booking = lock_booking(booking_id)
    require(assess_paying(booking, now=now))
    assert booking.order is not None  # asked for with the booking
    return booking.order


def start_booking_payment(
    *, booking_id: int, success_url: str, cancel_url: str, now: datetime, shown_cents: int | None = None
) -> Payment:
    """Open the card page of a booking (LAB-05), or find it open. Refused as `find_payable_order` says.

    The card is charged as soon as its details are given there; a declined one leaves the booking as it was: unpaid
    until its deadline, its voucher redeemed, or kept until its short time is over (LAB-09).

    CardServiceUnavailable: not now.
    """
    order = find_payable_order(booking_id=booking_id, now=now)
    return payments.services.start_payment(
        order_id=order.pk, success_url=success_url, cancel_url=cancel_url, shown_cents=shown_cents, now=now
    )


def redeem_code(*, booking_id: int, code: str, now: datetime) -> Booking:
    """Pay a booking by a voucher's code, as far as that goes; the rest is paid by card (LAB-10).

    A card page that is open is closed first. Refused as `find_payable_order` says, and for the voucher's own reasons
    (VCH-01..03). CardServiceUnavailable: the page cannot be closed now.
    """
    order = find_payable_order(booking_id=booking_id, now=now)
    payments.services.stop_payment(order_id=order.pk, now=now)
    payments.services.redeem_voucher(order_id=order.pk, code=code, candidate_id=order.candidate_id, now=now)
    return queries.booking_with_place(booking_id)


@transaction.atomic
def price_at_payment(*, booking_id: int, order_id: int, now: datetime) -> None:
    """Somebody is about to pay: refuse what cannot be paid any more, and ask what a seat costs now (LAB-04)."""
    booking = lock_booking(booking_id)
    require(assess_paying(booking, now=now))
    lines, price = priced(booking, now=now)
    payments.services.price_order(order_id=order_id, lines=lines, decision=price, now=now)


@transaction.atomic
def record_payment(*, booking_id: int, order_id: int, now: datetime) -> None:
    """The whole fee and tax were received: the booking is paid. Emits exams.booking_paid, upon which it is confirmed.

    The order of a booking that is let go is cancelled with it, so what is paid here is owed.
    """
    booking = lock_booking(booking_id)
    move_to(booking, Booking.Status.PAID, now=now, order_id=order_id)
    emit("exams.booking_paid", booking, now=now, track=booking.track.code)


# ── Not paid in time ──────────────────────────────────────────────────────────────────────────────
def cancel_unpaid(*, booking_id: int, now: datetime) -> bool:
    """Cancel a booking that was not paid in time (LAB-07); False where it was, or where nothing is due.

    A card page that is open is asked about first: who paid in time keeps the seat. The voucher is free again, and what
    arrives later is given back. CardServiceUnavailable: whether it was paid cannot be known now, so try again later.
    Emits exams.booking_unpaid_cancelled.
    """
    order_id = Booking.objects.values_list("order_id", flat=True).get(id=booking_id)
    if order_id is not None:
        payments.services.refresh_order(order_id=order_id, now=now)
    with transaction.atomic():
        booking = lock_booking(booking_id)
        due = booking.status == Booking.Status.RESERVED and booking.pay_before is not None and booking.pay_before <= now
        if due:
            move_to(booking, Booking.Status.UNPAID_CANCELLED, now=now)
            stop_asking(booking, now=now)
            emit("exams.booking_unpaid_cancelled", booking, now=now, track=booking.track.code)
        return due


def stop_asking(booking: Booking, *, now: datetime) -> None:
    """Ask no longer for the money of a booking that was not paid: its voucher is free again (LAB-07, LAB-15)."""
    if booking.order is not None:
        payments.services.cancel_order(order_id=booking.order.pk, now=now)


@transaction.atomic
def remind_of_payment(*, booking_id: int, now: datetime) -> bool:
    """Remind of a payment that is due, once a booking and exam date (LAB-08); False where nothing is due any more."""
    booking = lock_booking(booking_id)
    due = (
        booking.status == Booking.Status.RESERVED
        and booking.reminded_at is None
        and booking.remind_at is not None
        and booking.remind_at <= now
        and booking.pay_before is not None
        and now < booking.pay_before
    )
    if not due:
        return False
    booking.reminded_at = now
    booking.save(update_fields=["reminded_at"])
    compose_notice(
        candidate=booking.candidate,
        kind="payment_reminder",
        key=f"payment_reminder:{booking.pk}:{booking.seat.sitting.day}",
        context=notices.context_of(booking),
        now=now,
    )
    return True
