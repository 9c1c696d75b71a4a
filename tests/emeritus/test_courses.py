"""What becomes of long-time experts day by day: the last day of one status beside the first of the next."""

from __future__ import annotations

from datetime import date

import pytest

from candidates.rules import (
    LifeFacts,
    counted_from,
    lifetime_from,
    next_window,
    open_windows,
    standing_on,
    status_on,
    window_of,
)
from ceportal.kernel.policy import BOOK
from tests.emeritus.lives import life, together
from tests.factories import day

TENTH = (("2021-06-01", "2022-06-01", "2021-05-20"),)


def statuses(facts: LifeFacts, *days: str) -> list[str | None]:
    return [status_on(BOOK, facts, day(on)) for on in days]


@pytest.mark.parametrize(
    ("_case", "counted", "on", "open_years"),
    [
        ("the day before", "2010-06-01", "2021-02-28", []),
        ("three months before the anniversary", "2010-06-01", "2021-03-01", [11]),
        ("the sixtieth day after it", "2010-06-01", "2021-07-31", [11]),
        ("a day later", "2010-06-01", "2021-08-01", []),
        ("29 February returns on the 28th", "2012-02-29", "2021-11-28", [10]),
        ("and its window closes sixty days after that", "2012-02-29", "2022-04-29", [10]),
        ("the last of May goes back to the last of February", "2010-05-31", "2021-02-28", [11]),
    ],
)  # fmt: skip
def test_windows(_case: str, counted: str, on: str, open_years: list[int]) -> None:
    """EMR-02, EMR-04."""
    found = open_windows(BOOK.on(day(on)), day(counted), day(on))

    assert [window.years for window in found] == open_years


def test_a_term_lasts_to_the_next_anniversary_also_of_a_leap_day() -> None:
    """EMR-07, CERT-01."""
    window = window_of(BOOK.on(day("2023-02-28")), day("2012-02-29"), 11)

    assert (str(window.anniversary_on), str(window.term_ends_on)) == ("2023-02-28", "2024-02-29")


@pytest.mark.parametrize(
    ("on", "opens_on", "years"),
    [
        ("2015-01-01", "2020-03-01", 10),
        ("2020-02-29", "2020-03-01", 10),
        ("2020-03-01", "2021-03-01", 11),
        ("2009-01-01", "2020-03-01", 10),
    ],
)  # fmt: skip
def test_the_next_window(on: str, opens_on: str, years: int) -> None:
    window = next_window(BOOK.on(day(on)), day("2010-06-01"), day(on))

    assert (str(window.opens_on), window.years) == (opens_on, years)


@pytest.mark.parametrize(
    ("_case", "counted", "lifetime_on"),
    [
        ("twenty years on a day of the rule", "2001-06-01", "2021-06-01"),
        ("twenty years on its first day", "2000-02-24", "2020-02-24"),
        ("twenty years the day before: a year later", "2000-02-23", "2021-02-23"),
        ("long before: the first anniversary after", "1994-03-01", "2020-03-01"),
        ("a leap day", "2004-02-29", "2024-02-29"),
    ],
)  # fmt: skip
def test_from_when_lifetime_comes(_case: str, counted: str, lifetime_on: str) -> None:
    """EMR-11."""
    assert str(lifetime_from(BOOK, day(counted))) == lifetime_on


def test_without_the_rule_no_lifetime_comes() -> None:
    with BOOK.overlaid({"emeritus.lifetime_years": None}):
        assert lifetime_from(BOOK, day("1994-03-01")) is None


