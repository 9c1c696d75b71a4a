"""Registered addresses: kept current, and left alone once mail came back until corrected or confirmed (CE-13).

A *report* is what the mail service says of a message that left: it arrived, it came back, it was marked as unwanted.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from django.db import transaction

from candidates import queries
from candidates.models import Candidate, Notice
from candidates.services.people import lock_candidate
from ceportal.kernel.outbox import emit


class Report(StrEnum):
    """What the mail service says of a message, by the field that keeps when."""

    DELIVERED = "delivered_at"
    BOUNCED = "bounced_at"
    COMPLAINED = "complained_at"


# Where several were reported, the first of these tells how the message stands.
STRONGEST_FIRST = (
    (Report.COMPLAINED, Notice.Status.COMPLAINED),
    (Report.BOUNCED, Notice.Status.BOUNCED),
    (Report.DELIVERED, Notice.Status.DELIVERED),
)
LONGEST_WORDS = 1000


@transaction.atomic
def record_mail_report(
    *, notice_id: int, report: Report, happened_at: datetime, now: datetime, words: str = ""
) -> bool:
    """Note what became of a message (CE-13). False where that report was known.

    Reports come twice and in any order, and end the same: of each kind the earliest moment is kept, and the status
    follows from the kinds. A report proves that the message left, should the worker have died before saying so.
    A message not received changes no deadline. Emits candidates.notice_bounced and candidates.notice_complained.
    """
    lock_candidate(Notice.objects.values_list("candidate_id", flat=True).get(id=notice_id))
    notice = Notice.objects.select_for_update(no_key=True).get(id=notice_id)
    known = getattr(notice, report)
    if known is not None and known <= happened_at:
        return False
    setattr(notice, report, happened_at)
    if report == Report.BOUNCED:
        notice.trouble = words[:LONGEST_WORDS]
    notice.sent_at = notice.sent_at or happened_at
    notice.status = next(status for kind, status in STRONGEST_FIRST if getattr(notice, kind) is not None)
    notice.save(update_fields=[report.value, "trouble", "sent_at", "status"])
    if known is None and report == Report.BOUNCED:
        emit("candidates.notice_bounced", notice, now=now, kind=notice.kind)
    if known is None and report == Report.COMPLAINED:
        emit("candidates.notice_complained", notice, now=now, kind=notice.kind)
    return known is None


@transaction.atomic
def record_bounce(*, notice_id: int, now: datetime) -> bool:
    """Note by hand that a message came back (CE-13). False where that is known, or the message has not left."""
    sent = Notice.objects.filter(id=notice_id, status__in=[Notice.Status.SENT, Notice.Status.DELIVERED]).exists()
    return sent and record_mail_report(notice_id=notice_id, report=Report.BOUNCED, happened_at=now, now=now)


@transaction.atomic
def change_contact(
    *, candidate_id: int, email: str, time_zone: str, billing_country: str, language: str | None = None, now: datetime
) -> Candidate:
    """Keep the registered address, time zone, language and billing country current (CE-13, PAY-01).

    Messages that were held back for the address before go to the new one.
    """
    candidate = lock_candidate(candidate_id)
    language = language or candidate.language
    before = (candidate.email, candidate.time_zone, candidate.billing_country, candidate.language)
    if before != (email, time_zone, billing_country, language):
        corrected = candidate.email != email
        candidate.email, candidate.time_zone, candidate.billing_country = email, time_zone, billing_country
        candidate.language = language
        candidate.save(update_fields=["email", "time_zone", "billing_country", "language"])
        emit("candidates.contact_changed", candidate, candidate_id=candidate.id, now=now)
        if corrected:
            trust_address(candidate, now=now)
    return candidate


@transaction.atomic
def confirm_address(*, candidate_id: int, now: datetime) -> bool:
    """The candidate says that the address is right: mail goes there again, first what was held back (CE-13).

    False where no mail had come back from it. Emits candidates.address_confirmed.
    """
    candidate = lock_candidate(candidate_id)
    if queries.address_trouble(candidate) is None:
        return False
    emit("candidates.address_confirmed", candidate, candidate_id=candidate.id, now=now)
    trust_address(candidate, now=now)
    return True


def trust_address(candidate: Candidate, *, now: datetime) -> None:
    """Let mail go to the registered address from now on, and what was held back first; the candidate is locked.

    Emits candidates.notice_released for each.
    """
    candidate.address_confirmed_at = now
    candidate.save(update_fields=["address_confirmed_at"])
    held = Notice.objects.select_for_update(no_key=True).filter(candidate=candidate, status=Notice.Status.HELD)
    for notice in held.order_by("id"):
        notice.status, notice.address = Notice.Status.QUEUED, candidate.email
        notice.save(update_fields=["status", "address"])
        emit("candidates.notice_released", notice, now=now, kind=notice.kind)


@transaction.atomic
def hold_back(*, notice_id: int) -> bool:
    """Hold a message back while mail comes back from its address; it is read in the portal. False where it may go."""
    candidate = lock_candidate(Notice.objects.values_list("candidate_id", flat=True).get(id=notice_id))
    notice = Notice.objects.select_for_update(no_key=True).get(id=notice_id)
    trouble = queries.address_trouble(candidate)
    if trouble is None or notice.status != Notice.Status.QUEUED or not queries.same_address(notice, candidate):
        return False
    notice.status = Notice.Status.HELD
    notice.save(update_fields=["status"])
    return True
