"""What candidates read about their own data: copies of it, who looked at it, and its erasure (CAND-09)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.core.paginator import Page, Paginator

from candidates.models import Candidate, Certification, DataRequest, StaffAccess
from candidates.privacy import LOOKED_INTO
from candidates.services.erasures import assess
from candidates.services.exports import has_expired
from ceportal.kernel import clock
from ceportal.kernel.explain import Explanation, explain
from ceportal.kernel.policy import BOOK, Parameter

ACCESSES_PER_PAGE = 25


@dataclass(frozen=True, slots=True)
class PrivacyPage:
    """A candidate's data now."""

    being_made: DataRequest | None
    copy: DataRequest | None  # that can be downloaded
    kept_days: Parameter
    erasure: DataRequest | None  # that waits
    accesses: Page[Any]


def privacy_page(candidate: Candidate, *, number: str | None, now: datetime) -> PrivacyPage:
    """What a candidate can do about their data, and who looked at it, staff and partners, the latest first."""
    exports = candidate.data_requests.filter(kind=DataRequest.Kind.EXPORT)
    ready = exports.filter(status=DataRequest.Status.READY).first()
    accesses = StaffAccess.objects.filter(candidate_ids__contains=[candidate.id]).exclude(record_type__in=LOOKED_INTO)
    return PrivacyPage(
        being_made=exports.filter(status=DataRequest.Status.WAITING).first(),
        copy=ready if ready is not None and not has_expired(ready, now=now) else None,
        kept_days=BOOK.on(clock.day_of(now))["privacy.export_days"],
        erasure=_waiting_erasure(candidate),
        accesses=Paginator(accesses, ACCESSES_PER_PAGE).get_page(number),
    )


@dataclass(frozen=True, slots=True)
class ErasurePage:
    """What an erasure would mean for a candidate today, or the request that waits."""

    waiting: DataRequest | None
    decision: Explanation  # what stands in the way now
    wait_days: Parameter
    due_on: date  # if it is asked for today
    certifications: tuple[Certification, ...]


def erasure_page(candidate: Candidate, *, now: datetime) -> ErasurePage:
    """Everything a candidate should know before asking for erasure."""
    day = clock.day_of(now)
    wait = BOOK.on(day)["privacy.erasure_wait_days"]
    return ErasurePage(
        waiting=_waiting_erasure(candidate),
        decision=explain(assess(candidate, now=now)),
        wait_days=wait,
        due_on=day + timedelta(days=wait.value),
        certifications=tuple(candidate.certifications.select_related("track").order_by("track__name")),
    )


def _waiting_erasure(candidate: Candidate) -> DataRequest | None:
    erasures = candidate.data_requests.filter(kind=DataRequest.Kind.ERASURE)
    return erasures.filter(status=DataRequest.Status.WAITING).first()
