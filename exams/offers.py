"""Reads of what sites offer: sittings that can be booked, closures, who holds a seat on some days."""

from __future__ import annotations

from datetime import date

from django.db.models import Exists, OuterRef, Q, QuerySet

from exams.models import LIVE, Booking, Closure, Sitting, SittingPattern
from exams.sitting_rules import PatternFacts


def sittings_offered() -> QuerySet[Sitting]:
    """Sittings whose seats can be booked: neither withdrawn nor ended, on days on which their site is open."""
    shut = Closure.objects.filter(site=OuterRef("site"), first_day__lte=OuterRef("day"), last_day__gte=OuterRef("day"))
    return Sitting.objects.filter(~Exists(shut), withdrawn_at=None, closed_at=None)


def sitting_on(site_id: int, day: date) -> Sitting | None:
    """The sitting of a site on a day, if its seats can be booked."""
    return sittings_offered().select_related("site").filter(site_id=site_id, day=day).first()


def open_to(track_id: int) -> Q:
    """Of sittings those at which a track's lab can be taken: one that names no tracks is open to all (LAB-15)."""
    return Q(tracks=None) | Q(tracks=track_id)


def closure_on(site_id: int, day: date) -> Closure | None:
    """Why a site holds no sitting on a day; None where it may."""
    return Closure.objects.filter(site_id=site_id, first_day__lte=day, last_day__gte=day).first()


def live_bookings(site_id: int, first_day: date, last_day: date) -> QuerySet[Booking]:
    """Who has a seat of a site between two days, both included, and has not left it."""
    return (
        Booking.objects.filter(
            status__in=("held", *LIVE),
            seat__sitting__site_id=site_id,
            seat__sitting__day__range=(first_day, last_day),
        )
        .select_related("candidate", "track", "seat__sitting")
        .order_by("seat__sitting__day", "seat__number")
    )


def patterns_of(site_id: int) -> list[PatternFacts]:
    """The weekdays of a site, as rules see them."""
    patterns = SittingPattern.objects.filter(site_id=site_id).prefetch_related("tracks").order_by("holds_from", "id")
    return [
        PatternFacts(
            weekday=each.weekday,
            starts_at=each.starts_at,
            seats=each.seats,
            tracks=frozenset(track.pk for track in each.tracks.all()),
            holds_from=each.holds_from,
            holds_until=each.holds_until,
        )
        for each in patterns
    ]
