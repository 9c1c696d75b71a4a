"""Lives of long-time experts, for tables of what becomes of them."""

from __future__ import annotations

from candidates.rules import LifeFacts, TermFacts, linked
from tests.factories import day


def life(
    number: str,
    certified_on: str,
    started_on: str = "",
    *,
    emeritus: tuple[str, str] | None = None,
    bought: tuple[tuple[str, str, str], ...] = (),
    earned_anew_on: str = "",
) -> LifeFacts:
    """A CCIE, or a CCDE where its number says so; `bought`: term start, term end, payment day."""
    terms = [TermFacts("active", day(started_on or certified_on), day(started_on or certified_on))]
    if emeritus:
        terms = [TermFacts("emeritus", day(emeritus[0]), day(emeritus[0]), day(emeritus[1]))]
    if earned_anew_on:
        terms.append(TermFacts("active", day(earned_anew_on), day(earned_anew_on)))
    return LifeFacts(
        level="expert",
        first_certified_on=day(certified_on),
        terms=tuple(terms),
        family="ccde" if number.startswith("ccde") else "ccie",
        number=number,
        bought=tuple(TermFacts("emeritus", day(start), day(paid), day(end)) for start, end, paid in bought),
    )


def together(*lives: LifeFacts) -> tuple[LifeFacts, ...]:
    """The lives of one holder."""
    return linked(lives)
