"""Where somebody lives, and the documents that prove it is elsewhere (CAND-07)."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from candidates import rules
from candidates.models import Candidate, ResidenceProof
from candidates.services.people import lock_candidate
from ceportal.kernel.decisions import gettext_noop as _
from ceportal.kernel.decisions import require
from ceportal.kernel.outbox import emit


@transaction.atomic
def change_residence(*, candidate_id: int, country: str, region: str, now: datetime) -> Candidate:
    """Record where somebody lives now: it decides who may be tested (CAND-07), and the tax of what is paid (PAY-01).

    A proof of residence elsewhere lapses, since it proved another move. An order whose card page is open keeps its
    price. Emits candidates.residence_changed.
    """
    candidate = lock_candidate(candidate_id)
    before = (candidate.country, candidate.region)
    if before != (country, region):
        candidate.country, candidate.region = country, region
        candidate.save(update_fields=["country", "region"])
        _lapse_proof(candidate_id, because=_("The candidate moved."), now=now)
        emit("candidates.residence_changed", candidate, candidate_id=candidate.id, now=now, before=before[0])
    return candidate


@transaction.atomic
def verify_residence(
    *, candidate_id: int, country: str, document: str, staff_id: int, now: datetime, region: str = ""
) -> ResidenceProof:
    """Record an identity document that proves residence elsewhere, as staff have seen it, or refuse (CAND-07).

    It takes the place of an earlier one, and lapses when the candidate moves; seen again, it is the one on record.
    Emits candidates.residence_proven.
    """
    candidate = lock_candidate(candidate_id)
    on_record = ResidenceProof.objects.filter(candidate_id=candidate_id, lapsed_at__isnull=True).first()
    require(
        rules.assess_residence_proof(
            rules.ResidenceProofFacts(
                country=candidate.country,
                region=candidate.region,
                proven_country=country,
                proven_region=region,
                document_described=bool(document.strip()),
                about_self=candidate.user_id == staff_id,
            )
        )
    )
    if on_record is not None:
        if (on_record.country, on_record.region, on_record.document) == (country, region, document.strip()):
            return on_record
        _lapse_proof(candidate_id, because=_("Another document took its place."), now=now)
    proof = ResidenceProof.objects.create(
        candidate_id=candidate_id,
        country=country,
        region=region,
        document=document.strip(),
        verified_by_id=staff_id,
        verified_at=now,
    )
    emit("candidates.residence_proven", proof, now=now, country=country, region=region)
    return proof


def _lapse_proof(candidate_id: int, *, because: str, now: datetime) -> None:
    ResidenceProof.objects.filter(candidate_id=candidate_id, lapsed_at__isnull=True).update(
        lapsed_at=now, lapsed_because=because
    )
