"""`manage.py verify_money` finds whatever does not add up, whoever brought it about (PAY-04)."""

from __future__ import annotations

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import transaction

from payments import services
from payments.gateway import GatewayDispute, GatewayRefund
from payments.models import (
    CreditNote,
    CreditNoteSeries,
    Dispute,
    Invoice,
    InvoiceSeries,
    Order,
    OrderLine,
    Payment,
    Refund,
    Transfer,
    Voucher,
)
from payments.services.disputes import record_dispute
from payments.services.refunds import record_refund
from payments.verification import CHECKS, verify
from tests import factories
from tests.credits.ledger_world import as_superuser
from tests.factories import day, noon
from tests.payments.conftest import change_lines, pay_at

pytestmark = pytest.mark.django_db
MONDAY, THURSDAY, FRIDAY = noon("2026-03-02"), noon("2026-03-05"), noon("2026-03-06")


@pytest.fixture
def money(book, ask):
    """A bit of everything: by card and voucher, invoiced, given back in part and whole, forfeited, a surplus."""
    candidate = factories.CandidateFactory.create(country="US")
    voucher = services.issue_voucher(candidate_id=candidate.id, expires_on=day("2026-12-31"), now=MONDAY)
    covered = book(candidate, reference="covered", voucher_id=voucher.id, now=MONDAY)
    changed = book(candidate, reference="changed", lines=change_lines(country="BE"), now=MONDAY)
    lost = book(candidate, reference="lost", now=MONDAY)
    for order in (covered, changed, lost):
        pay_at(order, MONDAY)
        services.issue_invoice(order_id=order.id, now=THURSDAY)
    services.forfeit_fee(order_id=lost.id, kinds={"lab_fee"}, now=THURSDAY)
    refund = services.request_refund(order_id=changed.id, kinds={"lab_fee"}, reason="Changed.", now=THURSDAY)
    record_refund(refund_id=refund.id, answer=GatewayRefund("re_1", "succeeded", 0), now=FRIDAY)
    whole = ask(candidate=candidate, reference="whole", now=MONDAY)
    pay_at(whole, MONDAY)
    services.request_refund(order_id=whole.id, reason="Not due.", now=MONDAY)
    let_go = ask(candidate=candidate, reference="let go", now=MONDAY)
    services.cancel_order(order_id=let_go.id, now=MONDAY)
    pay_at(let_go, MONDAY)
    ask(candidate=candidate, reference="open", now=MONDAY)
    taken = GatewayDispute("du_1", "lost", "general", 1000, "", {}, MONDAY, None, taken_cents=1000, moved=THURSDAY)
    record_dispute(payment_id=lost.payments.get().pk, answer=taken, now=FRIDAY)


def of(reference: str) -> Order:
    return Order.objects.get(reference=reference)


def change(rows: Any, **values: Any) -> None:
    assert rows.update(**values)


def remove(rows: Any) -> None:
    assert rows._raw_delete("default")


def copy(row: Any, **values: Any) -> None:
    row.pk = None
    for name, value in values.items():
        setattr(row, name, value)
    row.save(force_insert=True)


def content(paper: Any, **values: Any) -> None:
    change(type(paper).objects.filter(pk=paper.pk), content=paper.content | values)


def sales() -> Any:
    return Transfer.objects.filter(cause="sale", reverses=None, reversed_by=None)


