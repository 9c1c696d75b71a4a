"""Paying, by card on the card page."""

from __future__ import annotations

from ceportal.scenarios.binding import Act, CannotTell, NotBuilt, does
from ceportal.scenarios.kinds import ADMIN_FEE, CARD, DECLINED_CARD
from credits.services import fees
from payments.models import Order


@does("pay")
def pay(act: Act, *, what: str, with_: str = CARD, rest: str = "") -> None:
    """Pay what is asked for."""
    if what != ADMIN_FEE:
        raise NotBuilt("Paying for bookings and re-reads", "labs")
    if with_ not in {CARD, DECLINED_CARD} or rest:
        raise CannotTell("The administrative fee is paid by card.")
    order = fees.request_fee(candidate_id=act.candidate.pk, now=act.now)
    by_card(act, order, card=with_, clause="PAY-05")


def by_card(act: Act, order: Order, *, card: str, clause: str) -> None:
    """Pay an order with a card; one that is declined is refused with a clause, and nothing changes."""
    if card == DECLINED_CARD:
        act.stage.cards.decline(order, clause=clause, now=act.now)
    act.stage.cards.pay(order, now=act.now)
