"""What this app holds about a person (CAND-09): results, bookings, and what happened on exam days."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from candidates.models import Candidate
from ceportal.kernel import clock
from ceportal.kernel.personal_data import Area, Part
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
