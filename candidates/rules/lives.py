"""What the life of a certification is made of: its terms, and the dates that the policy book gives them.

A *term* begins on a day; the book says how many months it is active and how many suspended (CERT-01). Where a
parameter re-dates running terms, the dates depend on the day one asks: what was suspended then stays suspended then.
What becomes of a certification day by day is its *course* (rules.courses).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date

from ceportal.kernel.calendar import add_months
from ceportal.kernel.policy import Book

# From the lowest to the highest; the order is the programme's structure, not a number of the book.
LEVELS = ("entry", "associate", "specialist", "professional", "expert")
RENEWABLE = frozenset({"active", "suspended", "grace", "emeritus"})  # CE-07
COUNTING = frozenset({"active"})  # toward partner levels, support and awards: in Emeritus nothing counts (EMR-15)
ENDED = frozenset({"inactive", "revoked"})

# The certifications that can be held in Emeritus; several tracks of a family are held as one (EMR-01, EMR-08).
EMERITUS_FAMILIES = ("ccie", "ccde")

TERM_PARAMETERS = ("cert.active_months", "cert.suspended_months")


def rank(level: str) -> int:
    """A level's place in the order of levels."""
    return LEVELS.index(level)


@dataclass(frozen=True, slots=True)
class TermFacts:
    """A term of a certification; only Emeritus terms carry their own end.

    `renewed_on` is the requirement date that brought it; of an Emeritus term that was bought, the day of its payment.
    """

    kind: str
    starts_on: date
    renewed_on: date
    ends_on: date | None = None

    @property
    def end(self) -> date:
        """The end of an Emeritus term."""
        assert self.ends_on is not None
        return self.ends_on


@dataclass(frozen=True, slots=True)
class LifeFacts:
    """All that the status of a certification depends on; terms in the order in which they begin.

    No term is left where the result that had earned it was corrected (EXAM-09). What was bought as Emeritus stands by
    itself: it renews nothing (EMR-15), and begins when the active status ends (EMR-06).
    """

    level: str
    first_certified_on: date
    terms: tuple[TermFacts, ...]
    revoked_on: date | None = None  # since when a permanent sanction runs; one that was lifted never was (CERT-10)
    family: str = ""
    number: str = ""  # of the certification: by it lives that stand beside each other know each other
    bought: tuple[TermFacts, ...] = ()  # Emeritus terms
    erased_on: date | None = None  # since then nobody holds it (CAND-09)
    beside: tuple[LifeFacts, ...] = ()  # the holder's others that can be in Emeritus, without what stands beside them

    @property
    def renewed_on(self) -> date:
        """The day of the last renewal: its requirement date, or the day it was earned or imported from."""
        return max((term.renewed_on for term in self.terms), default=self.first_certified_on)

    def with_term(self, term: TermFacts) -> LifeFacts:
        """The same life with one more term, in its place."""
        terms = tuple(sorted((*self.terms, term), key=lambda each: each.starts_on))
        return replace(self, terms=terms)

    def among(self, lives: Iterable[LifeFacts]) -> LifeFacts:
        """The same life beside others of its holder, as far as they bear on each other (EMR-07, EMR-08)."""
        others = [each for each in lives if each.number != self.number and each.can_be_emeritus]
        beside = tuple(replace(each, beside=()) for each in others) if self.can_be_emeritus else ()
        return replace(self, beside=beside)

    @property
    def can_be_emeritus(self) -> bool:
        """Whether it is of a kind that can be held in Emeritus (EMR-01)."""
        return self.family in EMERITUS_FAMILIES

    def all_together(self) -> tuple[LifeFacts, ...]:
        """This life and those beside it, each with the others beside it."""
        everyone = (self, *self.beside)
        return (self, *(each.among(everyone) for each in self.beside))


@dataclass(frozen=True, slots=True)
class TermDates:
    """When a term's active period ends, and when the certification becomes inactive after it."""

    active_ends_on: date
    inactive_on: date


def _dated_by(book: Book, *, level: str, starts_on: date, value_day: date) -> TermDates | None:
    policy = book.on(value_day)
    active_months = policy["cert.active_months"].for_key(level)
    if active_months is None:
        return None
    total_months = active_months + policy["cert.suspended_months"].for_key(level)
    return TermDates(add_months(starts_on, active_months), add_months(starts_on, total_months))


def date_term(book: Book, *, level: str, starts_on: date, day: date) -> TermDates | None:
    """The dates of an active term as they stand on a day (CERT-01); None for a level that is valid for life.

    The value of the day the term starts dates it; a value that re-dates running terms takes over on its first day
    where the term still runs then, its suspended period included.
    """
    dates = _dated_by(book, level=level, starts_on=starts_on, value_day=starts_on)
    redating = [name for name in TERM_PARAMETERS if book.series[name].running_terms]
    for change in book.change_days(*redating):
        if starts_on < change <= day and dates is not None and dates.inactive_on > change:
            dates = _dated_by(book, level=level, starts_on=starts_on, value_day=change)
    return dates


def term_on(facts: LifeFacts, day: date) -> TermFacts | None:
    """The term that runs on a day: of those that have begun, the one that began last; what was bought aside."""
    begun = [term for term in facts.terms if term.starts_on <= day]
    return begun[-1] if begun else None


def bought_ahead(facts: LifeFacts, day: date) -> bool:
    """Whether a term has been bought that has not begun on this day (CE-09)."""
    return any(term.renewed_on <= day < term.starts_on for term in facts.terms)


def first_day_not_active(book: Book, term: TermFacts, *, level: str, since: date, known_on: date) -> date | None:
    """The first day from another on, on which an active term is not active, dated as it is known on a day.

    None: it is valid for life (CERT-02). A suspended holder whom a value re-dates can be active again (CERT-01).
    """

    def ends_on(day: date) -> date | None:
        dates = date_term(book, level=level, starts_on=term.starts_on, day=min(day, known_on))
        return dates.active_ends_on if dates else None

    changes = [day for day in book.change_days(*TERM_PARAMETERS) if term.starts_on < day <= known_on]
    points = {since, *changes, *(end for day in (term.starts_on, *changes) if (end := ends_on(day)))}
    for point in sorted(each for each in points if each >= since):
        end = ends_on(point)
        if end is not None and point >= end:
            return point
    return None
