"""A receipt for every handing-in of a claim: what was filed and when, signed, so that its moment can be proved."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings

from ceportal.kernel import signatures
from credits.models import Claim, Receipt

KIND = "claim_receipt"
LONGEST_NAME = 60  # characters of a file's name: the hash identifies it, and what is signed has its limit


def issue_receipt(claim: Claim, *, now: datetime) -> Receipt:
    """Freeze and sign what was just handed in (CE-14). The caller holds the candidate's lock, once a handing-in."""
    ordinal = claim.receipts.count() + 1
    content = _content(claim, ordinal, now=now)
    return Receipt.objects.create(
        claim=claim,
        ordinal=ordinal,
        content=content,
        note=claim.note,
        token=signatures.sign(kind=KIND, content=content),
        filed_at=now,
    )


def _content(claim: Claim, ordinal: int, *, now: datetime) -> dict[str, Any]:
    assert claim.item is not None and claim.provider is not None and claim.completed_on is not None
    assert claim.submitted_on is not None and claim.answer_due_on is not None
    zone = ZoneInfo(settings.PROGRAMME_TIME_ZONE)
    return {
        "at": now.astimezone(UTC).isoformat(timespec="seconds"),
        "at_in_the_programme": now.astimezone(zone).isoformat(timespec="seconds"),
        "zone": settings.PROGRAMME_TIME_ZONE,
        "claim": claim.number,
        "ordinal": ordinal,
        "candidate": {"number": claim.candidate.number, "name": claim.candidate.name},
        "training": {"code": claim.item.code, "title": claim.item.title},
        "provider": {"code": claim.provider.code, "name": claim.provider.name},
        "delivery": claim.delivery.code if claim.delivery else "",
        "completed_on": claim.completed_on.isoformat(),
        "credits": claim.credits,
        "kit": claim.kit,
        "first_filed_on": claim.submitted_on.isoformat(),
        "answer_due_on": claim.answer_due_on.isoformat(),
        "note_sha256": hashlib.sha256(claim.note.encode()).hexdigest() if claim.note else "",
        "files": [
            {
                "name": file.original_name[:LONGEST_NAME],
                "kind": file.kind,
                "bytes": file.size_bytes,
                "sha256": file.sha256,
            }
            for file in claim.evidence.filter(removed_at__isnull=True, audit__isnull=True)
        ],
    }
