"""The nightly seal of the ledger (CR-07): every entry of a finished day is hashed, chained and signed once.

An entry belongs to the day on which it was written, by its moment. One that came when that day was sealed already,
whatever the reason, is caught by the next seal that is made.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Max, Min, Q

from ceportal.kernel import clock, signatures
from credits.files.canonical import LINE, NOTHING_BEFORE, DayHash
from credits.models import Entry, Seal

log = structlog.get_logger(__name__)

KIND = "ledger_seal"
LOCK = "credits.seals"
WAITS_AT_MOST_MS = 2000  # for those who write, who meanwhile wait for nobody longer than this
ROWS_AT_ONCE = 2000

UNSEALED = f"""
SELECT greatest((entry.written_at AT TIME ZONE %(zone)s)::date, %(first_day)s), entry.id, {LINE}
FROM credits_entry entry
WHERE entry.id <= %(known_to)s AND entry.written_at < %(until)s
    AND (entry.written_at >= %(since)s OR entry.id > %(sealed_to)s)
ORDER BY 1, 2
"""  # noqa: S608 - put together from constants


def seal_finished_days(*, now: datetime) -> int:
    """Seal the days before today that have entries and no seal yet, oldest first; seals made.

    The chain does not depend on when it is made: late, in several runs or by two workers at once it is the same.
    OperationalError where somebody keeps writing for longer than pages should wait; nothing is sealed then.
    """
    if not _unsealed(_last_seal(), now=now).exists():
        return 0
    known_to = _highest_number()
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [LOCK])
        return _seal(_last_seal(), known_to, now=now)


def _last_seal() -> Seal | None:
    return Seal.objects.order_by("-day").defer("marks").first()


def _unsealed(last: Seal | None, *, now: datetime) -> Any:
    """Entries of finished days that no seal covers."""
    entries = Entry.objects.filter(written_at__lt=_start_of(clock.day_of(now)))
    if last is None:
        return entries
    return entries.filter(Q(written_at__gte=_start_of(last.day + timedelta(days=1))) | Q(id__gt=last.known_to))


def _highest_number() -> int:
    """The highest number of an entry, with none below it still to come.

    Numbers are given out before their entries can be seen. For an instant nobody may write: whoever has a number then
    has finished, and who comes later gets a higher one.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL lock_timeout = {WAITS_AT_MOST_MS}")
        cursor.execute("LOCK TABLE credits_entry IN SHARE MODE")
        cursor.execute("SET LOCAL lock_timeout = DEFAULT")
        return Entry.objects.aggregate(highest=Max("id"))["highest"] or 0


def _seal(last: Seal | None, known_to: int, *, now: datetime) -> int:
    yesterday = clock.day_of(now) - timedelta(days=1)
    if last is not None and last.day >= yesterday:
        return 0  # what came late waits for the next day
    previous, made = last.sha256 if last else NOTHING_BEFORE, 0
    for day in _hashes(last, known_to, previous, until=yesterday):
        seal = Seal(
            day=day.day,
            first_entry_id=day.first,
            last_entry_id=day.last,
            entries=day.entries,
            known_to=max(known_to, last.known_to if last else 0),
            previous=day.previous,
            sha256=day.sha256,
            marks=day.marks,
            sealed_at=now,
        )
        seal.signature = signatures.sign(kind=KIND, content=signed_content(seal))
        seal.save(force_insert=True)
        log.info("ledger_sealed", day=str(seal.day), entries=seal.entries, sha256=seal.sha256)
        made += 1
    return made


def signed_content(seal: Seal) -> dict[str, Any]:
    """What a seal's signature says, so that nobody who can only write to the database can make another."""
    return {
        "day": seal.day.isoformat(),
        "entries": seal.entries,
        "known_to": seal.known_to,
        "previous": seal.previous,
        "sha256": seal.sha256,
    }


def _hashes(last: Seal | None, known_to: int, previous: str, *, until: date) -> Iterator[DayHash]:
    """The hash of each day to be sealed, oldest first, each chained to the one before."""
    values = {
        "zone": settings.PROGRAMME_TIME_ZONE,
        "known_to": known_to,
        "until": _start_of(until + timedelta(days=1)),
        "since": _start_of(last.day + timedelta(days=1)) if last else datetime.min.replace(tzinfo=UTC),
        "sealed_to": last.known_to if last else 0,
    }
    values["first_day"] = _first_day(values, until=until)
    current: DayHash | None = None
    with connection.chunked_cursor() as cursor:
        cursor.execute(UNSEALED, values)
        while rows := cursor.fetchmany(ROWS_AT_ONCE):
            for day, number, line in rows:
                if current is None or current.day != day:
                    if current is not None:
                        yield current
                        previous = current.sha256
                    current = DayHash(day, previous)
                current.add(number, line)
    if current is not None:
        yield current


def _first_day(values: dict[str, Any], *, until: date) -> date:
    """The first new day that has entries: it takes along what came late for days before it."""
    entries = Entry.objects.filter(id__lte=values["known_to"], written_at__lt=values["until"])
    if values["sealed_to"]:
        entries = entries.filter(written_at__gte=values["since"])
    first = entries.aggregate(first=Min("written_at"))["first"]
    return clock.day_of(first) if first else until


def _start_of(day: date) -> datetime:
    return clock.at(day, 0)
