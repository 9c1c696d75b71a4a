"""Whether a term can be bought, and what it costs: the last good day beside the first bad one."""

from __future__ import annotations

import pytest

from candidates.rules import BarFacts, LifeFacts
from ceportal.kernel.policy import BOOK
from emeritus.rules import Position, assess_purchase, fees_of, position_of
from tests.emeritus.lives import life, together
from tests.factories import day

HELD = life("ccie", "2010-06-01", "2018-06-01")
TENTH = (("2021-06-01", "2022-06-01", "2021-05-20"),)


def position(lives: tuple[LifeFacts, ...], on: str, family: str = "ccie") -> Position:
    return position_of(BOOK, lives, family, day(on))


def unmet(lives: tuple[LifeFacts, ...], on: str, family: str = "ccie", *, confirmed: bool = True) -> tuple[str, ...]:
    found = position(lives, on, family)
    return assess_purchase(found, BOOK.on(day(on)), bar=None, confirmed=confirmed).clauses_unmet


@pytest.mark.parametrize(
    ("_case", "facts", "on", "clauses"),
    [
        ("the day before the window", HELD, "2021-02-28", ("EMR-02", "EMR-04")),
        ("as it opens", HELD, "2021-03-01", ()),
        ("on the anniversary", HELD, "2021-06-01", ()),
        ("on the sixtieth day after it", HELD, "2021-07-31", ()),
        ("a day later it is lost", HELD, "2021-08-01", ("EMR-05",)),
        ("active through the term on offer", HELD, "2020-05-01", ("EMR-04",)),
        ("active up to its very end", life("ccie", "2010-06-01", "2019-06-01"), "2021-05-01", ("EMR-04",)),
        ("active up to the day before", life("ccie", "2010-06-01", "2019-05-31"), "2021-05-01", ()),
        ("nine years on the anniversary", life("ccie", "2012-06-01", "2018-06-01"), "2021-05-01", ("EMR-01",)),
        ("ten on the anniversary, not yet today", life("ccie", "2011-06-01", "2018-06-01"), "2021-03-01", ()),
        ("nine years and no window", life("ccie", "2011-06-01", "2018-06-01"), "2021-02-28",
         ("EMR-01", "EMR-02", "EMR-04")),
        ("lost with nine years", life("ccie", "2012-06-01", "2018-06-01"), "2021-06-01", ("EMR-01", "EMR-05")),
        ("the window closed on somebody active", life("ccie", "2010-06-01", "2018-09-15"), "2021-08-01",
         ("EMR-05", "EMR-02", "EMR-04")),
        ("bought", life("ccie", "2010-06-01", "2018-06-01", bought=TENTH), "2021-05-21", ("PAY-04", "EMR-04")),
        ("the next one", life("ccie", "2010-06-01", "2018-06-01", bought=TENTH), "2022-03-01", ()),
        ("Lifetime", life("ccie", "2001-06-01", emeritus=("2020-06-01", "2021-06-01")), "2021-06-01",
         ("EMR-11", "EMR-04")),
        ("Lifetime will come on that anniversary", life("ccie", "2001-06-01", emeritus=("2020-06-01", "2021-06-01")),
         "2021-05-01", ("EMR-11", "EMR-04")),
        ("Lifetime will come as the active status ends", life("ccie", "2001-06-01", "2019-03-15"), "2021-05-01",
         ("EMR-11", "EMR-04")),
        ("it would not: active ends before twenty years", life("ccie", "2001-06-01", "2018-03-15"), "2021-03-10", ()),
    ],
)  # fmt: skip
def test_what_forbids_a_purchase(_case: str, facts: LifeFacts, on: str, clauses: tuple[str, ...]) -> None:
    """EMR-01, EMR-02, EMR-04, EMR-05, EMR-11."""
    assert unmet((facts,), on) == clauses


def test_what_one_never_held_cannot_be_bought() -> None:
    assert unmet((HELD,), "2021-05-01", "ccde") == ("EMR-01",)
    assert unmet((), "2021-05-01") == ("EMR-01",)


def test_a_sanction_bars_it_and_one_for_exams_only_does_not() -> None:
    """CAND-02."""
    found, policy = position((HELD,), "2021-05-01"), BOOK.on(day("2021-05-01"))
    for exams_only, clauses in ((False, ("CAND-02", "EXAM-08")), (True, ())):
        bar = BarFacts("EXAM-08", permanent=False, exams_only=exams_only, since=day("2021-04-01"))
        assert assess_purchase(found, policy, bar=bar, confirmed=True).clauses_unmet == clauses


