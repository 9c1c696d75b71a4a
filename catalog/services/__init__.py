"""What changes the catalog: the board, proposals to it, authorisations, deliveries, and who acts for a provider."""

from catalog.services.board import decide_listing, hold_review, lock_item
from catalog.services.deliveries import (
    authorise_provider,
    cancel_delivery,
    schedule_delivery,
    withdraw_authorisation,
)
from catalog.services.equivalences import mark_equivalent
from catalog.services.gatherings import (
    day_in,
    moment_in,
    name_organiser,
    register_gathering,
    schedule_session,
)
from catalog.services.members import change_membership
from catalog.services.proposals import decline_proposal, list_proposal, propose_item, withdraw_proposal
from catalog.services.schedules import ScheduleRead, import_schedule, take_schedule

__all__ = [
    "ScheduleRead",
    "authorise_provider",
    "cancel_delivery",
    "change_membership",
    "day_in",
    "decide_listing",
    "decline_proposal",
    "hold_review",
    "import_schedule",
    "list_proposal",
    "lock_item",
    "mark_equivalent",
    "moment_in",
    "name_organiser",
    "propose_item",
    "register_gathering",
    "schedule_delivery",
    "schedule_session",
    "take_schedule",
    "withdraw_authorisation",
    "withdraw_proposal",
]
