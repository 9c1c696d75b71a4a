"""Links by which holders show certifications to whom they like: made, and withdrawn (CERT-09)."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from datetime import date, datetime
from uuid import UUID

from django.db import transaction

from candidates import rules
from candidates.models import Certification, VerificationLink
from candidates.models.sharing import TOKEN_LENGTH
from candidates.services.people import lock_candidate
from ceportal.kernel import clock
from ceportal.kernel.decisions import require
from ceportal.kernel.outbox import emit

OPEN_LINKS_AT_MOST = 50  # so that the page of links stays a page
BYTES = TOKEN_LENGTH * 3 // 4


@transaction.atomic
def share_certifications(
    *,
    candidate_id: int,
    certification_ids: Collection[int],
    form_key: UUID,
    now: datetime,
    label: str = "",
    last_on: date | None = None,
) -> VerificationLink:
    """Make a link that shows certifications of one's own, up to a last day where one is given, or refuse (CERT-09).

    The same form sent again gives the link it made. Emits candidates.certifications_shared, without the token.
    """
    lock_candidate(candidate_id)
    made = VerificationLink.objects.filter(candidate_id=candidate_id, form_key=form_key).first()
    if made is not None:
        return made
    day = clock.day_of(now)
    chosen = set(certification_ids)
    own = Certification.objects.filter(candidate_id=candidate_id, id__in=chosen)
    links = VerificationLink.objects.filter(candidate_id=candidate_id, withdrawn_at__isnull=True)
    require(
        rules.assess_sharing(
            rules.SharingFacts(
                chosen=len(chosen),
                own=len(own),
                last_on=last_on,
                day=day,
                open_links=sum(rules.link_shows(last_on=each.last_on, withdrawn=False, day=day) for each in links),
                open_links_at_most=OPEN_LINKS_AT_MOST,
            )
        )
    )
    link = VerificationLink.objects.create(
        candidate_id=candidate_id,
        form_key=form_key,
        token=secrets.token_urlsafe(BYTES),
        label=label.strip(),
        last_on=last_on,
        created_at=now,
    )
    link.certifications.set(own)
    emit("candidates.certifications_shared", link, now=now, certifications=sorted(each.number for each in own))
    return link


@transaction.atomic
def withdraw_link(*, candidate_id: int, link_id: int, now: datetime) -> VerificationLink:
    """Let a link show nothing from now on; withdrawn once, it stays so (CERT-09). DoesNotExist for another's.

    Emits candidates.link_withdrawn.
    """
    lock_candidate(candidate_id)
    link = VerificationLink.objects.get(id=link_id, candidate_id=candidate_id)
    if link.withdrawn_at is None:
        link.withdrawn_at = now
        link.save(update_fields=["withdrawn_at"])
        emit("candidates.link_withdrawn", link, now=now)
    return link
