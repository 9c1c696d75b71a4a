"""What becomes of a certification day by day: active, suspended, in grace, Emeritus, Lifetime, inactive, revoked.

A *course* is what follows from the term that runs: one stretch of a status after another, as far as it is known on a
day. It depends on the terms, on the book, and on what its holder has beside it: all CCIE tracks are held as one
(EMR-08), and a CCIE and a CCDE that are both in Emeritus go on together (EMR-07). Every question about another
certification is about an earlier day, so that the answers never wait for each other.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from candidates.rules.lives import (
    ENDED,
    LifeFacts,
    TermFacts,
    date_term,
    first_day_not_active,
    term_on,
)
from candidates.rules.years import lifetime_from, open_windows
from ceportal.kernel.policy import Book

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Stretch:
    """A time in which a certification keeps its status, up to the next one's start."""

    starts_on: date
    status: str
    term_ends_on: date | None = None  # of Emeritus: the end of the term, which Lifetime may come before


# ── The status of a day ───────────────────────────────────────────────────────────────────────────
def status_on(book: Book, facts: LifeFacts, day: date) -> str | None:
    """The status of a certification on a day; None before it was earned.

    What a permanent sanction found not inactive, or what began since, is revoked, also beyond the end of its term, as
    long as the sanction runs (CERT-10, CAND-02).
    """
    dated = dated_status_on(book, facts, day)
    revoked_on = facts.revoked_on
    if revoked_on is None or day < revoked_on or dated is None:
        return dated
    if facts.erased_on is not None and day >= facts.erased_on:
        return dated
    began_since = any(revoked_on < term.starts_on <= day for term in facts.terms)
    if began_since or dated_status_on(book, facts, revoked_on) not in {"inactive", None}:
        return "revoked"
    return dated


def dated_status_on(book: Book, facts: LifeFacts, day: date) -> str | None:
    """What the dates of a certification say of a day, sanctions aside: what it is once they are lifted (CERT-10)."""
    return _status_of(book, facts, day, known_on=day)


def _status_of(book: Book, facts: LifeFacts, day: date, *, known_on: date) -> str | None:
    if facts.erased_on is not None and day >= facts.erased_on and day >= facts.first_certified_on:
        return "inactive"  # CAND-09
    if (stretch := stretch_on(book, facts, day, known_on=known_on)) is not None:
        return stretch.status
    held = "active" if facts.terms else "inactive"  # inactive from its first day (EXAM-09)
    return held if day >= facts.first_certified_on else None


def stretch_on(book: Book, facts: LifeFacts, day: date, *, known_on: date) -> Stretch | None:
    """The stretch that a day falls in; None before the first term that is known."""
    run = term_on(facts, day)
    if run is None:
        return None
    course = course_of(book, facts, run, known_on=min(known_on, day), until=day)
    return next(stretch for stretch in reversed(course) if stretch.starts_on <= day)


# ── The course of a term ──────────────────────────────────────────────────────────────────────────
def course_of(
    book: Book, facts: LifeFacts, run: TermFacts, *, known_on: date, until: date = date.max
) -> tuple[Stretch, ...]:
    """All that follows from a term, as it is known on a day; stretches that begin after `until` may be left out."""
    bought = _emeritus_terms(facts, known_on)
    if run.kind == "emeritus":
        following = [term for term in bought if term.end > run.end]
        return tuple(_emeritus_from(book, facts, run.starts_on, [run, *following], known_on=known_on, until=until))
    dates = date_term(book, level=facts.level, starts_on=run.starts_on, day=known_on)
    if dates is None:
        return (Stretch(run.starts_on, "active"),)
    begins = _first_emeritus(book, facts, run, bought, known_on=known_on)
    if begins is not None:
        begins_on, terms = begins
        # What the book re-dates after that day is no longer running (EMR-06, CERT-01).
        dates = date_term(book, level=facts.level, starts_on=run.starts_on, day=min(begins_on, known_on))
        assert dates is not None
    course = [Stretch(run.starts_on, "active")]
    ends = min(dates.inactive_on, begins_on) if begins is not None else dates.inactive_on
    if dates.active_ends_on < ends:
        course.append(Stretch(dates.active_ends_on, "suspended"))
    if begins is not None and begins_on > until:
        return tuple(course)
    if begins is None:
        course += _after(book, facts, ends, in_emeritus=False, known_on=known_on, until=until)
        return tuple(course)
    if ends < begins_on:
        course.append(Stretch(ends, "grace"))
    course += _emeritus_from(book, facts, begins_on, terms, known_on=known_on, until=until)
    return tuple(course)


