"""A ledger for tests of the ledger itself: grants of workshops, which need neither catalog nor provider."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import count

from django.db import connection

from candidates.models import Candidate, Track
from credits.models import Cycle, Entry, Grant, Workshop
from credits.services import ledger
from tests.factories import day, noon

_numbers = count(1)


def cycle_of(candidate: Candidate, started_on: str = "2018-01-01") -> Cycle:
    """The open cycle of a candidate."""
    cycle, _made = Cycle.objects.get_or_create(
        candidate=candidate,
        ended_on=None,
        withdrawn_at=None,
        defaults={"started_on": day(started_on), "known_from": noon(started_on)},
    )
    return cycle


def earn(candidate: Candidate, earned_on: str, credits: int = 10, *, at: datetime | None = None) -> Grant:
    """Credits for a workshop, entered at noon of its day or at another moment."""
    now = at or noon(earned_on)
    workshop = Workshop.objects.create(
        candidate=candidate,
        reference=f"W-{next(_numbers)}",
        kind=Workshop.Kind.JTA,
        level=Track.Level.EXPERT,
        days=1,
        held_on=day(earned_on),
        credits=credits,
        decision=[],
        reported_at=now,
    )
    earning = ledger.Earning(
        candidate_id=candidate.id,
        cycle=cycle_of(candidate),
        title="Workshop",
        amount=credits,
        earned_on=day(earned_on),
        workshop=workshop,
    )
    return ledger.grant_credits(earning, now=now)


def entries_of(grant: Grant) -> list[tuple[str, int, str, str]]:
    """What was written about a grant: kind, amount, the day it counts from, clause."""
    rows = Entry.objects.filter(grant=grant).values_list("kind", "amount", "counts_from", "clause")
    return [(kind, amount, str(counts_from), clause) for kind, amount, counts_from, clause in rows]


@contextmanager
def as_superuser() -> Iterator[None]:
    """Past every trigger and foreign key, as whoever administers the database could."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        try:
            yield
        finally:
            cursor.execute("SET session_replication_role = origin")
