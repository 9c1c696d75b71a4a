"""What is paid by card, on the card page."""

from __future__ import annotations

from ceportal.scenarios.binding import Act
from ceportal.scenarios.kinds import DECLINED_CARD
from payments.models import Order


def by_card(act: Act, order: Order, *, card: str, clause: str) -> None:
    """Pay an order with a card; one that is declined is refused with a clause, and nothing changes."""
    if card == DECLINED_CARD:
        act.stage.cards.decline(order, clause=clause, now=act.now)
    act.stage.cards.pay(order, now=act.now)
