"""When sites hold sittings: which days a pattern gives, and whether a day can be opened or closed. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, time, timedelta

from ceportal.kernel.calendar import add_months
from ceportal.kernel.decisions import Decision, finding
from ceportal.kernel.decisions import gettext_noop as _
from ceportal.kernel.policy import Policy


@dataclass(frozen=True, slots=True)
class PatternFacts:
    """A weekday on which a site regularly holds a sitting; `holds_until` is the last day, included."""

    weekday: int  # as date.weekday()
    starts_at: time
    seats: int
    tracks: frozenset[int]  # none: every track that has a lab
    holds_from: date
    holds_until: date | None

    def days_between(self, first: date, last: date) -> Iterator[date]:
        """Its days from one day to another, both included."""
        day = max(first, self.holds_from)
        day += timedelta(days=(self.weekday - day.weekday()) % 7)
        while day <= min(last, self.holds_until or last):
            yield day
            day += timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Closed:
    """Days on which a site holds no sitting, both ends included."""

    first_day: date
    last_day: date

    def covers(self, day: date) -> bool:
        return self.first_day <= day <= self.last_day


def days_to_open(
    patterns: Iterable[PatternFacts], closed: Iterable[Closed], *, today: date, policy: Policy
) -> Mapping[date, PatternFacts]:
    """The days after today, as far ahead as sittings are opened, on which a site holds one, and the pattern of each.

    Where two patterns name the same day, the one that began later holds.
    """
    first = today + timedelta(days=1)
    last = add_months(today, policy["lab.sittings_open_months"].value)
    shut = list(closed)
    days: dict[date, PatternFacts] = {}
    for pattern in sorted(patterns, key=lambda each: each.holds_from):
        days |= dict.fromkeys(pattern.days_between(first, last), pattern)
    return {day: pattern for day, pattern in days.items() if not any(each.covers(day) for each in shut)}


@dataclass(frozen=True, slots=True)
class SittingFacts:
    """What opening a sitting on a day depends on."""

    day: date
    today: date  # by the site's clock
    site_closed: bool  # on that day
    seats: int
    without_lab: tuple[str, ...]  # tracks it is to be open to that have no lab


def assess_sitting(facts: SittingFacts) -> Decision:
    """Whether a site can hold a sitting on a day: one to come, on which it is open, for tracks that have a lab."""
    return Decision(
        (
            finding(
                "LAB-15",
                facts.day > facts.today,
                yes=_("%(day_on)s is still to come."),
                no=_("%(day_on)s is not to come any more, and nobody could book it."),
                next_step=_("Choose a later day."),
                day_on=facts.day,
            ),
            finding(
                "LAB-15",
                not facts.site_closed,
                yes=_("The site is open on that day."),
                no=_("The site is closed on that day."),
                next_step=_("Lift the closure first, or choose another day."),
            ),
            finding(
                "LAB-15",
                facts.seats > 0,
                yes=_("There are %(seats)s seats."),
                no=_("A sitting without a seat is none."),
                next_step=_("Say how many can sit."),
                seats=facts.seats,
            ),
            finding(
                "LAB-15",
                not facts.without_lab,
                yes=_("Every track it is open to has a lab."),
                no=_("These tracks have no lab: %(tracks)s."),
                next_step=_("Leave them out."),
                tracks=", ".join(facts.without_lab),
            ),
        )
    )


@dataclass(frozen=True, slots=True)
class ClosureFacts:
    """What closing a site for some days depends on."""

    first_day: date
    last_day: date
    today: date  # by the site's clock
    reason: str
    overlaps: bool  # with another closure


def assess_closure(facts: ClosureFacts) -> Decision:
    """Whether a site can be closed: for days to come, today included, once, and saying why (INC-04)."""
    return Decision(
        (
            finding(
                "INC-04",
                facts.first_day <= facts.last_day,
                yes=_("It begins before it ends."),
                no=_("It would end on %(last_on)s, before it begins on %(first_on)s."),
                next_step=_("Put the days in order."),
                first_on=facts.first_day,
                last_on=facts.last_day,
            ),
            finding(
                "INC-04",
                facts.first_day >= facts.today,
                yes=_("No day of it is past."),
                no=_("%(first_on)s is past: what was held then cannot be undone."),
                next_step=_("Begin with today or later; what went wrong before is an incident."),
                first_on=facts.first_day,
            ),
            finding(
                "INC-04",
                bool(facts.reason.strip()),
                yes=_("It is said why."),
                no=_("A site is not closed without saying why."),
                next_step=_("Write down the reason; whoever moves the bookings reads it."),
            ),
            finding(
                "INC-04",
                not facts.overlaps,
                yes=_("The site is not closed on these days already."),
                no=_("The site is closed on some of these days already."),
                next_step=_("Lift the other closure first, or choose the days beside it."),
            ),
        )
    )
