"""The life of a certification, decided from its terms and the policy book.

A *term* begins on a day; the book says how many months it is active and how many suspended (CERT-01). Where a
parameter re-dates running terms, the dates depend on the day one asks: what was suspended then stays suspended then.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from ceportal.kernel.calendar import add_months
from ceportal.kernel.decisions import gettext_noop as _
from ceportal.kernel.policy import Book

# From the lowest to the highest; the order is the programme's structure, not a number of the book.
LEVELS = ("entry", "associate", "specialist", "professional", "expert")
RENEWABLE = frozenset({"active", "suspended", "grace", "emeritus"})  # CE-07
ENDED = frozenset({"inactive", "revoked"})

TERM_PARAMETERS = ("cert.active_months", "cert.suspended_months")


def rank(level: str) -> int:
    """A level's place in the order of levels."""
    return LEVELS.index(level)


@dataclass(frozen=True, slots=True)
class TermFacts:
    """A stretch of a certification's life; only Emeritus terms carry their own end."""

    kind: str
    starts_on: date
    renewed_on: date
    ends_on: date | None = None


@dataclass(frozen=True, slots=True)
class LifeFacts:
    """All that the status of a certification depends on; terms in the order in which they begin.

    No term is left where the result that had earned it was corrected (EXAM-09).
    """

    level: str
    first_certified_on: date
    terms: tuple[TermFacts, ...]
    revoked_on: date | None = None  # since when a permanent sanction runs; one that was lifted never was (CERT-10)

    @property
    def renewed_on(self) -> date:
        """The day of the last renewal: its requirement date, or the day it was earned or imported from."""
        return max((term.renewed_on for term in self.terms), default=self.first_certified_on)

    def with_term(self, term: TermFacts) -> LifeFacts:
        """The same life with one more term, in its place."""
        terms = tuple(sorted((*self.terms, term), key=lambda each: each.starts_on))
        return replace(self, terms=terms)


@dataclass(frozen=True, slots=True)
class TermDates:
    """When a term's active period ends, and when the certification becomes inactive after it."""

    active_ends_on: date
    inactive_on: date


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a certification stands on a day. The dates include a term bought ahead; None: valid for life (CERT-02)."""

    status: str
    active_ends_on: date | None
    inactive_on: date | None
    next_change_on: date | None


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
    """The term that holds on a day: of those that have begun, the one that began last."""
    begun = [term for term in facts.terms if term.starts_on <= day]
    return begun[-1] if begun else None


def dates_of(book: Book, facts: LifeFacts, term: TermFacts, day: date) -> TermDates | None:
    """The dates of a term of either kind as they stand on a day; an Emeritus term is not active at all."""
    if term.kind == "emeritus":
        assert term.ends_on is not None
        return TermDates(term.starts_on, term.ends_on)
    return date_term(book, level=facts.level, starts_on=term.starts_on, day=day)


def status_on(book: Book, facts: LifeFacts, day: date) -> str | None:
    """The status of a certification on a day; None before it was earned.

    What a permanent sanction found not inactive, or what began since, is revoked, also beyond the end of its term, as
    long as the sanction runs (CERT-10, CAND-02).
    """
    dated = dated_status_on(book, facts, day)
    revoked_on = facts.revoked_on
    if revoked_on is None or day < revoked_on or dated is None:
        return dated
    began_since = any(revoked_on < term.starts_on <= day for term in facts.terms)
    if began_since or dated_status_on(book, facts, revoked_on) not in {"inactive", None}:
        return "revoked"
    return dated


def dated_status_on(book: Book, facts: LifeFacts, day: date) -> str | None:
    """What the dates of a certification say of a day, sanctions aside: what it is once they are lifted (CERT-10)."""
    term = term_on(facts, day)
    if term is None:
        held = "active" if facts.terms else "inactive"  # inactive from its first day (EXAM-09)
        return held if day >= facts.first_certified_on else None
    dates = dates_of(book, facts, term, day)
    if dates is None:
        return "active"
    if day < dates.active_ends_on:
        return "active"
    if day < dates.inactive_on:
        return "emeritus" if term.kind == "emeritus" else "suspended"
    return "inactive"


def bought_ahead(facts: LifeFacts, day: date) -> bool:
    """Whether a term has been bought that has not begun on this day (CE-09)."""
    return any(term.renewed_on <= day < term.starts_on for term in facts.terms)


def standing_on(book: Book, facts: LifeFacts, day: date) -> Standing:
    """The status of a certification on a day, the dates it runs to, and the next day on which any of this changes."""
    if not facts.terms:
        return Standing("inactive", facts.first_certified_on, facts.first_certified_on, None)
    last = facts.terms[-1]
    dates = dates_of(book, facts, last, day)
    status = status_on(book, facts, day) or "active"
    turning_points = [term.starts_on for term in facts.terms]
    # The dates go on while a sanction runs.
    turning_points += book.change_days(*TERM_PARAMETERS) if dated_status_on(book, facts, day) != "inactive" else ()
    running = term_on(facts, day)
    for running_dates in (dates, dates_of(book, facts, running, day) if running else None):
        if running_dates is not None:
            turning_points += [running_dates.active_ends_on, running_dates.inactive_on]
    return Standing(
        status=status,
        active_ends_on=dates.active_ends_on if dates else None,
        inactive_on=dates.inactive_on if dates else None,
        next_change_on=min((point for point in turning_points if point > day), default=None),
    )


def reason_on(book: Book, facts: LifeFacts, day: date) -> tuple[str, str]:
    """Why a date changes a certification on a day: the clause, and a sentence for the record of changes."""
    begun = term_on(facts, day)
    if begun is not None and begun.starts_on == day and begun.renewed_on < day:
        if begun.kind == "emeritus":
            return "EMR-06", _("The active status ended, and Emeritus began")
        return "CE-09", _("The term bought ahead began")
    if begun is not None and begun.kind == "emeritus":
        return "EMR-07", _("The Emeritus term ended")
    status = dated_status_on(book, facts, day)
    if status == "suspended":
        return "CERT-01", _("The active period ended without a renewal")
    if status in ENDED:
        return "CERT-01", _("The certification lapsed without a renewal")
    return "CERT-01", _("The length of terms changed, that of running ones with it")
