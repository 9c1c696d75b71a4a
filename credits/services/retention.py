"""Files of claims are kept for some time, and no longer than anything open needs them (CAND-09)."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from candidates.models import Case, Sanction
from candidates.services import lock_candidates
from ceportal.kernel import clock
from ceportal.kernel.policy import BOOK
from ceportal.kernel.removals import remove_after_commit
from credits.models import Appeal, Audit, Claim, Evidence

BATCH = 500  # files a transaction
DECIDED = (Claim.Status.APPROVED, Claim.Status.REJECTED, Claim.Status.VOIDED)


def destroy_old_evidence(*, now: datetime) -> int:
    """Destroy every file older than the book allows, save those of what is open; files destroyed.

    Each batch is one transaction; the files themselves go after its commit.
    """
    destroyed = 0
    while batch := _destroy_some(now=now):
        destroyed += batch
    return destroyed


@transaction.atomic
def _destroy_some(*, now: datetime) -> int:
    if not _old_enough(now=now).exists():
        return 0  # so it is on most nights; only then is it asked what still needs which file
    due = due_for_destruction(now=now)
    ids = dict(due.order_by("id").values_list("id", "claim__candidate_id")[:BATCH])
    lock_candidates(set(ids.values()))
    # Looked at again under the locks: an appeal or a case may have been opened meanwhile.
    still = list(due.filter(id__in=ids))
    remove_after_commit((str(each.file) for each in still), because="evidence kept long enough", now=now)
    Evidence.objects.filter(id__in=[each.id for each in still]).update(
        destroyed_at=now, destroyed_because=Evidence.Destroyed.AGE
    )
    return len(still)


def due_for_destruction(*, now: datetime) -> QuerySet[Evidence]:
    """The files older than the book of the day allows, of claims and people about whom nothing is open."""
    day = clock.day_of(now)
    claim, candidate = OuterRef("claim_id"), OuterRef("claim__candidate_id")
    appealable = Q(appealed_at__isnull=True, appeal_until__gte=day) | Q(appealed_at__isnull=False, appeal_outcome="")
    needed = (
        Exists(Audit.objects.filter(claim_id=claim, status=Audit.Status.OPEN)),
        Exists(Appeal.objects.filter(claim_id=claim, status=Appeal.Status.OPEN)),
        Exists(Case.objects.filter(candidate_id=candidate, status=Case.Status.OPEN)),
        Exists(Sanction.objects.filter(candidate_id=candidate, status=Sanction.Status.PROPOSED)),
        Exists(Sanction.objects.filter(appealable, candidate_id=candidate, status=Sanction.Status.RUNNING)),
    )
    return _old_enough(now=now).filter(*(~each for each in needed))


def _old_enough(*, now: datetime) -> QuerySet[Evidence]:
    """The files older than the book of the day allows, of claims that are decided."""
    day = clock.day_of(now)
    oldest = clock.at(day - timedelta(days=BOOK.on(day)["privacy.evidence_days"].value), 0)
    return Evidence.objects.filter(
        destroyed_at__isnull=True, uploaded_at__lt=oldest, claim__status__in=DECIDED, claim__audit_due=False
    )
