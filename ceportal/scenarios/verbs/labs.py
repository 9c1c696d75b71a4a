"""Lab seats booked, paid, changed, dropped and cancelled."""

from __future__ import annotations

from datetime import date

from ceportal.kernel.decisions import Refused, require
from ceportal.scenarios import sittings
from ceportal.scenarios.binding import Act, does
from ceportal.scenarios.kinds import CARD, DECLINED_CARD
from ceportal.scenarios.verbs.cards import by_card
from ceportal.scenarios.verbs.vouchers import code_of
from ceportal.scenarios.vocabulary import BOOKING
from exams.models import Booking, Reschedule, SitePrice
from exams.services import bookings, paying, rescheduling
from payments.models import Order

CARDS = frozenset({CARD, DECLINED_CARD})
KITS = {"": "", "byod": SitePrice.Kit.BRING_YOUR_OWN, "kit": SitePrice.Kit.KIT}


@does("book")
def book(
    act: Act,
    *,
    track: str,
    site: str,
    day: date,
    kit: str = "",
    accept: bool = True,
    with_: str = "",
    rest: str = "",
) -> int:
    """Book a seat, and pay it at once where the step says with what; one that has to be and is not, is not made."""
    sittings.sitting_on(site, day)
    booking = bookings.book_seat(
        candidate_id=act.candidate.pk,
        track_code=track,
        site_code=site,
        day=day,
        kit=KITS[kit],
        voucher_code="" if with_ in CARDS or not with_ else code_of(act, with_),
        accept=accept,
        now=act.now,
    )
    card = with_ if with_ in CARDS else rest
    try:
        if booking.status == Booking.Status.HELD or (card and booking.status == Booking.Status.RESERVED):
            _pay_rest(act, booking, card)
    except Refused as refusal:
        if booking.status == Booking.Status.HELD:
            _not_made(act, booking, refusal)
        if act.label:
            act.stage.keep(act.label, booking.pk, act.candidate, what=BOOKING)
        raise
    return booking.pk


def _pay_rest(act: Act, booking: Booking, card: str) -> None:
    order = paying.find_payable_order(booking_id=booking.pk, now=act.now)
    if card:
        by_card(act, order, card=card, clause="LAB-09")
        return
    # Nobody pays while the seat is kept, so it is let go.
    bookings.drop_booking(booking_id=booking.pk, now=act.now)
    paying.find_payable_order(booking_id=booking.pk, now=act.now)


def _not_made(act: Act, booking: Booking, refusal: Refused) -> None:
    """Nobody tries again while the seat is kept: it is let go, and the voucher is free again (LAB-09)."""
    booking.refresh_from_db()
    if booking.status == Booking.Status.HELD:
        bookings.drop_booking(booking_id=booking.pk, now=act.now)
    booking.refresh_from_db()
    raise Refused(refusal.decision + paying.assess_paying(booking, now=act.now))


def pay_booking(act: Act, *, booking: str, with_: str, rest: str) -> None:
    """Pay a booking by card, or by a voucher as far as that goes and the rest by card."""
    key, card = act.stage.key_of(booking), with_
    order = paying.find_payable_order(booking_id=key, now=act.now)
    if with_ not in CARDS:
        paying.redeem_code(booking_id=key, code=code_of(act, with_), now=act.now)
        order.refresh_from_db()
        card = rest
    if card and order.status == Order.Status.OPEN:
        by_card(act, order, card=card, clause="LAB-09")


@does("reschedule")
def reschedule(act: Act, *, booking: str, site: str, day: date, with_: str = "", rest: str = "") -> int:
    """Change a booking to another seat, paying what is charged at once; what is not paid is not made."""
    sittings.sitting_on(site, day)
    quoted = rescheduling.quote_reschedule(
        booking_id=act.stage.key_of(booking),
        site_code=site,
        day=day,
        voucher_code="" if with_ in CARDS or not with_ else code_of(act, with_),
        instead_by_card=with_ in CARDS,
        accept=True,
        now=act.now,
    )
    try:
        confirmed = rescheduling.confirm_reschedule(reschedule_id=quoted.pk, now=act.now)
        if confirmed.status == Reschedule.Status.QUOTED:
            _pay_change(act, confirmed, card=with_ if with_ in CARDS else rest)
    finally:
        # Nobody tries again while the seat is kept; what was made stays.
        rescheduling.withdraw_reschedule(reschedule_id=quoted.pk, now=act.now)
    return quoted.new_id


def _pay_change(act: Act, change: Reschedule, *, card: str) -> None:
    if not card:
        require(rescheduling.assess_open_charge(change))
    assert change.order is not None
    by_card(act, change.order, card=card, clause="LAB-09")


@does("drop")
def drop(act: Act, *, booking: str) -> None:
    """Give back a booking that is not paid."""
    bookings.drop_booking(booking_id=act.stage.key_of(booking), now=act.now)


@does("cancel")
def cancel(act: Act, *, booking: str) -> None:
    """Give up a booking that is paid."""
    bookings.cancel_booking(booking_id=act.stage.key_of(booking), now=act.now)
