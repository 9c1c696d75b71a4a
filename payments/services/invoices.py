"""Invoices: numbered without gaps, frozen at issue (PAY-02, PAY-03)."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from candidates.services import compose_notice
from ceportal.kernel import clock
from ceportal.kernel.decisions import require
from ceportal.kernel.outbox import emit
from ceportal.kernel.policy import BOOK
from payments import papers, queries, rules
from payments.models import Invoice, InvoiceSeries, Payment
from payments.services.pricing import lock_order


@transaction.atomic
def issue_invoice(*, order_id: int, now: datetime) -> Invoice:
    """Issue the invoice of a paid order in the cardholder's name, and tell the candidate; once an order.

    Refused before its day, for nothing, and for money given back (PAY-02). Emits payments.invoice_issued.
    """
    order = lock_order(order_id)
    invoice = Invoice.objects.filter(order=order).first()
    if invoice is not None:
        return invoice
    day = clock.day_of(now)
    # The book of the payment day governs; an order that is not paid is refused by any book.
    policy = BOOK.on(order.paid_on or day)
    require(rules.assess_invoice(queries.invoice_facts(order, day=day), policy))
    payment = order.payments.get(status=Payment.Status.SUCCEEDED)
    sequence = _next_in_series(day.year)
    number = f"INV-{day.year}-{sequence:06d}"
    invoice = Invoice.objects.create(
        order=order,
        candidate=order.candidate,
        year=day.year,
        sequence=sequence,
        number=number,
        content=papers.invoice_content(order=order, payment=payment, number=number, issued_on=day),
        issued_on=day,
        issued_at=now,
    )
    emit("payments.invoice_issued", invoice, now=now, number=number, order=order.number)
    compose_notice(
        candidate=order.candidate,
        kind="invoice_issued",
        key=f"invoice_issued:{invoice.id}",
        context={"invoice": invoice, "order": order},
        now=now,
    )
    return invoice


def _next_in_series(year: int) -> int:
    """Draw the year's next number. The row stays locked until the commit, and a rollback puts the number back."""
    InvoiceSeries.objects.get_or_create(year=year)
    series = InvoiceSeries.objects.select_for_update().get(year=year)
    series.last_number += 1
    series.save(update_fields=["last_number"])
    return series.last_number
