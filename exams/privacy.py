"""What this app holds about a person (CAND-09): results, bookings, and what happened on exam days."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from candidates.models import Candidate
from ceportal.kernel import clock
from ceportal.kernel.decisions import Decision
from ceportal.kernel.personal_data import Area, Part
from exams.models import LIVE, Booking, Incident, LogEntry, Reread, SiteMember, WaitingWish
from exams.rules.erasure import LabFacts, assess_erasure
from exams.transcript import transcript

EXPORTED = (
    Area(
        "exams",
        (
            Part("exams.Attempt", "candidate"),
            Part("exams.ResultLink", "candidate"),
        ),
    ),
    Area(
        "labs",
        (
            Part("exams.Booking", "candidate"),
            Part("exams.Reschedule", "old__candidate"),
            Part("exams.WaitingWish", "candidate"),
            Part("exams.CheckIn", "booking__candidate"),
            Part("exams.LogEntry", "booking__candidate"),
            Part("exams.Incident", "booking__candidate"),
            Part("exams.Remedy", "booking__candidate"),
            Part("exams.Reread", "booking__candidate"),
        ),
    ),
    Area("proctor", (Part("exams.SiteMember", "user__candidate"),)),
)


def files(candidate: Candidate, now: datetime) -> Iterator[tuple[str, bytes]]:
    """The transcript as of today."""
    yield "transcript.pdf", transcript(candidate, day=clock.day_of(now))


def holds(candidate: Candidate, now: datetime) -> Decision:  # noqa: ARG001 - as every app's
    """Labs that are not over."""
    bookings = Booking.objects.filter(candidate=candidate)
    open_rereads = [Reread.Status.REQUESTED, Reread.Status.PAID]
    return assess_erasure(
        LabFacts(
            booked=bookings.filter(status__in=[*LIVE, Booking.Status.HELD]).exists(),
            reread=Reread.objects.filter(booking__in=bookings, status__in=open_rereads).exists(),
            proctor=SiteMember.objects.filter(user__candidate=candidate, active=True).exists(),
        )
    )


def erase(candidate: Candidate, now: datetime) -> Iterator[str]:
    """Withdraw links and wishes, and empty what was written down about the person; results stay."""
    candidate.result_links.filter(withdrawn_at__isnull=True).update(withdrawn_at=now)
    candidate.result_links.update(label="")
    waiting = WaitingWish.Status.WAITING
    candidate.waiting_wishes.filter(status=waiting).update(status=WaitingWish.Status.ENDED, ended_at=now)
    candidate.attempts.exclude(reason="").update(reason="")
    LogEntry.objects.filter(booking__candidate=candidate).exclude(text="").update(text="")
    Incident.objects.filter(booking__candidate=candidate).update(description="")
    yield from ()
