"""What the page of an order shows, for the views that show it."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest
from django.utils.translation import gettext as _

from candidates.access import CandidateRequest
from ceportal.kernel import clock
from ceportal.kernel.decisions import Decision
from ceportal.kernel.explain import explain
from payments import queries
from payments.forms import DetailsForm, VoucherForm
from payments.models import Order

# A change of booking is quoted with its voucher; the page of the booking asks for that (RSCH-04).
PAID_BY_VOUCHER = frozenset({Order.Purpose.LAB_BOOKING})

LONGEST_AMOUNT = 12  # digits


def own_order(request: CandidateRequest, number: str) -> Order:
    """An order of the candidate's own; 404 for anybody else's."""
    order = queries.orders_of(request.candidate).filter(number=number).first()
    if order is None:
        raise Http404
    return order


def order_context(request: CandidateRequest, number: str) -> dict[str, Any]:
    """Everything the page of an own order shows; 404 for anybody else's."""
    try:
        order = queries.order_for_owner(candidate=request.candidate, number=number)
    except Order.DoesNotExist as missing:
        raise Http404 from missing
    now = clock.now()
    standing = queries.standing_of(order, now=now)
    context = {
        "order": order,
        "standing": standing,
        "decision": explain(Decision.from_json(order.decision)),
    }
    # What the invoice names can be given until it is issued (PAY-03); the amount shown is what is agreed to (LAB-04).
    if standing.can_be_paid or (standing.invoice_due_on and not hasattr(order, "invoice")):
        given = {"company": order.company, "address": order.address}
        context["details_form"] = DetailsForm(initial=given | {"shown_cents": order.total_cents})
    if standing.can_be_paid and standing.voucher is None and order.purpose in PAID_BY_VOUCHER:
        context["voucher_form"] = VoucherForm(order=order, day=clock.day_of(now))
    return context


def shown_cents(request: HttpRequest, name: str = "shown_cents") -> int | None:
    """The amount that stood by the button that was pressed, and was agreed to; None on a page that showed none."""
    given = request.POST.get(name, "")
    if not given:
        return None
    return int(given) if given.isascii() and given.isdecimal() and len(given) < LONGEST_AMOUNT else -1  # none is that


def card_service_trouble() -> str:
    """What is said when the card service does not answer."""
    return _(
        "The card service cannot be reached at the moment. Nothing was charged and nothing is lost; "
        "please try again in a few minutes."
    )
