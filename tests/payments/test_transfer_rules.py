"""Which accounts what moves is between."""

from __future__ import annotations

import pytest

from payments import transfer_rules as rules
from payments.models import OrderLine, Transfer
from payments.transfer_rules import Movement, SoldLine

LAB = SoldLine(id=7, kind="lab_fee", tax_country="BE", net_cents=160000, covered_cents=0, tax_cents=33600)
FEE = Movement("candidate", "revenue:lab_fee", 160000, "sale", 7)
TAX = Movement("candidate", "tax:BE", 33600, "sale", 7)
BY_VOUCHER = Movement("voucher", "revenue:lab_fee", 160000, "voucher", 7)
LOST = Movement("revenue:lab_fee", "forfeits", 160000, "forfeit", 7)


def line(**more):
    values = {name: getattr(LAB, name) for name in SoldLine.__slots__}
    return SoldLine(**{**values, **more})


@pytest.mark.parametrize(
    ("_case", "lines", "expected"),
    [
        ("by card", [LAB], [FEE, TAX]),
        ("by voucher, the tax by card (LAB-10)", [line(covered_cents=160000)], [TAX, BY_VOUCHER]),
        ("where there is no tax", [line(tax_cents=0)], [FEE]),
        ("a voucher where there is no tax", [line(tax_cents=0, covered_cents=160000)], [BY_VOUCHER]),
        ("nothing", [line(net_cents=0, tax_cents=0)], []),
    ],
)
def test_what_a_complete_order_brings_in(_case, lines, expected):
    assert rules.sale(lines) == expected


@pytest.mark.parametrize(
    ("_case", "standing", "expected"),
    [
        ("the fee, not the tax", [FEE, TAX], [LOST]),
        ("what a voucher paid", [BY_VOUCHER, TAX], [LOST]),
        ("once", [FEE, TAX, LOST], []),
        ("nothing that was given back", [], []),
    ],
)
def test_what_is_forfeited(_case, standing, expected):
    assert rules.forfeit(standing) == expected


def test_each_movement_is_known_and_its_reversal_is_the_other_way():
    moved = [
        rules.payment(1),
        rules.refund(1),
        rules.dispute(1),
        *rules.sale([line(covered_cents=1)]),
        *rules.forfeit([FEE]),
    ]
    assert all(each.is_known for each in moved)
    assert {each.cause for each in moved} == set(rules.MOVES) == set(Transfer.Cause.values)
    for each in moved:
        back = rules.reversal(each)
        assert (back.debit, back.credit) == (each.credit, each.debit)
        assert (back.amount_cents, back.cause, back.line_id) == (each.amount_cents, each.cause, each.line_id)
        assert rules.reversal(back) == each


@pytest.mark.parametrize(
    "unknown", [Movement("card", "forfeits", 1, "payment"), Movement("candidate", "card", 1, "payment")]
)
def test_what_no_cause_moves(unknown):
    assert not unknown.is_known


def test_every_kind_of_line_has_its_account():
    assert all(rules.is_account(rules.revenue_of(kind)) for kind in OrderLine.Kind.values)
    assert rules.is_account(rules.tax_of("BE"))
    for name in ("", "cash", "revenue", "revenue:", "tax:be", "tax:BEL", "card:1"):
        assert not rules.is_account(name)