YOUNG = life("ccde", "2015-09-01", "2018-06-01")


@pytest.mark.parametrize(
    ("_case", "lives", "family", "clauses"),
    [
        ("a young CCDE beside it", (HELD, YOUNG), "ccie", ("EMR-09",)),
        ("whichever is the younger",
         (life("ccde", "2010-06-01", "2018-06-01"), life("ccie", "2015-09-01", "2018-06-01")), "ccde", ("EMR-09",)),
        ("ten years on the anniversary", (HELD, life("ccde", "2011-06-01", "2018-06-01")), "ccie", ()),
        ("a day short of it", (HELD, life("ccde", "2011-06-02", "2018-06-01")), "ccie", ("EMR-09",)),
        ("one that is lost", (HELD, life("ccde", "2015-09-01")), "ccie", ()),
        ("several tracks alone", (HELD, life("ccie-b", "2015-09-01", "2018-06-01")), "ccie", ()),
    ],
)  # fmt: skip
def test_the_advice_to_recertify(
    _case: str, lives: tuple[LifeFacts, ...], family: str, clauses: tuple[str, ...]
) -> None:
    """EMR-09: it warns, and does not forbid."""
    held = together(*lives)
    assert unmet(held, "2021-05-20", family, confirmed=False) == clauses
    assert unmet(held, "2021-05-20", family, confirmed=True) == ()


class TestTogether:
    """EMR-07: with both in Emeritus the newer one's anniversary counts, whichever is named."""

    PAIR = together(
        life("ccie", "2008-06-01", emeritus=("2020-06-01", "2021-06-01")),
        life("ccde", "2010-09-01", emeritus=("2020-09-01", "2021-09-01")),
    )

    @pytest.mark.parametrize("family", ["ccie", "ccde"])
    def test_one_term_covers_both(self, family: str) -> None:
        found = position(self.PAIR, "2021-06-01", family)

        assert found.covers == ("ccde", "ccie")
        assert found.window is not None
        assert (str(found.window.anniversary_on), str(found.window.term_ends_on)) == ("2021-09-01", "2022-09-01")
        assert unmet(self.PAIR, "2021-06-01", family) == ()

    def test_the_older_ones_own_anniversary_counts_no_more(self) -> None:
        assert unmet(self.PAIR, "2021-05-31", "ccie") == ("EMR-02", "EMR-07", "EMR-04")

    def test_out_of_their_grace_too(self) -> None:
        found = position(self.PAIR, "2021-10-31")
        assert (found.covers, found.late) == (("ccde", "ccie"), True)
        assert unmet(self.PAIR, "2021-11-01") == ("EMR-05",)

    def test_one_in_emeritus_and_one_active_go_by_themselves(self) -> None:
        held = together(self.PAIR[0], life("ccde", "2010-09-01", "2020-02-01"))
        found = position(held, "2021-05-01")

        assert found.covers == ("ccie",)
        assert found.window is not None
        assert str(found.window.anniversary_on) == "2021-06-01"

    def test_where_the_later_end_is_the_older_ones(self) -> None:
        """The newer one's term that goes beyond it is on offer in the newer one's window."""
        held = together(
            life("ccie", "2008-06-01", emeritus=("2020-06-01", "2021-06-01")),
            life("ccde", "2010-03-15", emeritus=("2020-03-15", "2021-03-15")),
        )
        found = position(held, "2021-03-15", "ccie")

        assert (found.covers, found.wanted) == (("ccde", "ccie"), True)
        assert found.window is not None
        assert str(found.window.term_ends_on) == "2022-03-15"


@pytest.mark.parametrize(
    ("paid_on", "fees"),
    [
        ("2021-03-01", [("emeritus_fee", 85)]),
        ("2021-06-01", [("emeritus_fee", 85)]),
        ("2021-06-02", [("emeritus_fee", 85), ("late_fee", 50)]),
        ("2021-07-31", [("emeritus_fee", 85), ("late_fee", 50)]),
    ],
)  # fmt: skip
def test_what_it_costs(paid_on: str, fees: list[tuple[str, int]]) -> None:
    """EMR-03, EMR-04: paid on the anniversary is in time."""
    window = position((HELD,), paid_on).window
    assert window is not None

    found = fees_of(window, BOOK.on(day(paid_on)), paid_on=day(paid_on))

    assert [(fee.kind, fee.amount) for fee in found] == fees
