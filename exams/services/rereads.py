"""Failed labs read once more (RRD-01 to RRD-05): asked for, paid, and what came of it."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction

import payments.services
from candidates.queries import bar_on
from ceportal.kernel import clock, money
from ceportal.kernel.decisions import Decision, Finding, Refused, require
from ceportal.kernel.decisions import gettext_noop as _
from ceportal.kernel.outbox import emit
from ceportal.kernel.policy import BOOK
from exams import desk_queries as queries
from exams.models import Attempt, Booking, Reread
from exams.rules import rereads as rules
from exams.services.attempts import correct_attempt
from exams.services.states import lock_booking
from exams.site_time import end_of
from payments.models import Order, OrderLine, Payment
from payments.services import LineRequest

Status = Reread.Status
REASON = "The re-read turned the result to a pass (RRD-04)."


def assess_request(booking: Booking, *, now: datetime) -> Decision:
    """Whether a re-read of a booking's lab can be asked for now, and why not where it cannot."""
    reread = Reread.objects.filter(booking=booking).first()
    sitting = booking.seat.sitting
    return rules.assess_request(
        rules.RereadFacts(
            status=booking.status,
            exam_on=sitting.day,
            asked_on=queries.day_at_site(booking, now),
            family=booking.track.family,
            rereadable=booking.rereadable,
            failed=_is_failed(booking),
            reread_before=reread is not None and reread.status != Status.LAPSED,
            bar=bar_on(booking.candidate_id),
        ),
        BOOK.on(sitting.day),  # the book of the exam day governs
    )


@transaction.atomic
def request_reread(*, booking_id: int, now: datetime) -> Reread:
    """Ask for a failed lab to be read once more; its fee, with the tax of the site, is asked for by card (RRD-03).

    One that was not paid in time can be asked for again. Refused after the window and the second time (RRD-01), for
    labs that are not re-read (RRD-02) and results that cannot turn (RRD-05). Emits exams.reread_requested.
    """
    booking = lock_booking(booking_id)
    decision = require(assess_request(booking, now=now))
    reread, _created = Reread.objects.update_or_create(
        booking=booking,
        defaults={"status": Status.REQUESTED, "decision": decision.as_json(), "requested_at": now, "ended_at": None},
    )
    emit("exams.reread_requested", reread, now=now, candidate_id=booking.candidate_id, track=booking.track.code)
    asked_on = queries.day_at_site(booking, now)
    last_day = rules.last_day_to_pay(asked_on, BOOK.on(asked_on))
    lines, why = priced(booking, now=now)
    reread.order = payments.services.open_order(
        candidate_id=booking.candidate_id,
        purpose=Order.Purpose.REREAD,
        reference=str(reread.pk),
        lines=lines,
        decision=why,
        now=now,
        pay_before=end_of(last_day, booking.seat.sitting.site.time_zone),
        pay_before_clause="RRD-03",
    )
    reread.save(update_fields=["order"])
    return reread


def priced(booking: Booking, *, now: datetime) -> tuple[list[LineRequest], Decision]:
    """The fee of a re-read at the price of the payment day, with the tax of the site's country, and why (RRD-03)."""
    fee = BOOK.on(clock.day_of(now))["reread.fee"]
    site = booking.seat.sitting.site
    line = LineRequest(
        f"Re-read: {booking.exam.name}, {site.name}, {booking.seat.sitting.day}",
        money.cents(fee.value),
        OrderLine.Kind.REREAD_FEE,
        site.country,
    )
    why = Finding("RRD-03", True, _("A re-read costs USD %(amount)s before tax."), {"amount": fee.value}, (fee,))
    return [line], Decision((why,))


def assess_paying(reread: Reread, *, by_voucher: bool = False, now: datetime) -> Decision:
    """Whether a re-read can be paid at this moment, and why not where it cannot."""
    until = reread.order.pay_before if reread.order else None
    return rules.assess_payable(
        rules.PayableFacts(
            status=reread.status,
            failed=_is_failed(reread.booking),
            in_time=until is None or now < until,
            by_voucher=by_voucher,
            bar=bar_on(reread.booking.candidate_id),
        )
    )


@transaction.atomic
def find_payable_order(*, reread_id: int, by_voucher: bool = False, now: datetime) -> Order:
    """The open order of a re-read that can be paid now, or Refused: PAY-04, RRD-03, CAND-02."""
    reread = _locked(reread_id)
    require(assess_paying(reread, by_voucher=by_voucher, now=now))
    assert reread.order is not None  # asked for with the request
    return reread.order


def start_reread_payment(
    *, reread_id: int, success_url: str, cancel_url: str, now: datetime, shown_cents: int | None = None
) -> Payment:
    """Open the card page of a re-read (RRD-03), or find it open. Refused as `find_payable_order` says.

    CardServiceUnavailable: not now.
    """
    order = find_payable_order(reread_id=reread_id, now=now)
    return payments.services.start_payment(
        order_id=order.pk, success_url=success_url, cancel_url=cancel_url, shown_cents=shown_cents, now=now
    )


