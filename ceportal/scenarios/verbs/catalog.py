"""Decisions of the board."""

from __future__ import annotations

from catalog.models import BoardDecision, Item, Listing
from catalog.services import decide_listing
from ceportal.scenarios.binding import Act, CannotTell, does
from ceportal.scenarios.board import review_of


@does("list")
def list_item(act: Act, *, item: str) -> None:
    """Let an item enter the catalog again, for what it was worth last."""
    last = Listing.objects.filter(item__code=item).order_by("starts_on").last()
    if last is None:
        raise CannotTell(f"The item {item} was never listed, so nobody knows what it is worth.")
    _decide(act, item, BoardDecision.Outcome.LIST, last.credits)


@does("delist")
def delist_item(act: Act, *, item: str) -> None:
    """Let an item leave the catalog."""
    _decide(act, item, BoardDecision.Outcome.DELIST, None)


def _decide(act: Act, item: str, outcome: str, credits: int | None) -> None:
    decide_listing(
        item_id=Item.objects.get(code=item).pk,
        outcome=outcome,
        credits=credits,
        effective_on=act.day,
        review_id=review_of(act.day, now=act.now).pk,
        decided_by_id=act.stage.staff().pk,
        reason="As the story says.",
        now=act.now,
    )
