"""Which renewals fall with what they rested on, decided (EXAM-09, CE-12).

A renewal *rests on* a result or a grant that it counted. A later renewal *stands on* another where it could not have
been made as it was without it. Pure functions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from candidates.rules import RENEWABLE, LifeFacts, TermFacts, status_on
from ceportal.kernel.policy import Book


@dataclass(frozen=True, slots=True)
class TermMade:
    """A term that a renewal gave a certification."""

    certification_id: int
    facts: TermFacts


@dataclass(frozen=True, slots=True)
class RenewalMade:
    """A renewal as it was made: by a path, or by earning a certification (CR-02)."""

    source: str  # what brought its terms, as "app.model:id"
    renewed_on: date
    made_at: datetime
    terms: tuple[TermMade, ...]
    recertification_id: int | None
    closed_cycle_id: int | None  # the cycle it ended; None for a lower certification, or where there was none
    began_cycle: bool  # with or without one before it (CR-02)

    @property
    def order(self) -> tuple[date, datetime]:
        return (self.renewed_on, self.made_at)


def latest_resting(renewals: Sequence[RenewalMade], sources: frozenset[str]) -> RenewalMade | None:
    """The latest renewal that rested on what fell; None where none did (or none is left)."""
    return max((each for each in renewals if each.source in sources), key=lambda each: each.order, default=None)


def standing_on(
    book: Book, fallen: RenewalMade, renewals: Sequence[RenewalMade], lives: Mapping[int, LifeFacts]
) -> list[RenewalMade]:
    """The later renewals that stand on one: nothing is reversed by itself where there are any (EXAM-09).

    They ended the cycle that it began or began another, or they renewed a certification that without it would have
    run out by then or would have been renewed from another day.
    """
    without = {
        each.certification_id: _without(lives[each.certification_id], each.facts)
        for each in fallen.terms
        if each.certification_id in lives
    }
    return [
        later
        for later in renewals
        if later.order > fallen.order
        and (
            (fallen.began_cycle and later.began_cycle)
            or any(_needed(book, later, term, without) for term in later.terms)
        )
    ]


def _without(life: LifeFacts, term: TermFacts) -> LifeFacts:
    return replace(life, terms=tuple(each for each in life.terms if each != term))


def _needed(book: Book, later: RenewalMade, term: TermMade, without: Mapping[int, LifeFacts]) -> bool:
    life = without.get(term.certification_id)
    if life is None:
        return False
    before = _without(life, term.facts)
    bought_ahead = term.facts.starts_on > term.facts.renewed_on  # it begins where the fallen term ends (CE-09)
    return bought_ahead or not before.terms or status_on(book, before, later.renewed_on) not in RENEWABLE
