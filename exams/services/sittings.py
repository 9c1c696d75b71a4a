"""The calendar of sites: sittings opened from patterns or one by one, days on which a site is closed."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, datetime, time
from typing import Any

from django.db import connection, transaction

from candidates.models import Case, Track
from candidates.services import open_case
from ceportal.kernel.bulk import insert_many
from ceportal.kernel.decisions import require
from ceportal.kernel.outbox import emit
from ceportal.kernel.policy import BOOK
from exams import offers, site_time
from exams.models import FREED, Booking, Closure, Exam, Seat, Site, Sitting
from exams.rules import sittings as sitting_rules
from exams.rules.sittings import Closed, ClosureFacts, PatternFacts, SittingFacts

NUMBER_SEATS = """
INSERT INTO exams_seat (sitting_id, number)
SELECT sitting, number
FROM unnest(%s::bigint[], %s::integer[]) AS wanted (sitting, seats), generate_series(1, seats) AS number
"""


def lock_site(site_id: int) -> Site:
    """A site, locked: those who change its calendar go one after the other. Any candidate's lock comes before it."""
    return Site.objects.select_for_update(no_key=True).get(id=site_id)


@transaction.atomic
def open_sittings(*, site_id: int, now: datetime) -> int:
    """Bring a site's sittings in line with its patterns and closures, a year ahead; how many can be booked since.

    What is open stays as it is, whatever its pattern says by now. What is free on a day of a closure is withdrawn, and
    comes back where the closure was lifted. Run again it changes nothing. Emits exams.sittings_opened.
    """
    site = lock_site(site_id)
    today = site_time.day_at(now, site.time_zone)
    closed = [Closed(each.first_day, each.last_day) for each in site.closures.filter(last_day__gte=today)]
    for shut in closed:
        _withdraw(site, shut, now=now)
    # The book of the day on which they are opened says how far ahead that is.
    wanted = sitting_rules.days_to_open(offers.patterns_of(site.pk), closed, today=today, policy=BOOK.on(today))
    known = set(Sitting.objects.filter(site=site, day__gt=today).values_list("day", flat=True))
    returning = site.sittings.filter(day__gt=today, withdrawn_at__isnull=False).order_by("day")
    days = [each.day for each in returning if not any(shut.covers(each.day) for shut in closed)]
    site.sittings.filter(day__in=days).update(withdrawn_at=None)
    days += _create(site, {day: pattern for day, pattern in wanted.items() if day not in known})
    _tell_opened(site, days, now=now)
    return len(days)


@transaction.atomic
def open_sitting(
    *, site_id: int, day: date, starts_at: time, seats: int, tracks: Collection[str] = (), now: datetime
) -> Sitting:
    """Open one sitting beside the patterns; without tracks it is open to every track that has a lab.

    A sitting that is there is given back as it is. Refused (LAB-15) for a day that is not to come, on which the site is
    closed, without seats, and for tracks without a lab. Emits exams.sittings_opened.
    """
    site = lock_site(site_id)
    there = site.sittings.filter(day=day).first()
    if there is not None and there.withdrawn_at is None:
        return there
    chosen = {track.code: track.pk for track in Track.objects.filter(code__in=tracks)}
    with_lab = set(Exam.objects.filter(kind=Exam.Kind.EXPERT_LAB).values_list("earns__code", flat=True))
    require(
        sitting_rules.assess_sitting(
            SittingFacts(
                day=day,
                today=site_time.day_at(now, site.time_zone),
                site_closed=offers.closure_on(site.pk, day) is not None,
                seats=seats,
                without_lab=tuple(sorted(set(tracks) - with_lab)),
            )
        )
    )
    if there is None:
        _create(site, {day: PatternFacts(day.weekday(), starts_at, seats, frozenset(chosen.values()), day, day)})
    else:
        site.sittings.filter(day=day).update(withdrawn_at=None)
    _tell_opened(site, [day], now=now)
    return Sitting.objects.select_related("site").get(site=site, day=day)


