"""What candidates are told about the exam day and after it (CE-13): receivers of the relay, one message an event."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.urls import reverse

from candidates.services import compose_notice
from ceportal.kernel.models import Event
from ceportal.kernel.policy import BOOK
from exams.booking_queries import booking_with_place
from exams.models import Booking, Incident, Remedy, Reread
from exams.rules import rereads as reread_rules
from exams.services import rereads


def on_no_show(event: Event, now: datetime) -> None:
    """Tell that the candidate is marked as not appeared, and what follows from it (LAB-12, LAB-13)."""
    booking = booking_with_place(event.subject_id)
    day = booking.seat.sitting.day
    # The book of the exam day says for how long nothing can be booked.
    block = BOOK.on(day)["lab.no_show_block_days"].value
    _tell(
        "lab_no_show",
        event,
        booking,
        now=now,
        minutes_late=event.payload["minutes_late"],
        books_from=day + timedelta(days=block + 1) if block is not None else None,
    )


def on_lab_ended(event: Event, now: datetime) -> None:
    """Tell that a fault or an event ended the exam, that no attempt counts, and that a person sees to it (INC-02)."""
    incident = Incident.objects.get(id=event.subject_id)
    booking = booking_with_place(incident.booking_id)
    _tell("lab_ended", event, booking, now=now, incident=incident)


def on_remedy_granted(event: Event, now: datetime) -> None:
    """Tell of a remedy: a change without fees, or a voucher, whose code has a message of its own (INC-03)."""
    remedy = Remedy.objects.get(id=event.subject_id)
    _tell("remedy_granted", event, booking_with_place(remedy.booking_id), now=now, remedy=remedy)


def on_result_published(event: Event, now: datetime) -> None:
    """Tell the result of a lab: pass or fail only, a fail with its topic areas, and whether it can be re-read."""
    booking = booking_with_place(event.subject_id)
    day = booking.seat.sitting.day
    can_be_reread = event.payload["result"] == "fail" and rereads.assess_request(booking, now=now).granted
    _tell(
        "lab_result",
        event,
        booking,
        now=now,
        passed=event.payload["result"] == "pass",
        # The book of the exam day governs what can be re-read, and until when.
        reread_until=reread_rules.last_day_to_ask(day, BOOK.on(day)) if can_be_reread else None,
    )


def on_reread_begun(event: Event, now: datetime) -> None:
    """Tell that the fee has come and the re-read has begun, and by when its outcome is promised (RRD-03, RRD-05)."""
    _tell_of_reread("reread_begun", event, now=now)


def on_reread_decided(event: Event, now: datetime) -> None:
    """Tell the outcome of a re-read, only as the result (RRD-04, RRD-05)."""
    _tell_of_reread("reread_decided", event, now=now, turned=event.payload["result"] == "pass")


def on_reread_lapsed(event: Event, now: datetime) -> None:
    """Tell that a re-read was not paid in time, and whether it can be asked for again (RRD-01, RRD-03)."""
    reread = Reread.objects.get(id=event.subject_id)
    booking = booking_with_place(reread.booking_id)
    day = booking.seat.sitting.day
    again = rereads.assess_request(booking, now=now).granted
    until = reread_rules.last_day_to_ask(day, BOOK.on(day)) if again else None
    _tell_of_reread("reread_lapsed", event, now=now, reread_until=until)


def _tell_of_reread(kind: str, event: Event, *, now: datetime, **context: Any) -> None:
    reread = Reread.objects.get(id=event.subject_id)
    _tell(kind, event, booking_with_place(reread.booking_id), now=now, reread=reread, **context)


def _tell(kind: str, event: Event, booking: Booking, *, now: datetime, **context: Any) -> None:
    compose_notice(
        candidate=booking.candidate,
        kind=kind,
        key=f"{kind}:{event.id}",
        context={
            "booking": booking,
            "site": booking.seat.sitting.site,
            "day": booking.seat.sitting.day,
            "address": settings.BASE_URL + reverse("exams:booking", args=[booking.pk]),
            **context,
        },
        now=now,
    )
