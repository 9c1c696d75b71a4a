"""Where a certification stands on a day, what comes next, and why it changes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from candidates.rules.courses import ONE_DAY, Stretch, course_of, dated_status_on, status_on, stretch_on
from candidates.rules.lives import TERM_PARAMETERS, LifeFacts, term_on
from ceportal.kernel.decisions import gettext_noop as _
from ceportal.kernel.policy import Book

LASTING = frozenset({"active", "emeritus"})  # what a term gives; the rest is what is left when it has ended


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a certification stands on a day, and what the dates say of the days to come.

    The dates include a term bought ahead. No `active_ends_on`: valid for life (CERT-02); no `inactive_on`: it never
    becomes inactive by itself (CERT-02, EMR-11).
    """

    status: str
    active_ends_on: date | None
    inactive_on: date | None
    next_change_on: date | None
    emeritus_until: date | None = None


def standing_on(book: Book, facts: LifeFacts, day: date) -> Standing:
    """The status of a certification on a day, the dates it runs to, and the next day on which any of this changes."""
    if not facts.terms:
        return Standing("inactive", facts.first_certified_on, facts.first_certified_on, None)
    if facts.erased_on is not None and day >= facts.erased_on:
        return Standing("inactive", facts.erased_on, facts.erased_on, None)
    standing = _dated_standing(book, facts, day)
    points = _turning_points(book, facts, day)
    # What stands beside it changes it on some of its days only.
    others = {
        point for each in facts.all_together()[1:] for point in _turning_points(book, each, day) if point not in points
    }
    points |= {point for point in others if _dated_standing(book, facts, point) != standing}
    return Standing(
        status=status_on(book, facts, day) or "active",
        active_ends_on=standing.active_ends_on,
        inactive_on=standing.inactive_on,
        next_change_on=min(points, default=None),
        emeritus_until=standing.emeritus_until,
    )


def _dated_standing(book: Book, facts: LifeFacts, day: date) -> Standing:
    """The standing by the dates alone, without the day of its next change."""
    last, run = facts.terms[-1], term_on(facts, day)
    course = course_of(book, facts, last, known_on=day)
    now = stretch_on(book, facts, day, known_on=day)
    emeritus_until = None
    if now is not None and now.status == "emeritus" and run is not None:
        known = course if run is last else course_of(book, facts, run, known_on=day)
        emeritus_until = next(each.term_ends_on for each in reversed(known) if each.starts_on <= day)
    return Standing(
        status=now.status if now else "active",
        active_ends_on=next((each.starts_on for each in course if each.status != "active"), None),
        inactive_on=next((each.starts_on for each in course if each.status == "inactive"), None),
        next_change_on=None,
        emeritus_until=emeritus_until,
    )


def _turning_points(book: Book, facts: LifeFacts, day: date) -> set[date]:
    """The days to come on which a certification's own terms and the book change it, as known on a day."""
    if not facts.terms:
        return set()
    points = {term.starts_on for term in facts.terms}
    # The dates go on while a sanction runs.
    if dated_status_on(book, facts, day) != "inactive":
        points |= set(book.change_days(*TERM_PARAMETERS))
    run, last = term_on(facts, day), facts.terms[-1]
    for term in {run, last} - {None}:
        assert term is not None
        points |= {stretch.starts_on for stretch in course_of(book, facts, term, known_on=day)}
    return {point for point in points if point > day}


def follows_active(book: Book, facts: LifeFacts, day: date) -> str | None:
    """The status that follows the active period, a term bought ahead included, as known on a day; None: none ever."""
    course = course_of(book, facts, facts.terms[-1], known_on=day) if facts.terms else ()
    return next((stretch.status for stretch in course if stretch.status != "active"), None)


def lasts_until(book: Book, facts: LifeFacts, day: date) -> Stretch | None:
    """The end of all that is active or Emeritus from a day on, as known then: the stretch that follows, or the one
    that it is in where both have ended; None where they never end."""
    if not facts.terms:
        return Stretch(facts.first_certified_on, "inactive")
    course = course_of(book, facts, facts.terms[-1], known_on=day)
    begun = [place for place, each in enumerate(course) if each.starts_on <= day] or [0]
    return next((each for each in course[begun[-1] :] if each.status not in LASTING), None)


def becomes_lifetime(book: Book, facts: LifeFacts, day: date) -> bool:
    """Whether Lifetime comes by itself, with nothing more to be done, as known on a day; or has come (EMR-11)."""
    if not facts.terms:
        return False
    return course_of(book, facts, facts.terms[-1], known_on=day)[-1].status == "lifetime_emeritus"


def comes_from_emeritus(book: Book, facts: LifeFacts, day: date) -> bool:
    """Whether a certification is in Emeritus on a day, or in the grace that follows it."""
    stretch = stretch_on(book, facts, day, known_on=day)
    if stretch is None or stretch.status != "grace":
        return stretch is not None and stretch.status == "emeritus"
    return dated_status_on(book, facts, stretch.starts_on - ONE_DAY) == "emeritus"


def inactive_days(book: Book, facts: LifeFacts, until: date) -> frozenset[date]:
    """The days up to one on which a certification became inactive, each by one of its terms, whatever followed it."""
    if facts.erased_on is not None and facts.erased_on <= until:
        before = inactive_days(book, replace(facts, erased_on=None), facts.erased_on - ONE_DAY)
        return before | {facts.erased_on}  # CAND-09
    return frozenset(
        stretch.starts_on
        for term in facts.terms
        if term.starts_on <= until
        for stretch in course_of(book, facts, term, known_on=until, until=until)
        if stretch.status == "inactive" and stretch.starts_on <= until
    )


# By what a date made of a certification, and of what: the clause, and a sentence for the record of changes.
_REASONS = {
    (None, "lifetime_emeritus"): ("EMR-11", _("The years of Lifetime Emeritus were complete")),
    ("emeritus", "emeritus"): (
        "EMR-07",
        _("Another Emeritus term began, or the other family came into it"),
    ),
    (None, "emeritus"): ("EMR-06", _("The active status ended, and Emeritus began")),
    (None, "grace"): ("EMR-05", _("The active status or Emeritus ended, and Emeritus can still be bought")),
    ("grace", "inactive"): ("EMR-05", _("The grace period ended without a purchase or a renewal")),
    ("emeritus", "inactive"): ("EMR-07", _("The Emeritus term ended")),
    (None, "suspended"): ("CERT-01", _("The active period ended without a renewal")),
    (None, "inactive"): ("CERT-01", _("The certification lapsed without a renewal")),
}


def reason_on(book: Book, facts: LifeFacts, day: date) -> tuple[str, str]:
    """Why a date changes a certification on a day: the clause, and a sentence for the record of changes."""
    begun = term_on(facts, day)
    if begun is not None and begun.kind == "active" and begun.starts_on == day and begun.renewed_on < day:
        return "CE-09", _("The term bought ahead began")
    before, status = (dated_status_on(book, facts, each) for each in (day - ONE_DAY, day))
    redated = ("CERT-01", _("The length of terms changed, that of running ones with it"))
    return _REASONS.get((before, status or "")) or _REASONS.get((None, status or "")) or redated
