"""Money that moved, and the papers about it."""

from __future__ import annotations

from decimal import Decimal

from django.db.models import QuerySet, Sum

from ceportal.scenarios.binding import Asking, tells
from payments.models import CreditNote, Invoice, Payment, Refund
from payments.services.paying import TAKEN


def _dollars(rows: QuerySet[Payment] | QuerySet[Refund]) -> Decimal:
    cents: int = rows.aggregate(sum=Sum("amount_cents"))["sum"] or 0
    return Decimal(cents) / 100


@tells("charged")
def charged(asking: Asking) -> Decimal:
    """What was taken from cards."""
    return _dollars(Payment.objects.filter(order__candidate=asking.candidate, status__in=TAKEN))


@tells("refunded")
def refunded(asking: Asking) -> Decimal:
    """What was given back to cards."""
    refunds = Refund.objects.filter(payment__order__candidate=asking.candidate, status=Refund.Status.SUCCEEDED)
    return _dollars(refunds)


@tells("invoices")
def invoices(asking: Asking) -> int:
    """How many invoices were issued."""
    return Invoice.objects.filter(candidate=asking.candidate).count()


@tells("credit_notes")
def credit_notes(asking: Asking) -> int:
    """How many credit notes were issued."""
    return CreditNote.objects.filter(candidate=asking.candidate).count()
