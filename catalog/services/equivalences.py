"""Trainings that count as one: another language or version of the same, by the board's word (CR-04)."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from catalog import queries, rules
from catalog.models import BoardReview, Equivalence, Item
from ceportal.kernel.decisions import require
from ceportal.kernel.outbox import emit


@transaction.atomic
def mark_equivalent(
    *, review_id: int, item_id: int, same_as_id: int, reason: str, decided_by_id: int | None, now: datetime
) -> Equivalence:
    """Let two items count as one training, with all that count as the same as either (CR-04).

    It holds from now on: for what is claimed, approved or reported later, whenever it was completed. What has counted
    stays. Refused (CR-04) for an item and itself, and for two that count as one already, in whatever order.
    """
    review = BoardReview.objects.get(pk=review_id)
    first, second = sorted((item_id, same_as_id))
    # Locked in one order, so that two marks of the same pair follow each other.
    codes = dict(
        Item.objects.select_for_update(no_key=True)
        .filter(pk__in={first, second})
        .order_by("pk")
        .values_list("pk", "code")
    )
    require(
        rules.assess_equivalence(
            rules.EquivalenceFacts(
                one_item=first == second,
                equivalent_already=second in queries.equivalent_items(first),
            )
        )
    )
    equivalence = Equivalence.objects.create(
        review=review,
        item_id=first,
        same_as_id=second,
        reason=reason,
        decided_at=now,
        decided_by_id=decided_by_id,
    )
    emit("catalog.items_equivalent", equivalence, now=now, items=[codes[first], codes[second]])
    return equivalence
