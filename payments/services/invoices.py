"""Invoices and credit notes: numbered without gaps, frozen at issue (PAY-02, PAY-03)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from candidates.services import compose_notice
from ceportal.kernel import clock
from ceportal.kernel.decisions import require
from ceportal.kernel.outbox import emit
from ceportal.kernel.policy import BOOK
from payments import papers, queries, rules
from payments.models import CreditNote, CreditNoteSeries, Invoice, InvoiceSeries, Order, OrderLine, Payment, Refund
from payments.services.pricing import lock_order


@transaction.atomic
def issue_invoice(*, order_id: int, now: datetime) -> Invoice:
    """Issue the invoice of a paid order in the cardholder's name, and tell the candidate; once an order.

    It names what a card paid and what was not given back before. Refused before its day, for nothing, and for money
    given back (PAY-02). Emits payments.invoice_issued.
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
    kept = list(queries.kept_lines(order))
    sequence = _next_in_series(InvoiceSeries, day.year)
    number = f"INV-{day.year}-{sequence:06d}"
    invoice = Invoice.objects.create(
        order=order,
        candidate=order.candidate,
        year=day.year,
        sequence=sequence,
        number=number,
        content=papers.invoice_content(order=order, lines=kept, payment=payment, number=number, issued_on=day),
        issued_on=day,
        issued_at=now,
    )
    OrderLine.objects.filter(id__in=[line.id for line in kept]).update(invoice=invoice)
    emit("payments.invoice_issued", invoice, now=now, number=number, order=order.number)
    _tell(invoice, order, key=f"invoice_issued:{invoice.pk}", now=now)
    return invoice


@transaction.atomic
def send_invoice_again(*, invoice_id: int, now: datetime) -> bool:
    """Tell the candidate of an invoice again, at the address of today; the invoice stays as it was issued (PAY-03).

    Once a day at most; False where that was done already. Emits payments.invoice_sent_again.
    """
    order = lock_order(Invoice.objects.values_list("order_id", flat=True).get(id=invoice_id))
    invoice = Invoice.objects.get(id=invoice_id)
    key = f"invoice_issued:{invoice.pk}:{clock.day_of(now)}"
    if not _tell(invoice, order, key=key, now=now):
        return False
    emit("payments.invoice_sent_again", invoice, now=now, number=invoice.number, order=order.number)
    return True


@transaction.atomic
def send_credit_note_again(*, credit_note_id: int, now: datetime) -> bool:
    """Tell the candidate of a credit note by itself, at the address of today; it stays as it was issued (PAY-03).

    Once a day at most; False where that was done already. Emits payments.credit_note_sent_again.
    """
    note = CreditNote.objects.select_related("invoice__order__candidate").get(id=credit_note_id)
    order = lock_order(note.invoice.order_id)
    written = compose_notice(
        candidate=order.candidate,
        kind="credit_note_sent",
        key=f"credit_note_sent:{note.pk}:{clock.day_of(now)}",
        context={"note": note, "order": order, "total_cents": note.content["total_cents"]},
        now=now,
    )
    if written is None:
        return False
    emit("payments.credit_note_sent_again", note, now=now, number=note.number, order=order.number)
    return True


def _tell(invoice: Invoice, order: Order, *, key: str, now: datetime) -> bool:
    """Write the notice of an invoice; False where it was written under this key before."""
    written = compose_notice(
        candidate=order.candidate,
        kind="invoice_issued",
        key=key,
        context={"invoice": invoice, "order": order, "total_cents": invoice.content["total_cents"]},
        now=now,
    )
    return written is not None


def issue_credit_note(refund: Refund, lines: Sequence[OrderLine], *, now: datetime) -> CreditNote:
    """Take back what an invoice names and a refund gives back (PAY-03); the caller holds the order's lock.

    The message that the money is back names it. Emits payments.credit_note_issued.
    """
    order, day = refund.payment.order, clock.day_of(now)
    invoice = Invoice.objects.get(order=order)
    sequence = _next_in_series(CreditNoteSeries, day.year)
    number = f"CN-{day.year}-{sequence:06d}"
    note = CreditNote.objects.create(
        invoice=invoice,
        candidate=order.candidate,
        refund=refund,
        year=day.year,
        sequence=sequence,
        number=number,
        content=papers.credit_note_content(invoice=invoice, refund=refund, lines=lines, number=number, issued_on=day),
        issued_on=day,
        issued_at=now,
    )
    OrderLine.objects.filter(id__in=[line.id for line in lines]).update(credit_note=note)
    emit("payments.credit_note_issued", note, now=now, number=number, invoice=invoice.number, order=order.number)
    return note


def _next_in_series(series: type[InvoiceSeries | CreditNoteSeries], year: int) -> int:
    """Draw the year's next number. The row stays locked until the commit, and a rollback puts the number back."""
    series.objects.get_or_create(year=year)
    drawn = series.objects.select_for_update().get(year=year)
    drawn.last_number += 1
    drawn.save(update_fields=["last_number"])
    return drawn.last_number
