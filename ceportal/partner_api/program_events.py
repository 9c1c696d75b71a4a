"""What the feed tells a program of its own: its bulks, and its webhooks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ceportal.kernel.models import Event
from ceportal.partner_api.feed import Audience, to_program
from ceportal.partner_api.models import Job, Webhook


def job_events(events: Sequence[Event]) -> Iterator[Audience]:
    """To the program that handed in a bulk: that it is done, or was given up, and what became of its rows."""
    rows = Job.objects.select_related("application").in_bulk({event.subject_id for event in events})
    for event in events:
        job = rows[event.subject_id]
        yield to_program(
            event,
            job.application,
            scope="jobs:read",
            subject=str(job.pk),
            job=job.pk,
            kind=job.kind,
            status=job.status,
            dry_run=job.dry_run,
            rows_total=job.rows_total,
            rows_done=job.rows_done,
            counts=job.counts,
        )


def webhook_events(events: Sequence[Event]) -> Iterator[Audience]:
    """To the program to whose address nothing is delivered any more."""
    rows = Webhook.objects.select_related("application").in_bulk({event.subject_id for event in events})
    for event in events:
        webhook = rows[event.subject_id]
        yield to_program(
            event,
            webhook.application,
            scope="webhooks:read",
            subject=str(webhook.pk),
            webhook=webhook.pk,
            status=webhook.status,
        )
