"""Lab seats booked, dropped and cancelled."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta

from django.db import transaction

from candidates.models import Agreement, Candidate, Track
from candidates.services import accept_agreement, compose_notice, lock_candidate
from ceportal.kernel import clock
from ceportal.kernel.decisions import Decision, require
from ceportal.kernel.outbox import emit
from ceportal.kernel.policy import BOOK
from exams import booking_notices as notices
from exams import booking_queries as queries
from exams.models import Booking, Seat, Site, WaitingWish
from exams.rules import booked as booked_rules
from exams.rules import booking as rules
from exams.services import holds, paying, seats
from exams.services.states import lock_booking, move_to
from exams.site_time import begin_of, day_at, end_of
from payments.models import OrderLine
from payments.services import forfeit_fee, redeem_voucher


@transaction.atomic
def book_seat(
    *,
    candidate_id: int,
    track_code: str,
    site_code: str,
    day: date,
    now: datetime,
    kit: str = "",
    voucher_code: str = "",
    accept: bool = False,
    versions: Mapping[str, str] | None = None,
    language: str = "",
    ip_address: str | None = None,
) -> Booking:
    """Take a seat for a candidate, or refuse and say why (LAB-01 to LAB-03, LAB-06, LAB-13, LAB-15, and who is tested).

    Until the last day to pay it is reserved; later the seat is held for a while, to be paid at once (LAB-06). A
    voucher's code is redeemed with it, and may pay it in full (LAB-10); what a declined card leaves open stands unpaid
    until the deadline; held, it is let go in the end, its voucher free again (LAB-09). `accept` signs the agreement and
    accepts recording (LAB-02), in the `versions` and the `language` that were read. Emits exams.seat_booked.
    """
    candidate = lock_candidate(candidate_id)
    track, site = Track.objects.get(code=track_code), Site.objects.get(code=site_code)
    let_go_of_overdue(candidate, track, now=now)
    chosen = rules.kit_for(mobile=site.kind == Site.Kind.MOBILE, asked=kit)
    place = queries.place_facts(site, day, track, kit=chosen, now=now)
    wanted = queries.seat_facts(candidate, track, place, held_in=site.country, accepts=accept, now=now)
    decision = require(rules.assess_booking(queries.booking_facts(candidate, track, wanted, now=now), BOOK))
    seat = seats.take_seat(place, site=site, day=day, track=track)
    if accept:
        accept_texts(candidate, versions=versions, language=language, ip_address=ip_address, now=now)
    booking = _create(candidate, track, seat, kit=chosen, decision=decision, now=now)
    WaitingWish.objects.filter(candidate=candidate, track=track, status=WaitingWish.Status.WAITING).update(
        status=WaitingWish.Status.ENDED, ended_at=now, ending=WaitingWish.Ending.BOOKED
    )
    emit("exams.seat_booked", booking, now=now, track=track.code, site=site.code, day=str(day), status=booking.status)
    paying.ask_for_money(booking, now=now)
    if voucher_code:
        order_id = Booking.objects.values_list("order_id", flat=True).get(id=booking.pk)
        assert order_id is not None
        redeem_voucher(order_id=order_id, code=voucher_code, candidate_id=candidate_id, now=now)
    return queries.booking_with_place(booking.pk)


@transaction.atomic
def drop_booking(*, booking_id: int, now: datetime) -> Booking:
    """Give back an unpaid booking without cost: its voucher is free again (LAB-15, LAB-07).

    A seat that is only held is let go. Refused for a paid one (LAB-14). Emits exams.booking_dropped.
    """
    booking = lock_booking(booking_id)
    require(booked_rules.assess_dropping(booking.status))
    if booking.status == Booking.Status.HELD:
        holds.let_go(booking, now=now, given_up=True)
        return booking
    move_to(booking, Booking.Status.DROPPED, now=now)
    paying.stop_asking(booking, now=now)
    emit("exams.booking_dropped", booking, now=now, track=booking.track.code)
    return booking


@transaction.atomic
def confirm_again(*, booking_id: int, now: datetime) -> bool:
    """Send the confirmation of a paid booking again: start time and address, to the e-mail address on record (LAB-12).

    Once a day at most; False where that was done already. Refused (LAB-12) for one that is not paid or not to come.
    """
    booking = lock_booking(booking_id)
    require(booked_rules.assess_confirming(booking.status))
    written = compose_notice(
        candidate=booking.candidate,
        kind="booking_confirmed",
        key=f"booking_confirmed:{booking.pk}:{clock.day_of(now)}",
        context=notices.context_of(booking),
        now=now,
    )
    return written is not None


def assess_cancelling(booking: Booking, *, now: datetime) -> Decision:
    """Whether a booking can be cancelled, and what is forfeited, in money (LAB-14); shown before the button."""
    order = booking.order
    return booked_rules.assess_cancelling(
        booked_rules.CancellingFacts(
            status=booking.status,
            exam_on=booking.seat.sitting.day,
            begun=now >= queries.starts_at(booking),
            card_cents=order.total_cents if order else 0,
            voucher_cents=order.covered_cents if order else 0,
        )
    )


@transaction.atomic
def cancel_booking(*, booking_id: int, now: datetime) -> Booking:
    """Give up a paid booking; all that was paid is forfeited, the voucher included (LAB-14).

    Nothing is refunded, whether or not the invoice is issued yet (LAB-11). A change of it that was only quoted is
    withdrawn. Refused for an unpaid one (LAB-15), and once the sitting has begun
    (LAB-13). Emits exams.booking_cancelled, with the decision that says what was forfeited.
    """
    booking = lock_booking(booking_id)
    decision = require(assess_cancelling(booking, now=now))
    holds.withdraw_quotes(booking, now=now)
    move_to(booking, Booking.Status.CANCELLED, now=now)
    if booking.order_id is not None:
        forfeit_fee(order_id=booking.order_id, kinds={OrderLine.Kind.LAB_FEE}, now=now)
    emit("exams.booking_cancelled", booking, now=now, track=booking.track.code, decision=decision.as_json())
    return booking


def let_go_of_overdue(candidate: Candidate, track: Track, *, now: datetime) -> None:
    """Let go of a seat kept beyond its time that no sweep has found yet; the caller holds the candidate's lock."""
    for booking in Booking.objects.filter(candidate=candidate, track=track, status=Booking.Status.HELD):
        if holds.is_overdue(booking, now=now):
            holds.let_go(lock_booking(booking.pk), now=now, given_up=False)


