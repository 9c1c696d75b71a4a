"""What changes the catalog: the board, proposals to it, authorisations, deliveries, and who acts for a provider."""

from catalog.services.board import decide_listing, hold_review, lock_item
from catalog.services.deliveries import (
    authorise_provider,
    cancel_delivery,
    schedule_delivery,
    withdraw_authorisation,
)
from catalog.services.equivalences import mark_equivalent
from catalog.services.members import change_membership
from catalog.services.proposals import decline_proposal, list_proposal, propose_item, withdraw_proposal

__all__ = [
    "authorise_provider",
    "cancel_delivery",
    "change_membership",
    "decide_listing",
    "decline_proposal",
    "hold_review",
    "list_proposal",
    "lock_item",
    "mark_equivalent",
    "propose_item",
    "schedule_delivery",
    "withdraw_authorisation",
    "withdraw_proposal",
]