TAMPERED = {
    "a payment's transfer gone": ("payments", lambda: remove(Transfer.objects.filter(cause="payment")[:1])),
    "a payment's transfer of another amount": (
        "payments",
        lambda: change(Transfer.objects.filter(cause="payment", order=of("lost")), amount_cents=1),
    ),
    "a transfer to another account": (
        "fees",
        lambda: change(sales().filter(credit="revenue:lab_fee"), credit="revenue:late_fee"),
    ),
    "a tax moved to another country": ("taxes", lambda: change(sales().filter(credit="tax:BE"), credit="tax:JP")),
    "a transfer between accounts of no cause": (
        "accounts",
        lambda: change(Transfer.objects.filter(cause="refund"), credit="voucher"),
    ),
    "a transfer of another currency": ("belonging", lambda: change(sales().filter(order=of("lost")), currency="EUR")),
    "a transfer of another order": ("belonging", lambda: change(sales().filter(order=of("lost")), order=of("open"))),
    "a sale posted and not made": (
        "fees",
        lambda: copy(
            sales().filter(credit="revenue:lab_fee").first(),
            line=of("open").lines.get(),
            order=of("open"),
            credit="revenue:admin_fee",
        ),
    ),
    "a reversal of less": (
        "reversals",
        lambda: change(Transfer.objects.filter(reverses__isnull=False), amount_cents=1),
    ),
    "a reversal of nothing": (
        "reversals",
        lambda: remove(
            Transfer.objects.filter(reversed_by__isnull=False, order=of("whole"), credit="revenue:admin_fee")
        ),
    ),
    "a forfeit of a part": ("forfeits", lambda: change(Transfer.objects.filter(cause="forfeit"), amount_cents=1)),
    "a voucher's transfer gone": ("vouchers", lambda: remove(Transfer.objects.filter(cause="voucher"))),
    "a refund's transfer gone": ("refunds", lambda: remove(Transfer.objects.filter(cause="refund"))),
    "a surplus of less": (
        "candidate accounts",
        lambda: change(Payment.objects.filter(status="surplus"), amount_cents=1),
    ),
    "what a bank took gone": ("disputes", lambda: remove(Transfer.objects.filter(cause="dispute"))),
    "what a bank took of another amount": ("disputes", lambda: change(Dispute.objects.all(), taken_cents=1)),
    "an order that costs less": (
        "sums",
        lambda: change(Order.objects.filter(reference="lost"), net_cents=1, total_cents=33601),
    ),
    "a line that costs less": ("sums", lambda: change(OrderLine.objects.filter(order=of("lost")), net_cents=1)),
    "a line of another tax": ("sums", lambda: change(OrderLine.objects.filter(order=of("lost")), tax_cents=1)),
    "a line of another country": (
        "taxes",
        lambda: change(OrderLine.objects.filter(order=of("lost")), tax_country="JP"),
    ),
    "a line of another kind": ("fees", lambda: change(OrderLine.objects.filter(order=of("lost")), kind="late_fee")),
    "a line gone": ("sums", lambda: remove(OrderLine.objects.filter(order=of("open")))),
    "an order paid by nobody": (
        "paid orders",
        lambda: change(Order.objects.filter(reference="open"), status="paid", paid_at=MONDAY),
    ),
    "a paid order opened again": (
        "paid orders",
        lambda: change(Order.objects.filter(reference="lost"), status="open", paid_at=None),
    ),
    "an order said to be given back": (
        "orders given back",
        lambda: change(Order.objects.filter(reference="lost"), status="refunded"),
    ),
    "a payment of more": (
        "paid orders",
        lambda: change(Payment.objects.filter(order=of("lost")), amount_cents=999999),
    ),
    "a payment never taken": (
        "payments",
        lambda: change(Payment.objects.filter(order=of("lost")), status="expired", paid_at=None),
    ),
    "a refund of more": (
        "refunded lines",
        lambda: change(Refund.objects.filter(status="succeeded"), amount_cents=999999),
    ),
    "a refund said to have arrived": (
        "refunds",
        lambda: change(
            Refund.objects.filter(payment__order=of("whole")), status="succeeded", stripe_id="re_2", done_at=FRIDAY
        ),
    ),
    "a refund gone": ("money on its way", lambda: remove(Refund.objects.filter(payment__status="surplus"))),
    "a line said to be given back": (
        "fees",
        lambda: change(
            OrderLine.objects.filter(order=of("lost")), refund=Refund.objects.get(payment__order=of("whole"))
        ),
    ),
    "a line said to be kept": (
        "fees",
        lambda: change(OrderLine.objects.filter(order=of("whole")), refund=None),
    ),
    "a voucher taken off": (
        "vouchers",
        lambda: change(Voucher.objects.all(), status="unused", order=None, redeemed_at=None),
    ),
    "a voucher put on another order": ("used vouchers", lambda: change(Voucher.objects.all(), order=of("lost"))),
    "a voucher of somebody else": (
        "used vouchers",
        lambda: change(Voucher.objects.all(), candidate=factories.CandidateFactory.create()),
    ),
    "another total on an invoice": ("invoice contents", lambda: content(of("lost").invoice, total_cents=1)),
    "another line on an invoice": ("invoice contents", lambda: content(of("lost").invoice, lines=[])),
    "another number on an invoice": ("invoice numbers", lambda: content(of("lost").invoice, number="INV-2026-000009")),
    "an invoice dated otherwise": (
        "invoice numbers",
        lambda: change(Invoice.objects.filter(order=of("lost")), issued_on=day("2025-03-05")),
    ),
    "an invoice gone": ("invoice series", lambda: remove(Invoice.objects.filter(order=of("lost")))),
    "a number left out": ("invoice series", lambda: change(InvoiceSeries.objects.all(), last_number=9)),
    "a series gone": ("invoice series", lambda: remove(InvoiceSeries.objects.all())),
    "lines on the invoice of another order": (
        "papers of orders",
        lambda: change(OrderLine.objects.filter(order=of("lost")), invoice=of("covered").invoice),
    ),
    "another total on a credit note": (
        "credit note contents",
        lambda: content(CreditNote.objects.get(), total_cents=1),
    ),
    "a credit note gone": ("credit note series", lambda: remove(CreditNote.objects.all())),
    "a credit note's number": ("credit note numbers", lambda: change(CreditNote.objects.all(), number="CN-1")),
    "a credit note's series": ("credit note series", lambda: change(CreditNoteSeries.objects.all(), last_number=0)),
    "a credit note forgotten": (
        "credit notes owed",
        lambda: change(OrderLine.objects.exclude(credit_note=None), credit_note=None),
    ),
}


