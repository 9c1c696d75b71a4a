"""The desk as a proctor reads it: today's sitting, one candidate, what is left to do. Only ever of the own site."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, Exists, OuterRef, Prefetch, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from ceportal.kernel.decisions import Decision
from ceportal.kernel.explain import explain
from ceportal.kernel.policy import BOOK
from exams import desk_queries
from exams.desk_forms import CheckInForm, FaultEndForm, FaultForm, LogForm, ResultForm
from exams.lab_reading import missing_texts
from exams.models import FREED, Booking, Incident, Site, Sitting
from exams.rules import desk as desk_rules
from exams.rules import incidents as incident_rules
from exams.rules import rereads as reread_rules
from exams.site_time import day_at

MINUTE = timedelta(minutes=1)
COMING_SHOWN = 5
NOT_AT_THE_DESK = ("held", *FREED)
# What a state is called at the desk, and the badge that shows it.
AT_THE_DESK = {
    "reserved": ("unpaid", _("not paid")),
    "paid": ("scheduled", _("expected")),
    "sat": ("active", _("started")),
    "passed": ("completed", _("passed")),
    "failed": ("failed", _("failed")),
    "no_show": ("withdrawn", _("not appeared")),
    "incident": ("warning", _("ended by a fault")),
}


@dataclass(frozen=True, slots=True)
class Row:
    """Somebody at a sitting, as the desk sees them now."""

    booking: Booking
    badge: str
    word: Any
    minutes_late: int | None  # of who has arrived
    lost: int  # minutes, of faults that ended
    fault: Incident | None  # whose clock is running
    fault_minutes: int  # of that one, so far
    fault_over: bool  # it has come to where the exam is cancelled
    ends_at: datetime  # of the session, as things stand


@dataclass(frozen=True, slots=True)
class Lateness:
    """The clock of lateness: where a sitting stands between its start and the last moment to arrive (LAB-12)."""

    starts_at: datetime
    until: datetime
    minutes: int  # since the start; negative before it
    left: int  # until nobody can arrive any more; negative after
    limit: int


@dataclass(frozen=True, slots=True)
class Awaited:
    """A result that is awaited, and by when it is promised (LAB-19)."""

    booking: Booking
    due_at: datetime
    overdue: bool


def bookings_at(site: Site) -> QuerySet[Booking]:
    """The bookings of a site that the desk has to do with."""
    return (
        Booking.objects.filter(seat__sitting__site=site)
        .exclude(status__in=NOT_AT_THE_DESK)
        .select_related("candidate", "track", "exam", "check_in", "seat__sitting__site")
        .prefetch_related(Prefetch("incidents", Incident.objects.order_by("began_at", "id")))
        .order_by("seat__number")
    )


def desk_page(site: Site, *, now: datetime) -> dict[str, Any]:
    """The first page: today's sitting, sittings that were not closed, results that are awaited, what comes."""
    today = day_at(now, site.time_zone)
    sitting = Sitting.objects.filter(site=site, day=today, withdrawn_at=None).select_related("site").first()
    return {
        "site": site,
        "local_now": now,
        "today": today,
        **(sitting_page(sitting, now=now) if sitting else {"sitting": None}),
        "unclosed": _unclosed(site, today),
        "awaited": results_awaited(site, now=now),
        "coming": _coming(site, today),
    }


def sitting_page(sitting: Sitting, *, now: datetime, log_form: LogForm | None = None) -> dict[str, Any]:
    """One sitting: who is expected, who has come, the clock of lateness, the log, and how it is closed."""
    policy = BOOK.on(sitting.day)
    starts_at = desk_queries.starts_at(sitting)
    bookings = list(bookings_at(sitting.site).filter(seat__sitting=sitting))
    rows = [row_of(booking, now=now) for booking in bookings]
    expected = [row.booking for row in rows if row.booking.status == Booking.Status.PAID]
    running = sum(row.fault is not None for row in rows)
    closing = desk_rules.ClosingFacts(starts_at, now, awaited=len(expected), faults_running=running)
    log = sitting.log.select_related("booking__candidate", "recorded_by").order_by("recorded_at", "id")
    return {
        "site": sitting.site,
        "local_now": now,
        "sitting": sitting,
        "rows": rows,
        "expected": expected,
        "seats": sitting.seats.count(),
        "lateness": _lateness(sitting, starts_at, now=now),
        "session_ends_at": desk_rules.session_ends_at(starts_at, 0, policy),
        "closing": explain(desk_rules.assess_closing(closing, policy)),
        "log": log,
        "log_form": log_form or LogForm(bookings=bookings),
    }


