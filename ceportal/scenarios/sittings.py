"""The sittings of a story: each site's usual one, made when a step first names its day, and those set otherwise."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta

from ceportal.scenarios.binding import CannotTell
from ceportal.scenarios.scenario import WorldSitting
from exams import offers, site_time
from exams.models import Site, Sitting, SittingPattern
from exams.services import close_site, open_sitting

USUAL_DAYS = range(4)  # Monday to Thursday
USUAL_START = time(8, 30)
USUAL_SEATS = 4


def set_otherwise(sittings: Iterable[WorldSitting]) -> None:
    """Let sites hold the sittings that a scenario names; one without a seat is a day on which the site is closed.

    Patterns would open thousands that no step names, so the sites of a story have none.
    """
    SittingPattern.objects.all().delete()
    for each in sittings:
        site = Site.objects.get(code=each.site)
        if site.sittings.filter(day=each.day).exists() or offers.closure_on(site.pk, each.day):
            raise CannotTell(f"The sitting of {each.site} on {each.day} is set already (line {each.line}).")
        if each.seats == 0:
            close_site(
                site_id=site.pk,
                first_day=each.day,
                last_day=each.day,
                reason="No sitting.",
                now=_before(site, each.day),
            )
        else:
            _open(site, each.day, seats=each.seats or USUAL_SEATS, tracks=each.tracks)


def sitting_on(site_code: str, day: date) -> Sitting | None:
    """The sitting of a site on a day that a step names; None where it holds none."""
    site = Site.objects.get(code=site_code)
    there = site.sittings.filter(day=day).first()
    if there is None and day.weekday() in USUAL_DAYS and offers.closure_on(site.pk, day) is None:
        there = _open(site, day, seats=USUAL_SEATS, tracks=())
    return there


def _open(site: Site, day: date, *, seats: int, tracks: Iterable[str]) -> Sitting:
    return open_sitting(
        site_id=site.pk,
        day=day,
        starts_at=USUAL_START,
        seats=seats,
        tracks=tuple(tracks),
        now=_before(site, day),
    )


def _before(site: Site, day: date) -> datetime:
    """A moment before a day: it counts as open long since, whenever a step first names it."""
    return site_time.begin_of(day, site.time_zone) - timedelta(days=1)
