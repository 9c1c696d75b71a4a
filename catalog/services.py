"""The board's reviews and decisions, authorisations and deliveries."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction

from catalog import queries, rules
from catalog.models import Authorisation, BoardDecision, BoardReview, Delivery, Item, Listing
from ceportal.kernel.decisions import Refused, require
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

    Refused (CAT-02) for a day outside the quarter, or where the quarter's review was held on another day.
    """
    review = BoardReview.objects.select_for_update(no_key=True).filter(quarter=quarter).first()
    require(
        rules.assess_review(
            rules.ReviewFacts(quarter=quarter, held_on=held_on, held_before_on=review.held_on if review else None)
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
    on any past day can be shown. `credits` is None when the item leaves. Refused with CAT-02, CAT-03, CAT-05
    or CAT-06.
    """
    item = lock_item(item_id)
    review = BoardReview.objects.get(pk=review_id)
    leaves = outcome == BoardDecision.Outcome.DELIST
    facts = queries.listing_facts(
        item,
        outcome=outcome,
        credits=None if leaves else credits,
        effective_on=effective_on,
        review_held_on=review.held_on,
    )
    # The book of the listing day governs, not that of the day on which the board met (CAT-03).
    require(rules.assess_listing(facts, BOOK.on(effective_on)))

    decision = BoardDecision.objects.create(
        review=review,
        item=item,
        outcome=outcome,
        effective_on=effective_on,
        credits=facts.credits,
        reason=reason,
        decided_at=now,
        decided_by_id=decided_by_id,
    )
    Listing.objects.filter(queries.running_on(effective_on), item=item).update(ends_on=effective_on)
    if facts.credits is not None:
        Listing.objects.create(item=item, credits=facts.credits, starts_on=effective_on, decision=decision)
    emit(
        TOPICS[BoardDecision.Outcome(outcome)],
        decision,
        now=now,
        item=item.code,
        credits=facts.credits,
        effective_on=effective_on.isoformat(),
    )
    return decision


@transaction.atomic
def authorise_provider(
    *, provider_id: int, item_id: int, starts_on: date, ends_on: date | None = None, now: datetime
) -> Authorisation:
    """Let a provider deliver an item from a day on, up to and not on its end (CAT-07).

    Refused where an authorisation stands at that time.
    """
    item = lock_item(item_id)
    standing = Authorisation.objects.filter(provider_id=provider_id, item=item)
    if ends_on is not None:
        standing = standing.filter(starts_on__lt=ends_on)
    overlaps = standing.exclude(ends_on__isnull=False, ends_on__lte=starts_on).exists()
    require(
        rules.assess_authorisation(rules.AuthorisationFacts(starts_on=starts_on, ends_on=ends_on, overlaps=overlaps))
    )
    authorisation = Authorisation.objects.create(
        provider_id=provider_id, item=item, starts_on=starts_on, ends_on=ends_on
    )
    emit(
        "catalog.provider_authorised",
        authorisation,
        now=now,
        item=item.code,
        provider=authorisation.provider.code,
        starts_on=starts_on.isoformat(),
        ends_on=ends_on.isoformat() if ends_on else None,
    )
    return authorisation


@transaction.atomic
def withdraw_authorisation(*, provider_id: int, item_id: int, ends_on: date, now: datetime) -> Authorisation:
    """Let a provider's authorisation end on a day: what ends before it still counts (CAT-07).

    Refused where none runs that could end then.
    """
    item = lock_item(item_id)
    running = (
        Authorisation.objects.filter(queries.running_on(ends_on), provider_id=provider_id, item=item)
        .select_related("provider")
        .first()
    )
    decision = rules.assess_withdrawal(starts_on=running.starts_on if running else None, ends_on=ends_on)
    if running is None or not decision.granted:
        raise Refused(decision)
    running.ends_on = ends_on
    running.save(update_fields=["ends_on"])
    emit(
        "catalog.authorisation_withdrawn",
        running,
        now=now,
        item=item.code,
        provider=running.provider.code,
        ends_on=ends_on.isoformat(),
    )
    return running


@transaction.atomic
def schedule_delivery(
    *, provider_id: int, item_id: int, code: str, place: str, starts_on: date, ends_on: date, now: datetime
) -> Delivery:
    """Schedule a run of an item by a provider who is authorised for it on the day it ends (CAT-07)."""
    item = lock_item(item_id)
    require(
        rules.assess_delivery(
            rules.DeliveryFacts(
                starts_on=starts_on,
                ends_on=ends_on,
                authorised=queries.is_authorised(provider_id, item_id, ends_on),
                code_is_free=not Delivery.objects.filter(provider_id=provider_id, code=code).exists(),
            )
        )
    )
    delivery = Delivery.objects.create(
        provider_id=provider_id,
        item=item,
        code=code,
        place=place,
        starts_on=starts_on,
        ends_on=ends_on,
        created_at=now,
    )
    emit(
        "catalog.delivery_scheduled",
        delivery,
        now=now,
        item=item.code,
        code=code,
        ends_on=ends_on.isoformat(),
    )
    return delivery


def lock_item(item_id: int) -> Item:
    """Lock an item: its listings, authorisations and deliveries change one after the other."""
    return Item.objects.select_for_update(no_key=True).get(pk=item_id)
