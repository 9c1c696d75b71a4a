"""Where two ledgers differ, and where they are only not written at the same moment (PAY-04)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from payments.models import ReconciliationDifference
from payments.reconciliation_rules import NEXT_STEPS, SETTLES_WITHIN, Kind, Ours, Theirs, compare, summed
from tests.factories import noon

NOW = noon("2026-03-03")
LONG_AGO, JUST_NOW = NOW - timedelta(days=1), NOW - timedelta(minutes=5)
PAID = Ours(told_cents=36300, posted_cents=36300, currency="USD", moved_at=LONG_AGO)
NOT_PAID = replace(PAID, told_cents=0, posted_cents=0)
AWAITED = Ours(0, 0, "USD", LONG_AGO, awaited_cents=-36300)
THERE = Theirs(36300, frozenset({"USD"}), 1083, 1083, LONG_AGO)
WENT = replace(THERE, cents=-36300, fee_cents=0, fees_told_cents=0)


@pytest.mark.parametrize(
    ("_case", "ours", "theirs", "expected"),
    [
        ("the same", PAID, THERE, None),
        ("nothing on either side", NOT_PAID, None, None),
        ("neither knows it", None, None, None),
        ("went and came back", NOT_PAID, replace(THERE, cents=0), None),
        ("they do not know it", PAID, None, Kind.MISSING_THERE),
        ("we do not know it", None, THERE, Kind.MISSING_HERE),
        ("a cent less", PAID, replace(THERE, cents=36299), Kind.AMOUNT),
        ("another currency", PAID, replace(THERE, currencies=frozenset({"EUR"})), Kind.AMOUNT),
        ("two currencies", PAID, replace(THERE, currencies=frozenset({"USD", "EUR"})), Kind.AMOUNT),
        ("paid there only", NOT_PAID, THERE, Kind.STATE),
        ("back there, not here", PAID, replace(THERE, cents=0), Kind.STATE),
        ("posted otherwise", replace(PAID, posted_cents=1), THERE, Kind.POSTING),
        ("posted otherwise and not there", replace(PAID, posted_cents=0), None, Kind.MISSING_THERE),
        ("posted, never told", replace(NOT_PAID, posted_cents=36300), None, Kind.POSTING),
        ("a fee of nothing known", PAID, replace(THERE, fees_told_cents=1000), Kind.FEE),
        ("posted otherwise, and the fee", replace(PAID, posted_cents=1), replace(THERE, fee_cents=1), Kind.POSTING),
        # A refund that was asked for: whether the card service has written it down yet is open.
        ("awaited, not there yet", AWAITED, None, Kind.ON_ITS_WAY),
        ("awaited, there already", AWAITED, WENT, Kind.ON_ITS_WAY),
        ("awaited, of another amount", AWAITED, replace(WENT, cents=-1), Kind.STATE),
        # What moved just now on either side is left to the next run.
        ("just paid here", replace(PAID, moved_at=JUST_NOW), None, Kind.ON_ITS_WAY),
        ("just paid there", None, replace(THERE, moved_at=JUST_NOW), Kind.ON_ITS_WAY),
        ("just paid, the same", replace(PAID, moved_at=JUST_NOW), replace(THERE, moved_at=JUST_NOW), None),
        ("long enough ago", replace(PAID, moved_at=NOW - SETTLES_WITHIN), None, Kind.MISSING_THERE),
        ("a second less", replace(PAID, moved_at=NOW - SETTLES_WITHIN + timedelta(seconds=1)), None, Kind.ON_ITS_WAY),
    ],
)
def test_what_differs(_case, ours, theirs, expected):
    assert compare(ours, theirs, now=NOW) is expected


def test_movements_of_one_source_are_summed():
    assert summed([]) is None
    moves = [(-36300, "USD", 1500, 1500, LONG_AGO), (36300, "USD", 0, 0, JUST_NOW)]
    assert summed(moves) == Theirs(0, frozenset({"USD"}), 1500, 1500, JUST_NOW)


def test_each_kind_is_kept_under_its_name_and_says_what_to_do():
    kinds = set(Kind) - {Kind.ON_ITS_WAY}
    assert {each.value for each in kinds} == set(ReconciliationDifference.Kind.values)
    assert set(NEXT_STEPS) == kinds