@pytest.mark.parametrize(
    ("_case", "facts", "expected"),
    [
        ("nothing bought: grace to the sixtieth day", life("ccie", "2010-06-01", "2018-06-01"),
         {"2021-05-31": "active", "2021-06-01": "grace", "2021-07-31": "grace", "2021-08-01": "inactive"}),
        ("nine years: no grace", life("ccie", "2012-06-01", "2018-06-01"),
         {"2021-05-31": "active", "2021-06-01": "inactive"}),
        ("ended before the window: no grace", life("ccie", "2010-06-01", "2018-02-28"),
         {"2021-02-27": "active", "2021-02-28": "inactive"}),
        ("ended as it opens", life("ccie", "2010-06-01", "2018-03-01"),
         {"2021-03-01": "grace", "2021-07-31": "grace", "2021-08-01": "inactive"}),
        ("ended on its last day", life("ccie", "2010-06-01", "2018-07-31"),
         {"2021-07-31": "grace", "2021-08-01": "inactive"}),
        ("ended when it had closed", life("ccie", "2010-06-01", "2018-08-01"), {"2021-08-01": "inactive"}),
        ("bought while active", life("ccie", "2010-06-01", "2018-06-01", bought=TENTH),
         {"2021-05-31": "active", "2021-06-01": "emeritus", "2022-05-31": "emeritus", "2022-06-01": "grace",
          "2022-07-31": "grace", "2022-08-01": "inactive"}),
        ("bought in grace",
         life("ccie", "2010-06-01", "2018-06-01", bought=(("2021-06-01", "2022-06-01", "2021-07-31"),)),
         {"2021-07-30": "grace", "2021-07-31": "emeritus", "2022-06-01": "grace"}),
        ("paid when it had ended: nothing comes back",
         life("ccie", "2010-06-01", "2018-06-01", bought=(("2021-06-01", "2022-06-01", "2021-08-01"),)),
         {"2021-07-31": "grace", "2021-08-01": "inactive", "2021-09-01": "inactive"}),
        ("one term after another",
         life("ccie", "2010-06-01", "2018-06-01", bought=(*TENTH, ("2022-06-01", "2023-06-01", "2022-05-01"))),
         {"2022-06-01": "emeritus", "2023-05-31": "emeritus", "2023-06-01": "grace"}),
        ("a second one out of grace",
         life("ccie", "2010-06-01", "2018-06-01", bought=(*TENTH, ("2022-06-01", "2023-06-01", "2022-07-10"))),
         {"2022-06-01": "grace", "2022-07-09": "grace", "2022-07-10": "emeritus"}),
        ("a suspended period is replaced",
         life("ccie", "2007-09-01", "2015-12-01", bought=(("2017-09-01", "2018-09-01", "2017-08-15"),)),
         {"2017-11-30": "active", "2017-12-01": "emeritus", "2018-09-01": "grace"}),
        ("a suspended period is left",
         life("ccie", "2007-09-01", "2015-12-01", bought=(("2018-09-01", "2019-09-01", "2018-06-15"),)),
         {"2017-12-01": "suspended", "2018-06-14": "suspended", "2018-06-15": "emeritus"}),
        ("re-dated before Emeritus began: active again",
         life("ccie", "2008-03-01", "2018-03-01", bought=(("2020-03-01", "2021-03-01", "2020-01-15"),)),
         {"2020-02-23": "active", "2020-03-01": "active", "2021-02-28": "active", "2021-03-01": "grace"}),
        ("re-dated after Emeritus began: it stays",
         life("ccie", "2009-12-20", "2017-11-01", bought=(("2019-12-20", "2020-12-20", "2020-01-10"),)),
         {"2020-01-09": "suspended", "2020-01-10": "emeritus", "2020-02-24": "emeritus", "2020-12-20": "grace"}),
        ("Lifetime in Emeritus", life("ccie", "2001-06-01", emeritus=("2020-06-01", "2021-06-01")),
         {"2021-05-31": "emeritus", "2021-06-01": "lifetime_emeritus", "2051-06-01": "lifetime_emeritus"}),
        ("Lifetime as the active status ends", life("ccie", "2001-06-01", "2019-03-15"),
         {"2022-03-14": "active", "2022-03-15": "lifetime_emeritus"}),
        ("twenty years in grace are not enough", life("ccie", "2001-06-01", "2018-03-15"),
         {"2021-03-15": "grace", "2021-06-01": "grace", "2021-08-01": "inactive"}),
        ("until the term is bought",
         life("ccie", "2001-06-01", "2018-03-15", bought=(("2021-06-01", "2022-06-01", "2021-06-10"),)),
         {"2021-06-09": "grace", "2021-06-10": "lifetime_emeritus"}),
        ("bought before twenty years are complete",
         life("ccie", "2001-06-01", "2018-03-15", bought=(("2021-06-01", "2022-06-01", "2021-03-10"),)),
         {"2021-03-14": "active", "2021-03-15": "emeritus", "2021-05-31": "emeritus",
          "2021-06-01": "lifetime_emeritus"}),
        ("another family has no Emeritus", LifeFacts("expert", day("2001-06-01"), life("x", "2018-06-01").terms,
                                                     family="devnet", number="devnet"),
         {"2021-05-31": "active", "2021-06-01": "inactive"}),
    ],
)  # fmt: skip
def test_the_course_of_a_certification(_case: str, facts: LifeFacts, expected: dict[str, str]) -> None:
    """EMR-04, EMR-05, EMR-06, EMR-11."""
    assert dict(zip(expected, statuses(facts, *expected), strict=True)) == expected


