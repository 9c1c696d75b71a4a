"""What this app holds about a person (CAND-09): what was owed, paid and given back, and the papers about it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.db.models import Q

from candidates.models import Candidate
from ceportal.kernel.decisions import Decision
from ceportal.kernel.personal_data import Area, Part
from payments.erasure_rules import MoneyFacts, assess_erasure
from payments.models import Dispute, Order, Payment, Refund, StripeEvent
from payments.papers import set_paper
from payments.services import cancel_order

EXPORTED = (
    Area(
        "money",
        (
            Part("payments.Order", "candidate"),
            Part("payments.OrderLine", "order__candidate"),
            Part("payments.Payment", "order__candidate", without=("page_url",)),
            Part("payments.Refund", "payment__order__candidate"),
            Part("payments.Dispute", "payment__order__candidate"),
            Part("payments.Invoice", "candidate"),
            Part("payments.CreditNote", "candidate"),
            Part("payments.Voucher", "candidate"),
            Part("payments.Transfer", "order__candidate"),
        ),
    ),
)


def files(candidate: Candidate, now: datetime) -> Iterator[tuple[str, bytes]]:  # noqa: ARG001 - papers keep their date
    """Every invoice and credit note as it was issued."""
    for invoice in candidate.invoices.order_by("id"):
        yield f"invoices/{invoice.number}.pdf", set_paper(invoice)
    for note in candidate.credit_notes.order_by("id"):
        yield f"invoices/{note.number}.pdf", set_paper(note)


def holds(candidate: Candidate, now: datetime) -> Decision:  # noqa: ARG001 - as every app's
    """Money on its way."""
    orders = Order.objects.filter(candidate=candidate)
    refunds = Refund.objects.filter(payment__order__candidate=candidate)
    return assess_erasure(
        MoneyFacts(
            paying=Payment.objects.filter(order__in=orders, status=Payment.Status.OPEN).exists(),
            refunds=refunds.exclude(status=Refund.Status.SUCCEEDED).exists(),
            to_invoice=orders.filter(status=Order.Status.PAID, total_cents__gt=0, invoice__isnull=True).exists(),
        )
    )


def erase(candidate: Candidate, now: datetime) -> Iterator[str]:
    """Ask for no money any more, and forget whose card it was. Invoices stay as they were issued: the law wants it."""
    for order in candidate.orders.filter(status=Order.Status.OPEN).order_by("id"):
        cancel_order(order_id=order.pk, now=now)
    payments = Payment.objects.filter(order__candidate=candidate)
    _blank_messages(candidate)
    candidate.orders.update(company="", address="")
    payments.update(cardholder_name="", card_last4="", page_url="", last_decline="")
    yield from ()


def _blank_messages(candidate: Candidate) -> None:
    """Card messages name the holder and the address; what they were about is kept, and what followed."""
    payments = Payment.objects.filter(order__candidate=candidate)
    refunds = Refund.objects.filter(payment__in=payments)
    disputes = Dispute.objects.filter(payment__in=payments)
    keys = {key for pair in payments.values_list("session_id", "intent_id") for key in pair if key}
    keys.update(refunds.exclude(stripe_id="").values_list("stripe_id", flat=True))
    keys.update(disputes.values_list("stripe_id", flat=True))
    # What a message led to names our row: so those about a charge are found, and tries that were declined.
    named = [f"payment {key}: " for key in payments.values_list("id", flat=True)]
    about = Q(object_id__in=keys)
    for name in named:
        about |= Q(outcome__startswith=name)
    StripeEvent.objects.filter(about, processed_at__isnull=False).exclude(body="").update(body="")