def _emeritus_terms(facts: LifeFacts, known_on: date) -> list[TermFacts]:
    """The Emeritus terms that its holder has in this family, in the order in which they were bought (EMR-08)."""
    if not facts.can_be_emeritus:
        return []
    family = (facts, *(each for each in facts.beside if each.family == facts.family))
    terms = {
        term
        for life in family
        for term in (*life.bought, *life.terms)
        if term.kind == "emeritus" and term.renewed_on <= known_on
    }
    return sorted(terms, key=lambda term: (term.renewed_on, term.starts_on, term.end))


def _first_emeritus(
    book: Book, facts: LifeFacts, run: TermFacts, bought: list[TermFacts], *, known_on: date
) -> tuple[date, list[TermFacts]] | None:
    """The day on which Emeritus follows an active term, with the terms from then on; None where it does not (EMR-06).

    Bought while active, on the day the active period ends; bought while suspended or in grace, on the payment day.
    """
    for place, term in enumerate(bought):
        since = max(term.renewed_on, run.starts_on)
        begins_on = first_day_not_active(book, run, level=facts.level, since=since, known_on=known_on)
        if begins_on is None or begins_on >= term.end:
            continue
        dates = date_term(book, level=facts.level, starts_on=run.starts_on, day=min(begins_on, known_on))
        assert dates is not None
        ended_on = dates.inactive_on
        if begins_on > ended_on and not _still_sold(book, facts, ended_on, begins_on, known_on=known_on):
            continue
        return begins_on, bought[place:]
    return None


def _still_sold(book: Book, facts: LifeFacts, ended_on: date, bought_on: date, *, known_on: date) -> bool:
    """Whether what ended on a day had become neither inactive nor Lifetime by another (EMR-05, EMR-11)."""
    lifetime_on = lifetime_from(book, counted_from(book, facts, ended_on - ONE_DAY, known_on=known_on))
    if lifetime_on is not None and lifetime_on <= ended_on:
        return False
    last_day = _grace_until(book, facts, ended_on, in_emeritus=False, known_on=known_on)
    return last_day is not None and bought_on <= last_day


def _emeritus_from(
    book: Book, facts: LifeFacts, begins_on: date, terms: list[TermFacts], *, known_on: date, until: date
) -> list[Stretch]:
    """Emeritus from a day on, term after term, and what follows: Lifetime, or grace and inactive."""
    lifetime_on = lifetime_from(book, counted_from(book, facts, begins_on - ONE_DAY, known_on=known_on))
    course: list[Stretch] = []
    starts_on, queue = begins_on, list(terms)
    while True:
        ends_on = queue.pop(0).end
        course.append(Stretch(starts_on, "emeritus", ends_on))
        if ends_on <= until:
            ends_on = _with_the_other(book, facts, ends_on, known_on=known_on)
            course[-1] = Stretch(starts_on, "emeritus", ends_on)
        if lifetime_on is not None and lifetime_on <= ends_on:
            if lifetime_on <= starts_on:
                course.pop()
            return [*course, Stretch(max(lifetime_on, starts_on), "lifetime_emeritus")]
        queue = [term for term in queue if term.end > ends_on]
        if ends_on > until:
            return course
        if queue and queue[0].renewed_on > ends_on:  # not bought in time for the one to follow the other
            last_day = _grace_until(book, facts, ends_on, in_emeritus=True, known_on=known_on)
            if last_day is None or queue[0].renewed_on > last_day:
                queue = []
            else:
                course.append(Stretch(ends_on, "grace"))
        if not queue:
            return course + _after(book, facts, ends_on, in_emeritus=True, known_on=known_on, until=until)
        starts_on = max(ends_on, queue[0].renewed_on)


def _after(
    book: Book, facts: LifeFacts, ended_on: date, *, in_emeritus: bool, known_on: date, until: date
) -> list[Stretch]:
    """What follows when the active status, or Emeritus, ends on a day and nothing was bought (EMR-05, EMR-11)."""
    if ended_on > until:
        return []
    if facts.can_be_emeritus:
        lifetime_on = lifetime_from(book, counted_from(book, facts, ended_on - ONE_DAY, known_on=known_on))
        if lifetime_on is not None and lifetime_on <= ended_on:
            return [Stretch(ended_on, "lifetime_emeritus")]
    last_day = _grace_until(book, facts, ended_on, in_emeritus=in_emeritus, known_on=known_on)
    if last_day is None:
        return [Stretch(ended_on, "inactive")]
    return [Stretch(ended_on, "grace"), Stretch(last_day + ONE_DAY, "inactive")]


