"""Reads of what sites offer: sittings that can be booked, closures, who holds a seat on some days."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet

from ceportal.kernel import clock
from ceportal.kernel.policy import BOOK
from exams.models import LIVE, Booking, Closure, Site, Sitting, SittingPattern
from exams.rules import sittings as sitting_rules
from exams.rules.sittings import PatternFacts
from exams.site_time import day_at


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


def sites_behind(*, now: datetime) -> list[int]:
    """The sites whose sittings may not be in line with their patterns and closures; their keys.

    A handful of queries for all sites: on most nights nothing is to be opened, and no site is locked to find that out.
    """
    yesterday = clock.day_of(now) - timedelta(days=1)  # by whatever clock: each site has its own today
    known = defaultdict(set)
    sittings = Sitting.objects.filter(day__gte=yesterday)
    for site_id, day in sittings.filter(withdrawn_at=None).values_list("site_id", "day"):
        known[site_id].add(day)
    unsettled = set(Closure.objects.filter(last_day__gte=yesterday).values_list("site_id", flat=True))
    unsettled |= set(sittings.exclude(withdrawn_at=None).values_list("site_id", flat=True))
    patterns = _patterns_by_site(SittingPattern.objects.all())
    behind = []
    for site_id, time_zone in Site.objects.order_by("id").values_list("pk", "time_zone"):
        today = day_at(now, time_zone)
        wanted = sitting_rules.days_to_open(patterns[site_id], [], today=today, policy=BOOK.on(today))
        if site_id in unsettled or not wanted.keys() <= known[site_id]:
            behind.append(site_id)
    return behind


def patterns_of(site_id: int) -> list[PatternFacts]:
    """The weekdays of a site, as rules see them."""
    return _patterns_by_site(SittingPattern.objects.filter(site_id=site_id))[site_id]


def _patterns_by_site(patterns: QuerySet[SittingPattern]) -> dict[int, list[PatternFacts]]:
    by_site = defaultdict(list)
    for each in patterns.prefetch_related("tracks").order_by("holds_from", "id"):
        by_site[each.site_id].append(
            PatternFacts(
                weekday=each.weekday,
                starts_at=each.starts_at,
                seats=each.seats,
                tracks=frozenset(track.pk for track in each.tracks.all()),
                holds_from=each.holds_from,
                holds_until=each.holds_until,
            )
        )
    return by_site
