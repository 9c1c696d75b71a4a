"""Exams, sites, bookings, and what happens on the exam day."""

from exams.models.bookings import FREED, LIVE, Booking, Reschedule, WaitingWish
from exams.models.laboratory import CheckIn, Incident, LogEntry, Remedy, Reread
from exams.models.places import Closure, Seat, Site, SiteMember, SitePrice, Sitting, SittingPattern
from exams.models.results import Attempt, Exam
from exams.models.sharing import ResultLink

__all__ = [
    "FREED",
    "LIVE",
    "Attempt",
    "Booking",
    "CheckIn",
    "Closure",
    "Exam",
    "Incident",
    "LogEntry",
    "Remedy",
    "Reread",
    "Reschedule",
    "ResultLink",
    "Seat",
    "Site",
    "SiteMember",
    "SitePrice",
    "Sitting",
    "SittingPattern",
    "WaitingWish",
]
