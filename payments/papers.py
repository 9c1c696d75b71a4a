"""What stands on an invoice, and the sheet it is set on.

The content is composed once, at issue, with every word, date and amount as it is to be read; setting it again
gives the same sheet for as long as the invoice is kept (PAY-03).
"""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import typst
from django.conf import settings
from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from ceportal.kernel import clock
from payments.amounts import amount_text, percent_text
from payments.models import Invoice, Order, Payment

TEMPLATE = "templates/payments/invoice.typ"


def invoice_content(*, order: Order, payment: Payment, number: str, issued_on: date) -> dict[str, Any]:
    """Everything that stands on an order's invoice, in the candidate's language."""
    candidate = order.candidate
    with translation.override(candidate.language):
        return {
            "clause": "PAY-02",
            "language": candidate.language,
            "number": number,
            "order": order.number,
            "issued_on": issued_on.isoformat(),
            "paid_on": _paid_on(payment).isoformat(),
            "currency": order.currency,
            "net_cents": order.net_cents,
            "tax_cents": order.tax_cents,
            "total_cents": order.total_cents,
            "cardholder": payment.cardholder_name or candidate.name,
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
                    "net_cents": line.net_cents,
                    "tax_country": line.tax_country,
                    "tax_percent": str(line.tax_percent),
                    "tax_cents": line.tax_cents,
                }
                for line in order.lines.all()
            ],
            "sheet": _sheet(order, payment, number, issued_on),
        }


def set_invoice(invoice: Invoice) -> bytes:
    """An invoice as PDF; the same bytes each time on the same machine."""
    pdf: bytes = typst.compile(
        str(settings.BASE_DIR / TEMPLATE),
        sys_inputs={"invoice": json.dumps(invoice.content)},
        timestamp=int(invoice.issued_at.timestamp()),
    )
    return pdf


def _paid_on(payment: Payment) -> date:
    assert payment.paid_at is not None, "Only what was paid is invoiced."
    return clock.day_of(payment.paid_at)


def _sheet(order: Order, payment: Payment, number: str, issued_on: date) -> dict[str, Any]:
    """The words of the sheet, as they are read."""
    candidate = order.candidate
    card = f"{payment.card_brand.title()} •••• {payment.card_last4}" if payment.card_last4 else _("card")
    return {
        "title": _("Invoice %(number)s") % {"number": number},
        "issuer": _("Continuing Education Programme"),
        "issuer_address": settings.BASE_URL,
        "billed_to_label": _("Billed to"),
        "billed_to": [
            payment.cardholder_name or candidate.name,
            _("for %(name)s, candidate %(number)s") % {"name": candidate.name, "number": candidate.number},
            candidate.email,
            candidate.billing_country or candidate.country,
        ],
        "facts": [
            [_("Invoice"), number],
            [_("Issued on"), date_format(issued_on, "DATE_FORMAT")],
            [_("Order"), order.number],
            [_("Paid on"), date_format(_paid_on(payment), "DATE_FORMAT")],
            [_("Paid by"), card],
        ],
        "columns": [_("What for"), _("Net"), _("Tax"), _("Amount")],
        "lines": [
            [
                line.description,
                amount_text(line.net_cents, order.currency),
                f"{amount_text(line.tax_cents, order.currency)} ({line.tax_country} {percent_text(line.tax_percent)})",
                amount_text(line.net_cents + line.tax_cents, order.currency),
            ]
            for line in order.lines.all()
        ],
        "sums": [
            [_("Net"), amount_text(order.net_cents, order.currency)],
            [_("Tax"), amount_text(order.tax_cents, order.currency)],
            [_("Total"), amount_text(order.total_cents, order.currency)],
            [_("Paid"), amount_text(order.total_cents, order.currency)],
        ],
        "remark": _("Paid in full; nothing is owed. Tax follows your billing country (PAY-01)."),
    }
