"""What candidates read about their own data: copies of it, who looked at it, and its erasure (CAND-09)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.paginator import Page, Paginator

from candidates.models import Candidate, DataRequest, StaffAccess
from candidates.services.exports import has_expired
from ceportal.kernel import clock
from ceportal.kernel.policy import BOOK, Parameter

ACCESSES_PER_PAGE = 25


@dataclass(frozen=True, slots=True)
class PrivacyPage:
    """A candidate's data now."""

    being_made: DataRequest | None
    copy: DataRequest | None  # that can be downloaded
    kept_days: Parameter
    accesses: Page[Any]


def privacy_page(candidate: Candidate, *, number: str | None, now: datetime) -> PrivacyPage:
    """What a candidate can do about their data, and who of the staff looked at it, the latest first."""
    exports = candidate.data_requests.filter(kind=DataRequest.Kind.EXPORT)
    ready = exports.filter(status=DataRequest.Status.READY).first()
    accesses = StaffAccess.objects.filter(candidate_ids__contains=[candidate.id]).order_by("-id")
    return PrivacyPage(
        being_made=exports.filter(status=DataRequest.Status.WAITING).first(),
        copy=ready if ready is not None and not has_expired(ready, now=now) else None,
        kept_days=BOOK.on(clock.day_of(now))["privacy.export_days"],
        accesses=Paginator(accesses, ACCESSES_PER_PAGE).get_page(number),
    )
