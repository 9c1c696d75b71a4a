"""Whole-month and business-day arithmetic on days, as CERT-01 and PAY-02 say."""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache

from dateutil.relativedelta import relativedelta


@lru_cache(maxsize=10_000)  # where many are judged, the same terms come again and again
def add_months(day: date, months: int) -> date:
    """The same calendar day that many months later; 31 becomes the month's last day (CERT-01)."""
    return day + relativedelta(months=months)


def add_years(day: date, years: int) -> date:
    """The yearly return of a day; 29 February becomes 28 February (CERT-01)."""
    return add_months(day, 12 * years)


def years_since(day: date, until: date) -> int:
    """Whole years from a day to another: ages and certification years."""
    years = until.year - day.year
    return years if add_years(day, years) <= until else years - 1


def add_business_days(day: date, days: int) -> date:
    """The day that many Mondays to Fridays after a day, itself not counted (PAY-02)."""
    while days:
        day += timedelta(days=1)
        if day.weekday() < 5:
            days -= 1
    return day
