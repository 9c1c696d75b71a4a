"""What an invoice is to name beside the cardholder: company and address, right before it is issued (PAY-03)."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from ceportal.kernel.decisions import require
from ceportal.kernel.outbox import emit
from payments import rules
from payments.models import Invoice, Order
from payments.services.pricing import lock_order


@transaction.atomic
def give_invoice_details(*, order_id: int, company: str, address: str, now: datetime) -> Order:
    """Keep the company and the address that the invoice of an order is to name; empty names none.

    Refused once the invoice is issued (PAY-03). Given again they change nothing. Emits
    payments.invoice_details_given, without saying what they are.
    """
    order = lock_order(order_id)
    if (order.company, order.address) == (company, address):
        return order
    issued = Invoice.objects.filter(order=order).values_list("number", flat=True).first()
    require(rules.assess_details(invoice=issued or ""))
    order.company, order.address = company, address
    order.save(update_fields=["company", "address"])
    emit("payments.invoice_details_given", order, now=now)
    return order


def last_details(candidate_id: int) -> dict[str, str]:
    """Company and address as they were given last: what a new order begins with."""
    given = Order.objects.filter(candidate_id=candidate_id).order_by("-created_at", "-id")
    company, address = given.values_list("company", "address").first() or ("", "")
    return {"company": company, "address": address}
