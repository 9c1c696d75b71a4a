"""What dates make due for credits: expiry, paths that a date alone opens, claims past the promise, audits by lot."""

from __future__ import annotations

from datetime import datetime

from django.db import connection, transaction

from ceportal.kernel import clock
from ceportal.kernel.policy import BOOK
from ceportal.kernel.sweeping import on_each
from credits import feed
from credits.models import Claim, Cycle
from credits.rules.renewal import PATH_PARAMETERS
from credits.services import audits, escalation, recertification, retention

CHUNK = 2000  # grants a statement: a tenth of a second, so that pages do not wait
LISTED_AT_ONCE = 1_000_000  # numbers kept in memory

# Listed by the index of what is due, then taken in the order in which they lie on the disk: taken by their date, each
# step would touch pages all over the table again.
DUE = """
SELECT id FROM (
    SELECT id FROM credits_grant WHERE remaining > 0 AND expires_on <= %(day)s ORDER BY expires_on, id LIMIT %(most)s
) due ORDER BY id
"""
EXPIRE = """
WITH due AS (
    SELECT id, candidate_id, remaining, expires_on FROM credits_grant
    WHERE id = ANY(%(ids)s) AND remaining > 0 AND expires_on <= %(day)s
    ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
)
INSERT INTO credits_entry (candidate_id, grant_id, kind, amount, counts_from, written_at, clause)
SELECT candidate_id, id, 'expired', -remaining, expires_on, %(now)s, 'CR-01' FROM due
RETURNING candidate_id, -amount, counts_from
"""


def destroy_old_evidence(*, now: datetime) -> int:
    """Destroy the files of claims that were kept long enough and that nothing open needs (CAND-09)."""
    return retention.destroy_old_evidence(now=now)


def expire_credits(*, now: datetime) -> int:
    """Let credits expire on their anniversary (CR-01), in steps, each its own transaction; entries written.

    A grant is locked while its entry is written and has nothing left afterwards, so nothing expires twice. One that
    somebody else holds is passed over, and tried again when the others are done.
    """
    written = 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute(DUE, {"day": clock.day_of(now), "most": LISTED_AT_ONCE})
            ids = [grant_id for (grant_id,) in cursor.fetchall()]
        expired = sum(_expire_listed(ids[start : start + CHUNK], now=now) for start in range(0, len(ids), CHUNK))
        written += expired
        if not expired or expired == len(ids) < LISTED_AT_ONCE:
            return written


def _expire_listed(ids: list[int], *, now: datetime) -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(EXPIRE, {"ids": ids, "day": clock.day_of(now), "now": now})
        expired = cursor.fetchall()
        feed.tell_expired(expired, now=now)
    return len(expired)


def judge_opened_paths(*, now: datetime) -> int:
    """On a day on which the book's paths change, judge everyone who holds something that could count (CE-09)."""
    if clock.day_of(now) not in BOOK.change_days(*PATH_PARAMETERS):
        return 0
    open_cycles = Cycle.objects.filter(ended_on__isnull=True, withdrawn_at__isnull=True).order_by("candidate_id")
    return on_each(
        open_cycles.values_list("candidate_id", flat=True),
        lambda key: len(recertification.judge_candidate(candidate_id=key, now=now)),
    )


def escalate_claims(*, now: datetime) -> int:
    """Bring claims not answered by the promised day before the programme (CE-10), one transaction a provider."""
    due = Claim.objects.filter(
        status=Claim.Status.SUBMITTED, escalated_on=None, answer_due_on__lt=clock.day_of(now)
    ).order_by("provider_id")
    providers = due.values_list("provider_id", flat=True).distinct()
    return on_each(
        (each for each in list(providers) if each),
        lambda key: escalation.escalate_claims_of(provider_id=key, now=now),
    )


def open_drawn_audits(*, now: datetime) -> int:
    """Open the audits that the lots of approvals picked (CE-12), one transaction a claim."""
    picked = Claim.objects.filter(status=Claim.Status.APPROVED, audit_due=True, decided_at__lte=now).order_by("id")
    return on_each(
        picked.values_list("id", flat=True),
        lambda key: audits.open_drawn_audit(claim_id=key, now=now) is not None,
    )
