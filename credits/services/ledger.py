"""The ledger: grants and the entries that tell what became of them. Entries are only ever added (CR-07).

The callers hold the candidate's lock and are in a transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import F, Value
from django.db.models.functions import Greatest

from ceportal.kernel import clock
from ceportal.kernel.bulk import insert_many
from ceportal.kernel.calendar import add_years
from ceportal.kernel.policy import BOOK
from credits.models import (
    Attendance,
    AuthoredItems,
    Claim,
    CompletionReport,
    Cycle,
    Entry,
    Grant,
    Recertification,
    Workshop,
)
from credits.rules.renewal import GrantFacts

# By which clause credits of each kind are earned.
EARNED_BY: Mapping[str, str] = {
    Grant.Source.CLAIM: "CE-10",
    Grant.Source.REPORT: "CE-10",
    Grant.Source.ATTENDANCE: "LIVE-05",
    Grant.Source.AUTHORED: "XDEV-01",
    Grant.Source.WORKSHOP: "XDEV-03",
}


@dataclass(frozen=True, slots=True)
class Earning:
    """Credits to be granted: for which completion, how many, from which day."""

    candidate_id: int
    cycle: Cycle
    title: str
    amount: int
    earned_on: date
    item_id: int | None = None
    claim: Claim | None = None
    report: CompletionReport | None = None
    attendance: Attendance | None = None
    cut: int = 0  # of the amount, what the event cap takes (LIVE-06)
    authored: AuthoredItems | None = None
    workshop: Workshop | None = None

    @property
    def source(self) -> Grant.Source:
        """What brought the credits; the provider's own report where nothing else did."""
        if self.claim:
            return Grant.Source.CLAIM
        if self.attendance:
            return Grant.Source.ATTENDANCE
        if self.authored:
            return Grant.Source.AUTHORED
        return Grant.Source.WORKSHOP if self.workshop else Grant.Source.REPORT


def grant_credits(earning: Earning, *, now: datetime) -> Grant:
    """Enter credits as of the day of completion; they are valid for the years the book says (CR-01)."""
    (grant,) = grant_several([earning], now=now)
    return grant


def grant_several(earnings: Sequence[Earning], *, now: datetime) -> list[Grant]:
    """As `grant_credits`, for many at once; what the event cap takes is entered with them (LIVE-06)."""
    grants = [
        Grant(
            candidate_id=earning.candidate_id,
            cycle=earning.cycle,
            source=earning.source,
            item_id=earning.item_id,
            claim=earning.claim,
            report=earning.report,
            attendance=earning.attendance,
            authored=earning.authored,
            workshop=earning.workshop,
            title=earning.title,
            amount=earning.amount,
            earned_on=earning.earned_on,
            # The book of the completion day governs.
            expires_on=add_years(earning.earned_on, BOOK.on(earning.earned_on)["credits.validity_years"].value),
            created_at=now,
        )
        for earning in earnings
    ]
    insert_many(grants)
    entries = []
    for grant, earning in zip(grants, earnings, strict=True):
        entries.append(_entry(grant, Entry.Kind.EARNED, earning.amount, EARNED_BY[earning.source], now=now))
        if earning.cut:
            entries.append(_entry(grant, Entry.Kind.CUT, -earning.cut, "LIVE-06", now=now))
    insert_many(entries)
    return grants


def cut_grant(grant: Grant, *, amount: int, now: datetime) -> None:
    """Take from a grant what the event cap does not leave of it (LIVE-06)."""
    _entry(grant, Entry.Kind.CUT, -amount, "LIVE-06", now=now).save(force_insert=True)


def _entry(grant: Grant, kind: Entry.Kind, amount: int, clause: str, *, now: datetime) -> Entry:
    """An entry as of the day of completion."""
    return Entry(
        candidate_id=grant.candidate_id,
        grant_id=grant.id,
        kind=kind,
        amount=amount,
        counts_from=grant.earned_on,
        written_at=now,
        clause=clause,
    )


def settle_grant(grant: Grant, *, now: datetime) -> None:
    """Let credits that come too late expire at once: with their closed cycle (CE-09), or by their date (CR-01)."""
    settle_grants([grant.id], now=now)


def settle_grants(grant_ids: Iterable[int], *, now: datetime) -> None:
    """As `settle_grant`, for many at once; those in time stay."""
    grants = Grant.objects.filter(id__in=list(grant_ids), remaining__gt=0).select_related("cycle")
    late: dict[tuple[date, str], list[Grant]] = {}
    for grant in grants.select_for_update(no_key=True, of=("self",)):
        cycle = grant.cycle
        if cycle.ended_on is not None:
            inactive = cycle.end_reason == Cycle.EndReason.INACTIVE
            ended_on = cycle.ended_on + timedelta(days=1) if inactive else cycle.ended_on
            late.setdefault((ended_on, "CR-03" if inactive else "CR-02"), []).append(grant)
        elif grant.expires_on <= clock.day_of(now):
            late.setdefault((grant.expires_on, "CR-01"), []).append(grant)
    for (counts_from, clause), expiring in late.items():
        _expire(expiring, counts_from=counts_from, clause=clause, now=now)


def expire_cycle(cycle: Cycle, *, counts_from: date, clause: str, now: datetime) -> int:
    """Let all that is left in a cycle expire; credits.

    Its end may be known late: what has expired since had expired with it.
    """
    ended_on = Greatest(Value(counts_from), F("grant__earned_on"))
    expired = Entry.objects.filter(grant__cycle=cycle, kind=Entry.Kind.EXPIRED, entry__isnull=True)
    reverse(expired.filter(counts_from__gt=ended_on), clause=clause, now=now)
    # Locked, since the sweep of CR-01 asks for no candidate's lock.
    grants = Grant.objects.select_for_update(no_key=True).filter(cycle=cycle, remaining__gt=0)
    return _expire(grants, counts_from=counts_from, clause=clause, now=now)