def accept_texts(
    candidate: Candidate,
    *,
    versions: Mapping[str, str] | None,
    language: str,
    ip_address: str | None,
    now: datetime,
) -> None:
    """Sign the candidate agreement and accept recording, each in the version in force (LAB-02), in what was read."""
    for kind in (Agreement.Kind.AGREEMENT, Agreement.Kind.RECORDING):
        accept_agreement(
            candidate_id=candidate.pk,
            kind=kind,
            ip_address=ip_address,
            version=(versions or {}).get(kind),
            language=language,
            now=now,
        )


def terms_of_payment(site: Site, day: date, *, now: datetime) -> dict[str, object]:
    """By when a seat asked for now is paid, as the fields of a booking: later (LAB-07), or at once, held for a while.

    The book of the booking day governs, by the site's clock.
    """
    policy = BOOK.on(day_at(now, site.time_zone))
    pay_before = end_of(rules.last_day_to_pay(day, policy), site.time_zone)
    if now < pay_before:
        remind_on = day - timedelta(days=policy["lab.payment_reminder_days"].value)
        return {
            "status": Booking.Status.RESERVED,
            "pay_before": pay_before,
            "remind_at": begin_of(remind_on, site.time_zone),
            "held_for": "",
            "held_until": None,
        }
    held_until = min(now + timedelta(minutes=policy["lab.hold_minutes"].value), begin_of(day, site.time_zone))
    return {
        "status": Booking.Status.HELD,
        "held_for": Booking.HeldFor.PAYMENT,
        "held_until": held_until,  # none is made for today (LAB-06)
    }


def _create(candidate: Candidate, track: Track, seat: Seat, *, kit: str, decision: Decision, now: datetime) -> Booking:
    sitting = seat.sitting
    lab = queries.lab_of(track)
    assert lab is not None  # assessed: LAB-03
    return Booking.objects.create(
        candidate=candidate,
        track=track,
        exam=lab,
        seat=seat,
        kit=kit,
        decision=decision.as_json(),
        booked_at=now,
        **terms_of_payment(sitting.site, sitting.day, now=now),
    )
