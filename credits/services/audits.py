"""Audits of approved claims: opened by lot or by staff, answered by the candidate, decided by staff (CE-12)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from candidates import services as candidates
from candidates.models import Case
from ceportal.kernel import clock
from ceportal.kernel.decisions import Decision, require
from ceportal.kernel.outbox import emit
from ceportal.kernel.policy import BOOK
from credits import queries
from credits.models import Audit, Claim
from credits.rules import disputes
from credits.services import claims, reversal
from credits.services.filing import Upload
from credits.services.reviews import lock_claim


def open_drawn_audit(*, claim_id: int, now: datetime) -> Audit | None:
    """Open the audit that the lot of a claim's approval picked; None where the claim is approved no more (CE-12)."""
    with transaction.atomic():
        claim = lock_claim(claim_id)
        if not claim.audit_due:
            return None
        claim.audit_due = False
        claim.save(update_fields=["audit_due"])
        if claim.status != Claim.Status.APPROVED or _open_audit(claim) is not None:
            return None
        assert claim.audit_lot is not None and claim.decided_at is not None
        # The book of the approval day governs.
        picked = disputes.assess_lot(claim.audit_lot, BOOK.on(clock.day_of(claim.decided_at)))
        return _open(claim, picked, drawn=True, staff_id=None, told=True, now=now)


@transaction.atomic
def open_audit(*, claim_id: int, staff_id: int | None, now: datetime) -> Audit:
    """Open an audit of an approved claim, or refuse and say why; where one is open, that one (CE-12).

    The credits stay meanwhile. The candidate is told, and may add evidence until it is decided.
    """
    claim = lock_claim(claim_id)
    running = _open_audit(claim)
    if running is not None:
        return running
    decision = require(disputes.assess_opening(claim.status, queries.actor_facts(claim, staff_id)))
    return _open(claim, decision, drawn=False, staff_id=staff_id, told=True, now=now)


def _open_audit(claim: Claim) -> Audit | None:
    return claim.audits.filter(status=Audit.Status.OPEN).first()


def _open(claim: Claim, opening: Decision, *, drawn: bool, staff_id: int | None, told: bool, now: datetime) -> Audit:
    audit = Audit.objects.create(
        claim=claim, drawn=drawn, opening=opening.as_json(), told=told, opened_at=now, opened_by_id=staff_id
    )
    _emit("opened", audit, claim, now=now, drawn=drawn, told=told)
    return audit


@transaction.atomic
def ask_for_more(*, audit_id: int, words: str, staff_id: int, now: datetime) -> Audit:
    """Ask the candidate for more in an open audit (CE-12); asking the same twice is asking once."""
    audit, claim = _lock_audit(audit_id)
    if audit.asked == words.strip() and audit.asked:
        return audit
    require(
        disputes.assess_opening(claim.status, queries.actor_facts(claim, staff_id))
        + disputes.assess_question(is_open=audit.status == Audit.Status.OPEN, words_given=bool(words.strip()))
    )
    audit.asked, audit.asked_at, audit.told = words.strip(), now, True
    audit.save(update_fields=["asked", "asked_at", "told"])
    _emit("asked", audit, claim, now=now)
    return audit


@transaction.atomic
def answer_audit(
    *, candidate_id: int, audit_id: int, words: str, uploads: Sequence[Upload] = (), now: datetime
) -> Audit:
    """Take a candidate's words and files for an open audit of a claim of theirs, or refuse and say why (CE-12, CE-11).

    Later words take the place of earlier ones, silence does not; files are only added, the same one once.
    """
    audit, claim = _lock_audit(audit_id, candidate_id=candidate_id)
    said = words.strip()
    require(disputes.assess_answer(is_open=audit.status == Audit.Status.OPEN, something_given=bool(said or uploads)))
    for upload in uploads:
        claims.attach(claim, name=upload.name, content=upload.content, audit=audit, now=now)
    if uploads or said != audit.answer:
        audit.answer, audit.answered_at = said or audit.answer, now
        audit.save(update_fields=["answer", "answered_at"])
        _emit("answered", audit, claim, now=now, files=len(uploads))
    return audit


