"""What this app holds about a person (CAND-09): what was owed, paid and given back, and the papers about it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from candidates.models import Candidate
from ceportal.kernel.personal_data import Area, Part
from payments.papers import set_paper

EXPORTED = (
    Area(
        "money",
        (
            Part("payments.Order", "candidate"),
            Part("payments.OrderLine", "order__candidate"),
            Part("payments.Payment", "order__candidate", without=("page_url",)),
            Part("payments.Refund", "payment__order__candidate"),
            Part("payments.Invoice", "candidate"),
            Part("payments.CreditNote", "candidate"),
            Part("payments.Voucher", "candidate"),
        ),
    ),
)


def files(candidate: Candidate, now: datetime) -> Iterator[tuple[str, bytes]]:  # noqa: ARG001 - papers keep their date
    """Every invoice and credit note as it was issued."""
    for invoice in candidate.invoices.order_by("id"):
        yield f"invoices/{invoice.number}.pdf", set_paper(invoice)
    for note in candidate.credit_notes.order_by("id"):
        yield f"invoices/{note.number}.pdf", set_paper(note)
