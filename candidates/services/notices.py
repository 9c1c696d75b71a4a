"""Official messages (CE-13)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from candidates import wordings
from candidates.models import Candidate, Notice
from ceportal.kernel.outbox import emit


@transaction.atomic
def write_notice(*, candidate: Candidate, kind: str, key: str, subject: str, body: str, now: datetime) -> Notice | None:
    """Record an official message to the registered address and send it on its way (CE-13).

    The key makes it unique: None where that message was written before.
    """
    # Of somebody who was erased it stays that there was something to say; what, and to whom, does not (CAND-09).
    nobody = candidate.erased_at is not None
    notice, created = Notice.objects.get_or_create(
        key=key,
        defaults={
            "candidate": candidate,
            "kind": kind,
            "address": "" if nobody else candidate.email,
            "subject": "" if nobody else subject,
            "body": "" if nobody else body,
            "language": candidate.language,
            "created_at": now,
        },
    )
    if not created:
        return None
    if not nobody:
        emit("candidates.notice_written", notice, now=now, kind=kind)
    return notice


def compose_notice(
    *, candidate: Candidate, kind: str, key: str, context: dict[str, Any], now: datetime
) -> Notice | None:
    """Write a notice from its template `notices/KIND.txt` (first line: subject), in the candidate's language."""
    subject, body = wordings.render(kind, candidate.language, {"candidate": candidate, **context})
    return write_notice(candidate=candidate, kind=kind, key=key, subject=subject, body=body, now=now)


@transaction.atomic
def mark_notice_read(*, notice_id: int, candidate_id: int, now: datetime) -> None:
    """Remember that the candidate opened a notice in the portal, the first time (CE-13)."""
    Notice.objects.filter(id=notice_id, candidate_id=candidate_id, read_at__isnull=True).update(read_at=now)
