"""What the calendar of labs shows: the sittings of a month that can be booked for a track, and their free seats."""

from __future__ import annotations

import calendar
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Count, Exists, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from candidates.models import Track
from ceportal.kernel import clock
from ceportal.kernel.calendar import add_months
from ceportal.kernel.policy import BOOK
from exams import offers
from exams.models import FREED, Booking, Exam, Seat, Site, Sitting
from exams.site_time import day_at


@dataclass(frozen=True, slots=True)
class Opening:
    """A sitting on a day of the calendar."""

    site: Site
    day: date
    free: int


@dataclass(frozen=True, slots=True)
class CalendarDay:
    """A day of the calendar, with the sittings that are still to come at their sites."""

    day: date
    in_month: bool
    openings: tuple[Opening, ...]


@dataclass(frozen=True, slots=True)
class Month:
    """A month in whole weeks from Monday on, those that are over left out, and the months beside it with something."""

    first_day: date
    weeks: tuple[tuple[CalendarDay, ...], ...]
    before: date | None
    after: date | None
    any: bool


def tracks_with_lab() -> QuerySet[Track]:
    """The tracks whose lab can be booked."""
    labs = Exam.objects.filter(kind=Exam.Kind.EXPERT_LAB, earns=OuterRef("pk"))
    return Track.objects.filter(Exists(labs)).order_by("name")


def month_of(first_day: date, track: Track, *, site: Site | None, now: datetime) -> Month:
    """The calendar of a month for a track, at one site or all, in one query."""
    today = clock.day_of(now)
    weeks = calendar.Calendar().monthdatescalendar(first_day.year, first_day.month)
    openings: dict[date, list[Opening]] = {}
    for each in _sittings(track, site, first_day):
        if each.day > day_at(now, each.site.time_zone):
            openings.setdefault(each.day, []).append(Opening(each.site, each.day, each.free))  # type: ignore[attr-defined]
    return Month(
        first_day=first_day,
        weeks=tuple(tuple(_day(day, first_day, openings) for day in week) for week in weeks if week[-1] >= today),
        before=add_months(first_day, -1) if first_day > today.replace(day=1) else None,
        after=add_months(first_day, 1) if first_day < last_month(today) else None,
        any=bool(openings),
    )


def last_month(today: date) -> date:
    """The last month in which sittings are open (LAB-15)."""
    ahead: int = BOOK.on(today)["lab.sittings_open_months"].value
    return add_months(today.replace(day=1), ahead)


def month_asked(text: str, *, today: date) -> date | None:
    """The first day of a month written as 2026-05, within what the calendar has; else None."""
    try:
        asked = date.fromisoformat(f"{text}-01")
    except ValueError:
        return None
    return asked if today.replace(day=1) <= asked <= last_month(today) else None


def _sittings(track: Track, site: Site | None, first_day: date) -> Sequence[Sitting]:
    taken = Booking.objects.filter(seat=OuterRef("pk")).exclude(status__in=FREED)
    free = Seat.objects.filter(~Exists(taken), sitting=OuterRef("pk")).order_by().values("sitting")
    counted = Subquery(free.annotate(count=Count("pk")).values("count"), output_field=IntegerField())
    sittings = offers.sittings_offered().filter(
        offers.open_to(track.pk), day__gte=first_day, day__lt=add_months(first_day, 1)
    )
    if site is not None:
        sittings = sittings.filter(site=site)
    return list(sittings.select_related("site").annotate(free=Coalesce(counted, 0)).order_by("day", "site__name"))


def _day(day: date, first_day: date, openings: dict[date, list[Opening]]) -> CalendarDay:
    return CalendarDay(day, day.month == first_day.month, tuple(openings.get(day, ())))


def first_start(site: Site, *, now: datetime) -> Sitting | None:
    """The next sitting of a site: its start says when sittings there begin by the local clock (LAB-12)."""
    tomorrow = day_at(now, site.time_zone) + timedelta(days=1)
    return offers.sittings_offered().filter(site=site, day__gte=tomorrow).order_by("day").first()
