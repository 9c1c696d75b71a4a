"""The board's reviews and its decisions on items (CAT-02)."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction

from catalog import queries, rules
from catalog.models import BoardDecision, BoardReview, Item, Listing
from ceportal.kernel import clock
from ceportal.kernel.decisions import require
from ceportal.kernel.outbox import emit
from ceportal.kernel.policy import BOOK

TOPICS = {
    BoardDecision.Outcome.LIST: "catalog.item_listed",
    BoardDecision.Outcome.CHANGE: "catalog.item_changed",
    BoardDecision.Outcome.DELIST: "catalog.item_delisted",
}


@transaction.atomic
def hold_review(*, quarter: str, held_on: date, now: datetime) -> BoardReview:
    """Record that the board reviewed the catalog (CAT-02). The same review again gives the one on record.

    Refused (CAT-02) for a day outside the quarter or to come, or where the quarter's review was held on another day.
    """
    review = BoardReview.objects.select_for_update(no_key=True).filter(quarter=quarter).first()
    require(
        rules.assess_review(
            rules.ReviewFacts(
                quarter=quarter,
                held_on=held_on,
                held_before_on=review.held_on if review else None,
                recorded_on=clock.day_of(now),
            )
        )
    )
    if review is None:
        review = BoardReview.objects.create(quarter=quarter, held_on=held_on)
        emit("catalog.review_held", review, now=now, quarter=quarter, held_on=held_on.isoformat())
    return review


@transaction.atomic
def decide_listing(
    *,
    item_id: int,
    outcome: str,
    credits: int | None,
    effective_on: date,
    review_id: int,
    decided_by_id: int | None,
    reason: str = "",
    now: datetime,
) -> BoardDecision:
    """Let an item enter, change or leave the catalog from a day on (CAT-02).

    The running listing ends on that day and a new one begins; a listing is never edited, so what was listed
    on any past day can be shown. `credits` is None when the item leaves. The same decision again is the one on
    record. Refused with CAT-02 to CAT-06.
    """
    item = lock_item(item_id)
    review = BoardReview.objects.get(pk=review_id)
    worth = None if outcome == BoardDecision.Outcome.DELIST else credits
    said = {"review": review, "item": item, "outcome": outcome, "credits": worth, "effective_on": effective_on}
    on_record = BoardDecision.objects.filter(**said).first()
    if on_record is not None:
        return on_record
    facts = queries.listing_facts(
        item,
        outcome=outcome,
        credits=worth,
        effective_on=effective_on,
        review_held_on=review.held_on,
        recorded_on=clock.day_of(now),
    )
    # The book of the listing day governs, not that of the day on which the board met (CAT-03).
    require(rules.assess_listing(facts, BOOK.on(effective_on)))

    decision = BoardDecision.objects.create(**said, reason=reason, decided_at=now, decided_by_id=decided_by_id)
    Listing.objects.filter(queries.running_on(effective_on), item=item).update(ends_on=effective_on)
    if worth is not None:
        Listing.objects.create(item=item, credits=worth, starts_on=effective_on, decision=decision)
    emit(
        TOPICS[BoardDecision.Outcome(outcome)],
        decision,
        now=now,
        item=item.code,
        credits=worth,
        effective_on=effective_on.isoformat(),
    )
    return decision


def lock_item(item_id: int) -> Item:
    """Lock an item: its listings, authorisations and deliveries change one after the other."""
    return Item.objects.select_for_update(no_key=True).get(pk=item_id)
