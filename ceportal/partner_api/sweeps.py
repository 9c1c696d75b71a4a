"""What a night does for the partner API: what was kept for a while goes."""

from __future__ import annotations

from datetime import datetime, timedelta

from allauth.idp.oidc.models import Token
from django.conf import settings

from ceportal.partner_api.feed import forgetting
from ceportal.partner_api.models import Call, FeedEntry, FeedHorizon, Job, KeptAnswer, WebhookDelivery

ANSWERS_KEPT = timedelta(days=30)
CALLS_KEPT = timedelta(days=90)
JOBS_KEPT = timedelta(days=90)
DELIVERIES_KEPT = timedelta(days=90)
ENTRIES_AT_ONCE = 10_000


def forget(*, now: datetime) -> int:
    """Remove old calls, answers, jobs and deliveries, and expired tokens; how many rows went. Twice is fine."""
    gone = [
        KeptAnswer.objects.filter(answered_at__lt=now - ANSWERS_KEPT),
        Call.objects.filter(at__lt=now - CALLS_KEPT),
        Job.objects.filter(finished_at__lt=now - JOBS_KEPT),
        WebhookDelivery.objects.filter(finished_at__lt=now - DELIVERIES_KEPT),
        Token.objects.expired(),
    ]
    return sum(rows.delete()[0] for rows in gone)


def forget_entries(*, now: datetime) -> int:
    """Remove the entries of the feed from before the days it is kept for; how many went. Twice is fine.

    Always the first of them in the order in which they are read, so that what is kept has no holes; some at a time,
    each with the word up to where, which those who would go on before it are told.
    """
    kept_from = now - timedelta(days=settings.FEED_KEPT_DAYS)
    positioned = FeedEntry.objects.filter(position__isnull=False).order_by("position")
    keep = positioned.filter(occurred_at__gte=kept_from).values_list("position", flat=True).first()
    old = positioned if keep is None else positioned.filter(position__lt=keep)
    count = 0
    while entries := list(old.only("position")[:ENTRIES_AT_ONCE]):
        last = entries[-1].position or 0
        with forgetting():
            FeedHorizon.objects.update_or_create(id=1, defaults={"position": last, "forgotten_at": now})
            FeedEntry.objects.filter(position__lte=last).delete()
        count += len(entries)
    return count
