"""Wordings of official messages, reviewed by staff (CE-13)."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from candidates import wordings
from candidates.models import WordingReview
from ceportal.kernel.decisions import Decision, finding, require
from ceportal.kernel.decisions import gettext_noop as _
from ceportal.kernel.outbox import emit


@transaction.atomic
def review_wording(*, kind: str, language: str, digest: str, staff_id: int, now: datetime) -> WordingReview | None:
    """Record that a staff member has read a wording and finds it right, or refuse where it is no longer what they read.

    None where that version was reviewed before. KeyError for a wording there is not. Emits candidates.wording_reviewed.
    """
    same = finding(
        "CE-13",
        wordings.wording_of(kind, language).digest == digest,
        yes=_("The wording is the one that was read."),
        no=_("The wording has been changed since this page was opened."),
        next_step=_("Read it again as it is now."),
    )
    require(Decision((same,)))
    review, created = WordingReview.objects.get_or_create(
        kind=kind, language=language, digest=digest, defaults={"reviewed_by_id": staff_id, "reviewed_at": now}
    )
    if not created:
        return None
    emit("candidates.wording_reviewed", review, now=now, kind=kind, language=language, digest=digest, staff_id=staff_id)
    return review
