"""What a candidate's bookings show: how each stands, its days in order, and what can be done with it now."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

import payments.queries
from candidates.models import Candidate
from ceportal.kernel import clock
from ceportal.kernel.decisions import Decision
from ceportal.kernel.explain import Explanation, explain
from ceportal.kernel.policy import BOOK
from exams import booking_queries as queries
from exams import change_queries, services
from exams.clocks import Clocks, clocks_of
from exams.models import Booking, CheckIn, Incident, Reread, Reschedule
from exams.reread_reading import RereadPart, reread_part
from exams.rules import booking as booking_rules
from exams.rules import changes as change_rules
from exams.site_time import day_at
from payments.amounts import amount_text
from payments.models import Order
from payments.queries import Standing

Status = Booking.Status
INSTANT = timedelta(microseconds=1)
STANDING = (Status.HELD, Status.RESERVED, Status.PAID, Status.SAT)
TO_COME = (Status.RESERVED, Status.PAID)
READ_AGAIN = (Status.FAILED, Status.PASSED)  # a pass may be what a re-read turned a fail to (RRD-04)


@dataclass(frozen=True, slots=True)
class Step:
    """A day of a booking's life, as `components/timeline.html` shows it."""

    label: str
    day: date | None
    note: str
    past: bool
    status: str = "info"


@dataclass(frozen=True, slots=True)
class BookingPage:
    """A booking: how it stands, its days, its money, and what can be done with it now."""

    booking: Booking
    starts: Clocks
    own_zone: str
    order: Order | None
    standing: Standing | None
    steps: tuple[Step, ...]
    why: Explanation
    can_be_paid: bool
    kept_until: Clocks | None
    minutes_left: int
    cancelling: Explanation | None  # of a paid one that can be cancelled
    forfeit: str
    changing: Explanation | None
    quoted: Reschedule | None
    came_from: Booking | None
    went_to: Booking | None
    reread: RereadPart | None
    extra: dict[str, Any]

    @property
    def can_be_dropped(self) -> bool:
        return self.booking.status in (Status.HELD, Status.RESERVED)

    @property
    def has_papers(self) -> bool:
        """Whether the letter and the calendar file make sense: while the exam is to come."""
        return self.booking.status in TO_COME

    @property
    def can_be_changed(self) -> bool:
        """Whether choosing another seat makes sense."""
        return self.changing is not None and self.changing.granted


def own_booking(candidate: Candidate, booking_id: int) -> Booking:
    """A candidate's own booking; Booking.DoesNotExist for anybody else's."""
    return queries.bookings_of(candidate).get(id=booking_id)


def standing_bookings(candidate: Candidate) -> QuerySet[Booking]:
    """What a candidate has before them, the next exam day first; a seat kept for a change is shown with its quote."""
    standing = queries.bookings_of(candidate).filter(status__in=STANDING)
    return standing.exclude(held_for=Booking.HeldFor.RESCHEDULE, status=Status.HELD).order_by(
        "seat__sitting__day", "id"
    )


def past_bookings(candidate: Candidate) -> QuerySet[Booking]:
    """All the others, the latest first; seats that were only kept for a while are left out."""
    over = queries.bookings_of(candidate).exclude(status__in=STANDING)
    return over.exclude(status=Status.RELEASED).order_by("-seat__sitting__day", "-id")


def booking_page(booking: Booking, *, now: datetime) -> BookingPage:
    """Everything that a booking's page shows."""
    zone, own_zone = booking.seat.sitting.site.time_zone, booking.candidate.time_zone
    order = _order_of(booking)
    standing = payments.queries.standing_of(order, now=now) if order else None
    cancelling = services.assess_cancelling(booking, now=now) if booking.status == Status.PAID else None
    changes = list(
        Reschedule.objects.filter(old=booking).select_related("new__seat__sitting__site").order_by("-quoted_at")
    )
    came = Reschedule.objects.filter(new=booking).select_related("old__seat__sitting__site").first()
    reread = reread_part(booking, now=now) if booking.status in READ_AGAIN else None
    return BookingPage(
        booking=booking,
        starts=clocks_of(queries.starts_at(booking), zone, own_zone),
        own_zone=own_zone if own_zone != zone else "",
        order=order,
        standing=standing,
        steps=(*_steps(booking, order, now=now), *_reread_steps(booking, reread)),
        why=explain(Decision.from_json(booking.decision)),
        can_be_paid=_can_be_paid(booking, now=now),
        kept_until=clocks_of(booking.held_until, zone, own_zone) if booking.held_until else None,
        minutes_left=minutes_until(booking.held_until, now=now),
        cancelling=explain(cancelling) if cancelling and cancelling.granted else None,
        forfeit=_forfeit(order) if order else "",
        changing=_changing(booking, now=now),
        quoted=next((each for each in changes if _is_open(each, now)), None),
        came_from=came.old if came and came.status == Reschedule.Status.COMMITTED else None,
        went_to=next((each.new for each in changes if each.status == Reschedule.Status.COMMITTED), None),
        reread=reread,
        extra=_of_the_day(booking),
    )