@transaction.atomic
def decide_audit(
    *, claim_id: int, outcome: str, reason: str, staff_id: int | None, now: datetime, with_case: bool = False
) -> Audit:
    """Decide the audit of an approved claim: pass it, or fail it and void its credits, as CE-12 and EXAM-09 say.

    Opens the audit itself where none is open. The same decision twice is one. `with_case` puts a failed one before
    staff as a sanction case.
    """
    claim = lock_claim(claim_id)
    last = claim.audits.order_by("-id").first()
    if last is not None and last.status == disputes.AUDIT_OUTCOMES[outcome]:
        return last
    facts = disputes.AuditFacts(
        claim_status=claim.status, actor=queries.actor_facts(claim, staff_id), reason_given=bool(reason.strip())
    )
    decision = require(disputes.assess_audit(facts, outcome))
    candidates.catch_up(claim.candidate_id, now=now)
    audit = last if last is not None and last.status == Audit.Status.OPEN else None
    if audit is None:
        opening = disputes.assess_opening(claim.status, facts.actor)
        audit = _open(claim, opening, drawn=False, staff_id=staff_id, told=False, now=now)
    audit.status = Audit.Status(disputes.AUDIT_OUTCOMES[outcome])
    audit.reason, audit.decision = reason.strip(), decision.as_json()
    audit.decided_at, audit.decided_by_id = now, staff_id
    audit.save(update_fields=["status", "reason", "decision", "decided_at", "decided_by"])
    _emit(audit.status, audit, claim, now=now, reason=audit.reason)
    if outcome == "fail":
        reversal.void_claim(claim=claim, clause="CE-12", because=audit.reason, now=now)
        if with_case:
            open_sanction_case(audit, claim, now=now)
    return audit


def open_sanction_case(audit: Audit, claim: Claim, *, now: datetime) -> Case:
    """Put a failed audit before staff, with what is needed to decide on a sanction (CE-12, CAND-02)."""
    assert claim.item is not None and claim.provider is not None and claim.completed_on is not None
    assert claim.decided_at is not None
    facts: dict[str, Any] = {
        "claim": claim.number,
        "training": claim.item.title,
        "provider": claim.provider.name,
        "completed_on": claim.completed_on.isoformat(),
        "approved_at": claim.decided_at.isoformat(),
        "approved_by_member": claim.decided_by_id,
        "drawn_by_lot": audit.drawn,
        "asked": audit.asked,
        "answer": audit.answer,
        "found": audit.reason,
        "files": [
            {"name": file.original_name, "sha256": file.sha256, "for_the_audit": file.audit_id is not None}
            for file in claim.evidence.filter(removed_at__isnull=True)
        ],
    }
    return candidates.open_case(
        key=f"sanction:credits.audit:{audit.id}",
        kind=Case.Kind.FAILED_AUDIT,
        clause="CE-12",
        candidate_id=claim.candidate_id,
        subject=f"credits.audit:{audit.id}",
        facts=facts,
        now=now,
    )


def _lock_audit(audit_id: int, *, candidate_id: int | None = None) -> tuple[Audit, Claim]:
    """An audit and its claim, locked after the candidate. Audit.DoesNotExist where it is another candidate's."""
    of = {} if candidate_id is None else {"claim__candidate_id": candidate_id}
    claim = lock_claim(Audit.objects.values_list("claim_id", flat=True).get(id=audit_id, **of))
    return Audit.objects.get(id=audit_id), claim


def _emit(what: str, audit: Audit, claim: Claim, *, now: datetime, **payload: Any) -> None:
    emit(f"credits.audit_{what}", audit, candidate_id=claim.candidate_id, now=now, claim=claim.number, **payload)
