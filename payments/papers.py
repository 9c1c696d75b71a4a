"""What stands on an invoice and on a credit note, and the sheet they are set on.

The content is composed once, at issue, with every word, date and amount as it is to be read; setting it again
gives the same sheet for as long as the paper is kept (PAY-03). What a voucher paid stands on no paper (PAY-02).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.conf import settings
from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from ceportal.kernel import clock
from ceportal.kernel.typesetting import set_pdf
from payments.amounts import amount_text, percent_text
from payments.models import CreditNote, Invoice, Order, OrderLine, Payment, Refund

TEMPLATE = "payments/paper.typ"


def invoice_content(
    *, order: Order, lines: Sequence[OrderLine], payment: Payment, number: str, issued_on: date
) -> dict[str, Any]:
    """Everything that stands on the invoice of some of an order's lines, in the candidate's language."""
    with translation.override(order.candidate.language):
        facts = [
            [_("Invoice"), number],
            [_("Issued on"), date_format(issued_on, "DATE_FORMAT")],
            [_("Order"), order.number],
            [_("Paid on"), date_format(_paid_on(payment), "DATE_FORMAT")],
            [_("Paid by"), _card(payment)],
        ]
        return _content(order, lines, payment, number=number, issued_on=issued_on) | {
            "clause": "PAY-02",
            "sheet": _sheet(
                order,
                lines,
                payment,
                title=_("Invoice %(number)s") % {"number": number},
                facts=facts,
                settled=_("Paid"),
                remark=" ".join([_("Paid in full; nothing is owed."), *_tax_remarks(order, lines)]),
            ),
        }


def credit_note_content(
    *, invoice: Invoice, refund: Refund, lines: Sequence[OrderLine], number: str, issued_on: date
) -> dict[str, Any]:
    """Everything that stands on the credit note for some of an invoice's lines, in the candidate's language."""
    payment = refund.payment
    order = payment.order
    with translation.override(order.candidate.language):
        facts = [
            [_("Credit note"), number],
            [_("Issued on"), date_format(issued_on, "DATE_FORMAT")],
            [_("For invoice"), invoice.number],
            [_("Invoice of"), date_format(invoice.issued_on, "DATE_FORMAT")],
            [_("Order"), order.number],
            [_("Given back to"), _card(payment)],
        ]
        remark = _("This takes back what invoice %(invoice)s names; the invoice itself stands as it was issued.")
        return _content(order, lines, payment, number=number, issued_on=issued_on) | {
            "clause": "PAY-03",
            "invoice": invoice.number,
            "reason": refund.reason,
            "sheet": _sheet(
                order,
                lines,
                payment,
                title=_("Credit note %(number)s") % {"number": number},
                facts=facts,
                settled=_("Given back"),
                remark=" ".join([refund.reason, remark % {"invoice": invoice.number}]),
            ),
        }


def set_paper(paper: Invoice | CreditNote) -> bytes:
    """An invoice or a credit note as PDF; the same bytes each time on the same machine."""
    return set_pdf(TEMPLATE, at=paper.issued_at, paper=paper.content)


def _content(
    order: Order, lines: Sequence[OrderLine], payment: Payment, *, number: str, issued_on: date
) -> dict[str, Any]:
    candidate = order.candidate
    return {
        "language": candidate.language,
        "number": number,
        "order": order.number,
        "issued_on": issued_on.isoformat(),
        "paid_on": _paid_on(payment).isoformat(),
        "currency": order.currency,
        "net_cents": sum(map(_net, lines)),
        "tax_cents": sum(line.tax_cents for line in lines),
        "total_cents": sum(line.total_cents for line in lines),
        "cardholder": payment.cardholder_name or candidate.name,
        "company": order.company,
        "address": order.address,
        "candidate": {
            "name": candidate.name,
            "number": candidate.number,
            "email": candidate.email,
            "country": candidate.country,
            "billing_country": candidate.billing_country or candidate.country,
        },
        "card": {"brand": payment.card_brand, "last4": payment.card_last4, "reference": payment.intent_id},
        "lines": [
            {
                "description": line.description,
                "net_cents": _net(line),
                "tax_country": line.tax_country,
                "tax_percent": str(line.tax_percent),
                "tax_cents": line.tax_cents,
            }
            for line in lines
        ],
    }


def _net(line: OrderLine) -> int:
    """What a card paid of the net; the voucher's part is on no paper (PAY-02)."""
    return line.net_cents - line.covered_cents


def _paid_on(payment: Payment) -> date:
    assert payment.paid_at is not None, "Only what was paid is invoiced."
    return clock.day_of(payment.paid_at)


def _card(payment: Payment) -> str:
    return f"{payment.card_brand.title()} •••• {payment.card_last4}" if payment.card_last4 else _("card")


def _sheet(
    order: Order,
    lines: Sequence[OrderLine],
    payment: Payment,
    *,
    title: str,
    facts: list[list[str]],
    settled: str,
    remark: str,
) -> dict[str, Any]:
    """The words of the sheet, as they are read."""
    candidate = order.candidate
    total = sum(line.total_cents for line in lines)

    def amount(cents: int) -> str:
        return amount_text(cents, order.currency)

    return {
        "title": title,
        "issuer": _("Continuing Education Programme"),
        "issuer_address": settings.BASE_URL,
        "billed_to_label": _("Billed to"),
        "billed_to": [
            payment.cardholder_name or candidate.name,
            *filter(None, [order.company, *order.address.splitlines()]),
            _("for %(name)s, candidate %(number)s") % {"name": candidate.name, "number": candidate.number},
            candidate.email,
            candidate.billing_country or candidate.country,
        ],
        "facts": facts,
        "columns": [_("What for"), _("Net"), _("Tax"), _("Amount")],
        "lines": [
            [
                line.description,
                amount(_net(line)),
                f"{amount(line.tax_cents)} ({line.tax_country} {percent_text(line.tax_percent)})",
                amount(line.total_cents),
            ]
            for line in lines
        ],
        "sums": [
            [_("Net"), amount(sum(map(_net, lines)))],
            [_("Tax"), amount(sum(line.tax_cents for line in lines))],
            [_("Total"), amount(total)],
            [settled, amount(total)],
        ],
        "remark": remark,
    }


def _tax_remarks(order: Order, lines: Sequence[OrderLine]) -> list[str]:
    """Whose tax it is, and on what where a voucher paid the rest (PAY-01, LAB-10)."""
    remarks = []
    if any(line.served_in for line in lines):
        remarks.append(_("Tax follows the place where the service is given (PAY-01)."))
    if not all(line.served_in for line in lines):
        remarks.append(_("Tax follows your billing country (PAY-01)."))
    if covered := sum(line.covered_cents for line in lines):
        said = _("%(amount)s of the fee were paid by voucher and are not invoiced; the tax is on all of it (LAB-10).")
        remarks.append(said % {"amount": amount_text(covered, order.currency)})
    return remarks