def minutes_until(moment: datetime | None, *, now: datetime) -> int:
    """How many minutes are left, begun ones included; none where it is past."""
    if moment is None or moment <= now:
        return 0
    return -(-(moment - now) // timedelta(minutes=1))


def _is_open(change: Reschedule, now: datetime) -> bool:
    until = change.new.held_until
    return change.status == Reschedule.Status.QUOTED and until is not None and now < until


def _order_of(booking: Booking) -> Order | None:
    if booking.order is None:
        return None
    return payments.queries.order_for_owner(candidate=booking.candidate, number=booking.order.number)


def _can_be_paid(booking: Booking, *, now: datetime) -> bool:
    unpaid = booking.status in (Status.HELD, Status.RESERVED) and booking.order is not None
    return unpaid and services.assess_paying(booking, now=now).granted


def _forfeit(order: Order) -> str:
    """What is lost by cancelling, in money (LAB-14)."""
    parts = []
    if order.total_cents:
        parts.append(_("%(amount)s paid by card") % {"amount": amount_text(order.total_cents, order.currency)})
    if order.covered_cents:
        parts.append(_("the voucher worth %(amount)s") % {"amount": amount_text(order.covered_cents, order.currency)})
    return _(" and ").join(parts)


def _changing(booking: Booking, *, now: datetime) -> Explanation | None:
    """Whether the booking can be left for another seat; None where that question does not arise."""
    by_remedy = change_queries.remedy_of(booking) is not None
    if booking.status != Status.PAID and not by_remedy:
        return None
    sitting = booking.seat.sitting
    today = day_at(now, sitting.site.time_zone)
    facts = change_rules.LeavingFacts(booking.status, sitting.day, today, elsewhere=None, by_remedy=by_remedy)
    return explain(change_rules.assess_leaving(facts, BOOK.on(today)))  # the book of the action day governs


def _of_the_day(booking: Booking) -> dict[str, Any]:
    """What happened on the exam day: arrival, faults, and what was granted for them."""
    if booking.status in TO_COME or booking.status in booking_rules.TRANSITIONS["held"]:
        return {}
    return {
        "check_in": CheckIn.objects.filter(booking=booking).first(),
        "incidents": list(Incident.objects.filter(booking=booking)),
        "remedy": getattr(booking, "remedy", None),
    }


# ── The days of a booking ─────────────────────────────────────────────────────────────────────────
def _steps(booking: Booking, order: Order | None, *, now: datetime) -> Iterator[Step]:
    """Booked, pay by, free changes until, closed from, exam day: by the clock of the site."""
    site = booking.seat.sitting.site
    today, exam_on = day_at(now, site.time_zone), booking.seat.sitting.day
    booked_on = day_at(booking.booked_at, site.time_zone)
    yield Step(_("Booked"), booked_on, "", past=True, status="approved")
    yield from _payment_steps(booking, order, now=now)
    if booking.status in TO_COME:
        acting = BOOK.on(today)  # the book of the action day governs
        free = change_rules.last_free_day(exam_on, acting)
        last = change_rules.last_day_to_change(exam_on, acting)
        if free >= booked_on:
            yield Step(
                _("Last day of free changes"), free, _("RSCH-01: later a change costs a fee."), past=free < today
            )
        closed = last + timedelta(days=1)
        yield Step(
            _("No changes from this day on"), closed, _("RSCH-03: the exam is taken as booked."), closed <= today
        )
    ended_on = day_at(booking.ended_at, site.time_zone) if booking.ended_at else None
    given_up = booking.status not in STANDING and ended_on is not None and ended_on < exam_on
    if not given_up:  # else that day does not come
        starts = clocks_of(queries.starts_at(booking), site.time_zone, booking.candidate.time_zone)
        note = _("Start: %(moment)s (%(zone)s)") % {"moment": starts.site, "zone": starts.site_zone}
        over = exam_on < today or booking.status not in STANDING
        yield Step(_("Exam day"), exam_on, _with_own(note, starts), past=over)
    if ended_on is not None and booking.status not in STANDING:
        yield Step(booking.get_status_display().capitalize(), ended_on, "", past=True, status=booking.status)


def _payment_steps(booking: Booking, order: Order | None, *, now: datetime) -> Iterator[Step]:
    zone = booking.seat.sitting.site.time_zone
    if order is not None and order.paid_at is not None:
        yield Step(_("Paid"), day_at(order.paid_at, zone), "", past=True, status="paid")
    elif booking.pay_before is not None:
        last = booking.pay_before - INSTANT
        clocks = clocks_of(booking.pay_before, zone, booking.candidate.time_zone)
        note = _("To the end of this day at the site: %(moment)s (%(zone)s)")
        note = _with_own(note % {"moment": clocks.site, "zone": clocks.site_zone}, clocks)
        yield Step(_("Pay by"), day_at(last, zone), note, past=booking.pay_before <= now, status="due")
    elif booking.held_until is not None:
        clocks = clocks_of(booking.held_until, zone, booking.candidate.time_zone)
        note = _with_own(f"{clocks.site} ({clocks.site_zone})", clocks)
        yield Step(_("The seat is kept until"), day_at(booking.held_until, zone), note, past=False, status="due")


def _reread_steps(booking: Booking, part: RereadPart | None) -> Iterator[Step]:
    """Until when a re-read is asked for; then asked for, paid by, begun, promised, done (RRD-01, RRD-03, RRD-05)."""
    if part is None:
        return
    zone = booking.seat.sitting.site.time_zone
    if part.asking is not None:
        if part.can_be_asked_for:
            note = _("RRD-01: to the end of this day at the site.")
            yield Step(_("Last day to ask for a re-read"), part.until, note, past=False, status="due")
        return
    assert part.reread is not None  # asked for
    reread = part.reread
    yield Step(_("Re-read asked for"), day_at(reread.requested_at, zone), "", past=True)
    if reread.paid_at is None:
        late = not part.can_be_paid
        yield Step(_("Pay for the re-read by"), part.pay_last_day, _("RRD-03: else it is given up."), late, "due")
        return
    yield Step(_("Re-read begun"), day_at(reread.paid_at, zone), "", past=True, status="paid")
    if reread.status == Reread.Status.PAID:
        yield Step(_("Outcome of the re-read promised by"), reread.due_on, "", past=False)
    elif reread.ended_at is not None:
        turned = reread.status == Reread.Status.TURNED
        yield Step(
            _("Re-read done"),
            day_at(reread.ended_at, zone),
            reread.get_status_display().capitalize(),
            past=True,
            status="passed" if turned else "failed",
        )


def _with_own(note: str, clocks: Clocks) -> str:
    """With what the candidate's own clock shows then, where it shows something else."""
    if not clocks.own:
        return note
    return note + _("; on your clock %(moment)s (%(zone)s)") % {"moment": clocks.own, "zone": clocks.own_zone}


# ── Dates to come, for the dashboard ──────────────────────────────────────────────────────────────
@dataclass(frozen=True, slots=True)
class BookingDate:
    """A day to come of a booking, by the clock of its site."""

    kind: str  # pay, free, exam, offer, reread, reread_pay
    day: date
    booking: Booking


def dates_to_come(candidate: Candidate, *, now: datetime) -> list[BookingDate]:
    """The payment deadline, the last day of free changes and the exam day of each booking that stands.

    And until when an offered seat is kept (LAB-15), a re-read is asked for (RRD-01) or paid (RRD-03).
    """
    found: list[BookingDate] = []
    failed: Booking | None = None  # the last: earlier ones were over for good when another could be taken
    wanted = queries.bookings_of(candidate).filter(status__in=(*TO_COME, Status.HELD, Status.FAILED))
    bookings = list(wanted.order_by("seat__sitting__day", "id"))
    for booking in bookings:
        if booking.status in TO_COME:
            found += _dates_of_standing(booking, now=now)
        elif booking.status == Status.FAILED:
            failed = booking
    found += _reread_dates(failed, now=now) if failed else ()
    to_come = [each for each in found if each.day >= day_at(now, each.booking.seat.sitting.site.time_zone)]
    return [*_offers(bookings, now=now), *to_come]


def _offers(bookings: Iterable[Booking], *, now: datetime) -> Iterator[BookingDate]:
    """What is kept for some hours is due today, whatever day it is at the site."""
    for booking in bookings:
        if booking.is_offer and booking.held_until is not None and now < booking.held_until:
            yield BookingDate("offer", clock.day_of(now), booking)


def _dates_of_standing(booking: Booking, *, now: datetime) -> Iterator[BookingDate]:
    site, exam_on = booking.seat.sitting.site, booking.seat.sitting.day
    if booking.status == Status.RESERVED and booking.pay_before is not None:
        yield BookingDate("pay", day_at(booking.pay_before - INSTANT, site.time_zone), booking)
    if booking.status == Status.PAID:
        acting = BOOK.on(day_at(now, site.time_zone))  # the book of the action day governs
        yield BookingDate("free", change_rules.last_free_day(exam_on, acting), booking)
    yield BookingDate("exam", exam_on, booking)


def _reread_dates(failed: Booking, *, now: datetime) -> Iterator[BookingDate]:
    part = reread_part(failed, now=now)
    if part is None:
        return
    if part.can_be_asked_for:
        yield BookingDate("reread", part.until, failed)
    elif part.can_be_paid and part.pay_last_day is not None:
        yield BookingDate("reread_pay", part.pay_last_day, failed)
