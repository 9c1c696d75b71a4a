"""What the database refuses, should a service ever allow it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from payments.models import Dispute, Invoice, InvoiceSeries, Order, OrderLine, Payment, Refund, StripeEvent, Transfer
from tests import factories
from tests.factories import LONG_AGO

pytestmark = pytest.mark.django_db
LATER = LONG_AGO + timedelta(hours=1)


def make_order(**more):
    candidate = more.pop("candidate", None) or factories.CandidateFactory.create()
    values = {
        "candidate": candidate,
        "number": f"O-{Order.objects.count()}",
        "purpose": "admin_fee",
        "reference": f"cycle:{Order.objects.count()}",
        "currency": "USD",
        "net_cents": 100,
        "tax_cents": 21,
        "total_cents": 121,
        "decision": [],
        "created_at": LONG_AGO,
    }
    return Order.objects.create(**{**values, **more})


def make_line(**more):
    values = {"position": 1, "description": "Fee", "net_cents": 100, "tax_country": "BE", "tax_percent": 21}
    return OrderLine.objects.create(**{**values, "tax_cents": 21, **more})


def make_payment(order=None, **more):
    values = {"amount_cents": 121, "created_at": LONG_AGO, "expires_at": LATER, "next_check_at": LATER}
    return Payment.objects.create(order=order or make_order(), **{**values, **more})


def make_dispute(payment=None, **more):
    values = {"stripe_id": "du_1", "stage": "needs_response", "reason": "general", "amount_cents": 121}
    return Dispute.objects.create(payment=payment or make_paid_payment(), **{**values, "opened_at": LATER, **more})


def make_paid_payment(order=None, **more):
    values = {"status": "succeeded", "paid_at": LATER, "session_id": f"cs_{Payment.objects.count()}"}
    return make_payment(order, **{**values, **more})


def make_refund(payment=None, **more):
    values = {"amount_cents": 121, "requested_at": LONG_AGO, "next_check_at": LATER, "reason": "Because"}
    return Refund.objects.create(payment=payment or make_paid_payment(), **{**values, **more})


def make_invoice(**more):
    order = more.pop("order", None) or make_order(status="paid", paid_at=LONG_AGO)
    sequence = more.get("sequence", Invoice.objects.count() + 1)
    values = {"year": 2017, "sequence": sequence, "number": f"INV-{Invoice.objects.count()}", "content": {}}
    values |= {"issued_on": LONG_AGO.date(), "issued_at": LONG_AGO, "candidate": order.candidate}
    return Invoice.objects.create(order=order, **{**values, **more})


def make_event(**more):
    values = {"stripe_id": "evt_1", "kind": "x", "body": "{}", "received_at": LONG_AGO, "due_at": LATER}
    return StripeEvent.objects.create(**{**values, **more})


def make_transfer(payment=None, **more):
    payment = payment or make_paid_payment()
    values = {"debit": "card", "credit": "candidate", "amount_cents": 121, "currency": "USD", "cause": "payment"}
    values |= {"order": payment.order, "payment": payment, "moved_at": LATER, "recorded_at": LATER}
    return Transfer.objects.create(**{**values, **more})


def take_back(transfer, **more):
    return make_transfer(transfer.payment, **{"debit": "candidate", "credit": "card", "reverses": transfer, **more})


def twice(make, **values):
    make(**values)
    make(**values)


def change(row, **values):
    type(row).objects.filter(pk=row.pk).update(**values)


REFUSED = {
    "an order number twice": lambda: twice(make_order, number="O-1"),
    "the same asked for twice": lambda: twice(make_order, reference="cycle:1"),
    "asked for while it is paid": lambda: (
        make_order(reference="cycle:1", status="paid", paid_at=LATER),
        make_order(reference="cycle:1"),
    ),
    "an unknown status of an order": lambda: make_order(status="lost"),
    "a sum that does not add up": lambda: make_order(total_cents=120),
    "paid without a moment": lambda: make_order(status="paid"),
    "refunded without a moment": lambda: make_order(status="refunded"),
    "open with a moment": lambda: make_order(paid_at=LATER),
    "a negative amount": lambda: make_order(net_cents=-1, tax_cents=0, total_cents=-1),
    "two lines in one place": lambda: twice(make_line, order=make_order()),
    "two open payments": lambda: twice(make_payment, order=make_order()),
    "two payments that took money": lambda: twice(make_paid_payment, order=make_order()),
    "one page for two payments": lambda: twice(make_payment, session_id="cs_1"),
    "an unknown status of a payment": lambda: make_payment(status="lost"),
    "a success without a moment": lambda: make_paid_payment(paid_at=None),
    "a success without a page": lambda: make_paid_payment(session_id=None),
    "a surplus without a moment": lambda: make_paid_payment(status="surplus", paid_at=None),
    "an open payment with a moment": lambda: make_payment(paid_at=LATER),
    "a payment of nothing": lambda: make_payment(amount_cents=0),
    "one dispute twice": lambda: twice(make_dispute, payment=make_paid_payment()),
    "an unknown status of a dispute": lambda: make_dispute(status="lurking"),
    "a dispute that ended without a moment": lambda: make_dispute(status="lost"),
    "an open dispute with the moment of its end": lambda: make_dispute(closed_at=LATER),
    "a dispute of nothing": lambda: make_dispute(amount_cents=0),
    "two refunds of a whole payment": lambda: twice(make_refund, payment=make_paid_payment()),
    "a cent more given back than taken": lambda: (
        make_refund(payment := make_paid_payment(), amount_cents=100),
        make_refund(payment, amount_cents=22),
    ),
    "a failed refund that comes to life beside another": lambda: (
        failed := make_refund(payment := make_paid_payment(), status="failed", done_at=LATER),
        make_refund(payment),
        change(failed, status="requested", done_at=None),
    ),
    "an unknown status of a refund": lambda: make_refund(status="lost"),
    "a refund of nothing": lambda: make_refund(amount_cents=0),
    "a refund done without a moment": lambda: make_refund(status="succeeded", stripe_id="re_1"),
    "a refund done without its reference": lambda: make_refund(status="succeeded", done_at=LATER),
    "a refund not done with a moment": lambda: make_refund(done_at=LATER),
    "two invoices of an order": lambda: twice(make_invoice, order=make_order()),
    "an invoice number twice": lambda: twice(make_invoice, number="INV-1"),
    "a number of a year twice": lambda: twice(make_invoice, sequence=1),
    "an invoice numbered zero": lambda: make_invoice(sequence=0),
    "an invoice changed": lambda: change(make_invoice(), content={"total": 1}),
    "an invoice renumbered": lambda: change(make_invoice(), sequence=2),
    "an invoice removed": lambda: make_invoice().delete(),
    "a transfer of nothing": lambda: make_transfer(amount_cents=0),
    "a transfer to where it came from": lambda: make_transfer(credit="card"),
    "a transfer to no account": lambda: make_transfer(credit="cash"),
    "a transfer of an unknown cause": lambda: make_transfer(cause="gift"),
    "a transfer that does not say of what": lambda: make_transfer(cause="sale"),
    "a transfer heard of before it was": lambda: make_transfer(recorded_at=LONG_AGO),
    "a payment posted twice": lambda: twice(make_transfer, payment=make_paid_payment()),
    "a transfer changed": lambda: change(make_transfer(), amount_cents=1),
    "a transfer removed": lambda: Transfer.objects.filter(pk=make_transfer().pk)._raw_delete("default"),
    "a transfer taken back twice": lambda: twice(take_back, transfer=make_transfer()),
    "a transfer taken back in part": lambda: take_back(make_transfer(), amount_cents=1),
    "a transfer taken back the same way": lambda: take_back(make_transfer(), debit="card", credit="candidate"),
    "a transfer taken back by another order's": lambda: take_back(make_transfer(), order=make_order()),
    "what takes back taken back": lambda: make_transfer(
        (back := take_back(make_transfer())).payment, reverses=back, debit="card", credit="candidate"
    ),
    "two series of a year": lambda: twice(InvoiceSeries.objects.create, year=2017),
    "a message twice": lambda: twice(make_event),
}


@pytest.mark.parametrize("case", REFUSED)
def test_the_database_refuses(case):
    with pytest.raises(IntegrityError), transaction.atomic():
        REFUSED[case]()


@pytest.mark.parametrize("table", ["transfer", "invoice", "creditnote", "order"])
def test_what_is_kept_is_not_emptied_either(table):
    """TRUNCATE asks no trigger of single rows (PAY-03, PAY-04); what the kept rows point at takes them along."""
    with connection.cursor() as cursor:
        for kept in ("transfer", "invoice", "creditnote"):  # see tests/conftest.py
            cursor.execute(f"ALTER TABLE payments_{kept} ENABLE TRIGGER payments_{kept}_never_emptied")
        with pytest.raises(IntegrityError, match="never changed or removed"):
            cursor.execute(f"TRUNCATE payments_{table} CASCADE")


def test_a_failed_refund_makes_room_for_another():
    payment = make_paid_payment()
    make_refund(payment, status="failed", done_at=LATER)
    make_refund(payment)
    assert payment.refunds.count() == 2


def test_what_is_over_makes_room_for_the_next():
    make_order(reference="cycle:1", status="cancelled")
    make_order(reference="cycle:1", status="refunded", paid_at=LATER)
    order = make_order(reference="cycle:1")
    make_payment(order, status="expired")
    make_payment(order)
    assert Order.objects.filter(reference="cycle:1").count() == 3
