"""Links by which candidates show results to whom they like: made, and withdrawn (EXAM-14)."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from datetime import date, datetime
from uuid import UUID

from django.db import transaction

from candidates.models.sharing import TOKEN_LENGTH
from candidates.rules import link_shows
from candidates.services import lock_candidate
from ceportal.kernel import clock
from ceportal.kernel.decisions import require
from ceportal.kernel.outbox import emit
from exams import queries
from exams.models import ResultLink
from exams.rules.sharing import ResultSharingFacts, assess_result_sharing

OPEN_LINKS_AT_MOST = 50  # so that the page of links stays a page
BYTES = TOKEN_LENGTH * 3 // 4


@transaction.atomic
def share_results(
    *,
    candidate_id: int,
    shows: str,
    attempt_ids: Collection[int],
    form_key: UUID,
    now: datetime,
    with_sections: bool = False,
    label: str = "",
    last_on: date | None = None,
) -> ResultLink:
    """Make a link that shows results of one's own that count, or every exam passed, up to a last day if one is given.

    Refused (EXAM-14) for results of others, superseded, annulled or disallowed ones, for a day that has passed, or
    where too many links are open. The same form sent again gives the link it made. Emits exams.results_shared, without
    the token.
    """
    lock_candidate(candidate_id)
    made = ResultLink.objects.filter(candidate_id=candidate_id, form_key=form_key).first()
    if made is not None:
        return made
    day = clock.day_of(now)
    transcript = shows == ResultLink.Shows.TRANSCRIPT
    chosen = set() if transcript else set(attempt_ids)
    own = queries.counting_results(candidate_id).filter(id__in=chosen)
    links = ResultLink.objects.filter(candidate_id=candidate_id, withdrawn_at__isnull=True)
    require(
        assess_result_sharing(
            ResultSharingFacts(
                transcript=transcript,
                chosen=len(chosen),
                own=len(own),
                last_on=last_on,
                day=day,
                open_links=sum(link_shows(last_on=each.last_on, withdrawn=False, day=day) for each in links),
                open_links_at_most=OPEN_LINKS_AT_MOST,
            )
        )
    )
    link = ResultLink.objects.create(
        candidate_id=candidate_id,
        form_key=form_key,
        token=secrets.token_urlsafe(BYTES),
        label=label.strip(),
        shows=shows,
        with_sections=with_sections,
        last_on=last_on,
        created_at=now,
    )
    link.attempts.set(own)
    emit("exams.results_shared", link, now=now, shows=shows, attempts=sorted(chosen))
    return link


@transaction.atomic
def withdraw_result_link(*, candidate_id: int, link_id: int, now: datetime) -> ResultLink:
    """Let a link show nothing from now on; withdrawn once, it stays so (EXAM-14). DoesNotExist for another's.

    Emits exams.result_link_withdrawn.
    """
    lock_candidate(candidate_id)
    link = ResultLink.objects.get(id=link_id, candidate_id=candidate_id)
    if link.withdrawn_at is None:
        link.withdrawn_at = now
        link.save(update_fields=["withdrawn_at"])
        emit("exams.result_link_withdrawn", link, now=now)
    return link