@pytest.mark.usefixtures("money")
def test_whoever_tampers_is_found_out():
    """Past every trigger, as whoever administers the database could: each kind of row, one change after another."""
    assert verify(every=True).differences == ()
    for case, (check, tamper) in TAMPERED.items():
        with transaction.atomic():
            with as_superuser():
                tamper()
            found = [each.check for each in verify().differences]
            transaction.set_rollback(True)
        assert check in found, (case, found)
    assert {check for check, _tamper in TAMPERED.values()} == {check.name for check in CHECKS}
    assert verify(every=True).differences == ()


def run(*arguments: str) -> tuple[int, str]:
    out = StringIO()
    try:
        call_command("verify_money", *arguments, stdout=out, no_color=True)
    except SystemExit as ended:
        return int(ended.code or 0), out.getvalue()
    return 0, out.getvalue()


@pytest.mark.usefixtures("money")
def test_the_command_tells_how_the_accounts_stand_and_that_all_adds_up():
    status, said = run()
    assert status == 0
    assert "No difference: the money adds up." in said
    assert "forfeits: USD\N{NO-BREAK SPACE}-1,600.00" in said


@pytest.mark.usefixtures("money")
def test_the_command_names_the_first_difference_and_every_one_where_asked():
    with as_superuser():
        change(OrderLine.objects.filter(order__in=[of("lost"), of("covered")]), tax_country="JP")
    status, said = run()
    assert status == 1
    assert f"The tax of {of('covered').number}, line 1 is not what its transfers say." in said
    assert f"{of('lost').number}, line 1 is" not in said
    status, said = run("--all", "--json")
    told = json.loads(said)
    assert (status, told["sound"]) == (1, False)
    taxes = [each["subject"] for each in told["differences"] if each["check"] == "taxes"]
    assert taxes == [f"line {of(name).number}, line 1" for name in ("covered", "lost")]
