"""A provider's own report of a completion: approved by being reported (CE-10)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from candidates import services as candidates
from candidates.queries import Held
from catalog.models import Delivery, Item
from ceportal.kernel import clock
from ceportal.kernel.decisions import require
from ceportal.kernel.outbox import emit
from credits.models import CompletionReport, Cycle
from credits.reading import reporting
from credits.reading.reporting import Assessed
from credits.services import ledger, recertification, reviews


@dataclass(frozen=True, slots=True)
class Taken:
    """A report that was taken, and what was assessed of it before: what it did."""

    report: CompletionReport
    assessed: Assessed


@transaction.atomic
def report_completion(
    *,
    provider_id: int,
    candidate_id: int,
    item_code: str,
    completed_on: date,
    now: datetime,
    member_id: int | None = None,
    delivery_id: int | None = None,
) -> CompletionReport:
    """Take a provider's word that a candidate completed an item, or refuse and say why (CE-10, CE-15).

    A pending claim of the same item and day is approved by it; an approved one counts already; after a rejection it
    earns anew. Reporting the same completion twice is reporting it once. With a delivery, the provider's authorisation
    is that of the day the delivery ended (CAT-07). Delivery.DoesNotExist where it is not the provider's, not of this
    item, or was cancelled.
    """
    taken = take_report(
        provider_id=provider_id,
        candidate_id=candidate_id,
        item_id=Item.objects.values_list("id", flat=True).get(code=item_code),
        completed_on=completed_on,
        now=now,
        member_id=member_id,
        delivery_id=delivery_id,
    )
    return taken.report


@transaction.atomic
def take_report(
    *,
    provider_id: int,
    candidate_id: int,
    item_id: int,
    completed_on: date,
    now: datetime,
    member_id: int | None,
    delivery_id: int | None,
) -> Taken:
    """As `report_completion`, for those who want to know what it did as well."""
    candidates.lock_candidate(candidate_id)
    held = candidates.catch_up(candidate_id, now=now)
    item = Item.objects.get(id=item_id)
    delivery = None
    if delivery_id is not None:
        delivery = Delivery.objects.get(id=delivery_id, provider_id=provider_id, item=item, cancelled_at__isnull=True)
    known = reporting.know(
        provider_id,
        candidate_ids=[candidate_id],
        item_ids=[item.id],
        member_id=member_id,
        held={candidate_id: held},
    )
    authorised_on = delivery.ends_on if delivery else completed_on
    told = reporting.Told(candidate_id, item, completed_on, authorised_on)
    assessed = reporting.assess(told, known, day=clock.day_of(now))
    if assessed.existing is not None:
        return Taken(assessed.existing, assessed)
    require(assessed.decision)
    report = CompletionReport.objects.create(
        provider_id=provider_id,
        candidate_id=candidate_id,
        item=item,
        completed_on=completed_on,
        delivery=delivery,
        reported_by_id=member_id,
        reported_at=now,
        claim=assessed.claim,
        decision=assessed.decision.as_json(),
    )
    emit("credits.completion_reported", report, now=now)
    _make_it_count(report, assessed, held=held, cycles=known.cycles[candidate_id], now=now)
    return Taken(report, assessed)


def _make_it_count(
    report: CompletionReport, assessed: Assessed, *, held: Sequence[Held], cycles: Sequence[Cycle], now: datetime
) -> None:
    """Grant the credits, or approve the claim that waits for them; nothing where it has counted already."""
    assert assessed.cycle is not None and assessed.credits is not None  # assessed: CR-06, CAT-01
    if assessed.effect == "earns":
        earning = ledger.Earning(
            candidate_id=report.candidate_id,
            cycle=assessed.cycle,
            title=report.item.title,
            amount=assessed.credits,
            earned_on=report.completed_on,
            item_id=report.item_id,
            report=report,
        )
        recertification.judge_grant(ledger.grant_credits(earning, now=now), held=held, cycles=cycles, now=now)
    elif assessed.effect == "approves":
        assert assessed.claim is not None
        claim = reviews.lock_claim(assessed.claim.id)
        claim.decided_by_id, claim.reason = report.reported_by_id, ""
        reviews.approve(claim, held=held, cycles=cycles, cycle=assessed.cycle, decision=assessed.decision, now=now)
