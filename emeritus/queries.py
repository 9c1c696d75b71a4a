"""Reads about Emeritus."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from candidates import queries as candidates_queries
from candidates.queries import Held
from candidates.rules import EMERITUS_FAMILIES
from ceportal.kernel.decisions import Decision
from ceportal.kernel.policy import BOOK
from emeritus import rules
from emeritus.rules import Position


def in_question(held: Sequence[Held]) -> list[Held]:
    """Of what a candidate holds, all that can be in Emeritus."""
    return [each for each in held if each.life.can_be_emeritus]


def position(held: Sequence[Held], family: str, day: date) -> Position:
    """Where a holder stands with Emeritus of a family on a day."""
    return rules.position_of(BOOK, [each.life for each in in_question(held)], family, day)


def families_held(held: Sequence[Held]) -> list[str]:
    """The families that a candidate has been certified in."""
    return [family for family in EMERITUS_FAMILIES if any(each.life.family == family for each in held)]


def may_buy(candidate_id: int, family: str, day: date) -> Decision:
    """Whether a candidate may buy Emeritus of a family on a day, once warned where the rules warn (EMR-09)."""
    held = candidates_queries.held_by(candidate_id)
    return assess(held, family, day, candidate_id=candidate_id, confirmed=True)


def assess(held: Sequence[Held], family: str, day: date, *, candidate_id: int, confirmed: bool) -> Decision:
    """The decision on a purchase on a day, for what has been read already. The book of that day governs."""
    return rules.assess_purchase(
        position(held, family, day), BOOK.on(day), bar=candidates_queries.bar_on(candidate_id), confirmed=confirmed
    )
