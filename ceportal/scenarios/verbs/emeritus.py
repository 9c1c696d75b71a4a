"""Buying Emeritus."""

from __future__ import annotations

from ceportal.scenarios.binding import Act, does
from ceportal.scenarios.kinds import CARD
from ceportal.scenarios.verbs.cards import by_card
from emeritus.services import buy_emeritus


@does("emeritus")
def emeritus(act: Act, *, family: str, confirm: bool = True, with_: str = CARD) -> None:
    """Buy the term of a family that is on offer today."""
    order = buy_emeritus(candidate_id=act.candidate.pk, family=family, confirmed=confirm, now=act.now)
    by_card(act, order, card=with_, clause="PAY-05")
