"""The anniversaries of long-time experts: when an Emeritus term can be bought, and from when Lifetime comes by itself.

An *anniversary* is the yearly return of the day from which years are counted (EMR-01). A *window* is the time in which
the term that starts on an anniversary can be bought: both its days are in it (EMR-02, EMR-04).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import count

from ceportal.kernel.calendar import add_months, add_years, years_since
from ceportal.kernel.policy import Book, Policy

EMERITUS_PARAMETERS = ("emeritus.years", "emeritus.lifetime_years", "emeritus.window_months", "emeritus.grace_days")


@dataclass(frozen=True, slots=True)
class Window:
    """The days on which the term that starts on an anniversary can be bought, from the first to the last."""

    anniversary_on: date
    years: int  # complete on the anniversary
    opens_on: date
    closes_on: date
    term_ends_on: date  # the next anniversary (EMR-07)

    def is_open(self, day: date) -> bool:
        return self.opens_on <= day <= self.closes_on


def window_of(policy: Policy, counted_from: date, years: int) -> Window:
    """The window of an anniversary, as a day's book dates it."""
    anniversary_on = add_years(counted_from, years)
    return Window(
        anniversary_on=anniversary_on,
        years=years,
        opens_on=add_months(anniversary_on, -policy["emeritus.window_months"].value),
        closes_on=anniversary_on + timedelta(days=policy["emeritus.grace_days"].value),
        term_ends_on=add_years(counted_from, years + 1),
    )


def open_windows(policy: Policy, counted_from: date, day: date) -> tuple[Window, ...]:
    """The windows that are open on a day, whatever the years, the earliest anniversary first."""
    complete = years_since(counted_from, day)
    found = []
    for years in count(complete + 1):
        window = window_of(policy, counted_from, years)
        if window.opens_on > day:
            break
        found.append(window)
    for years in range(complete, 0, -1):
        window = window_of(policy, counted_from, years)
        if window.closes_on < day:
            break
        found.insert(0, window)
    return tuple(found)


def next_window(policy: Policy, counted_from: date, day: date) -> Window:
    """The next window to open after a day of an anniversary of enough years for Emeritus."""
    return next(
        window
        for window in _windows_from(policy, counted_from, max(years_since(counted_from, day), 1))
        if window.opens_on > day and window.years >= policy["emeritus.years"].value
    )


def _windows_from(policy: Policy, counted_from: date, years: int) -> Iterator[Window]:
    return (window_of(policy, counted_from, each) for each in count(years))


def lifetime_from(book: Book, counted_from: date) -> date | None:
    """The first anniversary of enough years on which the rule of Lifetime is in force; None where none comes (EMR-11).

    The book of the anniversary governs.
    """
    series = book.series["emeritus.lifetime_years"].values
    fewest = min((years for _since, years in series if years is not None), default=None)
    last_change, last_value = series[-1]
    if fewest is None:
        return None
    for years in count(fewest):
        anniversary_on = add_years(counted_from, years)
        needed = book.on(anniversary_on)["emeritus.lifetime_years"].value
        if needed is not None and years >= needed:
            return anniversary_on
        if last_value is None and anniversary_on >= last_change:
            return None
    raise AssertionError("years are counted without end")