class TestSeveral:
    def test_years_count_from_the_earliest_track_that_is_held(self) -> None:
        """EMR-01: what lapsed lends no years."""
        old, young, lost = together(
            life("ccie-a", "2008-06-01", "2019-06-01"),
            life("ccie-b", "2014-01-01", "2019-06-01"),
            life("ccie-c", "2001-01-01", "2010-01-01"),
        )
        for each in (old, young):
            assert counted_from(BOOK, each, day("2021-01-01"), known_on=day("2021-01-01")) == day("2008-06-01")
        assert statuses(lost, "2021-01-01") == ["inactive"]

    def test_years_begin_anew_where_the_status_was_lost(self) -> None:
        facts = life("ccie", "2008-03-01", "2018-03-01", earned_anew_on="2021-06-10")

        assert statuses(facts, "2021-05-01", "2021-06-10", "2024-06-10") == ["inactive", "active", "inactive"]
        assert counted_from(BOOK, facts, day("2022-01-01"), known_on=day("2022-01-01")) == day("2021-06-10")

    def test_a_track_goes_into_the_emeritus_of_another(self) -> None:
        """EMR-08: each when its own active status ends; what lapsed stays lost."""
        _first, second, lost = together(
            life("ccie-a", "2010-06-01", "2018-06-01", bought=TENTH),
            life("ccie-b", "2018-10-01", "2018-10-01"),
            life("ccie-c", "2009-01-10", "2015-01-10"),
        )

        assert statuses(second, "2021-09-30", "2021-10-01", "2022-06-01") == ["active", "emeritus", "grace"]
        assert statuses(lost, "2021-06-02") == ["inactive"]

    def test_both_in_emeritus_last_to_the_later_end_and_into_one_grace(self) -> None:
        """EMR-07: by the newer one's window; a term bought for both follows the later end."""
        shared = ("2021-09-01", "2022-09-01", "2021-07-01")
        older, newer = together(
            life("ccie", "2008-06-01", emeritus=("2020-06-01", "2021-06-01")),
            life("ccde", "2010-09-01", emeritus=("2020-09-01", "2021-09-01")),
        )
        for each in (older, newer):
            assert statuses(each, "2021-08-31", "2021-09-01", "2021-10-31", "2021-11-01") == [
                "emeritus", "grace", "grace", "inactive",
            ]  # fmt: skip
            assert standing_on(BOOK, each, day("2021-01-10")).emeritus_until == day("2021-09-01")
        older, newer = together(
            life("ccie", "2008-06-01", emeritus=("2020-06-01", "2021-06-01"), bought=(shared,)),
            life("ccde", "2010-09-01", emeritus=("2020-09-01", "2021-09-01"), bought=(shared,)),
        )
        for each in (older, newer):
            assert standing_on(BOOK, each, day("2021-08-31")).emeritus_until == day("2021-09-01")
            assert standing_on(BOOK, each, day("2021-09-01")).emeritus_until == day("2022-09-01")

    def test_one_in_emeritus_alone_keeps_its_own_end(self) -> None:
        ccie, ccde = together(
            life("ccie", "2008-06-01", emeritus=("2020-06-01", "2021-06-01")),
            life("ccde", "2010-09-01", "2021-02-01"),
        )

        assert statuses(ccie, "2021-06-01", "2021-08-01") == ["grace", "inactive"]
        assert statuses(ccde, "2021-06-01") == ["active"]

    def test_a_lifetime_ccie_leaves_the_ccde_to_its_own(self) -> None:
        """EMR-12, EMR-13."""
        ccie, ccde = together(
            life("ccie", "2001-06-01", emeritus=("2020-06-01", "2021-06-01")),
            life("ccde", "2010-09-01", emeritus=("2020-09-01", "2021-09-01")),
        )

        assert statuses(ccie, "2021-05-31", "2021-06-01") == ["emeritus", "lifetime_emeritus"]
        assert statuses(ccde, "2021-06-01", "2021-09-01", "2021-11-01") == ["emeritus", "grace", "inactive"]

    @pytest.mark.parametrize("older", ["ccie", "ccde"])
    def test_twenty_years_of_one_family_are_none_of_the_other(self, older: str) -> None:
        """EMR-11, EMR-12, EMR-13: the younger one is renewed until its own twenty years, whichever it is."""
        younger = next(each for each in ("ccie", "ccde") if each != older)
        old, young = together(
            life(older, "2008-09-01", emeritus=("2027-09-01", "2028-09-01")),
            life(
                younger, "2009-09-02", emeritus=("2027-09-02", "2028-09-02"),
                bought=(("2028-09-02", "2029-09-02", "2028-08-20"),),
            ),
        )  # fmt: skip

        # Both last to the later end (EMR-07), and Lifetime comes before it, for the one that has the years.
        assert statuses(old, "2028-08-31", "2028-09-01") == ["emeritus", "lifetime_emeritus"]
        assert statuses(young, "2028-09-02", "2029-09-01", "2029-09-02") == [
            "emeritus", "emeritus", "lifetime_emeritus",
        ]  # fmt: skip

    def test_an_active_ccde_of_nineteen_years_gets_no_lifetime_from_the_ccie(self) -> None:
        """EMR-13."""
        _ccie, ccde = together(
            life("ccie", "2001-06-01", emeritus=("2027-06-01", "2028-06-01")), life("ccde", "2009-09-01", "2025-10-01")
        )

        assert statuses(ccde, "2028-09-30", "2028-10-01", "2028-11-01") == ["active", "grace", "inactive"]