@transaction.atomic
def price_at_payment(*, reread_id: int, order_id: int, now: datetime) -> None:
    """Somebody is about to pay: refuse what is given up or paid, and ask what a re-read costs now (RRD-03)."""
    reread = _locked(reread_id)
    require(assess_paying(reread, now=now))
    lines, why = priced(reread.booking, now=now)
    payments.services.price_order(order_id=order_id, lines=lines, decision=why, now=now)


@transaction.atomic
def start_reread(*, reread_id: int, paid_on: date, now: datetime) -> Reread:
    """The fee is settled: the lab is read once more, which cannot be cancelled any more (RRD-03, RRD-05).

    The order of one that is given up is cancelled with it, so what is paid here is owed. Emits exams.reread_begun.
    """
    reread = _locked(reread_id)
    # The book of the payment day says by when the outcome is promised.
    reread.status, reread.paid_at = Status.PAID, now
    reread.due_on = rules.outcome_due_on(paid_on, BOOK.on(paid_on))
    reread.save(update_fields=["status", "paid_at", "due_on"])
    _tell("exams.reread_begun", reread, now=now, due_on=reread.due_on.isoformat())
    return reread


@transaction.atomic
def decide_reread(*, booking_id: int, result: str, staff_id: int | None, now: datetime) -> Reread:
    """Tell the outcome of a re-read, only as the result (RRD-05).

    A pass corrects the result as of the exam day, and the fee with its tax goes back (RRD-04); a fail changes nothing.
    The same outcome again changes nothing. Refused where none is under way (RRD-03), for a pass where the result was
    annulled meanwhile (EXAM-09), and while a sanction keeps results back (CAND-02). Emits exams.reread_decided.
    """
    booking = lock_booking(booking_id)
    reread = Reread.objects.select_related("order").filter(booking=booking).first()
    status = Status.TURNED if result == Attempt.Result.PASS else Status.UNCHANGED
    if reread is not None and reread.status == status:
        return reread
    decision = rules.assess_outcome(
        rules.OutcomeFacts(
            status=reread.status if reread else "",
            result=result,
            annulled=booking.attempt is not None and booking.attempt.result == Attempt.Result.ANNULLED,
            bar=bar_on(booking.candidate_id),
        )
    )
    if reread is None or not decision.granted:
        raise Refused(decision)
    reread.booking, reread.status, reread.ended_at = booking, status, now
    reread.save(update_fields=["status", "ended_at"])
    if status == Status.TURNED:
        correct_attempt(
            candidate_id=booking.candidate_id,
            exam_number=booking.exam.number,
            taken_on=booking.seat.sitting.day,
            result=result,
            reason=REASON,
            now=now,
        )
        assert reread.order is not None  # it was paid
        payments.services.request_refund(order_id=reread.order.pk, reason=REASON, now=now)
    _tell("exams.reread_decided", reread, now=now, result=result, by=staff_id)
    return reread


def lapse_reread(*, reread_id: int, now: datetime) -> bool:
    """Give up a re-read that was not paid in time; False where it was, or where nothing is due.

    A card page that is open is asked about first: whoever paid in time keeps it. CardServiceUnavailable: whether it was
    paid cannot be known now, so try again later. Emits exams.reread_lapsed.
    """
    order_id = Reread.objects.values_list("order_id", flat=True).get(id=reread_id)
    if order_id is not None:
        payments.services.refresh_order(order_id=order_id, now=now)
    with transaction.atomic():
        reread = _locked(reread_id)
        order = reread.order
        over = order is not None and order.pay_before is not None and order.pay_before <= now
        if reread.status != Status.REQUESTED or not over:
            return False
        _give_up(reread, now=now)
        _tell("exams.reread_lapsed", reread, now=now)
        return True


def give_up_reread(booking: Booking, *, now: datetime) -> None:
    """Ask no longer for the fee of a re-read whose lab is not a failed one any more (RRD-01, EXAM-09).

    The caller holds the booking's lock. What is paid meanwhile goes back; one that is paid already is read (RRD-03).
    """
    reread = Reread.objects.select_related("order").filter(booking=booking, status=Status.REQUESTED).first()
    if reread is not None and not _is_failed(booking):
        reread.booking = booking
        _give_up(reread, now=now)
        _tell("exams.reread_given_up", reread, now=now)


def _give_up(reread: Reread, *, now: datetime) -> None:
    reread.status, reread.ended_at = Status.LAPSED, now
    reread.save(update_fields=["status", "ended_at"])
    assert reread.order is not None  # asked for with the request
    payments.services.cancel_order(order_id=reread.order.pk, now=now)


def _is_failed(booking: Booking) -> bool:
    """Whether the result that stands is a fail: neither corrected, annulled nor disallowed."""
    return booking.attempt is not None and booking.attempt.result == Attempt.Result.FAIL


def _locked(reread_id: int) -> Reread:
    """A re-read with its booking, locked after their candidate."""
    booking = lock_booking(Reread.objects.values_list("booking_id", flat=True).get(id=reread_id))
    reread = Reread.objects.select_related("order").get(id=reread_id)
    reread.booking = booking
    return reread


def _tell(topic: str, reread: Reread, *, now: datetime, **payload: object) -> None:
    emit(topic, reread, now=now, candidate_id=reread.booking.candidate_id, booking=reread.booking_id, **payload)
