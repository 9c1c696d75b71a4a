"""A parent's or guardian's signature, without which a minor is not tested (CAND-05)."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction

from candidates import rules
from candidates.models import GuardianConsent
from candidates.services.people import lock_candidate
from ceportal.kernel import clock
from ceportal.kernel.decisions import require
from ceportal.kernel.outbox import emit


@transaction.atomic
def record_consent(
    *,
    candidate_id: int,
    guardian: str,
    signed_on: date,
    evidence: str,
    recorded_by_id: int | None,
    now: datetime,
    relation: str = "",
) -> GuardianConsent:
    """Record that a parent or legal guardian has signed, with what shows it, or refuse and say why (CAND-05).

    The same signature recorded again is the one on record. Emits candidates.guardian_consented.
    """
    candidate = lock_candidate(candidate_id)
    require(
        rules.assess_consent(
            rules.ConsentFacts(
                guardian_named=bool(guardian.strip()),
                evidence_given=bool(evidence.strip()),
                signed_on=signed_on,
                day=clock.day_of(now),
                by_self=recorded_by_id is not None and candidate.user_id == recorded_by_id,
            )
        )
    )
    consent, created = GuardianConsent.objects.get_or_create(
        candidate_id=candidate_id,
        guardian=guardian.strip(),
        signed_on=signed_on,
        withdrawn_at=None,
        defaults={
            "relation": relation.strip(),
            "evidence": evidence.strip(),
            "recorded_by_id": recorded_by_id,
            "recorded_at": now,
        },
    )
    if created:
        emit("candidates.guardian_consented", consent, now=now, signed_on=signed_on.isoformat())
    return consent


@transaction.atomic
def withdraw_consent(*, consent_id: int, reason: str, staff_id: int, now: datetime) -> GuardianConsent:
    """Record that a guardian takes the signature back, or that it was none: it counts no more (CAND-05).

    Emits candidates.guardian_consent_withdrawn.
    """
    candidate = lock_candidate(GuardianConsent.objects.values_list("candidate_id", flat=True).get(id=consent_id))
    consent = GuardianConsent.objects.get(id=consent_id)
    if consent.withdrawn_at is not None:
        return consent
    require(
        rules.assess_withdrawal(reason_given=bool(reason.strip()), by_self=candidate.user_id == staff_id),
    )
    consent.withdrawn_at, consent.withdrawn_because = now, reason.strip()
    consent.save(update_fields=["withdrawn_at", "withdrawn_because"])
    emit("candidates.guardian_consent_withdrawn", consent, now=now, reason=consent.withdrawn_because, staff=staff_id)
    return consent
