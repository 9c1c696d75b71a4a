"""Badges: given out once for each standing of a certification, with a place in a status list."""

from __future__ import annotations

import secrets
from datetime import datetime
from uuid import uuid4

from django.db import IntegrityError, transaction
from django.db.models import Max

from candidates import queries, rules
from candidates.models import Badge, Certification
from candidates.models.badges import LIST_LENGTH
from candidates.services.people import lock_candidate
from ceportal.kernel import clock
from ceportal.kernel.decisions import require
from ceportal.kernel.outbox import emit

FULL = LIST_LENGTH // 2  # then the next list begins: in a half-empty one, a free place is found by two draws
DRAWS = 8


@transaction.atomic
def issue_badge(*, certification_id: int, now: datetime) -> Badge:
    """Give out the badge of a certification in its present standing, or refuse and say why (CERT-08, EMR-14).

    Given out before, it is the same badge. Emits candidates.badge_issued.
    """
    candidate_id = Certification.objects.values_list("candidate_id", flat=True).get(id=certification_id)
    lock_candidate(candidate_id)
    (held,) = queries.held_in(Certification.objects.filter(id=certification_id))
    status = held.status_on(clock.day_of(now)) or "inactive"
    require(rules.assess_document("badge", status))
    badge = Badge.objects.filter(certification_id=certification_id, standing=status).first()
    if badge is None:
        badge = _with_a_place(held.certification, status, now=now)
        emit("candidates.badge_issued", badge, candidate_id=candidate_id, now=now, standing=status)
    return badge


def _with_a_place(certification: Certification, standing: str, *, now: datetime) -> Badge:
    """A new badge on a free place, which somebody else may draw at the same moment: then it is drawn again."""
    for _draw in range(DRAWS):
        list_number = _open_list()
        try:
            with transaction.atomic():
                return Badge.objects.create(
                    certification=certification,
                    standing=standing,
                    key=uuid4(),
                    list_number=list_number,
                    list_index=secrets.randbelow(LIST_LENGTH),
                    issued_at=now,
                )
        except IntegrityError:
            continue
    raise RuntimeError(f"No free place was found in status list {list_number}.")


def _open_list() -> int:
    """The number of the list in which places are given now."""
    last: int = Badge.objects.aggregate(last=Max("list_number"))["last"] or 1
    return last + 1 if Badge.objects.filter(list_number=last).count() >= FULL else last
