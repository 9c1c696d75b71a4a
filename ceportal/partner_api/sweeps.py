"""What a night does for the partner API: what was kept for a while goes."""

from __future__ import annotations

from datetime import datetime, timedelta

from allauth.idp.oidc.models import Token

from ceportal.partner_api.models import Call, Job, KeptAnswer

ANSWERS_KEPT = timedelta(days=30)
CALLS_KEPT = timedelta(days=90)
JOBS_KEPT = timedelta(days=90)


def forget(*, now: datetime) -> int:
    """Remove old calls, kept answers, finished jobs and expired tokens; how many rows went. Twice is fine."""
    gone = [
        KeptAnswer.objects.filter(answered_at__lt=now - ANSWERS_KEPT),
        Call.objects.filter(at__lt=now - CALLS_KEPT),
        Job.objects.filter(finished_at__lt=now - JOBS_KEPT),
        Token.objects.expired(),
    ]
    return sum(rows.delete()[0] for rows in gone)
