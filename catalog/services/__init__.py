"""What changes the catalog: the board, authorisations and deliveries."""

from catalog.services.board import decide_listing, hold_review, lock_item
from catalog.services.deliveries import authorise_provider, schedule_delivery, withdraw_authorisation

__all__ = [
    "authorise_provider",
    "decide_listing",
    "hold_review",
    "lock_item",
    "schedule_delivery",
    "withdraw_authorisation",
]
