"""What can be learned, from whom, and where: the catalog, its providers, and events with sessions."""

from catalog.models.gatherings import Gathering, Session, SessionTime
from catalog.models.items import (
    Authorisation,
    BoardDecision,
    BoardReview,
    Delivery,
    Equivalence,
    Item,
    Listing,
    Proposal,
    Provider,
    ProviderMember,
)

__all__ = [
    "Authorisation",
    "BoardDecision",
    "BoardReview",
    "Delivery",
    "Equivalence",
    "Gathering",
    "Item",
    "Listing",
    "Proposal",
    "Provider",
    "ProviderMember",
    "Session",
    "SessionTime",
]
