"""The ledger sealed as after a long pause, and verified as a whole, beside a mere reading and hashing of its rows."""

from __future__ import annotations

from datetime import timedelta

from django.db import connection

from ceportal.bench import fixture
from ceportal.bench.measure import Measure, timed
from ceportal.kernel import clock
from credits.models import Entry
from credits.papers import verification
from credits.services import seals

NEXT_NIGHT = clock.at(fixture.TODAY + timedelta(days=1), 8, 30)  # the day of the expiry is over then
# OFFSET 0: or the database would count without looking at the rows.
READ = "SELECT count(hash) FROM (SELECT md5(entry::text) AS hash FROM credits_entry entry OFFSET 0) hashes"


def run() -> list[Measure]:
    """Seal every day of the ledger in the current database, and recompute all of it."""
    entries = Entry.objects.count()
    read_seconds = timed(_read)
    sealed_seconds = timed(lambda: seals.seal_finished_days(now=NEXT_NIGHT))
    verified_seconds = timed(_verify)
    return [
        Measure("entries sealed", entries / sealed_seconds, "a second", sealed_seconds / read_seconds),
        Measure("entries verified", entries / verified_seconds, "a second", verified_seconds / read_seconds),
        Measure("entries read and hashed by one statement", entries / read_seconds, "a second", 1.0),
    ]


def _read() -> None:
    with connection.cursor() as cursor:
        cursor.execute(READ)
        cursor.fetchone()


def _verify() -> None:
    report = verification.verify()
    if not report.sound or report.unsealed:
        raise SystemExit(f"The ledger of the bench is not sound: {report.differences}, {report.unsealed} not sealed.")
