"""A provider's side of a claim: approve, reject, return (CE-10)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from candidates import services as candidates
from candidates.models import Candidate
from candidates.queries import Held
from catalog.models import ProviderMember
from ceportal.kernel.decisions import Decision, require
from ceportal.kernel.outbox import emit
from ceportal.kernel.policy import BOOK
from credits import queries
from credits.models import Claim, Cycle
from credits.rules import claims as rules
from credits.services import escalation, ledger, lots, recertification


@transaction.atomic
def decide_claim(*, claim_id: int, member_id: int, outcome: str, now: datetime, reason: str = "") -> Claim:
    """Approve, reject or return a submitted claim, or refuse and say why (CE-10, CE-15, CAT-09).

    Approval grants the credits as of the completion date and makes the renewal they complete. The same decision by
    the same member twice is one decision.
    """
    claim = lock_claim(claim_id)
    held = candidates.catch_up(claim.candidate_id, now=now)
    member = ProviderMember.objects.get(id=member_id)
    if claim.status == rules.OUTCOMES[outcome] and claim.decided_by_id == member.id:
        return claim
    assert claim.completed_on is not None
    cycles = queries.cycles_of(claim.candidate_id)
    cycle = queries.cycle_on(cycles, claim.completed_on)
    # The book of the day the activity was completed governs, not today's.
    decision = require(
        rules.assess_review(
            queries.approval_facts(claim, member, cycle, reason=reason), outcome, BOOK.on(claim.completed_on)
        )
    )
    claim.decided_by = member
    claim.reason = reason.strip()
    if outcome == "approve":
        assert cycle is not None  # assessed: CR-06
        approve(claim, held=held, cycles=cycles, cycle=cycle, decision=decision, now=now)
    else:
        _record(claim, rules.OUTCOMES[outcome], decision, now=now)
    return claim


def lock_claim(claim_id: int) -> Claim:
    """The claim, locked after its candidate."""
    Candidate.objects.select_for_update(no_key=True, of=("self",)).get(claims__id=claim_id)
    return (
        Claim.objects.select_for_update(of=("self",)).select_related("item", "candidate", "provider").get(id=claim_id)
    )


def approve(
    claim: Claim, *, held: Sequence[Held], cycles: Sequence[Cycle], cycle: Cycle, decision: Decision, now: datetime
) -> None:
    """Record an approval, grant the credits and judge the paths. The caller has locked and decided."""
    assert claim.item is not None and claim.credits is not None and claim.completed_on is not None
    _record(claim, Claim.Status.APPROVED, decision, now=now)
    grant = ledger.grant_credits(
        ledger.Earning(
            candidate_id=claim.candidate_id,
            cycle=cycle,
            title=claim.item.title,
            amount=claim.credits,
            earned_on=claim.completed_on,
            item_id=claim.item.id,
            claim=claim,
        ),
        now=now,
    )
    recertification.judge_grant(grant, held=held, cycles=cycles, now=now)


def _record(claim: Claim, status: str, decision: Decision, *, now: datetime) -> None:
    escalation.note_broken_promise(claim, now=now)
    claim.status = Claim.Status(status)
    claim.decided_at = now
    claim.decision = decision.as_json()
    if claim.status == Claim.Status.APPROVED:
        lots.draw(claim, approved_at=now)
    claim.save(update_fields=["status", "decided_at", "decided_by", "decision", "reason", "audit_lot", "audit_due"])
    emit(
        f"credits.claim_{status}",
        claim,
        now=now,
        reason=claim.reason,
        member=claim.decided_by_id,
        decision=claim.decision,
    )