def _expire(grants: Iterable[Grant], *, counts_from: date, clause: str, now: datetime) -> int:
    entries = [
        Entry(
            candidate_id=grant.candidate_id,
            grant=grant,
            kind=Entry.Kind.EXPIRED,
            amount=-grant.remaining,
            counts_from=expired_on,
            written_at=now,
            clause=expired_by,
        )
        for grant in grants
        # Where a reversal ends a cycle in the past, what was earned in it since never counted.
        for expired_on, expired_by in [_expiry(grant.expires_on, max(counts_from, grant.earned_on), clause)]
    ]
    Entry.objects.bulk_create(entries)
    return -sum(entry.amount for entry in entries)


def _expiry(expires_on: date, ends_on: date, clause: str) -> tuple[date, str]:
    """When credits expired and by which clause: with their cycle, or by their date where that came first (CR-06)."""
    return (expires_on, "CR-01") if expires_on <= ends_on else (ends_on, clause)


def restore_expired(grants: Iterable[int], *, now: datetime) -> None:
    """Reverse the expiry of grants (CE-09)."""
    expired = Entry.objects.filter(grant_id__in=list(grants), kind=Entry.Kind.EXPIRED, entry__isnull=True)
    reverse(expired, clause="CE-09", now=now)


def reverse(entries: Iterable[Entry], *, clause: str, now: datetime) -> None:
    """Write the opposite of entries that stand, each naming what it corrects, as of the same day (CR-07)."""
    Entry.objects.bulk_create(
        Entry(
            candidate_id=entry.candidate_id,
            grant_id=entry.grant_id,
            kind=Entry.Kind.CORRECTED if entry.kind == Entry.Kind.EARNED else Entry.Kind.RESTORED,
            amount=-entry.amount,
            counts_from=entry.counts_from,
            written_at=now,
            clause=clause,
            recertification_id=entry.recertification_id,
            corrects=entry,
        )
        for entry in entries
    )


def expire_by_date(cycle: Cycle, *, now: datetime) -> None:
    """Let what a reversal gave back expire on its date, where that has come meanwhile (CR-01)."""
    grants = Grant.objects.select_for_update(no_key=True).filter(
        cycle=cycle, remaining__gt=0, expires_on__lte=clock.day_of(now)
    )
    _expire(grants, counts_from=date.max, clause="CR-01", now=now)


def is_voided(grant: Grant) -> bool:
    """Whether a grant counts for nothing any more: voided, or corrected away."""
    taken = Entry.objects.filter(grant=grant, kind__in=[Entry.Kind.VOIDED, Entry.Kind.CORRECTED], entry__isnull=True)
    return taken.exists()


def void_grant(grant: Grant, *, clause: str, now: datetime) -> None:
    """Void what a grant has left, and what of it had expired: it was never there (CE-12, CR-04). Once a grant."""
    if is_voided(grant):
        return
    expired = Entry.objects.filter(grant=grant, kind=Entry.Kind.EXPIRED, entry__isnull=True)
    reverse(expired, clause=clause, now=now)
    grant.refresh_from_db(fields=["remaining"])
    if grant.remaining:
        _entry(grant, Entry.Kind.VOIDED, -grant.remaining, clause, now=now).save(force_insert=True)


def use_credits(
    recertification: Recertification,
    uses: Iterable[tuple[int, int]],
    *,
    grants: Iterable[GrantFacts],
    counts_from: date,
    now: datetime,
) -> None:
    """Use credits of a cycle's grants for a renewal, and let the rest of them expire with it (CR-06, CR-02).

    A renewal may be found late. What has expired since its requirement date had expired with the cycle, so that no day
    between them shows credits that were gone (CE-09).
    """
    taken = dict(uses)
    facts = {grant.id: grant for grant in grants}
    remaining = {grant.id: grant.remaining for grant in facts.values()}
    there = {
        each.id: each.amount if each.expires_on > counts_from else taken.get(each.id, 0) for each in facts.values()
    }
    if lapsed := [grant_id for grant_id, amount in there.items() if remaining[grant_id] < amount]:
        restore_expired(lapsed, now=now)
        remaining |= dict(Grant.objects.filter(id__in=lapsed).values_list("id", "remaining"))
    entries = []
    for grant_id, left in remaining.items():
        used = taken.get(grant_id, 0)
        parts = (
            (Entry.Kind.USED, used, counts_from, "CR-06"),
            (Entry.Kind.EXPIRED, left - used, *_expiry(facts[grant_id].expires_on, counts_from, "CR-02")),
        )
        entries += [
            Entry(
                candidate_id=recertification.candidate_id,
                grant_id=grant_id,
                kind=kind,
                amount=-amount,
                counts_from=day,
                written_at=now,
                clause=clause,
                recertification=recertification,
            )
            for kind, amount, day, clause in parts
            if amount
        ]
    Entry.objects.bulk_create(entries)


def move_to_next_cycle(cycle: Cycle, *, next_cycle: Cycle, now: datetime) -> None:
    """Put what was completed after a cycle's last day into the next one, its expiry with the old cycle undone."""
    later = Grant.objects.filter(cycle=cycle, earned_on__gt=F("cycle__ended_on"))
    ids = list(later.values_list("id", flat=True))
    if ids:
        Grant.objects.filter(id__in=ids).update(cycle=next_cycle)
        restore_expired(
            Entry.objects.filter(
                grant_id__in=ids, kind=Entry.Kind.EXPIRED, clause="CR-03", entry__isnull=True
            ).values_list("grant_id", flat=True),
            now=now,
        )
