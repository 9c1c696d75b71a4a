"""Whole months, anniversaries and business days (CERT-01, PAY-02)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ceportal.kernel.calendar import add_business_days, add_months, add_years, years_since
from tests.factories import day

DAYS = st.dates(min_value=day("1950-01-01"), max_value=day("2080-12-31"))


@pytest.mark.parametrize(
    ("start", "months", "end"),
    [
        ("2018-01-15", 36, "2021-01-15"),
        ("2018-01-31", 1, "2018-02-28"),
        ("2020-01-31", 1, "2020-02-29"),
        ("2018-08-31", 1, "2018-09-30"),
        ("2020-02-29", 12, "2021-02-28"),
        ("2020-02-29", 48, "2024-02-29"),
        ("2021-03-31", -1, "2021-02-28"),
        ("2020-02-24", 0, "2020-02-24"),
    ],
)
def test_months(start: str, months: int, end: str) -> None:
    assert add_months(day(start), months) == day(end)


@pytest.mark.parametrize(
    ("start", "until", "years"),
    [
        ("2000-06-15", "2013-06-14", 12),
        ("2000-06-15", "2013-06-15", 13),
        ("2004-02-29", "2017-02-27", 12),
        ("2004-02-29", "2017-02-28", 13),
        ("2004-02-29", "2020-02-28", 15),
        ("2004-02-29", "2020-02-29", 16),
        ("2010-01-01", "2010-01-01", 0),
    ],
)
def test_years_since(start: str, until: str, years: int) -> None:
    assert years_since(day(start), day(until)) == years


@pytest.mark.parametrize(
    ("start", "days", "end"),
    [
        ("2021-03-01", 3, "2021-03-04"),  # Monday to Thursday
        ("2021-03-05", 1, "2021-03-08"),  # Friday to Monday
        ("2021-03-06", 1, "2021-03-08"),  # Saturday
        ("2021-03-07", 1, "2021-03-08"),  # Sunday
        ("2021-03-04", 3, "2021-03-09"),
        ("2021-03-04", 0, "2021-03-04"),
    ],
)
def test_business_days(start: str, days: int, end: str) -> None:
    assert add_business_days(day(start), days) == day(end)


@given(start=DAYS, years=st.integers(min_value=0, max_value=60))
def test_an_anniversary_is_exactly_that_many_years_on(start, years) -> None:
    anniversary = add_years(start, years)
    assert years_since(start, anniversary) == years
    if years:
        assert years_since(start, anniversary - timedelta(days=1)) == years - 1


@given(start=DAYS, months=st.integers(min_value=-600, max_value=600))
def test_a_month_later_is_the_same_day_or_the_months_last(start, months) -> None:
    end = add_months(start, months)
    assert (end.year * 12 + end.month) - (start.year * 12 + start.month) == months
    assert end.day == start.day or (end + timedelta(days=1)).day == 1