@transaction.atomic
def close_site(*, site_id: int, first_day: date, last_day: date, reason: str, now: datetime) -> Closure:
    """Close a site for some days: nothing can be booked on them any more, and sittings that are free are withdrawn.

    A sitting with live bookings stays until staff have moved them; a case with all of them is opened (INC-04). Refused
    (INC-04) for days past or closed already, and without a reason. Emits exams.site_closed.
    """
    site = lock_site(site_id)
    require(
        sitting_rules.assess_closure(
            ClosureFacts(
                first_day=first_day,
                last_day=last_day,
                today=site_time.day_at(now, site.time_zone),
                reason=reason,
                overlaps=site.closures.filter(first_day__lte=last_day, last_day__gte=first_day).exists(),
            )
        )
    )
    closure = Closure.objects.create(site=site, first_day=first_day, last_day=last_day, reason=reason.strip())
    withdrawn = _withdraw(site, Closed(first_day, last_day), now=now)
    left = list(offers.live_bookings(site.pk, first_day, last_day))
    if left:
        open_case(
            key=f"closed_site:{closure.pk}",
            kind=Case.Kind.CLOSED_SITE,
            clause="INC-04",
            candidate_id=None,
            subject=f"exams.closure:{closure.pk}",
            facts={"reason": closure.reason, "records": [f"exams.booking:{each.pk}" for each in left]},
            now=now,
        )
    _tell_closure("exams.site_closed", closure, now=now, withdrawn=withdrawn, with_bookings=len(left))
    return closure


@transaction.atomic
def lift_closure(*, closure_id: int, now: datetime) -> int:
    """Open a site again on the days of a closure; how many sittings can be booked since. Lifted already: none.

    Emits exams.closure_lifted, and what `open_sittings` emits.
    """
    closure = Closure.objects.select_related("site").filter(id=closure_id).first()
    if closure is None:
        return 0
    site = lock_site(closure.site_id)
    _tell_closure("exams.closure_lifted", closure, now=now, reason=closure.reason)
    closure.delete()
    return open_sittings(site_id=site.pk, now=now)


def _create(site: Site, wanted: dict[date, PatternFacts]) -> list[date]:
    """Insert sittings with their seats and tracks, by day."""
    sittings = [Sitting(site=site, day=day, starts_at=pattern.starts_at) for day, pattern in wanted.items()]
    insert_many(sittings)
    with connection.cursor() as cursor:
        seats = [wanted[each.day].seats for each in sittings]
        cursor.execute(NUMBER_SEATS, [[each.pk for each in sittings], seats])
    for each in sittings:
        if wanted[each.day].tracks:
            each.tracks.set(wanted[each.day].tracks)
    return list(wanted)


def _withdraw(site: Site, shut: Closed, *, now: datetime) -> int:
    """Withdraw the sittings of some days on which nobody has a seat; how many there were.

    Their seats are locked first: whoever books one at this moment either has it before, and the sitting stays, or
    finds none.
    """
    days = site.sittings.filter(day__range=(shut.first_day, shut.last_day), withdrawn_at=None, closed_at=None)
    seats = Seat.objects.select_for_update(no_key=True).filter(sitting__in=days).order_by("id")
    list(seats.values_list("id", flat=True))
    taken = Booking.objects.exclude(status__in=FREED).filter(seat__sitting__in=days)
    free = days.exclude(id__in=taken.values("seat__sitting_id"))
    return free.update(withdrawn_at=now)


def _tell_opened(site: Site, days: Iterable[date], *, now: datetime) -> None:
    opened = sorted(days)
    if opened:
        emit(
            "exams.sittings_opened",
            site,
            now=now,
            count=len(opened),
            first_day=opened[0].isoformat(),
            last_day=opened[-1].isoformat(),
        )


def _tell_closure(topic: str, closure: Closure, *, now: datetime, **more: Any) -> None:
    emit(
        topic,
        closure,
        now=now,
        site=closure.site.code,
        first_day=closure.first_day.isoformat(),
        last_day=closure.last_day.isoformat(),
        **more,
    )
