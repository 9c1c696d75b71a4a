"""Finding the training to claim: what is or was in the catalog, by words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db.models import Exists, F, FilteredRelation, OuterRef, Q, QuerySet

from candidates.models import User
from catalog import queries as catalog_queries
from catalog.models import Item, Listing

SHOWN = 20


@dataclass(frozen=True, slots=True)
class Picked:
    """What a search for a training found."""

    items: list[Item]  # each with `credits`: what it is worth today, None where it is no longer listed
    more: bool


def find_items(text: str, *, user: User, day: date) -> Picked:
    """Trainings that match every word, the listed ones first; those that left the catalog can still be claimed.

    Who may see the sample only, finds the sample only (CAT-08).
    """
    items: QuerySet[Item] = (
        Item.objects.annotate(
            listing=FilteredRelation("listings", condition=catalog_queries.running_on(day, "listings__")),
            credits=F("listing__credits"),
        )
        .filter(Exists(Listing.objects.filter(item=OuterRef("pk"), starts_on__lte=day)))
        .order_by(F("credits").desc(nulls_last=True), "title", "id")
    )
    if not catalog_queries.view_decision(user, day).granted:
        items = items.filter(sample=True)
    for word in text.split():
        items = items.filter(Q(title__icontains=word) | Q(code__icontains=word) | Q(technology__icontains=word))
    found = list(items[: SHOWN + 1])
    return Picked(found[:SHOWN], len(found) > SHOWN)