def _grace_until(book: Book, facts: LifeFacts, ended_on: date, *, in_emeritus: bool, known_on: date) -> date | None:
    """The last day of grace for what ends on a day: that of the window open then; None outside a window (EMR-05)."""
    if not facts.can_be_emeritus:
        return None
    eve = ended_on - ONE_DAY
    from_day = counted_from(book, facts, eve, known_on=known_on)
    if in_emeritus and (other := _other_in_emeritus(book, facts, eve, known_on=known_on)):
        from_day = max(from_day, counted_from(book, other[0], eve, known_on=known_on))  # the newer one's (EMR-07)
    policy = book.on(ended_on)
    enough = policy["emeritus.years"].value
    found = [each.closes_on for each in open_windows(policy, from_day, ended_on) if each.years >= enough]
    return max(found, default=None)


# ── What stands beside it ─────────────────────────────────────────────────────────────────────────
def counted_from(book: Book, facts: LifeFacts, day: date, *, known_on: date) -> date:
    """The day from which the years of a family are counted, for a certification that is not inactive on a day.

    Of several tracks the earliest first day, each since it last was inactive (EMR-01). The other family lends no
    years: a CCDE beside a Lifetime CCIE is renewed until twenty years of its own are complete, and has no Lifetime
    before (EMR-12, EMR-13).
    """
    tracks = [
        each
        for each in facts.all_together()[1:]
        if each.family == facts.family and _status_of(book, each, day, known_on=known_on) not in {*ENDED, None}
    ]
    return min(_unbroken_since(book, each, day, known_on=known_on) for each in (facts, *tracks))


def _unbroken_since(book: Book, facts: LifeFacts, day: date, *, known_on: date) -> date:
    """The day since which a certification has never been inactive: its first one, or the one it was earned anew on."""
    since = facts.first_certified_on
    for before, term in zip(facts.terms, facts.terms[1:], strict=False):
        if term.starts_on > day:
            break
        eve = term.starts_on - ONE_DAY
        dates = None if before.kind == "emeritus" else date_term(
            book, level=facts.level, starts_on=before.starts_on, day=min(eve, known_on)
        )  # fmt: skip
        runs_on = dates is not None and dates.inactive_on >= term.starts_on
        if not runs_on and _status_of(book, facts, eve, known_on=known_on) == "inactive":
            since = term.starts_on
    return since


def _other_in_emeritus(book: Book, facts: LifeFacts, day: date, *, known_on: date) -> tuple[LifeFacts, ...]:
    """Of the holder's other family those in Emeritus on a day (EMR-07)."""
    return tuple(
        each
        for each in facts.all_together()[1:]
        if each.family != facts.family and _status_of(book, each, day, known_on=known_on) == "emeritus"
    )


def goes_with_the_other(book: Book, facts: LifeFacts, day: date) -> bool:
    """Whether one term covers it and the holder's other family: both are in Emeritus, or left it together (EMR-07)."""
    stretch = stretch_on(book, facts, day, known_on=day)
    if stretch is None or stretch.status not in {"emeritus", "grace"}:
        return False
    on = day if stretch.status == "emeritus" else stretch.starts_on - ONE_DAY
    in_emeritus = _status_of(book, facts, on, known_on=on) == "emeritus"
    return in_emeritus and bool(_other_in_emeritus(book, facts, on, known_on=on))


def _with_the_other(book: Book, facts: LifeFacts, ends_on: date, *, known_on: date) -> date:
    """The end of Emeritus: where the other family is in Emeritus too, both last to the later end (EMR-07)."""
    eve = ends_on - ONE_DAY
    shared = _emeritus_terms(facts, known_on)  # bought for both since: what follows the later end
    ends = [
        term.end
        for other in _other_in_emeritus(book, facts, eve, known_on=known_on)
        for term in _emeritus_terms(other, min(eve, known_on))
        if term not in shared
    ]
    return max((ends_on, *ends))


def linked(lives: Iterable[LifeFacts]) -> tuple[LifeFacts, ...]:
    """The lives of one holder, each knowing those that bear on it (EMR-07, EMR-08)."""
    everyone = tuple(lives)
    return tuple(each.among(everyone) for each in everyone)
