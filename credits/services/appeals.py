"""Appeals of rejections to the programme, with the claim and its evidence frozen as they stood (CE-10)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from ceportal.kernel import clock
from ceportal.kernel.decisions import require
from ceportal.kernel.outbox import emit
from ceportal.kernel.policy import BOOK
from credits import queries
from credits.models import Appeal, Claim
from credits.rules import disputes
from credits.services.reviews import lock_claim


@transaction.atomic
def file_appeal(*, candidate_id: int, claim_id: int, words: str, now: datetime) -> Appeal:
    """Put a rejection before the programme, once and in time, or refuse and say why (CE-10, CR-04).

    Filing it twice is filing it once. Claim.DoesNotExist where the claim is another candidate's.
    """
    Claim.objects.only("id").get(id=claim_id, candidate_id=candidate_id)
    claim = lock_claim(claim_id)
    rejected_at = claim.decided_at if claim.status == Claim.Status.REJECTED else None
    filed = claim.appeals.filter(rejected_at=rejected_at).first() if rejected_at else None
    if filed is not None and filed.status == Appeal.Status.OPEN:
        return filed
    facts = disputes.FilingFacts(
        rejected_on=clock.day_of(rejected_at) if rejected_at else None,
        day=clock.day_of(now),
        appealed=filed is not None,
        counts_elsewhere=rejected_at is not None and queries.counts_elsewhere(claim),
        words_given=bool(words.strip()),
    )
    # The book of the day of the rejection governs.
    decision = require(disputes.assess_filing(facts, BOOK.on(facts.rejected_on or facts.day)))
    assert rejected_at is not None  # assessed
    appeal = Appeal.objects.create(
        claim=claim,
        rejected_at=rejected_at,
        rejected_by=claim.decided_by,
        words=words.strip(),
        frozen=frozen(claim),
        filing=decision.as_json(),
        filed_at=now,
    )
    emit("credits.appeal_filed", appeal, candidate_id=candidate_id, now=now, claim=claim.number)
    return appeal


def frozen(claim: Claim) -> dict[str, Any]:
    """A rejected claim as it stands, for the record: what was claimed, what was decided, and every file's hash."""
    assert claim.item is not None and claim.provider is not None and claim.completed_on is not None
    assert claim.submitted_at is not None and claim.submitted_on is not None and claim.decided_at is not None
    return {
        "claim": claim.number,
        "training": {"code": claim.item.code, "title": claim.item.title},
        "provider": {"code": claim.provider.code, "name": claim.provider.name},
        "delivery": claim.delivery.code if claim.delivery else "",
        "completed_on": claim.completed_on.isoformat(),
        "credits": claim.credits,
        "kit": claim.kit,
        "note": claim.note,
        "first_filed_on": claim.submitted_on.isoformat(),
        "handed_in_at": claim.submitted_at.isoformat(),
        "checked": claim.checked,
        "rejected_at": claim.decided_at.isoformat(),
        "reason": claim.reason,
        "decision": claim.decision,
        "files": [
            {
                "name": file.original_name,
                "kind": file.kind,
                "bytes": file.size_bytes,
                "sha256": file.sha256,
                "uploaded_at": file.uploaded_at.isoformat(),
            }
            for file in claim.evidence.filter(removed_at__isnull=True, audit__isnull=True)
        ],
    }


@transaction.atomic
def decide_appeal(*, appeal_id: int, outcome: str, reason: str, staff_id: int, now: datetime) -> Appeal:
    """Uphold or dismiss an appeal for the programme, or refuse and say why (CE-10, CR-04).

    An upheld one puts the claim before its provider again, with its first filing day, for another member to decide.
    The same decision twice is one.
    """
    claim = lock_claim(Appeal.objects.values_list("claim_id", flat=True).get(id=appeal_id))
    appeal = Appeal.objects.get(id=appeal_id)
    if appeal.status == disputes.APPEAL_OUTCOMES[outcome]:
        return appeal
    facts = disputes.AppealFacts(
        is_open=appeal.status == Appeal.Status.OPEN,
        still_rejected=claim.status == Claim.Status.REJECTED and claim.decided_at == appeal.rejected_at,
        actor=queries.actor_facts(claim, staff_id),
        counts_elsewhere=outcome == "uphold" and queries.counts_elsewhere(claim),
        reason_given=bool(reason.strip()),
    )
    decision = require(disputes.assess_appeal(facts, outcome))
    appeal.status = Appeal.Status(disputes.APPEAL_OUTCOMES[outcome])
    appeal.reason, appeal.decision = reason.strip(), decision.as_json()
    appeal.decided_at, appeal.decided_by_id = now, staff_id
    appeal.save(update_fields=["status", "reason", "decision", "decided_at", "decided_by"])
    if outcome == "uphold":
        _put_back(claim, appeal, now=now)
    emit(
        f"credits.appeal_{appeal.status}",
        appeal,
        candidate_id=claim.candidate_id,
        now=now,
        claim=claim.number,
        reason=appeal.reason,
    )
    return appeal


def _put_back(claim: Claim, appeal: Appeal, *, now: datetime) -> None:
    """Put a rejected claim before its provider again; the promise counts anew, by the day's book (CE-10, CE-14)."""
    day = clock.day_of(now)
    claim.status = Claim.Status.SUBMITTED
    claim.submitted_at = now  # what reviewers had opened before is not what they decide now
    claim.answer_due_on = day + timedelta(days=BOOK.on(day)["claims.decide_within_days"].value)
    claim.escalated_on = None
    claim.rejected_before_by = appeal.rejected_by
    claim.save(update_fields=["status", "submitted_at", "answer_due_on", "escalated_on", "rejected_before_by"])
    emit("credits.claim_put_back", claim, now=now, appeal=appeal.id)
