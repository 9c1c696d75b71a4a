"""The life of a certification, day by day: the last day of one state beside the first of the next."""

from __future__ import annotations

from datetime import date

import pytest

from candidates.rules import (
    LifeFacts,
    LinkFacts,
    TermFacts,
    assess_link,
    bought_ahead,
    date_term,
    standing_on,
    status_on,
)
from ceportal.kernel.policy import BOOK
from tests.factories import day


def life(level: str, certified_on: str, *terms: TermFacts) -> LifeFacts:
    return LifeFacts(level, day(certified_on), terms or (term(certified_on),))


def term(
    starts_on: str, *, renewed_on: str | None = None, kind: str = "active", ends_on: str | None = None
) -> TermFacts:
    return TermFacts(kind, day(starts_on), day(renewed_on or starts_on), day(ends_on) if ends_on else None)


@pytest.mark.parametrize(
    ("_case", "level", "starts_on", "on", "active_ends_on", "inactive_on"),
    [
        ("an expert of 2017: two years and one", "expert", "2017-08-01", "2017-08-01", "2019-08-01", "2020-08-01"),
        ("still so the day before the change", "expert", "2018-05-01", "2020-02-23", "2020-05-01", "2021-05-01"),
        ("the change re-dates what runs then", "expert", "2018-05-01", "2020-02-24", "2021-05-01", "2021-05-01"),
        ("a suspended one is re-dated too", "expert", "2017-05-01", "2020-02-24", "2020-05-01", "2020-05-01"),
        ("what ended that very day is not", "expert", "2017-02-24", "2020-02-24", "2019-02-24", "2020-02-24"),
        ("what ends the day after is", "expert", "2017-02-25", "2020-02-24", "2020-02-25", "2020-02-25"),
        ("before the book its first value holds", "expert", "2010-03-01", "2012-01-01", "2012-03-01", "2013-03-01"),
        ("a professional: three in both eras", "professional", "2018-06-15", "2021-01-01", "2021-06-15", "2021-06-15"),
        ("29 February becomes the 28th", "professional", "2020-02-29", "2020-03-01", "2023-02-28", "2023-02-28"),
    ],
)  # fmt: skip
def test_the_dates_of_a_term(
    _case: str, level: str, starts_on: str, on: str, active_ends_on: str, inactive_on: str
) -> None:
    dates = date_term(BOOK, level=level, starts_on=day(starts_on), day=day(on))

    assert dates is not None
    assert (str(dates.active_ends_on), str(dates.inactive_on)) == (active_ends_on, inactive_on)


def test_entry_level_is_valid_for_life() -> None:
    """CERT-02."""
    assert date_term(BOOK, level="entry", starts_on=day("2020-08-01"), day=day("2040-01-01")) is None
    assert standing_on(BOOK, life("entry", "2020-08-01"), day("2040-01-01")).next_change_on is None


@pytest.mark.parametrize(
    ("on", "status"),
    [
        ("2016-04-30", None),
        ("2016-05-01", "active"),
        ("2018-04-30", "active"),
        ("2018-05-01", "suspended"),
        ("2019-04-30", "suspended"),
        ("2019-05-01", "inactive"),
    ],
)
def test_an_expert_of_2016_without_renewal(on: str, status: str | None) -> None:
    assert status_on(BOOK, life("expert", "2016-05-01"), day(on)) == status


def test_what_was_suspended_then_stays_suspended_then() -> None:
    """The re-dating of 2020 makes the holder active again, from its first day on (CERT-01)."""
    facts = life("expert", "2017-05-01")

    assert [status_on(BOOK, facts, day(on)) for on in ("2020-02-23", "2020-02-24", "2020-04-30", "2020-05-01")] == [
        "suspended",
        "active",
        "active",
        "inactive",
    ]


def test_an_imported_holder_was_active_before_the_running_term() -> None:
    facts = life("professional", "2012-01-01", term("2021-06-01"))

    assert status_on(BOOK, facts, day("2015-01-01")) == "active"
    assert status_on(BOOK, facts, day("2011-12-31")) is None


def test_a_term_bought_ahead_begins_on_its_fixed_day() -> None:
    """Re-dating moves the running term's end, not the start of what was bought (CE-09)."""
    facts = life("expert", "2018-05-01", term("2018-05-01"), term("2020-05-01", renewed_on="2019-11-01"))

    assert bought_ahead(facts, day("2020-04-30"))
    assert not bought_ahead(facts, day("2020-05-01"))
    assert not bought_ahead(facts, day("2019-10-31"))
    assert standing_on(BOOK, facts, day("2020-04-30")).active_ends_on == day("2023-05-01")
    assert status_on(BOOK, facts, day("2023-04-30")) == "active"
    assert status_on(BOOK, facts, day("2023-05-01")) == "inactive"


def test_emeritus_lasts_to_the_end_of_its_term() -> None:
    facts = life("expert", "2005-03-01", term("2017-03-01", kind="emeritus", ends_on="2018-03-01"))

    assert [status_on(BOOK, facts, day(on)) for on in ("2017-02-28", "2017-03-01", "2018-02-28", "2018-03-01")] == [
        "active",
        "emeritus",
        "emeritus",
        "inactive",
    ]


@pytest.mark.parametrize(
    ("on", "next_change_on"),
    [
        ("2019-06-01", "2020-02-24"),  # the book re-dates before the term ends
        ("2020-02-24", "2021-05-01"),
        ("2021-05-01", None),
    ],
)
def test_the_next_day_that_changes_anything(on: str, next_change_on: str | None) -> None:
    expected: date | None = day(next_change_on) if next_change_on else None

    assert standing_on(BOOK, life("expert", "2018-05-01"), day(on)).next_change_on == expected


@pytest.mark.parametrize(
    ("found", "free", "user_free", "granted"),
    [(True, True, True, True), (False, True, True, False), (True, False, True, False), (True, True, False, False)],
)
def test_linking_a_login_to_a_record(found: bool, free: bool, user_free: bool, granted: bool) -> None:
    assert assess_link(LinkFacts(found, free, user_free)).granted is granted


def test_a_record_taken_by_another_looks_like_one_not_found() -> None:
    """Nobody learns that a number exists (CAND-09)."""
    assert assess_link(LinkFacts(False, True, True)).as_json() == assess_link(LinkFacts(True, False, True)).as_json()
