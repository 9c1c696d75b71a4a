"""What changing a booking asks and costs, by table: the last good day beside the first bad one (RSCH-01 to RSCH-07)."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from ceportal.kernel.policy import BOOK
from exams.rules import changes as rules
from exams.rules.changes import LeavingFacts, MoneyFacts, VoucherFacts, quote_change
from tests.factories import day

EXAM = day("2026-05-04")
PAID = LeavingFacts("paid", EXAM, day("2026-03-01"), elsewhere=True)


def leave(**changes: Any) -> list[str]:
    facts = replace(PAID, **changes)
    return list(rules.assess_leaving(facts, BOOK.on(facts.today)).clauses_unmet)


@pytest.mark.parametrize(
    ("_case", "changes", "unmet"),
    [
        ("months ahead", {}, []),
        ("the fourth day before", {"today": day("2026-04-30")}, []),
        ("the third day before", {"today": day("2026-05-01")}, ["RSCH-03"]),
        ("the exam day", {"today": EXAM}, ["RSCH-03"]),
        ("the same place", {"elsewhere": False}, ["RSCH-01"]),
        ("reserved", {"status": "reserved"}, ["RSCH-07"]),
        ("held", {"status": "held"}, ["RSCH-07"]),
        ("cancelled", {"status": "cancelled"}, ["RSCH-01"]),
        ("changed already", {"status": "rescheduled"}, ["RSCH-01"]),
        ("a no-show", {"status": "no_show", "today": day("2026-05-05")}, ["RSCH-01", "RSCH-03"]),
        ("ended by a fault", {"status": "incident", "today": day("2026-05-05")}, ["RSCH-01", "RSCH-03"]),
        ("with its remedy", {"status": "incident", "today": day("2026-05-05"), "by_remedy": True}, []),
        ("its remedy, the same place", {"status": "incident", "by_remedy": True, "elsewhere": False}, []),
    ],
)
def test_what_can_be_left(_case: str, changes: dict[str, Any], unmet: list[str]) -> None:
    assert leave(**changes) == unmet


@pytest.mark.parametrize(
    ("_case", "today", "late"),
    [("exactly thirty days ahead", "2026-04-04", False), ("twenty-nine days ahead", "2026-04-05", True)],
)
def test_what_is_free_rsch_01(_case: str, today: str, late: bool) -> None:
    facts = replace(PAID, today=day(today))
    assert rules.is_late(facts, BOOK.on(facts.today)) is late
    said = rules.assess_leaving(facts, BOOK.on(facts.today)).findings[-1]
    assert said.clause == ("RSCH-02" if late else "RSCH-01")
    assert not rules.is_late(replace(facts, by_remedy=True), BOOK.on(facts.today))


def test_the_last_days() -> None:
    policy = BOOK.on(PAID.today)
    assert rules.last_free_day(EXAM, policy) == day("2026-04-04")
    assert rules.last_day_to_change(EXAM, policy) == day("2026-04-30")


VOUCHER = VoucherFacts(expires_on=day("2026-03-01"), day=day("2026-03-01"))


@pytest.mark.parametrize(
    ("_case", "changes", "unmet", "comes_along"),
    [
        ("the last day of the voucher", {}, [], True),
        ("a day later", {"day": day("2026-03-02")}, ["RSCH-06"], False),
        ("by card instead", {"day": day("2026-03-02"), "instead_by_card": True}, [], False),
        ("by another voucher instead", {"day": day("2026-03-02"), "another_given": True}, [], False),
        ("another that is not needed", {"another_given": True}, ["LAB-10"], True),
        ("paid by card", {"expires_on": None}, [], False),
        ("paid by card, a voucher for the new seat", {"expires_on": None, "another_given": True}, [], False),
    ],
)
def test_the_voucher(_case: str, changes: dict[str, Any], unmet: list[str], comes_along: bool) -> None:
    facts = replace(VOUCHER, **changes)
    assert list(rules.assess_voucher(facts).clauses_unmet) == unmet
    assert facts.comes_along is comes_along


# A seat in Brussels at 1600 with 21 % changed to Tokyo with 10 %.
MONEY = MoneyFacts(160000, 0, 33600, 160000, Decimal(10))


@pytest.mark.parametrize(
    ("_case", "changes", "lines", "charge", "refund"),
    [
        (
            "by card",
            {},
            ["old_fee refunded 160000", "old_tax refunded 33600", "new_fee charged 160000", "new_tax charged 16000"],
            176000,
            193600,
        ),
        (
            "by card, late",
            {"late_fee_cents": 50000},
            [
                "old_fee refunded 160000",
                "old_tax refunded 33600",
                "new_fee charged 160000",
                "new_tax charged 16000",
                "late_fee charged 50000",
                "late_tax charged 5000",
            ],
            231000,
            193600,
        ),
        (
            "the voucher comes along",
            {"old_covered_cents": 160000, "voucher_pays": True, "voucher_comes_along": True},
            ["old_tax refunded 33600", "new_fee covered 160000", "new_tax charged 16000"],
            16000,
            33600,
        ),
        (
            "it comes along late",
            {
                "old_covered_cents": 160000,
                "voucher_pays": True,
                "voucher_comes_along": True,
                "late_fee_cents": 50000,
            },
            [
                "old_tax refunded 33600",
                "new_fee covered 160000",
                "new_tax charged 16000",
                "late_fee charged 50000",
                "late_tax charged 5000",
            ],
            71000,
            33600,
        ),
        (
            "it has expired, the card pays",
            {"old_covered_cents": 160000},
            ["old_fee lost 160000", "old_tax refunded 33600", "new_fee charged 160000", "new_tax charged 16000"],
            176000,
            33600,
        ),
        (
            "it has expired, another pays",
            {"old_covered_cents": 160000, "voucher_pays": True},
            ["old_fee lost 160000", "old_tax refunded 33600", "new_fee covered 160000", "new_tax charged 16000"],
            16000,
            33600,
        ),
        (
            "a voucher in place of the card",
            {"voucher_pays": True},
            ["old_fee refunded 160000", "old_tax refunded 33600", "new_fee covered 160000", "new_tax charged 16000"],
            16000,
            193600,
        ),
        (
            "by voucher where no tax is",
            {
                "old_covered_cents": 160000,
                "old_tax_cents": 0,
                "tax_percent": Decimal(0),
                "voucher_pays": True,
                "voucher_comes_along": True,
            },
            ["new_fee covered 160000"],
            0,
            0,
        ),
        (
            "tax rounded half up, line by line",
            {"new_fee_cents": 199905, "late_fee_cents": 50005},
            [
                "old_fee refunded 160000",
                "old_tax refunded 33600",
                "new_fee charged 199905",
                "new_tax charged 19991",
                "late_fee charged 50005",
                "late_tax charged 5001",
            ],
            274902,
            193600,
        ),
    ],
)
def test_the_quote(_case: str, changes: dict[str, Any], lines: list[str], charge: int, refund: int) -> None:
    quote = quote_change(replace(MONEY, **changes))
    assert [f"{line.what} {line.effect} {line.cents}" for line in quote.lines] == lines
    assert (quote.charge_cents, quote.refund_cents) == (charge, refund)


def test_what_is_still_to_be_paid_names_its_clauses() -> None:
    quote = quote_change(replace(MONEY, late_fee_cents=50000))
    decision = rules.assess_paid(quote.lines)
    assert decision.clauses_unmet == ("RSCH-04", "RSCH-02")
    assert [each.facts["amount"] for each in decision.unmet] == ["1,760.00", "550.00"]


@pytest.mark.parametrize(
    ("_case", "changes", "unmet"),
    [
        ("as quoted", {}, []),
        ("too late", {"in_time": False}, ["RSCH-04"]),
        ("let go", {"quoted": False}, ["RSCH-04"]),
        ("the site is closed meanwhile", {"held": False}, ["LAB-15"]),
        ("the price has changed", {"charge_now_cents": 176100}, ["LAB-04"]),
    ],
)
def test_what_can_still_be_made(_case: str, changes: dict[str, Any], unmet: list[str]) -> None:
    facts = {"quoted": True, "in_time": True, "charge_cents": 176000, "charge_now_cents": 176000, "held": True}
    assert list(rules.assess_making(**facts | changes).clauses_unmet) == unmet
