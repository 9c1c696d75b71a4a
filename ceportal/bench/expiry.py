"""The night on which 300,000 of a million grants expire, beside one SQL statement that writes the same entries.

Both begin from the same files of the database: a copy is made for each turn, and the turns alternate.
"""

from __future__ import annotations

from collections.abc import Callable

from django.db import connection, connections, transaction
from django.db.models import Sum

from candidates.models import Candidate
from ceportal.bench import fixture
from ceportal.bench.measure import Measure, timed
from ceportal.kernel import clock
from credits import queries, sweeps
from credits.models import Entry

TURNS = 2  # of each; the faster one counts
AT_MOST = 2.0  # how many times what one statement takes
NOW = clock.at(fixture.TODAY, 8, 30)
PRISTINE, TRIAL = "ceportal", "trial"
SINGLE = """
INSERT INTO credits_entry (candidate_id, grant_id, kind, amount, counts_from, written_at, clause)
SELECT candidate_id, id, 'expired', -remaining, expires_on, %(now)s, 'CR-01' FROM credits_grant
WHERE remaining > 0 AND expires_on <= %(day)s
"""


def run(size: fixture.Size) -> list[Measure]:
    """Build the ledger in the current, migrated database, and let its credits expire in both ways."""
    fixture.build(size)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE, FREEZE)")
        cursor.execute("CHECKPOINT")
    seconds: dict[str, float] = {}
    ways: tuple[tuple[str, Callable[[], object]], ...] = (("sweep", _sweep), ("statement", _statement))
    for turn in range(TURNS):
        for name, expire in ways if turn % 2 else reversed(ways):
            _begin_anew()
            seconds[name] = min(seconds.get(name, float("inf")), timed(expire))
            written = Entry.objects.filter(kind=Entry.Kind.EXPIRED).count()
            if written != size.due:
                raise SystemExit(f"The {name} wrote {written} entries instead of {size.due}.")
    return [
        Measure(
            "grants expired by the nightly sweep", size.due / seconds["sweep"], "a second", _ratio(seconds), AT_MOST
        ),
        Measure("grants expired by one statement", size.due / seconds["statement"], "a second", 1.0),
        *_balances(),
    ]


def _ratio(seconds: dict[str, float]) -> float:
    return seconds["sweep"] / seconds["statement"]


def _sweep() -> None:
    sweeps.expire_credits(now=NOW)


def _statement() -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(SINGLE, {"now": NOW, "day": fixture.TODAY})


def _begin_anew() -> None:
    """Copy the pristine database, file by file, and read the copy once, so that no turn finds it colder."""
    _use("postgres")
    with connection.cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {TRIAL}")
        cursor.execute(f"CREATE DATABASE {TRIAL} TEMPLATE {PRISTINE} STRATEGY file_copy")
        cursor.execute("CHECKPOINT")
    _use(TRIAL)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*), sum(remaining) FROM credits_grant")
        cursor.execute("SELECT count(*), sum(amount) FROM credits_entry")


def _use(database: str) -> None:
    connection.close()
    connections["default"].settings_dict["NAME"] = database


def _balances() -> list[Measure]:
    """A balance of any day as known at any moment, beside the plain sum of the same person's entries."""
    people = list(Candidate.objects.order_by("id").values_list("id", flat=True)[:1000])

    def as_of() -> None:
        for candidate_id in people:
            queries.balance_as_of(candidate_id, day=fixture.TODAY, known_at=NOW)

    def plain() -> None:
        for candidate_id in people:
            Entry.objects.filter(candidate_id=candidate_id).aggregate(sum=Sum("amount"))

    plain()
    plain_seconds, as_of_seconds = timed(plain), timed(as_of)
    return [
        Measure("balances as of a day", len(people) / as_of_seconds, "a second", as_of_seconds / plain_seconds),
        Measure("plain sums of entries", len(people) / plain_seconds, "a second", 1.0),
    ]
