"""A provider's own report of a completion: approved by being reported (CE-10)."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction

from candidates import services as candidates
from catalog.models import Item, ProviderMember
from ceportal.kernel import clock
from ceportal.kernel.decisions import require
from ceportal.kernel.outbox import emit
from ceportal.kernel.policy import BOOK
from credits import queries, rules
from credits.models import Claim, CompletionReport, Cycle
from credits.services import ledger, recertification, reviews


@transaction.atomic
def report_completion(
    *,
    provider_id: int,
    candidate_id: int,
    item_code: str,
    completed_on: date,
    now: datetime,
    member_id: int | None = None,
) -> CompletionReport:
    """Take a provider's word that a candidate completed an item, or refuse and say why (CE-10, CE-15).

    A pending claim of the same item and day is approved by it; an approved one counts already; after a rejection it
    earns anew. Reporting the same completion twice is reporting it once.
    """
    candidate = candidates.lock_candidate(candidate_id)
    held = candidates.catch_up(candidate_id, now=now)
    item = Item.objects.get(code=item_code)
    same = {"candidate": candidate, "item": item, "completed_on": completed_on}
    existing = CompletionReport.objects.filter(provider_id=provider_id, **same).first()
    if existing is not None:
        return existing
    claim = Claim.objects.filter(
        **same, status__in=[Claim.Status.SUBMITTED, Claim.Status.RETURNED, Claim.Status.APPROVED]
    ).first()
    own = member_id is not None and ProviderMember.objects.filter(id=member_id, user__candidate=candidate).exists()
    cycles = queries.cycles_of(candidate.id)
    facts = queries.completion_facts(
        queries.Completion(
            candidate_id=candidate.id,
            item_id=item.id,
            item_kind=item.kind,
            provider_id=provider_id,
            authorised_on=completed_on,
            completed_on=completed_on,
            day=clock.day_of(now),
            except_claim_id=claim.id if claim else None,
            pending_counts=False,
            own_report=own,
        ),
        held=held,
        cycles=cycles,
    )
    # The book of the completion day governs.
    decision = require(rules.assess_report(facts, BOOK.on(completed_on)))
    report = CompletionReport.objects.create(
        provider_id=provider_id,
        **same,
        reported_by_id=member_id,
        reported_at=now,
        claim=claim,
        decision=decision.as_json(),
    )
    emit("credits.completion_reported", report, now=now)
    cycle = queries.cycle_on(cycles, completed_on)
    assert cycle is not None and facts.listed_credits is not None  # assessed: CR-06, CAT-01
    if claim is None:
        grant = ledger.grant_credits(_earning(report, cycle, facts.listed_credits), now=now)
        recertification.judge_grant(grant, held=held, cycles=cycles, now=now)
    elif claim.status != Claim.Status.APPROVED:
        claim = reviews.lock_claim(claim.id)
        claim.decided_by_id, claim.reason = member_id, ""
        reviews.approve(claim, held=held, cycles=cycles, cycle=cycle, decision=decision, now=now)
    return report


def _earning(report: CompletionReport, cycle: Cycle, amount: int) -> ledger.Earning:
    return ledger.Earning(
        candidate_id=report.candidate_id,
        cycle=cycle,
        title=report.item.title,
        amount=amount,
        earned_on=report.completed_on,
        item_id=report.item_id,
        report=report,
    )
