"""What is true of everybody, to be compared and checked."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db.models import F, Sum

from candidates.models import Certification, Notice, Term
from candidates.queries import held_in
from ceportal.demo.nights import next_night
from credits.models import Claim, Cycle, Entry, Grant


def snapshot() -> dict[str, list[Any]]:
    """All that the sweeps and services decide, without keys that depend on the order of insertion."""
    return {
        "certifications": sorted(
            Certification.objects.values_list("number", "status", "active_ends_on", "inactive_on", "next_change_on")
        ),
        "terms": sorted(Term.objects.values_list("certification__number", "starts_on", "renewed_on", "kind")),
        "cycles": sorted(
            (number, started_on, str(ended_on))
            for number, started_on, ended_on in Cycle.objects.values_list("candidate__number", "started_on", "ended_on")
        ),
        "entries": sorted(
            Entry.objects.values_list("candidate__number", "counts_from", "kind", "amount", "clause", "written_at")
        ),
        "notices": sorted(Notice.objects.values_list("candidate__number", "created_at", "kind", "subject")),
    }


def assert_true_to_the_rules(today: date) -> None:
    """Status columns equal what the rules say of today, the ledger adds up, and no night is left undone."""
    for held in held_in(Certification.objects.all()):
        standing, row = held.standing_on(today), held.certification
        kept = (row.status, row.active_ends_on, row.inactive_on, row.next_change_on)
        assert kept == (
            standing.status,
            standing.active_ends_on,
            standing.inactive_on,
            standing.next_change_on,
        ), row.number
    sums = Grant.objects.annotate(total=Sum("entries__amount"))
    assert not sums.exclude(remaining=F("total")).exists()
    assert not Grant.objects.filter(remaining__gt=0, expires_on__lte=today).exists()
    assert not Grant.objects.filter(remaining__gt=0, cycle__ended_on__isnull=False).exists()
    assert not Claim.objects.filter(completed_on__gt=today).exists()
    following = next_night(after=today)
    assert following is None or following > today
