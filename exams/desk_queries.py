"""Reads of the exam day: what arrivals, faults, results and re-reads depend on, and who waits for what."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.db.models import QuerySet, Sum

from candidates import queries as candidates
from ceportal.kernel.policy import BOOK
from exams import queries
from exams.models import Booking, Incident, Reread, Sitting
from exams.rules import desk as desk_rules
from exams.rules import incidents as incident_rules
from exams.site_time import day_at, moment_of

AWAITED = Booking.Status.PAID


def day_at_site(booking: Booking, moment: datetime) -> date:
    """The day that the calendar of a booking's site shows."""
    return day_at(moment, booking.seat.sitting.site.time_zone)


def starts_at(sitting: Sitting) -> datetime:
    """The moment at which a sitting starts (LAB-12)."""
    return moment_of(sitting.day, sitting.starts_at, sitting.site.time_zone)


def arrival_facts(
    booking: Booking, *, minutes_late: int, identity: desk_rules.IdentityFacts, now: datetime
) -> desk_rules.ArrivalFacts:
    """What starting depends on, for the exam day (EXAM-13, LAB-03, LAB-12, and who is tested)."""
    day, candidate_id = booking.seat.sitting.day, booking.candidate_id
    booked_on = day_at_site(booking, booking.booked_at)
    return desk_rules.ArrivalFacts(
        status=booking.status,
        exam_on=day,
        recorded_on=day_at_site(booking, now),
        minutes_late=minutes_late,
        identity=identity,
        testing=candidates.testing_facts(candidate_id, exam_on=day, held_in=booking.seat.sitting.site.country),
        opening=queries.opening_facts(candidate_id, booking.exam, exam_on=day),
        retake=queries.retake_facts(candidate_id, booking.exam, exam_on=day, booked_on=booked_on),
    )


def results_overdue(day: date) -> QuerySet[Booking]:
    """The labs that were sat, and whose result is awaited longer than promised on a day of the portal's (LAB-19).

    Counted in whole days after the exam day, which is how staff look at them; the candidate is told the hour.
    """
    hours = BOOK.on(day)["lab.result_hours"].value
    promised = timedelta(days=-(-hours // 24))
    return Booking.objects.filter(status=Booking.Status.SAT, seat__sitting__day__lt=day - promised)


def rereads_overdue(day: date) -> QuerySet[Reread]:
    """The re-reads under way whose outcome is awaited longer than promised (RRD-05)."""
    return Reread.objects.filter(status=Reread.Status.PAID, due_on__lt=day)


# ── Faults ────────────────────────────────────────────────────────────────────────────────────────
def running_fault(booking_id: int) -> Incident | None:
    """The fault of a booking whose clock is running."""
    return Incident.objects.filter(booking_id=booking_id, ended_at=None).first()


def minutes_lost(booking_id: int) -> int:
    """The time by which a session is longer, of the faults that ended (INC-01)."""
    ended = Incident.objects.filter(booking_id=booking_id, ended_at__isnull=False)
    lost: int | None = ended.aggregate(sum=Sum("minutes"))["sum"]
    return lost or 0


def session_ends_at(booking: Booking) -> datetime:
    """When a booking's lab is over, as things stand (LAB-18, INC-01)."""
    sitting = booking.seat.sitting
    return desk_rules.session_ends_at(starts_at(sitting), minutes_lost(booking.pk), BOOK.on(sitting.day))


def loss_of(incident: Incident) -> incident_rules.LossFacts:
    """How a fault or event ended, as rules see it."""
    return incident_rules.LossFacts(incident.minutes, incident.too_long, incident.unavoidable)


def deciding_incident(booking: Booking) -> Incident | None:
    """The fault or event that ended a lab, else the longest that it had."""
    policy = BOOK.on(booking.seat.sitting.day)
    ended = list(booking.incidents.filter(ended_at__isnull=False).order_by("-minutes", "-id"))
    return next((each for each in ended if incident_rules.ends_lab(loss_of(each), policy)), next(iter(ended), None))
