"""What candidates are told after their claim was decided: audits, voided claims, appeals, escalation (CE-13)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.urls import reverse

from candidates.models import Case
from candidates.services import compose_notice
from ceportal.kernel import clock
from ceportal.kernel.models import Event
from credits.models import Appeal, Audit, Claim


def _tell(kind: str, event: Event, claim: Claim, *, now: datetime, **context: Any) -> None:
    compose_notice(
        candidate=claim.candidate,
        kind=kind,
        key=f"{kind}:{event.id}",
        context={
            "claim": claim,
            "address": settings.BASE_URL + reverse("credits:claim_detail", args=[claim.number]),
            **context,
        },
        now=now,
    )


def on_audit(event: Event, now: datetime) -> None:
    """Tell that an audit was opened, that more is asked for, or that it passed where it was told of (CE-12)."""
    audit = Audit.objects.select_related("claim__candidate", "claim__item", "claim__provider").get(id=event.subject_id)
    what = event.topic.removeprefix("credits.audit_")
    if what == "opened" and not event.payload["told"]:
        return  # it was decided at once, and the decision is what is told
    if what == "passed" and not audit.told:
        return
    _tell(f"audit_{what}", event, audit.claim, now=now, audit=audit)


def on_claim_voided(event: Event, now: datetime) -> None:
    """Tell that a claim was voided, by which clause, why, and what can be done (CE-12, CR-04)."""
    claim = Claim.objects.select_related("candidate", "item", "provider").get(id=event.subject_id)
    # Where a later renewal stands on the credits they stay, and people decide (EXAM-09).
    case = Case.objects.filter(subject=f"credits.claim:{claim.id}", kind=Case.Kind.FAILED_AUDIT)
    _tell(
        "claim_voided",
        event,
        claim,
        now=now,
        clause=event.payload["clause"],
        reason=event.payload["reason"],
        left_to_people=case.exists(),
    )


def on_appeal_decided(event: Event, now: datetime) -> None:
    """Tell what the programme decided on an appeal, and why (CE-10)."""
    appeal = Appeal.objects.select_related("claim__candidate", "claim__item", "claim__provider").get(
        id=event.subject_id
    )
    _tell("appeal_decided", event, appeal.claim, now=now, appeal=appeal)


def on_claim_escalated(event: Event, now: datetime) -> None:
    """Tell that the promised answer is late and the programme knows, unless it has come meanwhile (CE-10)."""
    claim = Claim.objects.select_related("candidate", "item", "provider").get(id=event.subject_id)
    due_on = date.fromisoformat(event.payload["answer_due_on"])
    if claim.answer_due_on == due_on and claim.is_overdue(clock.day_of(now)):
        _tell("claim_escalated", event, claim, now=now)
