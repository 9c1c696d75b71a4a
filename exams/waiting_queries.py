"""Reads of the waiting list."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import Exists, F, OuterRef, Q

from ceportal.kernel import clock
from exams import offers
from exams.models import FREED, Booking, Seat, Sitting, WaitingWish
from exams.site_time import day_at


def waiting_for(sitting: Sitting) -> list[int]:
    """The wishes that a sitting would meet, in the order in which they were made; their keys."""
    tracks = [track.pk for track in sitting.tracks.all()]
    wishes = WaitingWish.objects.filter(
        status=WaitingWish.Status.WAITING, sites=sitting.site, first_day__lte=sitting.day, last_day__gte=sitting.day
    )
    if tracks:
        wishes = wishes.filter(track__in=tracks)
    return list(wishes.order_by("asked_at", "id").values_list("pk", flat=True))


def sittings_with_wishes(*, now: datetime) -> Iterator[Sitting]:
    """The sittings to come with a free seat that somebody waits for, the nearest first."""
    if not WaitingWish.objects.filter(status=WaitingWish.Status.WAITING).exists():
        return iter(())
    wished = WaitingWish.objects.filter(
        status=WaitingWish.Status.WAITING,
        sites=OuterRef("site"),
        first_day__lte=OuterRef("day"),
        last_day__gte=OuterRef("day"),
    )
    taken = Booking.objects.filter(seat=OuterRef("pk")).exclude(status__in=FREED)
    free = Seat.objects.filter(~Exists(taken), sitting=OuterRef("pk"))
    sittings = offers.sittings_offered().select_related("site").prefetch_related("tracks")
    to_come = Q(day__gte=clock.day_of(now) - timedelta(days=1))  # by whatever clock: the rules look closer
    return iter(sittings.filter(to_come, Exists(wished), Exists(free)).order_by("day", F("pk")))


def overdue_wishes(*, now: datetime) -> list[int]:
    """The wishes whose last day may be over at all their sites; their keys."""
    wishes = WaitingWish.objects.filter(status=WaitingWish.Status.WAITING, last_day__lte=clock.day_of(now))
    return list(wishes.order_by("id").values_list("pk", flat=True))


def is_over(wish: WaitingWish, *, now: datetime) -> bool:
    """Whether no day is left on which a seat could be booked: the last has begun at every site of a wish (LAB-06)."""
    return all(day_at(now, site.time_zone) >= wish.last_day for site in wish.sites.all())