@pytest.mark.parametrize(
    ("_case", "facts", "on", "expected"),
    [
        ("grace counts", life("ccie", "2010-06-01", "2018-06-01"), "2020-03-01",
         ("active", "2021-06-01", "2021-08-01", "2021-06-01", None)),
        ("bought", life("ccie", "2010-06-01", "2018-06-01", bought=TENTH), "2021-05-20",
         ("active", "2021-06-01", "2022-08-01", "2021-06-01", None)),
        ("in Emeritus", life("ccie", "2010-06-01", "2018-06-01", bought=TENTH), "2021-06-01",
         ("emeritus", "2021-06-01", "2022-08-01", "2022-06-01", "2022-06-01")),
        ("Lifetime follows", life("ccie", "2001-06-01", "2019-03-15"), "2021-06-02",
         ("active", "2022-03-15", "None", "2022-03-15", None)),
        ("Lifetime has come", life("ccie", "2001-06-01", "2019-03-15"), "2022-03-15",
         ("lifetime_emeritus", "2022-03-15", "None", None, None)),
    ],
)  # fmt: skip
def test_standing(_case: str, facts: LifeFacts, on: str, expected: tuple[str | None, ...]) -> None:
    standing = standing_on(BOOK, facts, day(on))

    def text(value: date | None) -> str | None:
        return str(value) if value else None

    assert (
        standing.status,
        str(standing.active_ends_on),
        str(standing.inactive_on),
        text(standing.next_change_on),
        text(standing.emeritus_until),
    ) == expected
