"""Bookings changed to another seat (RSCH-01 to RSCH-07): quoted, the new seat kept while it is paid, made or let go.

The booking left stays as it was until the change is made, all at once, in the transaction in which its payment is
recorded: charge first, then refund (RSCH-04).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction

import payments.services
from candidates.queries import bar_on
from candidates.rules import assess_bar
from ceportal.kernel.decisions import Decision, require
from ceportal.kernel.outbox import emit
from ceportal.kernel.policy import BOOK
from exams import booking_queries as queries
from exams import change_queries, offers
from exams.models import Booking, Remedy, Reschedule, Seat, Site
from exams.rules import booking as booking_rules
from exams.rules import changes as rules
from exams.services import bookings, holds, paying, seats
from exams.services.states import lock_booking, move_to
from exams.site_time import begin_of, day_at, end_of
from payments.codes import normalised
from payments.models import Order, OrderLine, Payment, Voucher
from payments.services import LineRequest


@transaction.atomic
def quote_reschedule(
    *,
    booking_id: int,
    site_code: str,
    day: date,
    now: datetime,
    kit: str = "",
    voucher_code: str = "",
    instead_by_card: bool = False,
    accept: bool = False,
    versions: Mapping[str, str] | None = None,
    language: str = "",
    ip_address: str | None = None,
) -> Reschedule:
    """Quote a change to another seat line by line and keep that seat for a while, or refuse and say why.

    Judged as RSCH-01 to RSCH-07 say, and as for any booking (LAB-02, LAB-03, EXAM-04, EXAM-07, LAB-06, LAB-15, and who
    is tested). A voucher that paid comes along while it is valid; otherwise `instead_by_card` asks to pay by card
    (RSCH-06), or another's code is given. A quote that was open takes back its seat. Emits exams.reschedule_quoted.
    """
    old = lock_booking(booking_id)
    holds.withdraw_quotes(old, now=now)
    bookings.let_go_of_overdue(old.candidate, old.track, now=now)
    site = Site.objects.get(code=site_code)
    chosen = booking_rules.kit_for(mobile=site.kind == Site.Kind.MOBILE, asked=kit or _kept_kit(old, site))
    place = queries.place_facts(site, day, old.track, kit=chosen, now=now)
    given = _voucher_given(old, voucher_code, now=now)
    vouchers = change_queries.voucher_facts(
        old, now=now, another_given=given is not None, instead_by_card=instead_by_card
    )
    decision = require(_decide(old, place, site, vouchers, accepts=accept, now=now))
    seat = seats.take_seat(place, site=site, day=day, track=old.track)
    if accept:
        bookings.accept_texts(old.candidate, versions=versions, language=language, ip_address=ip_address, now=now)
    new = _keep(old, seat, kit=chosen, decision=decision, now=now)
    quote = change_queries.quote(old, new, vouchers, now=now)
    reschedule = Reschedule.objects.create(
        old=old,
        new=new,
        quote=quote.as_json(),
        charge_cents=quote.charge_cents,
        refund_cents=quote.refund_cents,
        decision=decision.as_json(),
        voucher=given or (change_queries.voucher_on(old) if vouchers.comes_along else None),
        quoted_at=now,
    )
    _tell("exams.reschedule_quoted", reschedule, now=now, charge_cents=quote.charge_cents)
    return reschedule


def assess_reschedule(
    old: Booking, site: Site, day: date, *, kit: str = "", instead_by_card: bool = False, now: datetime
) -> Decision:
    """Whether a booking can be changed to a seat, all findings, before anything is kept or signed; for its page."""
    chosen = booking_rules.kit_for(mobile=site.kind == Site.Kind.MOBILE, asked=kit or _kept_kit(old, site))
    place = queries.place_facts(site, day, old.track, kit=chosen, now=now)
    vouchers = change_queries.voucher_facts(old, now=now, instead_by_card=instead_by_card)
    return _decide(old, place, site, vouchers, accepts=False, now=now)


def _decide(
    old: Booking,
    place: booking_rules.PlaceFacts,
    site: Site,
    vouchers: rules.VoucherFacts,
    *,
    accepts: bool,
    now: datetime,
) -> Decision:
    facts = change_queries.leaving_facts(old, site, place.day, now=now)
    seat = queries.seat_facts(old.candidate, old.track, place, held_in=site.country, accepts=accepts, now=now)
    beside = queries.booking_facts(old.candidate, old.track, seat, now=now, leaving=old)
    return (
        rules.assess_leaving(facts, BOOK.on(facts.today))  # the book of the action day governs
        + (Decision(()) if facts.by_remedy else rules.assess_voucher(vouchers))
        + booking_rules.assess_alone(beside)
        + booking_rules.assess_seat(seat, BOOK)
    )


@transaction.atomic
def confirm_reschedule(*, reschedule_id: int, now: datetime) -> Reschedule:
    """Make a quoted change where nothing is to be charged, else ask for the money: it is made when that is paid.

    Refused (RSCH-04) once the seat is no longer kept, (LAB-15) where its site is closed by now, and (LAB-04) where the
    price is another. Confirmed again it changes nothing. Emits payments.order_opened, or what `make_reschedule` emits.
    """
    reschedule = _locked(reschedule_id)
    if reschedule.status == Reschedule.Status.COMMITTED:
        return reschedule
    require(_assess_making(reschedule, now=now))
    if change_queries.remedy_of(reschedule.old) is not None:
        make_reschedule(reschedule_id=reschedule.pk, order_id=None, now=now)
    elif reschedule.order is None:
        lines, decision = _priced(reschedule, now=now)
        order = payments.services.open_order(
            candidate_id=reschedule.old.candidate_id,
            purpose=Order.Purpose.LAB_RESCHEDULE,
            reference=str(reschedule.pk),
            lines=lines,
            decision=decision,
            now=now,
            voucher_id=reschedule.voucher_id,
            left_order_id=reschedule.old.order_id,
            pay_before=reschedule.new.held_until,
            pay_before_clause="RSCH-04",
        )
        Reschedule.objects.filter(id=reschedule.pk).update(order=order)
    return change_queries.reschedule_with_places(reschedule_id)


def start_reschedule_payment(*, reschedule_id: int, success_url: str, cancel_url: str, now: datetime) -> Payment:
    """Open the card page of a change, confirming it. Refused as `confirm_reschedule` says, and once made (PAY-04)."""
    reschedule = confirm_reschedule(reschedule_id=reschedule_id, now=now)
    assert reschedule.order is not None
    return payments.services.start_payment(
        order_id=reschedule.order.pk, success_url=success_url, cancel_url=cancel_url, now=now
    )


@transaction.atomic
def check_payment(*, reschedule_id: int, now: datetime) -> None:
    """Somebody is about to pay for a change: refuse where it can no longer be made as it was quoted."""
    require(_assess_making(_locked(reschedule_id), now=now))


@transaction.atomic
def make_reschedule(*, reschedule_id: int, order_id: int | None, now: datetime) -> Reschedule:
    """Make a change, its charge being paid: the new seat is taken, the old one free, what comes back goes back.

    The order of one that is let go is cancelled with it, so what is paid here is owed. The late fee of an earlier
    change never comes back (RSCH-02). A remedy's change takes the order along instead (INC-03). Emits
    exams.booking_rescheduled and exams.booking_paid, upon which the new booking is confirmed.
    """
    reschedule = _locked(reschedule_id)
    old, new, left = reschedule.old, reschedule.new, reschedule.old.order
    move_to(old, Booking.Status.RESCHEDULED, now=now, **({"order_id": None} if order_id is None else {}))
    new_order_id = order_id if order_id is not None else left and left.pk
    move_to(new, Booking.Status.PAID, now=now, order_id=new_order_id)
    reschedule.status, reschedule.ended_at, reschedule.order_id = Reschedule.Status.COMMITTED, now, order_id
    reschedule.save(update_fields=["status", "ended_at", "order"])
    if order_id is None:
        Remedy.objects.filter(booking=old).update(used_at=now)
    elif left is not None and reschedule.refund_cents:
        payments.services.request_refund(
            order_id=left.pk, kinds={OrderLine.Kind.LAB_FEE}, reason="The booking was changed (RSCH-04).", now=now
        )
    if order_id is not None and left is not None:  # what is neither given back nor moved along is lost (RSCH-06)
        payments.services.forfeit_fee(order_id=left.pk, kinds={OrderLine.Kind.LAB_FEE}, now=now)
    emit("exams.booking_rescheduled", old, now=now, track=old.track.code, to=new.pk)
    emit("exams.booking_paid", new, now=now, track=new.track.code)
    return reschedule


@transaction.atomic
def withdraw_reschedule(*, reschedule_id: int, now: datetime) -> Reschedule:
    """Let go of a quoted change: the new seat is free, the booking as it was. Made or let go already, it stays so."""
    reschedule = _locked(reschedule_id)
    if reschedule.status == Reschedule.Status.QUOTED:
        holds.let_go(reschedule.new, now=now, given_up=True)
    return change_queries.reschedule_with_places(reschedule_id)


def assess_open_charge(reschedule: Reschedule) -> Decision:
    """What a quoted change still waits for (RSCH-04)."""
    return rules.assess_paid(change_queries.lines_of(reschedule))


# ── Parts ─────────────────────────────────────────────────────────────────────────────────────────
def _locked(reschedule_id: int) -> Reschedule:
    """A change with both its bookings, locked after their candidate."""
    ids = Reschedule.objects.values("old_id", "new_id").get(id=reschedule_id)
    old, new = lock_booking(ids["old_id"]), lock_booking(ids["new_id"])
    reschedule = Reschedule.objects.select_related("order", "voucher").get(id=reschedule_id)
    reschedule.old, reschedule.new = old, new
    return reschedule


def _assess_making(reschedule: Reschedule, *, now: datetime) -> Decision:
    held_until, sitting = reschedule.new.held_until, reschedule.new.seat.sitting
    quoted = reschedule.status == Reschedule.Status.QUOTED
    return assess_bar(bar_on(reschedule.old.candidate_id), for_exams=True) + rules.assess_making(
        quoted=quoted,
        in_time=held_until is not None and now < held_until,
        charge_cents=reschedule.charge_cents,
        charge_now_cents=_charge_now(reschedule, now=now) if quoted else reschedule.charge_cents,
        held=not quoted or offers.sitting_on(sitting.site_id, sitting.day) is not None,
    )


def _charge_now(reschedule: Reschedule, *, now: datetime) -> int:
    """What the change would charge if it were quoted now, for the same seat and by the same voucher."""
    old = reschedule.old
    if change_queries.remedy_of(old) is not None:
        return 0
    moving = change_queries.voucher_on(old)
    vouchers = change_queries.voucher_facts(old, now=now)
    pays = reschedule.voucher_id is not None
    if pays and moving is not None and reschedule.voucher_id == moving.pk:
        pays = vouchers.comes_along
    vouchers = replace(vouchers, another_given=pays and not vouchers.comes_along)
    return change_queries.quote(old, reschedule.new, vouchers, now=now).charge_cents


def _priced(reschedule: Reschedule, *, now: datetime) -> tuple[list[LineRequest], Decision]:
    """The lines of a change: the new fee, and the fee for a late change; both taxed by the new site (RSCH-02)."""
    lines, decision = paying.priced(reschedule.new, now=now)
    late = next((line for line in change_queries.lines_of(reschedule) if line.what == "late_fee"), None)
    if late is not None:
        old = reschedule.old.seat.sitting
        country = reschedule.new.seat.sitting.site.country
        description = f"Change of the booking in {old.site.name} on {old.day}"
        lines.append(LineRequest(description, late.cents, OrderLine.Kind.RESCHEDULE_FEE, country))
    why = Decision.from_json(reschedule.decision).findings
    return lines, decision + Decision(tuple(each for each in why if each.clause.startswith("RSCH")))


def _keep(old: Booking, seat: Seat, *, kit: str, decision: Decision, now: datetime) -> Booking:
    """Keep the new seat, for as long as the quote is what it is (RSCH-04)."""
    return Booking.objects.create(
        candidate=old.candidate,
        track=old.track,
        exam=old.exam,
        seat=seat,
        kit=kit,
        status=Booking.Status.HELD,
        held_for=Booking.HeldFor.RESCHEDULE,
        held_until=_kept_until(old, seat, now=now),
        decision=decision.as_json(),
        booked_at=now,
    )


def _kept_until(old: Booking, seat: Seat, *, now: datetime) -> datetime:
    """The end of the hold, sooner where a day at a site would make another quote of it, or none at all.

    That is so as the last free day ends (RSCH-01), the last day to change (RSCH-03) or the eve of the exam (LAB-06).
    """
    left, taken = old.seat.sitting, seat.sitting
    policy = BOOK.on(day_at(now, left.site.time_zone))
    ends = [
        now + timedelta(minutes=policy["lab.hold_minutes"].value),
        begin_of(taken.day, taken.site.time_zone),
    ]
    if change_queries.remedy_of(old) is None:
        last_days = (rules.last_free_day(left.day, policy), rules.last_day_to_change(left.day, policy))
        ends += [end_of(last, left.site.time_zone) for last in last_days]
    return min(moment for moment in ends if moment > now)


def _kept_kit(old: Booking, site: Site) -> str:
    """The choice of equipment stays what it was from one mobile site to another, unless said otherwise (LAB-17)."""
    return old.kit if site.kind == Site.Kind.MOBILE and old.kit != booking_rules.FIXED else ""


def _voucher_given(old: Booking, code: str, *, now: datetime) -> Voucher | None:
    """The voucher whose code is given for the new seat; that of the booking left is none, as it comes along itself."""
    on_old = change_queries.voucher_on(old)
    if not code or (on_old is not None and on_old.code == normalised(code)):
        return None
    return payments.services.find_voucher(candidate_id=old.candidate_id, code=code, now=now)


def _tell(topic: str, reschedule: Reschedule, *, now: datetime, **payload: Any) -> None:
    emit(
        topic,
        reschedule,
        now=now,
        candidate_id=reschedule.old.candidate_id,
        old=reschedule.old_id,
        new=reschedule.new_id,
        **payload,
    )