def booking_page(booking: Booking, *, now: datetime, **bound: Any) -> dict[str, Any]:
    """One candidate on the exam day: to check in, to sit, or done; `bound` are forms that were sent."""
    row = row_of(booking, now=now)
    minutes = max(0, (now - desk_queries.starts_at(booking.seat.sitting)) // MINUTE)
    on_the_day = day_at(now, booking.seat.sitting.site.time_zone) == booking.seat.sitting.day
    return {
        "site": booking.seat.sitting.site,
        "sitting": booking.seat.sitting,
        "local_now": now,
        "row": row,
        "booking": booking,
        "day_has_come": day_at(now, booking.seat.sitting.site.time_zone) >= booking.seat.sitting.day,
        "lateness": _lateness(booking.seat.sitting, desk_queries.starts_at(booking.seat.sitting), now=now),
        "incidents": [(each, explain(Decision.from_json(each.decision or []))) for each in booking.incidents.all()],
        "check_in_form": CheckInForm(initial={"minutes_late": minutes if on_the_day else 0}),
        # In the candidate's language: the signature accepts these (CAND-01, LAB-02).
        "texts": missing_texts(booking.candidate, now=now),
        "fault_form": FaultForm(),
        "fault_end_form": FaultEndForm(),
        "result_form": ResultForm(initial={"rereadable": True}),
        "log_form": LogForm(bookings=[booking], initial={"booking": booking.pk}),
        "log": booking.log.select_related("booking__candidate", "recorded_by").order_by("recorded_at", "id"),
        "due_at": reread_rules.result_due_at(row.ends_at, BOOK.on(booking.seat.sitting.day)),
        **bound,
    }


def row_of(booking: Booking, *, now: datetime) -> Row:
    """Somebody at a sitting, of a booking read as `bookings_at` does."""
    sitting = booking.seat.sitting
    policy = BOOK.on(sitting.day)
    incidents = list(booking.incidents.all())
    running = next((each for each in incidents if each.is_running), None)
    minutes = (now - running.began_at) // MINUTE if running else 0
    lost = sum(each.minutes or 0 for each in incidents if not each.is_running)
    badge, word = AT_THE_DESK[booking.status]
    return Row(
        booking=booking,
        badge=badge,
        word=word,
        minutes_late=booking.check_in.minutes_late if hasattr(booking, "check_in") else None,
        lost=lost,
        fault=running,
        fault_minutes=minutes,
        fault_over=running is not None and incident_rules.ends_lab(incident_rules.LossFacts(minutes, False), policy),
        ends_at=desk_rules.session_ends_at(desk_queries.starts_at(sitting), lost + minutes, policy),
    )


def results_awaited(site: Site | None, *, now: datetime) -> list[Awaited]:
    """Labs that are over and whose result is awaited, the longest promised first; of one site or of all (LAB-19)."""
    sat = Booking.objects.filter(status=Booking.Status.SAT)
    if site is not None:
        sat = sat.filter(seat__sitting__site=site)
    rows = sat.select_related("candidate", "track", "check_in", "seat__sitting__site").prefetch_related("incidents")
    awaited = []
    for booking in rows:
        ends_at = row_of(booking, now=now).ends_at
        if ends_at <= now:
            due_at = reread_rules.result_due_at(ends_at, BOOK.on(booking.seat.sitting.day))
            awaited.append(Awaited(booking, due_at, overdue=due_at <= now))
    return sorted(awaited, key=lambda each: (each.due_at, each.booking.pk))


def _lateness(sitting: Sitting, starts_at: datetime, *, now: datetime) -> Lateness:
    limit: int = BOOK.on(sitting.day)["lab.late_minutes"].value  # the exam day's book governs
    until = starts_at + limit * MINUTE
    minutes = (now - starts_at) // MINUTE
    return Lateness(starts_at, until, minutes, limit - minutes, limit)


def _unclosed(site: Site, today: date) -> Iterable[Sitting]:
    """Earlier sittings at which somebody was expected or came, and which nobody has closed."""
    there = Booking.objects.filter(seat__sitting=OuterRef("pk")).exclude(status__in=NOT_AT_THE_DESK)
    earlier = Sitting.objects.filter(Exists(there), site=site, day__lt=today, closed_at=None)
    return earlier.select_related("site").order_by("day")


def _coming(site: Site, today: date) -> Iterable[Sitting]:
    """The next sittings at which somebody is expected."""
    paid = Count("seats__bookings", filter=Q(seats__bookings__status=Booking.Status.PAID))
    later = Sitting.objects.filter(site=site, day__gt=today, withdrawn_at=None).annotate(expected=paid)
    return later.filter(expected__gt=0).select_related("site").order_by("day")[:COMING_SHOWN]
